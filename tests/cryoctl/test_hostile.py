"""A device or a file that means harm: it never holds a command, never writes to the terminal, never costs a file."""

import json

import pytest

from host_tools.cryoctl import config_file, device, log_file, port, wire
from host_tools.cryoctl.calibration import points
from host_tools.cryoctl.calibration.kinds import CLOSING
from host_tools.cryoctl.log import Record
from host_tools.cryoctl.problems import NoDevice, Problem, Silent

NESTED = 3000
READ_S = 0.01  # of the false clock, for each read


class Flood:
    """A serial port that always has more; each read takes a moment of the false clock."""

    in_waiting = 100

    def __init__(self, said):
        self.said = said
        self.now_s = 100.0
        self.reads = 0

    def read(self, _):
        self.reads += 1
        self.now_s += READ_S
        return self.said

    def write(self, _):
        pass

    def close(self):
        pass


def framed(text):
    body = text[:-1].encode()
    return b'%s,"crc":"%04X"}' % (body, wire.crc(body))


@pytest.fixture(params=[b"x", b"garbage\n" * 9, framed('{"skin":1}') + b"\n"], ids=["no end", "lines", "telemetry"])
def flood(request, monkeypatch):
    serial = Flood(request.param)
    monkeypatch.setattr(port.Port, "_open", lambda self: setattr(self, "_serial", serial))
    monkeypatch.setattr(port.time, "monotonic", lambda: serial.now_s)
    return serial


def test_a_port_that_never_pauses_is_given_up_after_the_patience(flood):
    with pytest.raises(NoDevice, match="does not answer"):
        device.Device(port.Port("flood"))
    assert flood.reads <= device.ANSWER_S / READ_S + 2


def test_a_device_that_floods_later_is_given_up_too(flood):
    there = device.Device.__new__(device.Device)
    there.port, there.repeated, there.ended, there.sentences = port.Port("flood"), 0, False, False
    there._number, there._told_s, there._telemetry, there.armed = 1, -1e9, [], False
    there.identity = device.Identity("x", "7", "1")
    for call, most_s in (
        (lambda: there.ask("*OPC?", fits=lambda text: text == "1"), device.ANSWER_S),
        (lambda: there.tell("*OPC?"), device.TRIES * device.ANSWER_S),
    ):
        before = flood.reads
        with pytest.raises(Silent):
            call()
        assert flood.reads - before <= most_s / READ_S + 2 * device.TRIES
    before = flood.reads
    there.keep()
    there.received(0.5)
    assert flood.reads - before <= 0.5 / READ_S + 4


def test_nested_brackets_without_end_are_damage_and_no_traceback(tmp_path):
    deep = "[" * NESTED + "]" * NESTED
    assert wire.telemetry(framed('{"a":' + deep + "}")) is None
    assert wire.telemetry(framed('{"a":[[1]]}')) == {"a": [[1]]}
    with pytest.raises(Problem, match="no TOML: .*nested"):
        config_file.parsed(f"a = {deep}")
    (tmp_path / "p.toml").write_text(f"points = {deep}")
    with pytest.raises(Problem, match="no TOML: .*nested"):
        points.read(tmp_path / "p.toml", CLOSING)
    (tmp_path / "log.jsonl").write_text(f'{{"serial": {deep}}}\n')
    with pytest.raises(Problem, match="line 1 is no record"):
        log_file.read(tmp_path / "log.jsonl")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "'=1", "''@", "\tx", "'quoted'", "plain", "-"])
def test_a_cell_of_the_log_is_no_formula_and_is_read_back_as_it_was(tmp_path, text):
    record = Record(text, 1, "CHANGE", what=text, value=-3)
    path = tmp_path / "log.csv"
    path.write_text(log_file.head() + log_file.line(record, log_file.CSV))
    cells = path.read_text().splitlines()[1].split(",")
    assert not any(cell.startswith(("=", "+", "@", "\t")) or (cell.startswith("-") and cell != "-3") for cell in cells)
    assert log_file.read(path)[0] == [record]
    assert json.loads(log_file.line(record, log_file.JSONL))["what"] == text
