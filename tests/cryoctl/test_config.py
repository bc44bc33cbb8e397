"""cryoctl config with the virtual board: what is changed, what is refused, what happens to files and edits."""

import errno
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

import pytest
import tomlkit

from host_tools.cryoctl import config, config_file, files
from host_tools.cryoctl.commands import config as commands
from host_tools.cryoctl.config_file import ROWS
from host_tools.cryoctl.device import Identity
from host_tools.cryoctl.problems import NoDevice, Problem
from host_tools.cryoctl.sim import image
from host_tools.simulator.twin import lanes
from host_tools.toolchain.settings import stored as hosted
from tests.cryoctl.commanded import at_terminal, cryoctl, started


@pytest.fixture(scope="module")
def board(packed, tmp_path_factory):
    """The serial port of a board with a PIN."""
    sim = started(packed, tmp_path_factory.mktemp("config"))
    yield sim.link
    sim.cut()


def stored(board):
    """Return key -> stored value, as the command says."""
    return {
        key: row["value"] for key, row in json.loads(cryoctl("config", "list", "--json", port=board).stdout).items()
    }


@pytest.fixture
def unchanged(board):
    """Fail if the test changes what is stored."""
    before = stored(board)
    yield board
    assert stored(board) == before


# --- asking -----------------------------------------------------------------------------------------------------------
def test_every_setting_is_listed_with_range_and_marks(board):
    done = cryoctl("config", "list", port=board)
    assert done.exit_code == 0
    lines = {line.split()[0]: line for line in done.stdout.splitlines()[1:]}
    assert set(lines) == set(ROWS)
    assert "4000 .. 12000" in lines["trip_mdegc"] and "higher is tighter" in lines["trip_mdegc"]
    assert "danger" in lines["room_m3"] and "calibrated" in lines["jet_k_mdegc"]


def test_one_setting_is_printed_alone(board):
    assert cryoctl("config", "get", "SERIAL", port=board).stdout == "1\n"
    row = json.loads(cryoctl("config", "get", "room_m3", "--json", port=board).stdout)
    assert (row["key"], row["unit"], row["danger"], row["highest"]) == ("room_m3", "m3", True, 1000)


def test_an_unknown_key_is_answered_with_the_nearest():
    done = cryoctl("config", "get", "tripp_mdegc")  # no device is asked
    assert done.exit_code == 2 and "nearest is trip_mdegc" in done.stderr


# --- changing ---------------------------------------------------------------------------------------------------------
def test_what_is_set_is_stored_and_in_force_after_the_restart(board):
    before = stored(board)
    done = cryoctl("config", "set", "trip_mdegc", "5 degC", "burst_max_us", "300ms", port=board)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "trip_mdegc: 4000 -> 5000 mdegC\nburst_max_us: 500000 -> 300000 us\n"
    assert "in force after the next start" in done.stderr
    row = json.loads(cryoctl("config", "list", "--json", port=board).stdout)["trip_mdegc"]
    assert (row["value"], row["in_force"]) == (5000, 4000)
    assert "trip_mdegc is 4000 until" in cryoctl("config", "get", "trip_mdegc", port=board).stderr

    done = cryoctl("config", "set", "trip_mdegc", "4000", "burst_max_us", "500000", "--restart", port=board)
    assert done.exit_code == 0 and "in force" in done.stderr
    done = cryoctl("config", "set", "trip_mdegc", "6000", "--restart", port=board)
    assert done.exit_code == 0 and "stored and read back" in done.stderr, done.stderr
    done = cryoctl("config", "set", "trip_mdegc", "6000", "--restart", port=board)
    assert done.exit_code == 0 and "nothing to change" in done.stderr and "in force" in done.stderr
    assert "stored and read back" not in done.stderr
    row = json.loads(cryoctl("config", "list", "--json", port=board).stdout)["trip_mdegc"]
    assert (row["value"], row["in_force"]) == (6000, 6000)
    assert {**stored(board), "trip_mdegc": before["trip_mdegc"]} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trip_mdegc", "3000"), "limit 1, SKIN_TRIP_MDEGC: skin trip, higher is tighter; basis: [E] frostbite at 0"),
        (("trip_mdegc", "-5"), "outside 4000 .. 12000"),
        (("trip_mdegc", "5", "burst_max_us", "600ms"), "outside 4000 .. 12000"),
        (("burst_max_us", "600ms"), "limit 4, BURST_MAX_US"),
        (("trip_mdegc", "5 s"), "no unit of this value"),
        (("trip_mdegc", "five"), "no number"),
        (("trip_mdegc", "4000.5"), "finer than 1 mdegC"),
        (("trip_mdegc",), "a value is missing after trip_mdegc"),
        (("trip_mdegc", "5000", "TRIP_MDEGC", "6000"), "given twice"),
        (("rom_m3", "20"), "nearest is room_m3"),
        (("jet_k_mdegc", "20000"), "use `cryoctl calibrate jet`"),
        (("valve_open_delay_us", "1"), "use `cryoctl calibrate opening`"),
        (("simulated", "0"), "comes from the board itself"),
    ],
)
def test_a_value_that_no_device_takes_is_refused_with_the_reason(unchanged, words, said):
    done = cryoctl("config", "set", *words, port=unchanged)
    assert done.exit_code == 2 and said in done.stderr and not done.stdout


