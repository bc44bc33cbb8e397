"""The grammar of the line console. A bad line, a flood, or a host that does not read changes nothing."""

import micropython
from console_fuzz import line_of
from console_rig import App, is_error, wrapped
from cryo.console import line as console_line
from cryo.core import mode, supervisor
from support import Random


def test_short_and_long_forms_and_lower_case():
    for command in ("STAT?", "STATUS?", "status?", "Stat?", "  stat?  "):
        assert App().ask(command).startswith("STATE=STANDBY")
    app = App()
    for command in ("TREATMENT:PRESET chronic", "treat:pres Chronic", "TREAT:PRES    CHRONIC   "):
        assert app.ask(command) == "OK"


def test_lines_end_with_lf_cr_or_both_and_empty_ones_are_ignored():
    app = App()
    for end in (b"\n", b"\r", b"\r\n", b"\n\n\r\n"):
        assert app.send(b"MEAS:DIST?" + end) == ["100 mm"]
    assert app.send(b"\n\r\n\n") == []


def test_lines_sent_at_once_are_answered_in_order():
    app = App()
    assert app.send(b"MEAS:DIST?\nTREAT:PRES?\nFAULT?\n") == ["100 mm", "NONE", "NONE"]
    app.choose()
    lines = app.send(b"ARM:REQ\nMEAS:DIST?\n")
    assert lines[0].startswith("READY")
    assert lines[1] == "100 mm"


def test_an_unfinished_line_waits():
    app = App()
    assert app.send(b"MEAS:") == []
    assert app.send(b"DIST?\n") == ["100 mm"]


def test_an_unknown_command_names_the_nearest():
    app = App()
    is_error(app.ask("STAT"), -113, "STAT", "nearest is STAT?")
    for wrong, near in (
        ("TREAT:LEVL 3", "TREAT:LEV"),
        ("TREAT:LEVL?", "TREAT:LEV?"),
        ("MEAS:TEMP", "MEAS:TEMP?"),
        ("*IDN", "*IDN?"),
        ("ARM:REQU?", "ARM:REQ"),
    ):
        answer = app.ask(wrong)
        assert is_error(answer, -113) and answer.endswith(": nearest is " + near), answer
    is_error(app.ask("FIRE"), -113)
    is_error(app.ask("STOP?"), -113)
    is_error(app.ask("ARM:CONF?"), -113)


def test_while_armed_an_unknown_command_is_refused_without_a_search():
    app = App()
    app.arm()
    answer = app.ask("STAT:FOO?")
    is_error(answer, -113, "STAT:FOO?")
    assert "nearest" not in answer


def test_arguments_missing_and_too_many():
    app = App()
    for command in ("TREAT:PRES", "TREAT:LEV", "TREAT:SITE", "TREAT:POIN", "TREAT:ATT", "ARM:CONF"):
        is_error(app.ask(command), -109, command, "needs an argument")
    for command in ("STAT? 1", "ARM:REQ NOW", "STOP 1", "TREAT:LEV? 3", "TREAT:NEW 1", "FAULT:ACK ALL"):
        is_error(app.ask(command), -108, "takes no argument")


def test_an_overlong_line_is_refused_whole():
    app = App()
    app.choose()
    before = app.choice()
    # shortened to the longest line, it would be a valid command
    line = b"TREAT:LEV 4" + b" " * 109
    assert len(line) == 120
    assert app.send(line + b" \n")[0].startswith("ERROR -363 ")
    assert app.choice() == before
    assert app.ask("MEAS:DIST?") == "100 mm"
    assert app.send(line + b"\n") == ["OK"]


def test_who_asks_for_the_prompt_is_told_how_it_is_reached():
    app = App()
    before = app.choice()
    answers = app.send(b"\r\x03\r\x01")  # as mpremote does: an interrupt, then the raw prompt
    is_error(answers[-1], -101, "SERV:REPL")
    assert app.ask("MEAS:DIST?") == "100 mm"
    assert app.choice() == before


def test_a_tab_is_white_space():
    app = App()
    assert app.send(b"\tMEAS:DIST?\t\n") == ["100 mm"]
    assert app.send(b"TREAT:PRES\tCHRONIC;\tLEV\t 2\n") == ["OK", "OK"]


