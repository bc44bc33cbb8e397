"""A really armed board, which then gives bursts: whatever cryoctl does, it continues and receives no Ctrl-C."""

import pytest

from host_tools.cryoctl import found
from host_tools.toolchain.settings.pin import provision
from tests.cryoctl import treating
from tests.cryoctl.commanded import PIN, POINTS, cryoctl

CALIBRATE = "calibrate {} --points {{folder}}/{} --technician A --instrument B --yes --restart"
FILES = {kind: f"{kind}.{form}" for kind, (form, _) in POINTS.items()}
# a command's words, and what it says; {state} is the device's state
REFUSED = {
    "flash": (("flash",), "the device is {state}: nothing was done"),
    "flash --dry-run": (("flash", "--dry-run"), "the device is {state}: nothing was done"),
    "flash --image": (("flash", "--image", "{folder}/image"), "the device is {state}: nothing was done"),
    "flash --all": (("flash", "--all", "--virtual"), "the device is {state}: nothing was done"),
    "config set": (("config", "set", "trip_mdegc", "5 degC", "--restart", "--yes"), "{state}"),
    "config import": (("config", "import", "{folder}/settings.toml", "--restart", "--yes"), "{state}"),
    "config edit": (("config", "edit"), "{state}"),
    **{f"calibrate {kind}": (tuple(CALIBRATE.format(kind, file).split()), "{state}") for kind, file in FILES.items()},
    "selftest": (("selftest", "--yes", "--pin-file", "{folder}/pin"), "the device is {state}: nothing was done"),
    "log": (("log",), "the device is {state}: its log is not read"),
    "report": (("report", "-o", "{folder}/report.html"), "{state}"),
}
ONLY_ASK = {"devices": (0,), "doctor": (0, 1), "config list": (4,), "calibrate status": (1, 4)}
CONTROL = set(range(32)) - set(b"\n\x15")  # Ctrl-U empties the console's line


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("armed")
    (made / "image").write_bytes(b"UF2\n" * 128)
    (made / "settings.toml").write_text("trip_mdegc = 5000\n")
    for kind, file in FILES.items():
        (made / file).write_text(POINTS[kind][1])
    (made / "pin").write_text(PIN)
    return made


@pytest.fixture(scope="module")
def board(packed, folder):
    """A board with a PIN, ready to be armed."""
    with treating.board(packed, folder, provision(PIN)) as made:
        made.choose()
        made.speed(0.3)  # being armed, and a pass, must last longer than these commands on a busy machine
        yield made


@pytest.fixture(scope="module", params=["ARMED", "DELIVERING"])
def state(request, board):
    if request.param == "ARMED":
        board.arm()
    else:
        board.press()
    assert board.state()["STATE"] == request.param
    board.heard.clear()
    return request.param


@pytest.fixture(autouse=True)
def only_port(board, folder, monkeypatch):
    monkeypatch.setattr(found, "ports", lambda: [found.Found(str(board.link), found.VIRTUAL)])
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))


def goes_on(board, state):
    after = board.state()
    assert after["STATE"] == state and after["FAULT"] == "NONE", after
    assert board.heard and not CONTROL & set(board.heard)
    board.heard.clear()


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_reset_or_change_it_is_refused(board, folder, state, name):
    words, said = REFUSED[name]
    port = None if "--all" in words else board.link
    done = cryoctl(*[word.format(folder=folder) for word in words], port=port, VISUAL="false")  # no editor starts
    assert done.exit_code == 4, (done.stdout, done.stderr)
    assert said.format(state=state) in done.stdout + done.stderr, (done.stdout, done.stderr)
    goes_on(board, state)


@pytest.mark.parametrize("name", ONLY_ASK)
def test_what_only_asks_does_no_harm(board, state, name):
    done = cryoctl(*name.split(), port=board.link)
    assert done.exit_code in ONLY_ASK[name], (done.stdout, done.stderr)
    goes_on(board, state)


def test_nothing_of_it_was_a_tool_that_fell_silent(board, state):
    bursts = int(board.state()["BURSTS"])
    board.let_pass(3)  # a tool that armed would disarm when it is silent
    after = board.state()
    assert after["STATE"] in (state, "REST") and after["FAULT"] == "NONE", after
    assert (int(after["BURSTS"]) > bursts) == (state == "DELIVERING")
    board.speed(0.3)