def test_danger_is_asked_for_twice(board):
    done = cryoctl("config", "set", "room_m3", "25", port=board)
    assert done.exit_code == 2 and "room_m3: 30 -> 25 m3" in done.stderr and "--yes" in done.stderr
    assert stored(board)["room_m3"] == 30
    assert cryoctl("config", "set", "room_m3", "25", "--yes", port=board).exit_code == 0
    assert stored(board)["room_m3"] == 25
    assert cryoctl("config", "set", "room_m3", "30", "--yes", port=board).exit_code == 0


def test_a_wrong_pin_is_refused_and_a_missing_one_asked_for(unchanged, tmp_path):
    done = cryoctl("config", "set", "trip_mdegc", "7000", port=unchanged, pin=None)
    assert done.exit_code == 2 and "--pin-file" in done.stderr
    done = cryoctl("config", "set", "trip_mdegc", "7000", port=unchanged, pin="12a4")
    assert done.exit_code == 2 and "4 to 10 digits" in done.stderr
    done = cryoctl("config", "set", "trip_mdegc", "7000", port=unchanged, pin="9999")
    assert done.exit_code == 4 and "wrong PIN" in done.stderr and "9999" not in done.output
    path = tmp_path / "pin"
    path.write_text("4711\n")
    while (
        done := cryoctl("config", "set", "serial", "1", "trip_mdegc", "6500", "--pin-file", path, port=unchanged)
    ).exit_code:
        assert "wait" in done.stderr  # after a wrong PIN the device wants a pause
    assert cryoctl("config", "set", "trip_mdegc", "6000", port=unchanged).exit_code == 0


def test_two_tools_at_once(unchanged):
    from host_tools.cryoctl.port import Port

    with Port(str(unchanged)):
        done = cryoctl("config", "list", port=unchanged)
    assert done.exit_code == 3 and "in use" in done.stderr


def test_no_such_port(tmp_path):
    done = cryoctl("config", "list", port=tmp_path / "nowhere")
    assert done.exit_code == 3 and "no port" in done.stderr


