"""The conversation with a board: lost, damaged, echoed and foreign lines, and what no command may do."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.cryoctl import device, found, problems, service, wire
from host_tools.cryoctl.device import Device, look
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from host_tools.cryoctl.sim import image
from host_tools.toolchain.settings.pin import provision
from tests.cryoctl.conftest import PATIENCE_S, Sim, until
from tests.cryoctl.fake_port import fake_port

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=80)
IDENTITY = b"CO2 cryotherapy applicator,virtual,1,0.1.0"


class FakePort:
    """A device. answers: makes the answer's lines for a line; written: what the tool wrote."""

    name = "fake"

    def __init__(self, answers):
        self.written = b""
        self._answers = answers
        self._lines = []
        self.closed = False

    def write(self, data):
        self.written += data
        for line in data.split(b"\n")[:-1]:
            self._lines += [IDENTITY] if line == b"*IDN?" else self._answers(line)

    def line(self, _):
        return self._lines.pop(0) if self._lines else None

    def taken_back(self):
        return b""

    def close(self):
        self.closed = True


def answered(line, text):
    """Return the answer that a device gives to a wrapped line."""
    body = b"@%s %s" % (re.match(rb"@(\d+)", line)[1], text)
    return b"%s *%04X" % (body, wire.crc(body))


def honest(line):
    return [answered(line, b"OK")] if line.startswith(b"@") else []


# --- the lines --------------------------------------------------------------------------------------------------------
@given(st.integers(0, wire.NUMBERS - 1), PRINTABLE)
def test_a_wrapped_line_is_read_back_as_it_was(number, command):
    assert wire.unwrapped(wire.wrapped(number, command)) == (number, command)


@given(st.integers(0, wire.NUMBERS - 1), PRINTABLE, st.data())
def test_no_line_with_one_byte_changed_is_taken(number, command, data):
    line = bytearray(wire.wrapped(number, command))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    assert wire.unwrapped(bytes(line)) != (number, command)


@pytest.mark.parametrize("command", ["Ü", "a\nSTOP", "\x03", "x" * wire.LINE_MAX])
def test_what_is_no_line_for_the_device_is_not_sent(command):
    with pytest.raises(ValueError):
        wire.wrapped(1, command)


def test_the_documented_example_of_a_wrapped_line():
    assert wire.wrapped(1, "MEAS:DIST?") == b"@1 MEAS:DIST? *7D53"


@given(st.binary(max_size=200))
def test_any_bytes_are_no_answer_and_no_telemetry(data):
    assert wire.unwrapped(data) is None and wire.telemetry(data) is None


# --- the conversation -------------------------------------------------------------------------------------------------
def test_the_first_number_is_zero_and_goes_with_a_question():
    port = FakePort(honest)
    Device(port).tell("TREAT:LEV 3")
    numbered = re.findall(rb"@(\d+) (\S+)", port.written)
    assert numbered == [(b"0", b"*OPC?"), (b"1", b"TREAT:LEV")]


def test_the_numbers_go_round_without_zero():
    """The number 0 would begin another session, and end service mode."""
    port = FakePort(honest)
    said = Device(port)
    said.begin()
    said._number = wire.NUMBERS - 1
    for _ in range(2):
        said.tell("STOP")
    assert re.findall(rb"@(\d+) ", port.written) == [b"0", b"999999", b"1"]


@pytest.mark.parametrize(("state", "left"), [("STANDBY", []), ("SERVICE", [b"SERV:EXIT"])])
def test_zero_is_never_sent_again_and_service_mode_ends_all_the_same(state, left):
    told = {b"STAT?": f"STATE={state}".encode()}
    port = FakePort(lambda line: [told[line]] if line in told else honest(line) if b"@0 " not in line else [])
    Device(port).tell("SYST:DATE?")
    commands = re.findall(rb"@(\d+) (\S+)", port.written)
    assert commands == list(zip((b"0", b"1", b"2"), (b"*OPC?", *left, b"SYST:DATE?"), strict=False))


def test_signs_of_life_of_a_tool_that_waits(monkeypatch):
    """After 60 s of silence the device ends the session."""
    now_s = 1000.0
    monkeypatch.setattr(device.time, "monotonic", lambda: now_s)
    port = FakePort(honest)
    said = Device(port)
    said.identity = device.Identity("rp2040_pico", "1", "0.1.0")
    said.keep()  # no session: nothing to keep
    said.tell("SYST:DATE?")
    for _ in range(100):
        now_s += 1.0
        said.keep()
    assert re.findall(rb"@(\d+) \*OPC", port.written) == [b"%d" % n for n in (0, *range(2, 12))]
    assert said.tell("STOP") == "OK" and not port._lines  # not the late answers to *OPC?


