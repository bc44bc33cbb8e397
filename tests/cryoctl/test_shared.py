"""A port that several programs use: who gets what, who may do what, and the silence of the tool that armed disarms."""

import contextlib
import os
import socket
import stat
import threading

import pytest

from host_tools.cryoctl import shared, wire
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Refused
from host_tools.cryoctl.shared.hub import ANSWER_S, QUIET_S, READ_ONLY, TAKEN, Client, Hub
from host_tools.cryoctl.shared.server import Server
from tests.cryoctl import treating
from tests.cryoctl.conftest import until


class Rig:
    """A hub without port and sockets, with the lines that the device got, and a clock."""

    def __init__(self):
        self.sent = []
        self.hub = Hub(lambda data: self.sent.append(data.rstrip(b"\n").decode()))
        self.now = 0.0

    def client(self, **more):
        heard = []
        client = Client(lambda line: heard.append(line.decode()), **more)
        self.hub.join(client)
        return client, heard

    def says(self, client, line):
        self.hub.heard(client, line if isinstance(line, bytes) else line.encode(), self.now)

    def device(self, line):
        self.hub.came(line if isinstance(line, bytes) else line.encode(), self.now)

    def answer_last(self, text):
        """Answer the last line; the answer is wrapped if the line was."""
        found = wire.unwrapped(self.sent[-1].encode())
        self.device(framed(found[0], text) if found else text)

    def passes(self, seconds):
        self.now += seconds
        self.hub.tick(self.now)


def framed(number, text):
    body = f"@{number} {text}".encode()
    return (body + b" *%04X" % wire.crc(body)).decode()


@pytest.fixture
def rig():
    return Rig()


def test_each_hears_its_own_answer_and_one_line_is_asked_at_a_time(rig):
    (one, heard), (two, other) = rig.client(), rig.client(local=True)
    rig.says(one, "STAT?")
    rig.says(two, "MEAS:DIST?")
    assert rig.sent == ["STAT?"]
    rig.device("STATE=STANDBY")
    assert rig.sent == ["STAT?", "MEAS:DIST?"]
    rig.device("100 mm")
    assert (heard, other) == (["STATE=STANDBY"], ["100 mm"])


def test_one_who_asks_much_keeps_nobody_from_an_answer(rig):
    (busy, _), (other, heard) = rig.client(), rig.client()
    for _ in range(20):
        rig.says(busy, "STAT?")
    rig.says(other, "MEAS:DIST?")
    rig.device("STATE=STANDBY")
    rig.device("100 mm")
    assert heard == ["100 mm"]


@pytest.mark.parametrize("line", ["STAT?", "CONF? TRIP_MDEGC", "HELP ARM", ":MEAS:TEMP?;DIST?", "LOG? 3", "*IDN?"])
def test_one_who_may_not_write_may_ask(rig, line):
    client, _ = rig.client()
    rig.says(client, line)
    assert rig.sent == [line]


@pytest.mark.parametrize(
    "line",
    ["ARM:REQ", "SERV:PIN 4711", "CONF trip_mdegc,5000", "STAT?;ARM:REQ", "SYST:ERR?", ":SYSTEM:ERROR?", "*ESR?",
     "*RST", "TREAT:LEV 3", "FORM:HUM", "FAULT:ACK", framed(7, "ARM:REQ")],
)  # fmt: skip
def test_one_who_may_not_write_changes_nothing(rig, line):
    client, heard = rig.client()
    rig.says(client, line)
    assert rig.sent == [] and READ_ONLY in heard[0]


@pytest.mark.parametrize("line", ["STOP", "arm:off", framed(3, "STOP")])
def test_anybody_may_stop_and_that_waits_behind_nobody(rig, line):
    (slow, _), (client, heard) = rig.client(), rig.client()
    rig.says(slow, "STAT?")
    rig.says(client, line)
    assert len(rig.sent) == 2 and rig.sent[1].upper() in ("STOP", "ARM:OFF")
    rig.device("STATE=ARMED")
    rig.device("OK")
    assert "OK" in heard[0]