def test_what_is_not_printable_ascii_is_refused():
    app = App()
    before = app.choice()
    for byte in (0, 3, 4, 11, 27, 127, 128, 0xC3, 255):
        is_error(app.send(b"TREAT:PRES CHRONIC" + bytes([byte]) + b"\n")[0], -101)
        is_error(app.send(bytes([byte]) + b"TREAT:PRES CHRONIC\n")[0], -101)
    assert app.choice() == before


def test_no_bad_line_changes_anything():
    app = App()
    app.choose()
    app.ask("ARM:REQ")
    before = app.choice()
    for line in (
        b"ARM:CONF", b"ARM:CONF x", b"ARM:CONF \xff", b"ARM:CONF 1" + b"0" * 200, b"TREAT:LEV 1", b"ARM:OFF now",
        b"STOPP", b"ARM", b"::ARM:OFF", b"ARM:OF", b"FAULT:ACK 1", b"??", b";", b"=", b"a" * 120,
    ):  # fmt: skip
        answer = app.send(line + b"\n")
        assert len(answer) == 1
        assert answer[0].startswith("ERROR "), line
    assert app.choice() == before
    assert app.supervisor.mode == mode.READY


# --- bounds ---------------------------------------------------------------------------------------------------
def test_a_poll_takes_a_bounded_number_of_bytes():
    for byte in (ord("A"), 10):
        app = App()
        app.stream.endless = byte
        app.console.poll()
        assert app.stream.taken <= 128


def test_a_poll_executes_one_command_or_sends():
    app = App()
    app.stream.incoming = b"MEAS:DIST?\n" * 3
    app.console.poll()
    app.console.poll()
    assert app.stream.written == b""
    app.console.poll()
    assert app.stream.written == b"100 mm\n"
    assert app.stream.incoming


def test_a_host_that_does_not_read_is_still_heard():
    app = App()
    app.stream.takes = 0
    app.stream.incoming = b"MEAS:DIST?\nSTAT:WHY?\nTREAT:PRES CHRONIC\n"
    app.run(6)
    assert app.supervisor.session.preset == 0


def test_a_host_that_does_not_read_costs_no_more_than_the_queue():
    app = App()
    app.stream.takes = 0
    for _ in range(60):
        app.stream.incoming += b"STAT:WHY?\n"
        app.run(3)
    assert app.console.dropped > 0
    dropped = app.console.dropped
    app.stream.takes = 100
    app.run(200)
    answers = app.stream.written.split(b"\n")
    assert len(app.stream.written) <= 4096
    assert len(answers) - 1 == 60 - dropped
    assert len(set(answers[:-1])) == 1  # whole lines only
    assert app.ask("MEAS:DIST?") == "100 mm"
    assert app.console.dropped == dropped


def test_a_slow_host_gets_every_byte_in_order():
    app = App()
    app.stream.takes = 7
    app.stream.incoming = b"MEAS:PRES?\nMEAS:DIST?\n"
    app.run(20)
    assert app.stream.written == b"BOTTLE=57000 mbar;LINE=57000 mbar\n100 mm\n"


# --- a pass and its heap ----------------------------------------------------------------------------------------------
RESERVE, COMMAND = 24_576, 2_048
SHORT = RESERVE + COMMAND - 1  # room for one command


class Heap:
    def __init__(self, free):
        self.free = free
        self.looks = 0

    def mem_free(self):
        self.looks += 1
        return self.free

    def collect(self):
        pass


class Delivering:
    """A console in a pass, on a heap whose free bytes are given; polled without the supervisor.

    The collection before the pass left room for seven commands.
    """

    def __init__(self, free):
        self.app = App()
        self.app.ask("*IDN?")  # what answers is loaded before
        self.app.supervisor.mode = mode.DELIVERING
        self.heap = Heap(RESERVE + 7 * COMMAND)
        self.free = free

    def __enter__(self):
        self._gc = console_line.gc
        console_line.gc = self.heap
        self.app.console.count()
        self.heap.looks = 0
        self.heap.free = self.free
        return self

    def __exit__(self, *_):
        console_line.gc = self._gc

    def answers(self, data, polls=12, since_s=2):
        """Send data since_s after the previous data; return the answers."""
        self.app.supervisor.session.uptime_s += since_s
        stream = self.app.stream
        before = len(stream.written)
        stream.incoming += data
        for _ in range(polls):
            self.app.console.poll()
        return stream.written[before:].decode().split("\n")[:-1]

    def rest(self, free=RESERVE + 7 * COMMAND):
        """End the pass; a collection makes room."""
        self.app.supervisor.mode = mode.REST
        self.heap.free = free
        self.app.console.count()

    def ask_often(self, times):
        for _ in range(times):
            self.answers(b"MEAS:DIST?\n")