@pytest.mark.parametrize("damage", [b"", b"ERROR 201 the sum is wrong", b"@1 O? *0000", b"\xff\xfe"])
def test_an_answer_that_was_lost_or_damaged_is_asked_for_again_with_the_same_number(damage):
    seen = []

    def answers(line):
        if not line.startswith(b"@1 "):
            return honest(line)
        seen.append(line)
        return honest(line) if len(seen) == 3 else [damage] if damage else []

    said = Device(FakePort(answers))
    assert said.tell("SYST:DATE 2026,11,22") == "OK"
    assert len(seen) == 3 and len(set(seen)) == 1 and said.repeated == 2


def test_who_never_answers_is_given_up_and_named():
    said = Device(FakePort(lambda line: honest(line) if line.startswith(b"@0 ") else []))
    with pytest.raises(NoDevice, match="fake did not answer CONF:SAVE"):
        said.tell("CONF:SAVE")


def test_an_answer_to_another_number_is_not_this_ones():
    late = answered(b"@7 ", b"5000 mm")
    said = Device(FakePort(lambda line: [late, *honest(line)]))
    assert said.tell("STOP") == "OK"


@pytest.mark.parametrize("late", [IDENTITY, answered(b"@7 ", b"OK")])
def test_a_second_answer_to_what_was_asked_twice_is_not_the_next_questions(late):
    """A busy device answers late: look() or tell() has asked again, and both questions get an answer."""
    said = Device(FakePort(lambda line: [late, late, b"STATE=STANDBY;FAULT=NONE"] if line == b"STAT?" else []))
    assert said.state() == {"STATE": "STANDBY", "FAULT": "NONE"}
    assert said.ask("*IDN?") == IDENTITY.decode()


def test_echo_and_telemetry_between_are_not_the_answer():
    body = b'{"seq":1,"mode":2'
    line_of_telemetry = b'%s,"crc":"%04X"}' % (body, wire.crc(body))
    said = Device(FakePort(lambda line: [line, line_of_telemetry, *honest(line)]))
    assert said.tell("STOP") == "OK"
    assert said.received() == [{"seq": 1, "mode": 2}] * 2  # the answer to the first number, and to this one
    assert said.received() == []


@pytest.mark.parametrize("answer", ["ERROR -222 too much", "REFUSED ESTOP; STAT:WHY? tells what to do"])
def test_a_refusal_is_the_devices_own_sentence(answer):
    with pytest.raises(Refused) as refused:
        wire.accepted(answer)
    assert answer.partition(" ")[2].removeprefix("-222 ") in str(refused.value)
    assert refused.value.number == (-222 if "ERROR" in answer else 0)


@pytest.mark.parametrize("state", ["READY", "ARMED", "DELIVERING", "REST"])
def test_an_armed_device_is_left_alone(state):
    port = FakePort(lambda line: [f"STATE={state};FAULT=NONE".encode()] if line == b"STAT?" else [])
    with pytest.raises(Refused, match=state):
        Device(port).unarmed()
    with pytest.raises(Refused, match=state), service.service_mode(Device(port), "4711"):
        raise AssertionError("within")
    assert b"4711" not in port.written


def test_a_device_that_does_not_tell_its_state_counts_as_armed():
    port = FakePort(lambda line: [b"The device is ready for you."] if line == b"STAT?" else [])
    with pytest.raises(Refused, match="cryoctl devices"):
        Device(port).unarmed()


def spoken(busy=False):
    """A device that answers in sentences, because a person set it so."""
    human = [True]

    def answer(line):
        if line == b"FORM:MACH":
            human[0] = False
            return [b"OK"]
        if line == b"STAT?" and human[0]:
            return [b"The applicator is in stand-by."]
        if line == b"STAT?":
            return [b"STATE=ARMED;FAULT=NONE" if busy else b"STATE=STANDBY;FAULT=NONE"]
        return []

    return FakePort(answer)


def test_a_state_in_sentences_is_asked_for_in_fields_and_the_form_is_put_back():
    port = spoken()
    with Device(port) as device:
        assert device.unarmed() == "STANDBY"
        assert b"FORM:HUM" not in port.written
    assert port.written.endswith(b"FORM:MACH\nSTAT?\nSTAT?\nFORM:HUM\n")
    port = spoken(busy=True)
    with Device(port) as device, pytest.raises(Refused, match="ARMED"):
        device.unarmed()
    assert b"FORM:HUM" not in port.written  # the device would refuse it, and note an error