def test_the_owner_stops_beside_a_tool_that_leads_a_session(rig):
    (tool, _), (owner, heard) = rig.client(writes=True), rig.client(local=True)
    rig.says(tool, framed(0, "*OPC?"))
    rig.answer_last("1")
    rig.says(owner, framed(1, "TREAT:LEV 1"))
    assert TAKEN in heard[-1]
    rig.says(owner, framed(2, "STOP"))
    assert rig.sent[-1] == "STOP"


def test_wrapped_lines_of_one_who_only_asks_reach_the_device_as_plain_ones(rig):
    """Each wrapped line would count as a sign of life of the tool that armed."""
    client, heard = rig.client()
    rig.says(client, framed(41, "STAT?"))
    assert rig.sent == ["STAT?"]
    rig.device("STATE=ARMED")
    assert heard == [framed(41, "STATE=ARMED")]
    rig.says(client, framed(42, "STAT?")[:-1] + "0")
    assert heard[-1].startswith("ERROR 201") and len(rig.sent) == 1


def test_wrapped_lines_of_one_who_may_write_are_numbered_anew(rig):
    (one, heard), (two, other) = rig.client(writes=True), rig.client()
    rig.says(one, framed(0, "*OPC?"))
    rig.answer_last("1")
    rig.says(one, framed(5, "TREAT:LEV 3"))
    rig.answer_last("OK")
    rig.hub.leave(one, rig.now)
    rig.answer_last("STATE=STANDBY")
    assert rig.sent[-1] == "SYST:LOC"
    rig.answer_last("OK")
    rig.says(two, b"#write")
    rig.says(two, framed(5, "TREAT:LEV 4"))  # with the same number the device would repeat its last answer
    numbers = [found[0] for line in rig.sent if (found := wire.unwrapped(line.encode()))]
    assert numbers == [0, 1, 2]
    rig.answer_last("OK")
    assert heard[-1] == framed(5, "OK") and other == ["OK", framed(5, "OK")]


def test_a_wrapped_line_that_is_sent_again_is_the_same_line_for_the_device(rig):
    client, heard = rig.client(writes=True)
    for _ in range(2):
        rig.says(client, framed(8, "TREAT:POIN 2"))
        rig.passes(ANSWER_S + 1)  # its answer was lost
    rig.says(client, framed(9, "TREAT:POIN 2"))
    numbers = [wire.unwrapped(line.encode())[0] for line in rig.sent]
    assert numbers[0] == numbers[1] != numbers[2] and heard == []


def test_one_writes_at_a_time(rig):
    (one, heard), (two, other) = rig.client(), rig.client()
    rig.says(one, b"#write")
    rig.says(two, b"#write")
    assert (heard, other) == (["OK"], [TAKEN])
    rig.hub.leave(one, rig.now)
    rig.says(two, b"#write")
    assert other[-1] == "OK"


def test_a_tool_that_goes_while_armed_leaves_its_session_to_its_own_end(rig):
    """SYST:LOC would end the session, and with it the device's count of the tool's silence."""
    tool, _ = rig.client(writes=True)
    rig.says(tool, framed(0, "*OPC?"))
    rig.answer_last("1")
    rig.hub.leave(tool, rig.now)
    rig.answer_last("STATE=ARMED;FAULT=NONE")
    assert "SYST:LOC" not in rig.sent


def test_each_has_its_own_telemetry_and_the_device_sends_for_the_fastest(rig):
    (one, heard), (two, other), (_, none) = rig.client(), rig.client(), rig.client()
    line = '{"seq":1'
    line = f'{line},"crc":"{wire.crc(line.encode()):04X}"}}'
    rig.says(one, "STRM 2000 ms")
    rig.device("OK")
    rig.says(two, "STRM 500 ms")
    rig.device("OK")
    rig.device(line)
    assert heard == other == ["OK", line] and none == []
    rig.says(two, "STRM?")
    rig.says(two, "STRM OFF")
    rig.device("OK")
    assert other[-2:] == ["500 ms", "OK"]
    rig.hub.leave(one, rig.now)
    assert rig.sent == ["STRM 2000 ms", "STRM 500 ms", "STRM 2000 ms", "STRM OFF"]