# --- files ------------------------------------------------------------------------------------------------------------
def test_a_file_that_is_something_else_is_not_written_over(board, tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\nname = 'x'\n")
    done = cryoctl("config", "export", path, port=board)
    assert done.exit_code == 2 and "not a settings file" in done.stderr
    assert path.read_text() == "[project]\nname = 'x'\n"


def test_export_diff_import(board, tmp_path):
    path = tmp_path / "board.toml"
    assert cryoctl("config", "export", path, port=board).exit_code == 0
    first = path.read_text().splitlines()[0]
    assert first.startswith("#:schema ")
    assert (tmp_path / first.split()[1]).resolve() == config_file.SCHEMA.resolve()
    assert cryoctl("config", "diff", path, port=board).exit_code == 0

    document = tomlkit.parse(path.read_text())
    before = document["trip_reduced_mdegc"]
    document["trip_reduced_mdegc"] = 9000
    path.write_text(tomlkit.dumps(document) + "# a note of mine\n")
    done = cryoctl("config", "diff", path, port=board)
    assert done.exit_code == 1 and done.stdout.split() == [
        "key", "file", "device", "unit", "trip_reduced_mdegc", "9000", "8000", "mdegC",
    ]  # fmt: skip
    assert json.loads(cryoctl("config", "diff", path, "--json", port=board).stdout) == {
        "trip_reduced_mdegc": {"file": 9000, "device": before}
    }
    assert cryoctl("config", "import", path, port=board).exit_code == 0
    assert cryoctl("config", "diff", path, port=board).exit_code == 0
    assert "nothing to change" in cryoctl("config", "import", path, port=board, pin=None).stderr

    assert cryoctl("config", "set", "trip_reduced_mdegc", before, port=board).exit_code == 0
    assert cryoctl("config", "export", path, port=board).exit_code == 0
    assert "# a note of mine" in path.read_text()


def test_an_imported_calibration_is_refused_and_nothing_else_imported(unchanged, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text("trip_mdegc = 7000\njet_k_mdegc = 12000\n")
    done = cryoctl("config", "import", path, "--yes", port=unchanged)
    assert done.exit_code == 2 and "calibrate jet" in done.stderr


def test_another_boards_serial_number_is_not_imported_by_the_way(unchanged, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text("serial = 2\n")
    done = cryoctl("config", "import", path, port=unchanged)
    assert done.exit_code == 2 and "serial: 1 -> 2" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trip_mdegc = 3000", ":1: trip_mdegc = 3000 mdegC is outside 4000 .. 12000 (limit 1"),
        ("# x\n\ntrip_mdegc = 5.0", ":3: trip_mdegc must be a whole number of mdegC"),
        ("trip_mdegc = '5 degC'", "whole number"),
        ("trip_mdegc = true", "whole number"),
        ("trip_mdegc = 1979-05-27", "whole number"),
        ("[trip_mdegc]\nx = 1", "whole number"),
        ("tripp = 1", "unknown setting tripp: nearest is trip_mdegc"),
        ("[a.b]\nc = 1", "unknown setting a"),
        ("burst_max_us = 700000\nroom_m3 = 5", ":2: room_m3 = 5 m3 is outside 10 .. 1000"),
        ("trip_mdegc = 99999999999999999999", "outside"),
    ],
)
def test_a_wrong_file_is_told_by_line_with_the_devices_sentence(tmp_path, text, said):
    path = tmp_path / "s.toml"
    path.write_text(text)
    done = cryoctl("config", "validate", path)
    assert done.exit_code == 1 and said in done.stdout
    found = json.loads(cryoctl("config", "validate", path, "--json").stdout)
    assert found and all(set(one) == {"key", "problem"} for one in found)
    done = cryoctl("config", "diff", path)  # before cryoctl looks for a device
    assert done.exit_code == 2 and said in done.stderr


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"trip_mdegc = 5000 # \xff\xfe", "not UTF-8"),
        (b"\x00\x01\x02", "not TOML"),
        (b"trip_mdegc = ", "not TOML"),
        (b"trip_mdegc = 5000\ntrip_mdegc = 6000", "not TOML"),
        (b"= = =", "not TOML"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "import", "diff"])
def test_a_file_that_is_no_text_or_no_toml(tmp_path, command, data, said):
    path = tmp_path / "s.toml"
    path.write_bytes(data)
    done = cryoctl("config", command, path)
    assert done.exit_code == 2 and said in done.stderr and str(path) in done.stderr


def test_files_of_other_systems_are_read(tmp_path):
    path = tmp_path / "s.toml"
    path.write_bytes(b"\xef\xbb\xbf# from an editor\r\ntrip_mdegc = 5000\r\n")
    assert cryoctl("config", "validate", path).exit_code == 0
    assert cryoctl("config", "validate", tmp_path / "none.toml").exit_code == 2
    assert cryoctl("config", "validate", tmp_path).exit_code == 2


