"""What cryoctl flash decides before it changes anything: from the options, and from what answers. Without a board."""

from pathlib import Path

import pytest

from host_tools.cryoctl.device import APPLICATION, PROMPT, SILENT, Identity
from host_tools.cryoctl.flash import Request, boards, flashed, image, plan
from host_tools.cryoctl.flash.plan import Options, Steps
from host_tools.cryoctl.found import VIRTUAL, Found
from host_tools.cryoctl.problems import NoDevice, Problem
from tests.boards.found import of_image
from tests.cryoctl.test_uf2 import uf2_file

PICO = Found("/dev/ttyACM0", "RP2040", "E66")
SECOND = Found("/dev/ttyACM1", "RP2040", "E67")
SIM = Found("cryo", VIRTUAL)
DRIVE = True
ESP = of_image("esptool")[0]


@pytest.fixture(autouse=True)
def without_a_pin(monkeypatch):
    monkeypatch.delenv("CRYO_PIN", raising=False)


def run_of(there=(PICO,), volumes=False, **options):
    return plan.of_run(Options(**options), there, volumes)


@pytest.fixture
def image_file(tmp_path):
    path = tmp_path / "image.uf2"
    path.write_bytes(uf2_file())
    return str(path)


# --- which boards -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("there", "options", "ports"),
    [
        ([PICO], {}, [PICO]),
        ([SIM], {}, [SIM]),
        ([PICO, SECOND], {"ports": [SECOND.name]}, [SECOND]),
        ([PICO, SECOND], {"ports": [SECOND.name, PICO.name, SECOND.name]}, [SECOND, PICO]),
        ([PICO], {"ports": ["/dev/other"]}, [Found("/dev/other", "")]),
        ([SIM, PICO, SECOND], {"every": True}, [PICO, SECOND]),
        ([SIM, PICO], {"every": True, "virtual": True}, [SIM, PICO]),
    ],
)
def test_the_ports_of_a_run(there, options, ports):
    run = run_of(there, **options)
    assert run.ports == tuple(ports) and not run.by_volume


@pytest.mark.parametrize(
    ("there", "options", "kind", "words"),
    [
        ([], {}, NoDevice, "no board found"),
        ([PICO, SECOND], {}, NoDevice, "more than one port"),
        ([SIM], {"every": True}, NoDevice, "--virtual"),
        ([PICO], {"every": True, "ports": ["x"]}, Problem, "exclude each other"),
        ([PICO], {"every": True, "serial": 3}, Problem, "one serial number"),
        ([PICO], {"ports": ["x", "y"], "serial": 3}, Problem, "one serial number"),
        ([PICO], {"board": "rp2040_picco"}, Problem, "no board rp2040_picco"),
        ([PICO], {"sha256": "0" * 64}, Problem, "--sha256 belongs to an image"),
    ],
)
def test_options_that_contradict_each_other_or_what_is_there(there, options, kind, words):
    with pytest.raises(kind, match=words):
        run_of(there, **options)


def test_options_that_contradict_each_other_are_told_before_a_file_is_read(monkeypatch):
    monkeypatch.setattr(image, "given", lambda *_: pytest.fail("it may be a download"))
    with pytest.raises(Problem, match="exclude each other"):
        run_of(every=True, ports=["x"], image="official")


@pytest.mark.parametrize(
    ("there", "volumes", "options", "by_volume"),
    [
        ([], DRIVE, {}, True),
        ([], False, {}, True),  # a person may have to mount it
        ([PICO], DRIVE, {}, True),
        ([PICO], False, {}, False),
        ([PICO], DRIVE, {"ports": [PICO.name]}, False),
        ([PICO], DRIVE, {"every": True}, False),
    ],
)
def test_a_boot_rom_s_volume_stands_for_a_port_where_none_is_named(image_file, there, volumes, options, by_volume):
    run = run_of(there, volumes, image=image_file, **options)
    assert (run.by_volume, run.ports) == (by_volume, () if by_volume else (PICO,))


def test_without_an_image_a_volume_is_nothing_to_flash():
    with pytest.raises(NoDevice, match="no board found"):
        run_of([], DRIVE)


