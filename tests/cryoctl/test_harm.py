"""A harmful device or file: it cannot control the terminal, hang a command or cause a traceback."""

import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from host_tools.cryoctl import asking, device, log_file, port, service, wire
from host_tools.cryoctl.adapters import mpremote
from host_tools.cryoctl.calibration import points
from host_tools.cryoctl.calibration.kinds import OPENING
from host_tools.cryoctl.config_file import parsed
from host_tools.cryoctl.flash import Request, provision
from host_tools.cryoctl.log import Record
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import NoDevice, Problem, Silent
from host_tools.simulator.twin import lanes
from host_tools.toolchain.settings.pin import PIN_PATHS
from tests.cryoctl.commanded import cryoctl
from tests.cryoctl.conftest import PATIENCE_S
from tests.cryoctl.test_device import FakePort

ESC = "\x1b[2J\x9b\x07\r\u202e"
DEEP = 3000


class Clock:
    """A clock that the test's port moves on."""

    def __init__(self, monkeypatch, *modules):
        self.now_s = 100.0
        for module in modules:
            monkeypatch.setattr(module.time, "monotonic", lambda: self.now_s)
            monkeypatch.setattr(module.time, "sleep", self.sleep)

    def sleep(self, seconds):
        self.now_s += seconds


class Endless(port.Port):
    """A port that always has input. Each read takes 10 ms; after a minute of reads it fails."""

    def __init__(self, clock, says):
        self.name, self._rest, self._last_look = "endless", b"", None
        self._clock, self._says = clock, says

    def write(self, data):
        pass

    def close(self):
        pass

    def read(self):
        self._clock.now_s += 0.01
        assert self._clock.now_s < 160, "it reads for ever"
        return self._says


@pytest.mark.parametrize("says", [b"noise\n" * 50, b"x" * 100, b'{"a":1}\n', b"\n"])
def test_a_port_that_never_pauses_ends_at_the_patience(monkeypatch, says):
    clock = Clock(monkeypatch, port, device)
    with pytest.raises(NoDevice):
        device.Device(Endless(clock, says))
    assert clock.now_s < 100 + device.ANSWER_S + 0.1


def test_a_device_that_then_talks_for_ever_ends_each_question_at_its_patience(monkeypatch):
    clock = Clock(monkeypatch, port, device)
    talks = Endless(clock, b"CO2 cryotherapy applicator,virtual,1,0.1.0\n")
    there = device.Device(talks)
    talks._says = b"\n" * 10
    begun_s = clock.now_s
    with pytest.raises(Silent):
        there.ask("STAT?")
    assert clock.now_s < begun_s + device.ANSWER_S + 0.1
    there._number = 1
    for _ in range(2):  # each reads what has come, and no more
        before_s, there._told_s = clock.now_s, 0.0
        talks._rest = b""
        there.keep()
        assert before_s < clock.now_s < before_s + 0.1


def test_a_prompt_that_never_pauses_ends(monkeypatch):
    clock = Clock(monkeypatch, mpremote)

    class Stream:
        def inWaiting(self):
            return 1

        def read(self, _):
            clock.now_s += 0.01
            assert clock.now_s < 300, "it reads for ever"
            return b"x"

    transport = mpremote._OnOpenPort(Stream(), "endless")
    transport.read_until(1, b">", timeout_overall=5)
    assert clock.now_s < 105.1
    transport.read_until(1, b">", data_consumer=lambda _: None)
    assert clock.now_s < 105.2 + mpremote.TALKS_S


def test_control_characters_never_reach_the_terminal(monkeypatch, tmp_path, capsys):
    page = io.StringIO()
    out = Output(verbose=True, console=Console(file=page, force_terminal=True, no_color=True, width=200))
    out.errors = out.console
    out.result(ESC)
    out.say(ESC)
    out.detail(ESC)
    out.warn(ESC)
    out.error(ESC)
    out.raw(ESC)
    out.json({"a": ESC})
    out.table(["a"], [[ESC]])
    asking.tell(ESC)
    said = page.getvalue() + capsys.readouterr().err
    assert said.count("\\u009b") == 9  # Rich's own styles are allowed
    assert not any(sign in said for sign in ("\x1b[2J", "\x9b", "\x07", "\u202e"))
    toml = tmp_path / "a.toml"
    toml.write_text('"\\u001b[2J" = 1\n')
    assert "\x1b" not in cryoctl("config", "validate", toml).output
    said = cryoctl("config", "validate", tmp_path / "\x1b[2J").output
    assert "\\u001b[2J: No such file" in said and "\x1b" not in said