def test_a_read_only_file_and_a_folder_that_is_not_there(board, tmp_path, monkeypatch):
    path = tmp_path / "s.toml"
    path.write_text("# kept\n")
    monkeypatch.setattr(files.os, "access", lambda _, mode: mode != os.W_OK)  # the same as for a user who is not root
    done = cryoctl("config", "export", path, port=board)
    assert done.exit_code == 2 and "no permission to write the file" in done.stderr and path.read_text() == "# kept\n"
    done = cryoctl("config", "export", tmp_path / "no" / "s.toml", port=board)
    assert done.exit_code == 2 and "not written" in done.stderr


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "s.toml"
    path.write_text("# kept\n")

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(Problem, match="No space left"):
        files.replace(path, b"new")
    assert path.read_text() == "# kept\n" and [one.name for one in tmp_path.iterdir()] == ["s.toml"]


@pytest.fixture(autouse=True)
def _texts_that_are_kept(tmp_path, monkeypatch):
    """Remove the edited texts after the test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


# --- edit -------------------------------------------------------------------------------------------------------------
def editor(tmp_path, *lines):
    """Return an editor command: it edits a settings file with these lines of Python. text: the file's content."""
    path = tmp_path / "editor.py"
    body = "\n".join(["import pathlib, sys", "path = pathlib.Path(sys.argv[1])", "text = path.read_text()", *lines])
    path.write_text(body + "\npath.write_text(text)\n")
    return f"{sys.executable} {path}"


def test_only_what_was_edited_is_changed(board, tmp_path):
    before = stored(board)
    change = editor(tmp_path, "text = text.replace('trip_mdegc = 6000', 'trip_mdegc = 6100')")
    done = cryoctl("config", "edit", port=board, EDITOR=change, VISUAL=None)
    assert done.exit_code == 0 and done.stdout == "trip_mdegc: 6000 -> 6100 mdegC\n", done.stderr
    assert stored(board) == {**before, "trip_mdegc": 6100}
    assert cryoctl("config", "set", "trip_mdegc", "6000", port=board).exit_code == 0


def test_a_restart_that_fails_does_not_hide_what_is_stored(board, monkeypatch):
    def fails(device, expected):
        raise NoDevice("it did not come back", "press its reset button")

    monkeypatch.setattr(config, "restart", fails)
    done = cryoctl("config", "set", "burst_max_us", "400ms", "--restart", port=board)
    assert done.exit_code == 3 and "stored and read back\n" in done.stderr and "in force" not in done.stderr
    monkeypatch.undo()
    assert cryoctl("config", "set", "burst_max_us", "500ms", port=board).exit_code == 0


def test_edited_settings_do_not_go_to_another_board(unchanged, tmp_path, monkeypatch):
    plain, opened = commands._device, []

    def replugged(port):
        device = plain(port)
        opened.append(device)
        if len(opened) == 2:  # the port now leads to another board
            device.identity = Identity(device.identity.board, "42", device.identity.version)
        return device

    monkeypatch.setattr(commands, "_device", replugged)
    change = editor(tmp_path, "import re", "text = re.sub('(?m)^burst_max_us = .*', 'burst_max_us = 400000', text)")
    done = cryoctl("config", "edit", port=unchanged, EDITOR=change, VISUAL=None)
    assert done.exit_code == 2 and len(opened) == 2
    assert "is now virtual 42; the edited settings belong to virtual 1" in done.stderr
    assert "your text is in" in done.stderr


def test_an_export_leaves_the_file_of_another_serial_number_alone(board, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text("serial = 7\ntrip_mdegc = 5000\n")
    done = cryoctl("config", "export", path, port=board)
    assert done.exit_code == 2 and "serial number 7, the device is 1" in done.stderr
    assert path.read_text() == "serial = 7\ntrip_mdegc = 5000\n"
    path.write_text("trip_mdegc = 5000\n")  # without a serial number
    assert cryoctl("config", "export", path, port=board).exit_code == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["text = text.replace('trip_mdegc = 6000', 'trip_mdegc = 1')"], "outside 4000 .. 12000"),
        (["text += 'nonsense'"], "not TOML"),
        (["path.write_bytes(b'\\xff'); sys.exit(0)"], "not UTF-8"),
        (["path.write_text(text + '# x'); sys.exit(7)"], "ended with 7"),
    ],
)
def test_what_was_typed_is_never_lost(unchanged, tmp_path, lines, said):
    done = cryoctl("config", "edit", port=unchanged, EDITOR=editor(tmp_path, *lines), VISUAL=None)
    assert done.exit_code == 2 and said in done.stderr and "your text is in" in done.stderr
    kept = done.stderr.split("config import ")[1].split("`")[0]
    assert os.path.getsize(kept)


