"""What tools use: lines with number and check sum, the session that ends when the tool is silent, telemetry."""

from console_rig import App, is_error, wrapped
from cryo.console import line as console_line
from cryo.console.crc import START, added
from cryo.console.wrap import GONE_S, KEEP_S
from cryo.core import mode, supervisor


def test_the_check_sum_is_the_one_that_is_named():
    assert added(START, b"123456789", 0, 9) == 0x29B1
    assert added(START, b"", 0, 0) == 0xFFFF


# --- wrapper ------------------------------------------------------------------------------------------------------
def ask(app, number, command):
    """Send a wrapped line; return the answer without number and sum, both checked."""
    lines = app.slow(wrapped(number, command), 30)
    assert len(lines) == 1, lines
    head, _, answer = lines[0].partition(" ")
    assert head == "@{}".format(number), lines
    answer = answer.rpartition(" *")[0]
    assert lines[0] == wrapped(number, answer)
    return answer


def arm(app):
    for n, command in enumerate(
        ("PRES CHRONIC", "LEV 3", "SITE LFOOT-SOLE", "POIN 1", "ATT SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND")
    ):
        assert ask(app, n + 10, "TREAT:" + command) == "OK"
    nonce = ask(app, 20, "ARM:REQ").split()[1].rstrip(";")
    assert ask(app, 21, "ARM:CONF " + nonce) == "ARMED"


def test_a_framed_line_gets_the_machine_form_whatever_form_says():
    app = App()
    assert app.ask("FORM:HUM") == "Done."
    assert app.ask("STAT?").startswith("The applicator")
    assert ask(app, 0, "STAT?").startswith("STATE=STANDBY;")
    assert ask(app, 1, "MEAS:DIST?") == "100 mm" and ask(app, 2, "TREAT:PRES CHRONIC") == "OK"


def test_a_wrapped_command_is_answered_alike():
    app = App()
    assert ask(app, 0, "MEAS:DIST?") == "100 mm"
    assert ask(app, 1, "TREAT:PRES CHRONIC") == "OK"
    assert ask(app, 2, "fire").startswith("ERROR -113 ")
    assert " | " in ask(app, 3, "HELP ARM")


def test_the_last_answer_before_the_prompt_is_wrapped_too():
    app = App()
    ask(app, 3, "*OPC?")
    app.supervisor.mode = mode.SERVICE
    assert app.slow(wrapped(4, "SERV:REPL"), 60)[0] == wrapped(4, "OK restarting to the prompt")
    assert app.restarts == [True]


def test_a_wrong_sum_changes_nothing_and_says_so():
    app = App()
    app.choose()
    good = wrapped(5, "TREAT:LEV 4")
    before = app.choice()
    for at in range(len(good)):
        for flipped in (ord(good[at]) ^ 1, ord(good[at]) ^ 4):
            if not 32 < flipped < 127:
                continue
            line = good[:at] + chr(flipped) + good[at + 1 :]
            lines = app.slow(line, 12)
            assert len(lines) == 1 and lines[0].startswith("ERROR "), line
            assert app.choice() == before, line
    is_error(app.slow(good[:-4] + "0000", 12)[0], 201, "nothing was done")
    assert not (app.console.tool and app.console.tool.open)


def test_what_is_no_wrapped_line_is_refused():
    app = App()
    for line in ("@", "@1", "@1 STAT?", "@ STAT? *0000", "@x STAT? *0000", "@1 *0000", "@1 STAT? *12", "@1 STAT? *00g0",
                 "@1234567 STAT? *0000", "@-1 STAT? *0000"):  # fmt: skip
        is_error(app.slow(line, 12)[0], 203)


def test_a_number_sent_again_is_answered_again_and_not_executed():
    app = App()
    app.choose()
    first = ask(app, 7, "ARM:REQ")
    nonce = app.supervisor.nonce
    assert ask(app, 7, "ARM:REQ") == first
    assert app.supervisor.nonce == nonce
    is_error(app.slow(wrapped(7, "TREAT:NEW"), 20)[0], 203, "number 7")
    assert app.supervisor.mode == mode.READY
    assert ask(app, 8, "ARM:OFF") == "OK"
    ask(app, 0, "ARM:REQ")
    nonce = app.supervisor.nonce
    ask(app, 9, "ARM:OFF")
    ask(app, 0, "ARM:REQ")
    assert app.supervisor.nonce != nonce