def test_a_device_that_was_armed_since_it_was_asked_keeps_its_form():
    port = spoken()
    with Device(port) as device:
        device.unarmed()
        port._answers = lambda line: [b"STATE=ARMED;FAULT=NONE"] if line == b"STAT?" else []
    assert b"FORM:HUM" not in port.written and port.closed


def test_of_a_device_that_keeps_to_its_sentences_no_state_is_made_up():
    port = FakePort(lambda line: {
        b"STAT?": [b"The applicator is in stand-by."],
        b"FORM:MACH": [b"ERROR 202 a tool's session: send it as @number command *sum, or end it (SYST:LOC)"],
    }.get(line, []))  # fmt: skip
    with Device(port) as device, pytest.raises(Refused, match="tool's session"):
        device.unarmed()


def test_a_port_that_no_device_answers_on_is_given_back():
    port = FakePort(honest)
    port.write = lambda data: None
    with pytest.raises(NoDevice, match="does not answer"):
        Device(port)
    assert port.closed


def test_no_byte_that_interrupts_or_restarts_is_ever_sent():
    port = FakePort(honest)
    with Device(port) as said:
        said.tell("STOP")
    assert not set(b"\x01\x02\x03\x04\x05") & set(port.written)
    assert port.written.endswith(b"SYST:LOC\n") and port.closed


# --- with the virtual board -------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def board(tmp_path_factory, packed):
    """A board with the application and a PIN, for all tests below."""
    import shutil

    folder = tmp_path_factory.mktemp("device")
    shutil.copy(packed, folder / "board.img")
    image.write(folder / "board.img", provision("4711"))
    sim = Sim(folder, "--speed", "0").wait_ready()
    with Device(Port(str(sim.link))) as said:
        until(said.state, lambda state: state["STATE"] == "STANDBY")
    yield sim
    sim.cut()


def test_what_runs_on_a_port(board, start, tmp_path):
    with Port(str(board.link)) as port:
        assert look(port) == (device.APPLICATION, device.Identity("virtual", "1", "0.1.0"))
    bare = start(image_path=tmp_path / "bare.img", link=tmp_path / "bare")
    with Port(str(bare.link)) as port:
        assert look(port) == (device.PROMPT, None)
    there = {port.name: port.kind for port in found.ports()}
    assert there[str(board.link)] == there[str(bare.link)] == found.VIRTUAL
    with pytest.raises(NoDevice, match="--port"):
        found.chosen(None)
    bare.end()
    assert str(bare.link) not in {port.name for port in found.ports()}


@pytest.mark.parametrize("echo", ["OFF", "ON"])
def test_a_half_typed_line_is_not_completed_by_the_question(board, echo):
    with Port(str(board.link)) as port:
        port.write(f"SYST:ECHO {echo}\nTREAT:LEV 2\nTREAT:PRES CHRONIC;LEV 4".encode())
        assert look(port)[0] == device.APPLICATION
    with Device(Port(str(board.link))) as said:
        assert said.ask("TREAT:PRES?").startswith("NONE")


def test_one_process_at_a_time_has_the_port(board):
    with Port(str(board.link)), pytest.raises(NoDevice, match="in use"):
        Port(str(board.link))