def test_a_pass_with_room_on_its_heap_answers_everything():
    for room in (1, 5):
        with Delivering(RESERVE + room * COMMAND) as rig:
            for _ in range(32):
                assert len(rig.answers(b"MEAS:DIST?\n")) == 1
            assert rig.heap.looks == 25 // room


def test_a_host_that_uses_up_the_room_at_once_waits_for_the_end_of_the_pass_and_costs_no_look():
    for since_s, answered, looks in ((0, 7, 0), (1, 32, 4), (2, 32, 4)):
        with Delivering(RESERVE + 7 * COMMAND) as rig:
            got = [len(rig.answers(b"MEAS:DIST?\n", since_s=since_s)) for _ in range(32)]
            assert sum(got) == answered and rig.heap.looks == looks, since_s
            assert rig.answers(b"STOP\n", since_s=0) == ["OK"]  # it is heard all the same
            rig.rest()
            assert len(rig.answers(b"MEAS:DIST?\n", polls=80)) >= 1
    with Delivering(RESERVE + 7 * COMMAND) as rig:  # seven fast ones, two seconds, seven more: one look
        for since_s in [0] * 7 + [2] + [0] * 12:
            rig.answers(b"MEAS:DIST?\n", since_s=since_s)
        assert rig.heap.looks == 1


def test_commands_on_the_way_to_a_pass_count_and_no_heap_is_too_small_to_be_counted():
    for free, answered in ((RESERVE + 3 * COMMAND, 3), (SHORT, 0), (RESERVE - 1, 0), (0, 0)):
        with Delivering(SHORT) as rig:
            rig.rest(free)
            rig.app.supervisor.mode = mode.ARMED
            assert len(rig.answers(b"MEAS:DIST?\n" * 2, polls=40)) == 2
            rig.heap.free = SHORT
            rig.app.supervisor.mode = mode.DELIVERING
            assert len(rig.answers(b"MEAS:DIST?\n" * 3, polls=40)) == max(answered - 2, 0)


def test_the_heap_is_looked_at_in_a_spare_tick_and_the_command_waits_for_it():
    with Delivering(RESERVE + 7 * COMMAND) as rig:
        rig.ask_often(7)
        rig.app.spare = False
        assert rig.answers(b"MEAS:DIST?\n", polls=50) == [] and rig.app.console.long and rig.heap.looks == 0
        rig.app.spare = True
        assert len(rig.answers(b"")) == 1 and not rig.app.console.long and rig.heap.looks == 1
        rig.app.spare = False
        rig.ask_often(6)
        assert rig.answers(b"MEAS:DIST?\n") == [] and rig.app.console.long
        rig.app.supervisor.mode = mode.REST  # the pass ends meanwhile: nobody has to look any more
        assert len(rig.answers(b"")) == 1 and not rig.app.console.long and rig.heap.looks == 1


def test_a_command_waits_for_the_end_of_a_pass_whose_heap_is_short_and_what_follows_it_is_left_out():
    with Delivering(SHORT) as rig:
        answered = [len(rig.answers(b"MEAS:DIST?\n")) for _ in range(20)]
        assert answered == [1] * 7 + [0] * 13
        assert rig.heap.looks == 1  # it does not get more
        rig.rest()
        assert rig.answers(b"", polls=200) == ["100 mm"]
        assert rig.answers(b"SYST:ERR?\nSYST:ERR?\n") == ['-363,"Input buffer overrun"', '0,"No error"']
        rig.app.supervisor.mode = mode.DELIVERING
        assert rig.answers(b"MEAS:DIST?\n") == ["100 mm"]
        rig.app.supervisor.mode = mode.REST
        assert rig.answers(b"SYST:ERR?\n") == ['0,"No error"']  # it is told once