def test_an_older_number_is_refused_until_0_begins_anew_and_1_comes_behind_the_last():
    app = App()
    app.choose()
    ask(app, 41, "ARM:REQ")
    ask(app, 42, "ARM:OFF")
    is_error(app.slow(wrapped(41, "ARM:REQ"), 20)[0], 203, "number 41")
    assert app.supervisor.mode == mode.STANDBY
    ask(app, 0, "ARM:REQ")
    ask(app, 41, "ARM:OFF")
    assert app.supervisor.mode == mode.STANDBY
    for number in (300_000, 700_000):
        ask(app, number, "ARM:REQ")
        ask(app, 999_999 if number > 300_000 else 300_001, "ARM:OFF")
    ask(app, 1, "ARM:REQ")
    assert app.supervisor.mode == mode.READY
    is_error(app.slow(wrapped(999_999, "TREAT:NEW"), 20)[0], 203)
    assert app.supervisor.mode == mode.READY


def test_a_stop_is_executed_whatever_its_number():
    for stop in ("STOP", "ARM:OFF"):
        for number in (41, 42, 41_000, 999_999):
            app = App()
            app.choose()
            ask(app, 42, "ARM:REQ")
            assert app.supervisor.mode == mode.READY
            ask(app, number, stop)
            assert app.supervisor.mode == mode.STANDBY, (number, stop)


def test_a_number_of_the_last_session_is_executed_in_the_next_one():
    app = App()
    app.choose()
    ask(app, 7, "ARM:REQ")
    assert app.ask("ARM:OFF") == app.ask("SYST:LOC") == "OK"
    ask(app, 7, "ARM:REQ")
    assert app.supervisor.mode == mode.READY


def test_one_command_a_wrapped_line():
    app = App()
    app.choose()
    for command in ("TREAT:LEV 1;LEV 2", "@2 STAT? *0000"):
        is_error(app.slow(wrapped(4, command), 20)[0], 203)
    assert app.supervisor.session.level == 2


def test_a_tools_session_takes_nothing_without_a_sum_but_questions_and_what_stops():
    app = App()
    arm(app)
    app.ask("STOP")
    app.ask("*CLS")
    before = app.choice()
    for command in (
        "ARM:REQ", "ARM:CONF 1", "CONF trip_mdegc,5000", "CONF:SAVE", "TREAT:LEV 1", "SERV:PIN 1234", "*RST",
        "FAULT:ACK", "STRM ON",
    ):  # fmt: skip
        is_error(app.ask(command), 202, "SYST:LOC")
    assert app.choice() == before
    assert app.ask("SYST:ERR?") == '202,"Check sum needed"'
    assert app.ask("MEAS:DIST?") == "100 mm"
    assert app.ask("ARM:OFF") == "OK"
    assert app.ask("SYST:LOC") == "OK"
    assert app.ask("TREAT:LEV 1") == "OK"


def test_a_tool_that_falls_silent_while_armed_disarms():
    app = App()
    arm(app)
    for n in range(6):
        app.run(KEEP_S * 100 - 60)
        ask(app, 30 + n, "STAT?")
        assert app.supervisor.mode == mode.ARMED
    app.slow("STAT?", 50)  # a person, or noise: not the tool
    app.run(KEEP_S * 100 - 110)
    assert app.supervisor.mode == mode.ARMED
    app.run(60)
    assert app.supervisor.mode == mode.STANDBY


def test_a_tool_that_falls_silent_before_the_second_step_disarms():
    app = App()
    ask(app, 1, "STAT?")
    app.console.tool.close()
    app.choose()
    ask(app, 2, "ARM:REQ")
    assert app.supervisor.mode == mode.READY
    app.run(KEEP_S * 100 + 2)
    assert app.supervisor.mode == mode.STANDBY


class NoHeap:
    def mem_free(self):
        return 0

    def collect(self):
        pass


def test_a_line_with_a_bad_sum_is_no_sign_of_life():
    """Noise, or the rest of a cut line, does not come from the tool: an armed device is still disarmed."""
    good = wrapped(40, "STAT?")
    for line in (good[:-4] + "0000", good[:-1], "@40 STAT?", "@x STAT? *0000", "@", wrapped(40, "STAT?").lower()):
        app = App()
        arm(app)
        app.slow(wrapped(39, "STAT?"), 10)
        for _ in range(KEEP_S * 10 - 2):
            app.slow(line, 10)
        assert app.supervisor.mode == mode.ARMED
        for _ in range(3):
            app.slow(line, 10)
        assert app.supervisor.mode == mode.STANDBY, line