def test_what_a_device_answers_is_clean_before_anything_is_made_of_it():
    def answers(line):
        return [b"\x1b[2JSTATE=STANDBY\x07"]

    fake = FakePort(answers)
    assert device.Device(fake).ask("STAT?") == "\\u001b[2JSTATE=STANDBY\\u0007"
    body = b"@1 \x1b[2J"
    assert wire.unwrapped(b"%s *%04X" % (body, wire.crc(body))) == (1, "\\u001b[2J")


def test_brackets_within_brackets_are_no_traceback(tmp_path):
    body = b'{"a":' + b"[" * DEEP + b"]" * DEEP
    assert wire.telemetry(b'%s,"crc":"%04X"}' % (body, wire.crc(body))) is None
    deeper = b'{"a":' + b"[" * 100_000 + b"]" * 100_000
    assert wire.telemetry(b'%s,"crc":"%04X"}' % (deeper, wire.crc(deeper))) is None
    for name in ("log.jsonl", "points.toml"):
        (tmp_path / name).write_text(f"a = {'[' * DEEP}{']' * DEEP}\n" if "toml" in name else "[" * 100_000 + "\n")
    with pytest.raises(Problem, match="line 1 is not a record"):
        log_file.read(tmp_path / "log.jsonl")
    with pytest.raises(Problem, match="nested too deeply"):
        points.read(tmp_path / "points.toml", OPENING)
    with pytest.raises(Problem, match="not TOML"):
        parsed((tmp_path / "points.toml").read_text())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "plain"])
def test_a_text_that_begins_as_a_formula_is_written_as_a_text(tmp_path, text):
    record = Record(serial="7", number=1, kind=text, uptime_s=-3)
    path = tmp_path / "log.csv"
    path.write_text(log_file.head() + log_file.line(record, log_file.CSV))
    assert not any(f",{sign}" in path.read_text().replace(",-3", "") for sign in "=+-@")
    assert log_file.read(path)[0] == [record]


def test_a_reader_that_leaves_does_not_change_the_exit_code(tmp_path):
    """A reader takes only the first line. config validate finds something: code 1; a listing does not: code 0."""
    wrong = tmp_path / "a.toml"
    wrong.write_text("".join(f"nothing{n} = 1\n" for n in range(2000)))
    for words, code in ((["config", "validate", str(wrong)], 1), (["sim", "--actions"], 0), (["--help"], 0)):
        command = [sys.executable, "-m", "host_tools.cryoctl", *words]
        with subprocess.Popen(command, cwd=lanes.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            said = process.stderr.read()
            assert (process.wait(PATIENCE_S), said) == (code, b"")


# --- PINs -------------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(os.name != "posix", reason="a file's rights are those of POSIX")
@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_pin_file_that_others_can_read_is_a_warning_without_the_pin(tmp_path, capsys, mode, warned):
    path = tmp_path / "pin"
    path.write_text("47110815\n")
    path.chmod(mode)
    assert service.pin(path) == "47110815"
    said = capsys.readouterr().err
    assert ("warning: other users can read the PIN file" in said) == warned and "47110815" not in said


@pytest.mark.parametrize(("text", "warned"), [("4711081", True), ("47110815", False)])
def test_a_pin_that_a_copy_of_the_flash_gives_away_soon_is_a_warning(text, warned):
    said = []
    watch = SimpleNamespace(warn=said.append)
    files = provision.files("virtual", {}, Request(pin=text), watch)
    assert set(PIN_PATHS) <= set(files)
    assert any("quickly found in a copy of the flash: use 8 digits" in line for line in said) == warned
    assert not any(text in line for line in said)