def test_half_a_line_that_is_left_out_is_not_taken_for_a_command():
    with Delivering(SHORT) as rig:
        rig.ask_often(7)
        assert rig.answers(b"MEAS:DIST?\nTREAT:") == []
        rig.app.supervisor.mode = mode.REST
        assert rig.answers(b"") == []
        assert rig.answers(b"NEW\n*OPC?\n") == ["100 mm", "1"]


def test_a_line_that_waits_alone_leaves_no_error():
    with Delivering(SHORT) as rig:
        rig.ask_often(7)
        assert rig.answers(b"MEAS:DIST?\n\n \n") == []
        rig.app.supervisor.mode = mode.REST
        assert rig.answers(b"SYST:ERR?\n") == ["100 mm", '0,"No error"']


def test_a_chain_of_commands_waits_as_lines_do():
    with Delivering(SHORT) as rig:
        assert len(rig.answers(b"*OPC?" + b";*OPC?" * 11 + b"\n", polls=80)) == 7
        rig.app.supervisor.mode = mode.REST
        assert len(rig.answers(b"", polls=80)) == 5


def test_what_waits_and_what_is_left_out_allocate_nothing():
    with Delivering(SHORT) as rig:
        for _ in range(12):
            rig.answers(b"MEAS:DIST?\n")
        for byte in (None, 120, 10, 59, 64, 32):
            rig.app.stream.endless = byte
            rig.app.stream.taken = 0
            micropython.heap_lock()
            try:
                for _ in range(20):
                    rig.app.console.poll()  # an allocation would raise
            finally:
                micropython.heap_unlock()
            assert (rig.app.stream.taken > 0) == (byte is not None)


def test_listening_behind_a_line_that_waits_is_bounded():
    with Delivering(SHORT) as rig:
        for _ in range(12):
            rig.answers(b"MEAS:DIST?\n")
        rig.app.stream.endless = 120
        rig.app.stream.taken = 0
        rig.app.console.poll()
        assert 0 < rig.app.stream.taken <= 64


STOPS = (b"STOP\n", b" arm:off \n", b"stop;", b"x\nSTOP\r\n", b"*OPC?;STOP\n", b"x" * 300 + b"\nSTOP\n")
NO_STOPS = (b"STOPS\n", b"STO\nP\n", b"XSTOP\n", b"ARM:OF\n", b"ARM:OFFX\n", b"STOP", b"ARM:OFFARM:OFF\n", b"S;T;O;P\n")


def test_a_stop_does_not_wait():
    for stop in STOPS[:2]:
        with Delivering(SHORT) as rig:
            rig.ask_often(7)
            rig.answers(stop)
            assert rig.app.inputs.request == supervisor.DISARM


def test_a_stop_behind_a_line_that_waits_is_heard_and_nothing_else():
    for waits in (b"MEAS:DIST?\n", b"*OPC?;*OPC?;*OPC?\n", b"y" * 200 + b"\n", b"\xff\n"):
        for data in STOPS + NO_STOPS:
            with Delivering(SHORT) as rig:
                rig.ask_often(7)
                assert rig.answers(waits) == []
                rig.answers(data, polls=20)
                assert (rig.app.inputs.request == supervisor.DISARM) == (data in STOPS), data


WAITS = (b"", b"MEAS:DIST?\n", b"*OPC?;*OPC?;*OPC?\n", b"y" * 200 + b"\n", b"\xff\n")
WRAPPED = (
    b"@99 STOP *F19B\n", wrapped(999_999, "ARM:OFF").encode() + b"\r\n", wrapped(1, "stop").encode() + b"\n",
    b"x\n @99 STOP *F19B  \n", b"x" * 300 + b"\n@99 STOP *F19B\n",
)  # fmt: skip
NOT_WRAPPED = (
    b"@99 STOP *F19C\n", b"@98 STOP *F19B\n", b"@99 STOP *f19b\n", b"@99 STOP *F19\n", b"@99 STOP F19B\n",
    b"@99 STOP *F19B", wrapped(99, "STOPS").encode() + b"\n", wrapped(99, "STAT?").encode() + b"\n",
    wrapped(1_234_567, "STOP").encode() + b"\n", b"@ STOP *0000\n", b"@\n", b"@99 STOP\n", b" *F19B\n",
)  # fmt: skip