HOLDS = """import os, sys
opened = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)  # as PyVISA and most terminals do: without a lock
print("open", flush=True)
sys.stdin.read()
"""
IS_BOARD = """import os, sys
ours, theirs = os.openpty()
print(os.ttyname(theirs), flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def program(text, *words):
    """A context in which another program runs; yield its process and the first line that it printed."""
    with subprocess.Popen(
        [sys.executable, "-c", text, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process, process.stdout.readline().strip()
        process.stdin.close()
        process.wait(PATIENCE_S)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here: only Linux tells who has a port")
def test_a_port_that_a_program_without_a_lock_reads_is_not_shared():
    """Each program would get a part of every answer: one the "OK" of a wrapped line, the other half of its sum."""
    with fake_port(lambda *_: b"") as (name, heard):
        with program(HOLDS, name) as (holder, _), pytest.raises(NoDevice, match=rf"in use by .*\b{holder.pid}\b"):
            Port(name)
        assert not heard
        Port(name).close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here: only Linux tells who has a port")
def test_a_virtual_board_that_has_both_ends_is_no_other_program():
    with program(IS_BOARD) as (_, name):
        Port(name).close()


def test_half_a_line_from_before_a_restart_is_no_part_of_the_first_answer_after_it():
    said = {b"before\n": b"whole\nhalf", b"after\n": b"answer\n"}

    def answer(received, _):
        return next((text for asked, text in said.items() if received.endswith(asked)), b"")

    with fake_port(answer) as (name, _), Port(name) as port:
        port.write(b"before\n")
        assert port.line(time.monotonic() + PATIENCE_S) == b"whole"
        assert port.line(time.monotonic()) is None  # the half line was read, but it is not a whole line
        port.reopen()
        port.write(b"after\n")
        assert port.line(time.monotonic() + PATIENCE_S) == b"answer"


@pytest.mark.parametrize("others", [(), (found.Found("/dev/none", "", "E67"), found.Found("/dev/bare", ""))])
def test_a_board_that_comes_back_under_another_name_is_found_by_its_usb_serial_number(monkeypatch, others):
    with fake_port(lambda *_: b"") as (one, _), fake_port(lambda *_: b"the same\n") as (other, _):
        for where, usb_serial, then in ((one, "E66", other), (one, "", one), (other, "E66", other)):
            monkeypatch.setattr(found, "ports", lambda n=where, s=usb_serial: [*others, found.Found(n, "", s)])
            with Port(where) as port:
                there = [*others, found.Found(other, "", usb_serial)]
                monkeypatch.setattr(found, "ports", lambda there=there: there)
                port.reopen()  # at once: no time needs to pass
                assert port.name == then
                if then == other:
                    port.write(b"*IDN?\n")
                    assert port.line(time.monotonic() + PATIENCE_S) == b"the same"


def test_a_board_that_kept_its_name_stays_there_whatever_else_has_its_usb_serial_number(monkeypatch):
    with fake_port(lambda *_: b"") as (one, _), fake_port(lambda *_: b"") as (other, _):
        monkeypatch.setattr(found, "ports", lambda: [found.Found(other, "", "E66"), found.Found(one, "", "E66")])
        with Port(one) as port:
            port.reopen()
            assert port.name == one


def test_a_port_that_is_not_there_is_said_so():
    with pytest.raises(NoDevice, match="there is no port"):
        Port("/dev/no-such-port")


def test_service_mode_is_left_whatever_happens(board):
    with Device(Port(str(board.link))) as said:
        with pytest.raises(Problem, match="on the way"), service.service_mode(said, "4711"):
            assert said.state()["STATE"] == "SERVICE"
            raise Problem("on the way")
        assert said.state()["STATE"] == "STANDBY"


def test_a_wrong_pin_is_refused_and_shown_nowhere(board):
    with Device(Port(str(board.link))) as said:
        with pytest.raises(Refused) as refused, service.service_mode(said, "86420"):
            raise AssertionError("within")
        assert refused.value.number == 301 and "86420" not in str(refused.value)


def test_to_the_prompt_through_service_mode_and_unplugged(application, tmp_path, start):
    sim = application("--speed", "0")
    sim.end()
    image.write(sim.image, provision("4711"))
    sim = start("--speed", "0", image_path=sim.image)
    said = Device(Port(str(sim.link)))
    with service.service_mode(said, "4711"):
        service.to_prompt(said)
    assert look(said.port) == (device.PROMPT, None)
    sim.end()
    with pytest.raises(NoDevice, match=r"gone|did not answer"):
        said.ask("*IDN?")


# --- PIN and exit codes -----------------------------------------------------------------------------------------------
def test_a_pin_comes_from_a_file_or_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv(service.VARIABLE, raising=False)
    file = tmp_path / "pin"
    file.write_text("123456\nand what else stands there\n")
    assert service.pin(file) == "123456"
    monkeypatch.setenv(service.VARIABLE, "9876")
    assert service.pin() == "9876"


@pytest.mark.parametrize("content", [b"", b"123", b"12345678901", b"12a4", b"\xff\xfe12"])
def test_what_is_no_pin_is_refused_without_showing_it(content, tmp_path):
    file = tmp_path / "pin"
    file.write_bytes(content)
    with pytest.raises(Problem) as refused:
        service.pin(file)
    assert not content.strip() or content.decode("latin-1") not in str(refused.value)


def test_without_pin_and_terminal_it_says_how_to_give_one(monkeypatch):
    monkeypatch.delenv(service.VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115
    with pytest.raises(Problem, match="--pin-file"):
        service.pin()


def test_every_kind_of_problem_has_a_code_of_its_own():
    kinds = (Problem, NoDevice, Refused, problems.NotVerified)
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert {kind.code for kind in kinds} <= set(problems.CODES)


def test_a_virtual_board_that_was_killed_is_no_longer_listed(start, tmp_path):
    sim = start()
    number = sim.process.pid
    sim.process.kill()
    sim.process.wait()
    assert str(sim.link) not in {port.name for port in found.ports()}
    assert not list(found._folder().glob(f"{number}.json"))