# --- what they are to become ------------------------------------------------------------------------------------------
def test_the_request_holds_what_the_files_say(image_file, tmp_path):
    (tmp_path / "board.toml").write_text("trip_mdegc = 5000\n")
    for name, text in (("pin", "4711\n"), ("new", "123456\n")):
        (tmp_path / name).write_text(text)
    run = run_of(
        board="rp2040_pico",
        image=image_file,
        settings=tmp_path / "board.toml",
        replace_settings=True,
        serial=7,
        pin_file=tmp_path / "pin",
        new_pin_file=tmp_path / "new",
    )
    assert run.request == Request(
        "rp2040_pico", uf2_file(), image_file, {"trip_mdegc": 5000}, True, 7, "4711", "123456", False
    )


def test_without_files_the_request_is_empty_and_the_pin_may_be_in_the_environment(monkeypatch):
    assert run_of().request == Request()
    monkeypatch.setenv("CRYO_PIN", "4711")
    assert run_of().request == Request(pin="4711")


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, Path("theirs")),
        ({"record": Path("mine")}, Path("mine")),
        ({"record": Path("mine"), "dry_run": True}, None),
    ],
)
def test_where_it_is_written_down(monkeypatch, options, path):
    monkeypatch.setattr(flashed, "default_path", lambda: Path("theirs"))
    run = run_of(**options)
    assert run.record == path and run.request.dry_run == (path is None)


# --- what is done with one board --------------------------------------------------------------------------------------
UF2 = {"image": uf2_file(), "image_name": "image.uf2"}
RUNS = Identity("rp2040_pico", "7", "0.1.0")


@pytest.fixture
def compiled(monkeypatch):
    asked = []
    monkeypatch.setattr(boards, "compiled", lambda board: asked.append(board) or {})
    return asked


@pytest.mark.parametrize(
    ("state", "who", "request_", "steps"),
    [
        (PROMPT, None, {}, Steps(leave=False, image=False, compare=True, write=True)),
        (PROMPT, None, UF2, Steps(leave=False, image=True, compare=True, write=True)),
        (PROMPT, None, {"dry_run": True}, Steps(leave=False, image=False, compare=True, write=False)),
        (PROMPT, None, UF2 | {"dry_run": True}, Steps(leave=False, image=False, compare=True, write=False)),
        (APPLICATION, RUNS, {"pin": "4711"}, Steps(leave=True, image=False, compare=True, write=True)),
        (APPLICATION, RUNS, UF2 | {"pin": "4711"}, Steps(leave=True, image=True, compare=True, write=True)),
        (APPLICATION, RUNS, {"dry_run": True}, Steps(leave=False, image=False, compare=False, write=False)),
        (SILENT, None, {"image": b"\xe9", "board": ESP}, Steps(leave=False, image=True, compare=True, write=True)),
    ],
)
def test_the_steps_of_a_board(compiled, state, who, request_, steps):
    assert plan.of_board("port", state, who, Request(**request_)) == steps
    assert compiled == ([who.board] if who else [])  # before the application is ended


@pytest.mark.parametrize(
    ("state", "who", "request_", "kind", "words"),
    [
        (SILENT, None, {}, NoDevice, "port does not answer"),
        (SILENT, None, UF2 | {"board": "rp2040_pico"}, NoDevice, "does not answer"),
        (SILENT, None, {"image": b"\xe9"}, NoDevice, "--board"),
        (SILENT, None, {"image": b"\xe9", "board": ESP, "dry_run": True}, NoDevice, "does not answer"),
        (APPLICATION, RUNS, {}, Problem, "port: .* device's PIN is needed"),
        (APPLICATION, RUNS, {"image": b"\xe9", "pin": "4711"}, Problem, "UF2"),
        (APPLICATION, RUNS, {"image": b"\xe9", "dry_run": True}, Problem, "UF2"),
    ],
)
def test_a_board_with_which_nothing_can_be_done(compiled, state, who, request_, kind, words):
    with pytest.raises(kind, match=words):
        plan.of_board("port", state, who, Request(**request_))