def test_a_refusal_after_editing_keeps_the_text_too(unchanged, tmp_path):
    change = editor(tmp_path, "text = text.replace('room_m3 = 30', 'room_m3 = 20')")
    done = cryoctl("config", "edit", port=unchanged, VISUAL=change)
    assert done.exit_code == 2 and "room_m3: 30 -> 20" in done.stderr and "your text is in" in done.stderr


def test_nothing_edited_and_no_editor(unchanged, tmp_path):
    done = cryoctl("config", "edit", port=unchanged, VISUAL=editor(tmp_path), pin=None)
    assert done.exit_code == 0 and "nothing was edited" in done.stderr
    done = cryoctl("config", "edit", port=unchanged, VISUAL="/no/such/editor")
    assert done.exit_code == 2 and "EDITOR" in done.stderr


def test_at_a_terminal_an_error_is_offered_to_edit_again_and_danger_is_confirmed(board, tmp_path):
    twice = editor(
        tmp_path,
        "wrong = 'room_m3 = 3\\n'",
        "text = text.replace(wrong, 'room_m3 = 29\\n') if wrong in text else text.replace('room_m3 = 30\\n', wrong)",
    )
    answers = {b"Edit again?": b"y\n", b"Is that right?": b"y\n"}
    status, said = at_terminal(["config", "edit"], answers, board, VISUAL=twice)
    assert status == 0 and not answers, said
    assert "room_m3 = 3 m3 is outside" in said and "room_m3: 30 -> 29 m3" in said
    assert stored(board)["room_m3"] == 29
    answers = {b"Is that right?": b"n\n"}
    status, said = at_terminal(["config", "set", "room_m3", "28"], answers, board)
    assert status == 2 and "not confirmed" in said and stored(board)["room_m3"] == 29
    assert cryoctl("config", "set", "room_m3", "30", "--yes", port=board).exit_code == 0


@pytest.mark.parametrize(("typed", "code"), [(b"\x03", 130), (b"\x04", 2)])
def test_an_edit_that_is_ended_at_the_question_keeps_the_text(unchanged, tmp_path, typed, code):
    wrong = editor(tmp_path, "text = text.replace('room_m3 = 30', 'room_m3 = 3')")
    status, said = at_terminal(["config", "edit"], {b"Edit again?": typed}, unchanged, VISUAL=wrong)
    assert status == code and "your text is in" in said, said
    kept = said.split("config import ")[1].split("`")[0]
    with open(kept) as file:
        assert "room_m3 = 3\n" in file.read()


def test_unplugged_at_the_question(packed, tmp_path):
    sim = started(packed, tmp_path)

    def unplug():
        sim.cut()
        return b"y\n"

    try:
        status, said = at_terminal(["config", "set", "room_m3", "28"], {b"Is that right?": unplug}, sim.link)
    finally:
        sim.cut()
    assert status == 3 and "plug the board in again" in said
    assert hosted(image.read(tmp_path / "board.img"))["room_m3"] == 30


# --- the page ---------------------------------------------------------------------------------------------------------
def example():
    """Yield (command, output) of the example on the command's page, and the lines of the file that it shows."""
    page = (lanes.ROOT / "docs/cryoctl/config.md").read_text()
    run, shown = re.findall(r"(?ms)^```\n(.*?)^```$", page.partition("## An example")[2])
    asked = [part.partition("\n") for part in run.split("$ ")[1:]]
    return [(command, said) for command, _, said in asked], [part for part in shown.split("\n\n") if part]


def test_the_example_on_the_page_is_what_a_board_answers(packed, tmp_path, monkeypatch):
    sim = started(packed, tmp_path)
    monkeypatch.chdir(tmp_path)
    asked, shown = example()
    assert len(asked) > 5
    for command, said in asked:
        words = shlex.split(command)
        if words[0] == "cryoctl":
            assert cryoctl(*words[1:], port=sim.link).output == said, command
        else:
            subprocess.run(words, check=True)
    sim.cut()
    text = (tmp_path / "board.toml").read_text()
    for part in shown:
        assert part.rstrip("\n").partition("\n")[2] in text, part