class Tooled(Delivering):
    """Return a console with a tool's session that began before the pass, or without a session."""

    def __init__(self, free, tool):
        Delivering.__init__(self, free)
        if tool:
            self.app.supervisor.mode = mode.STANDBY
            self.answers(wrapped(0, "*OPC?").encode() + b"\n")
            self.app.supervisor.mode = mode.DELIVERING


def test_a_tool_s_stop_is_heard_as_a_bare_one_is():
    """In a pass with little heap, commands wait. A command that stops does not wait, with a sum or without."""
    for tool in (True, False):
        for waits in WAITS:
            for data in WRAPPED + NOT_WRAPPED:
                with Tooled(SHORT, tool) as rig:
                    rig.ask_often(7)
                    assert not rig.answers(waits)
                    rig.answers(data, polls=30)
                    assert (rig.app.inputs.request == supervisor.DISARM) == (data in WRAPPED), (tool, waits, data)


def test_a_tool_s_stop_is_answered_with_its_number():
    with Tooled(SHORT, True) as rig:
        rig.ask_often(7)
        assert rig.answers(b"MEAS:DIST?\n") == []
        assert rig.answers(b"@99 STOP *F19B\n", polls=20) == [wrapped(99, "OK")]


def test_a_stop_takes_the_place_of_the_rest_of_a_chain_that_waits():
    with Delivering(SHORT) as rig:
        rig.ask_often(6)
        assert rig.answers(b"*OPC?;*OPC?;*OPC?\n") == ["1"]
        assert rig.answers(b"STOP\n") == ["OK"]
        assert rig.app.inputs.request == supervisor.DISARM
        rig.app.inputs.request = supervisor.NONE
        rig.app.supervisor.mode = mode.STANDBY
        assert rig.answers(b"SYST:ERR?\n") == ['-363,"Input buffer overrun"']


def test_random_lines_behind_one_that_waits_change_nothing():
    random = Random(11)
    with Delivering(SHORT) as rig:
        rig.ask_often(7)
        assert rig.answers(b"MEAS:DIST?\n") == []
        before = rig.app.choice()
        for _ in range(100):
            line = line_of(random)
            packed = line.upper().replace(b" ", b"")
            if b"STOP" in packed or b"ARM:OFF" in packed:
                continue
            assert rig.answers(line + b"\n") == []
            assert rig.app.inputs.request == supervisor.NONE and rig.app.choice() == before, line
        rig.app.supervisor.mode = mode.STANDBY
        assert rig.answers(b"*OPC?\n") == ["100 mm", "1"]


def test_a_stop_takes_the_place_of_what_waited():
    with Delivering(SHORT) as rig:
        rig.ask_often(7)
        rig.answers(b"*OPC?;*OPC?\nSTOP\nMEAS:DIST?\n")
        assert rig.app.inputs.request == supervisor.DISARM
        rig.app.supervisor.mode = mode.STANDBY
        assert rig.app.stream.written.decode().split("\n")[8:-1] == ["OK"]
        assert rig.answers(b"") == ["100 mm"]
        assert rig.answers(b"SYST:ERR?\n") == ['-363,"Input buffer overrun"']


def test_a_stop_within_a_chain_that_waits_is_executed():
    with Delivering(SHORT) as rig:
        rig.ask_often(7)
        rig.answers(b"ARM:OFF;*OPC?\n")
        assert rig.app.inputs.request == supervisor.DISARM
        rig.app.inputs.request = supervisor.NONE
        assert rig.answers(b"*OPC?\n") == []
    with Delivering(SHORT) as rig:
        rig.ask_often(6)
        assert rig.answers(b"*OPC?;*OPC?; stop ;*OPC?\n", polls=40) == ["1", "OK"]
        assert rig.app.inputs.request == supervisor.DISARM
        rig.app.supervisor.mode = mode.STANDBY
        assert rig.answers(b"SYST:ERR?\n") == ['-363,"Input buffer overrun"']