def test_silence_does_not_count_while_the_tool_s_command_waits_for_the_end_of_a_pass():
    app = App()
    arm(app)
    app.supervisor.mode = mode.DELIVERING  # polled without the supervisor

    def polled(ticks):
        for _ in range(ticks):
            app.supervisor.now_us = app.supervisor.now_us + 10_000 & 0x3FFFFFFF
            app.console.poll()
        return app.inputs.request == supervisor.DISARM

    gc = console_line.gc
    console_line.gc = NoHeap()
    try:
        app.stream.incoming += wrapped(47, "MEAS:DIST?").encode() + b"\n"
        assert not polled(KEEP_S * 300)
        app.stream.incoming += b"@48 ST"  # gone within a line
        assert not polled(10)
    finally:
        console_line.gc = gc
    before = len(app.stream.written)
    app.supervisor.mode = mode.REST
    assert not polled(KEEP_S * 100 - 40)
    assert polled(60)
    app.inputs.request = supervisor.NONE
    app.stream.incoming += b"AT?\n"
    polled(20)
    assert app.stream.written[before:] == wrapped(47, "100 mm").encode() + b"\n"


def test_a_person_may_be_silent():
    app = App()
    app.arm()
    app.run(KEEP_S * 100 * 5)
    assert app.supervisor.mode == mode.ARMED


def test_a_session_ends_by_itself():
    app = App()
    ask(app, 1, "TREAT:PRES CHRONIC")
    app.run(GONE_S * 100 - 100)
    is_error(app.ask("TREAT:LEV 1"), 202)
    app.run(200)
    assert app.ask("TREAT:LEV 1") == "OK"


# --- telemetry ----------------------------------------------------------------------------------------------------
def lines_of(app, ticks):
    before = len(app.stream.written)
    app.run(ticks)
    whole = app.stream.written[before:].split(b"\n")[:-1]
    return [line for line in whole if line[:1] == b"{"]


def checked(line):
    """Return a line's fields once its sum is right."""
    import json

    body, _, rest = line.partition(b',"crc":"')
    assert rest == "{:04X}".format(added(START, body, 0, len(body))).encode() + b'"}', line
    return json.loads(line.decode())


def test_telemetry_lines_have_number_and_sum():
    app = App()
    app.inputs.skin.value_mdegc = -1_050
    app.inputs.bottle.status = 2
    assert app.ask("STRM?") == "OFF"
    assert app.ask("STRM ON") == "OK"
    assert app.ask("STRM?") == "500 ms"
    found = [checked(line) for line in lines_of(app, 260)]
    assert len(found) == 5
    assert [row["seq"] for row in found] == [0, 1, 2, 3, 4]
    assert found[0]["skin"] == -1_050 and found[0]["mm"] == 100
    assert found[0]["bottle"] is None and found[0]["infrared"] is None and found[0]["surface"] is None
    assert found[0]["lost"] == 0 and found[0]["mode"] == mode.STANDBY


def test_its_time_can_be_chosen_and_it_ends():
    app = App()
    assert app.ask("STRM 2 s") == "OK"
    assert len(lines_of(app, 400)) == 2
    app.run(150)
    assert app.ask("STRM OFF") == "OK"
    app.run(60)
    for wrong, number in (("STRM 1 ms", -222), ("STRM 11 s", -222), ("STRM SOON", -104), ("STRM 5 MM", -131)):
        is_error(app.ask(wrong), number)
    assert lines_of(app, 500) == []
    assert app.console.telemetry is None


def test_answers_and_telemetry_do_not_mix():
    app = App()
    app.stream.takes = 7
    app.ask("STRM ON")
    before = len(app.stream.written)
    for _ in range(40):
        app.stream.incoming += b"MEAS:PRES?\n"
        app.run(25)
    app.run(100)
    lines = app.stream.written[before:].split(b"\n")[:-1]
    answers = [line for line in lines if line[:1] != b"{"]
    assert answers == [b"BOTTLE=57000 mbar;LINE=57000 mbar"] * 40
    for line in lines:
        if line[:1] == b"{":
            checked(line)
    assert len(lines) - len(answers) >= 8


def test_a_host_that_does_not_read_loses_lines_and_sees_it():
    app = App()
    app.ask("STRM ON")
    lines_of(app, 200)
    app.stream.takes = 0
    app.stream.incoming = b"TREAT:PRES CHRONIC\n"
    app.run(1_000)
    assert app.supervisor.session.preset == 0  # it is heard
    app.stream.takes = 100
    found = [checked(line) for line in lines_of(app, 200)]
    assert found[-1]["lost"] >= 15
    assert found[-1]["seq"] - found[0]["seq"] > found[-1]["lost"] - found[0]["lost"] - 2
    assert len(app.console.waiting) == 0


def test_telemetry_allocates_nothing():
    import gc

    if not hasattr(gc, "mem_alloc"):
        return
    import micropython

    app = App()
    app.ask("STRM ON")
    app.run(100)
    telemetry = app.console.telemetry
    app.stream.write = len  # takes all, keeps nothing
    micropython.heap_lock()
    try:
        for _ in range(500):
            telemetry.poll()
    finally:
        micropython.heap_unlock()
    assert telemetry.lost == 0