def test_sentences_of_the_owner_are_no_answers_for_others(rig):
    (owner, _), (other, heard) = rig.client(local=True), rig.client()
    rig.says(owner, "FORM:HUM")
    rig.device("Done.")
    rig.says(other, "STAT?")
    assert rig.sent[1:] == ["FORM:MACH", "STAT?", "FORM:HUM"]
    for line in ("OK", "STATE=STANDBY", "Done."):
        rig.device(line)
    assert heard == ["STATE=STANDBY"]


def test_an_answer_of_several_lines_is_whole_before_the_next_question(rig):
    (owner, heard), (other, theirs) = rig.client(local=True), rig.client()
    rig.says(owner, "HELP")
    rig.says(other, "STAT?")
    for line in ("COMMON", "ARM"):
        rig.device(line)
        rig.passes(QUIET_S / 2)
    assert rig.sent == ["HELP"]
    rig.passes(QUIET_S)
    rig.device("STATE=STANDBY")
    assert (heard, theirs) == (["COMMON", "ARM"], ["STATE=STANDBY"])


def test_an_answer_that_does_not_come_holds_nobody_up(rig):
    (one, heard), (two, other) = rig.client(), rig.client()
    rig.says(one, "STAT?")
    rig.says(two, "MEAS:DIST?")
    rig.passes(ANSWER_S + 0.1)
    rig.device("100 mm")
    assert (heard, other) == ([], ["100 mm"])


# --- on a virtual board -----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def board(packed, tmp_path_factory):
    with treating.board(packed, tmp_path_factory.mktemp("shared")) as made:
        made.choose()
        made.speed(1)
        yield made


@pytest.fixture
def server(board):
    with Port(str(board.link)) as port:
        made = Server(port)
        yield made
        made.close()


def test_the_socket_is_the_users_alone_and_goes_with_its_owner(server, board):
    path = shared.place(str(board.link))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    server.close()
    assert not path.exists()


def test_a_socket_whose_owner_was_killed_is_taken_away(board):
    path = shared.place(str(board.link))
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert shared.joined(str(board.link)) is None and not path.exists()


def test_two_programs_ask_at_the_same_time_and_a_change_is_refused(server, board):
    said = {}
    questions = ("*OPC?", "TREAT:LEV?", "TREAT:SITE?")

    def asks(number):
        with Device(Port(str(board.link))) as device:
            said[number] = {device.tell(questions[number]) for _ in range(10)}
            said[number] |= {device.ask(questions[number]) for _ in range(10)}

    threads = [threading.Thread(target=asks, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {0: {"1"}, 1: {"3"}, 2: {"LFOOT-SOLE"}}
    with Device(Port(str(board.link))) as device, pytest.raises(Refused, match="read-only"):
        device.tell("TREAT:LEV 1")


def test_a_port_that_is_lost_ends_all_who_share_it(server, board):
    with Device(Port(str(board.link))) as device:
        server.close()
        with pytest.raises(NoDevice):
            device.ask("STAT?")


def test_an_armed_host_that_falls_silent_disarms_whatever_the_others_ask(server, board):
    link = shared.joined(str(board.link))
    link.sendall(shared.ASK_TO_WRITE + b"\n")
    number = iter(range(1000))

    def tool(command):
        link.sendall(framed(next(number), command).encode() + b"\n")
        return answered(link)

    assert answered(link) == "OK" and "*" in tool("*OPC?")
    code = tool("ARM:REQ").split()[2].rstrip(";")
    assert "ARMED" in tool(f"ARM:CONF {code}")
    with Device(Port(str(board.link))) as other:  # it asks again and again, in wrapped lines
        said = until(lambda: wire.fields(other.tell("STAT?")), lambda fields: fields.get("STATE") != "ARMED")
    assert said["STATE"] in ("STANDBY", "READY") and said["FAULT"] == "NONE"
    link.close()


def answered(link):
    data = b""
    while not data.endswith(b"\n"):
        more = link.recv(4096)
        assert more
        data += more
    return data.decode().strip()


def test_no_socket_where_none_can_be(board, monkeypatch, tmp_path):
    monkeypatch.setattr("host_tools.cryoctl.shared.server.place", lambda port: tmp_path / ("x" * 200) / "s")
    with Port(str(board.link)) as port, pytest.raises(Exception, match="cannot be shared"):
        Server(port)
    with contextlib.suppress(OSError):
        os.rmdir(tmp_path / ("x" * 200))
