"""Service mode: the PIN that opens it, the wait after wrong PINs, also over resets, and the way to the prompt."""

import hashlib

from console_rig import PIN, App, is_error, provided, wrapped
from cryo.console import pin
from cryo.console.wrap import GONE_S
from cryo.core import mode, supervisor
from cryo.store.slots import Slots
from cryo.store.writing import save


def wait(app):
    app.supervisor.session.uptime_s += 1_000


def test_the_pin_opens_and_the_way_out():
    app = provided()
    assert app.slow("SERV:PIN " + PIN) == ["SERVICE"]
    assert app.supervisor.mode == mode.SERVICE
    assert app.ask("ARM:REQ").startswith("REFUSED")
    assert app.ask("SERV:EXIT") == "OK"
    assert app.supervisor.mode == mode.STANDBY
    is_error(app.ask("SERV:EXIT"), -221)


def pressed(app):
    """Press, release and acknowledge the emergency stop."""
    app.inputs.estop = 1
    app.run(2)
    app.inputs.estop = 0
    return app.ask("FAULT:ACK")


def test_what_is_staged_or_measured_does_not_outlive_service_mode():
    """The next person who gives the PIN must not store changes that another person staged."""
    ways = (
        lambda app: app.ask("SERV:EXIT"),
        lambda app: app.ask("STOP"),
        lambda app: app.ask("ARM:OFF"),
        pressed,
    )
    for leave in ways:
        app = provided()
        app.slow("SERV:PIN " + PIN)
        stored = app.ask("CONF:STOR?")
        assert app.ask("CONF trip_mdegc,5000") == "OK"
        assert not app.ask("CAL:MEAS OPEN,18100,18000,18300").startswith("ERROR")
        assert app.ask("CONF:STAG?") == "TRIP_MDEGC=5000 mdegC"
        leave(app)
        assert app.supervisor.mode == mode.STANDBY
        assert app.ask("CONF:STAG?") == "NONE"
        assert app.slow("SERV:PIN " + PIN) == ["SERVICE"]
        is_error(app.ask("CONF:SAVE"), -221, "nothing is staged")
        is_error(app.ask("CAL:STOR 2027-11-22,A. FITTER,TIMER 7"), -221, "CAL:MEAS")
        assert app.ask("CONF:STOR?") == stored


def test_the_pin_again_in_service_mode_forgets_nothing():
    app = provided()
    app.slow("SERV:PIN " + PIN)
    assert app.ask("CONF trip_mdegc,5000") == "OK"
    assert app.ask("SERV:PIN " + PIN) == "SERVICE"
    assert app.ask("CONF:STAG?") == "TRIP_MDEGC=5000 mdegC"
    assert app.ask("CONF:SAVE") == "OK"


# --- service mode that somebody left open -----------------------------------------------------------------------------
LEFT_S = 600


def told(app, number, command, ticks=150):
    """Send a tool's line; return its answer without number and sum."""
    lines = app.slow(wrapped(number, command), ticks)
    assert len(lines) == 1, lines
    return lines[0].partition(" ")[2].rpartition(" *")[0]


def by_tool():
    """Return an applicator whose service mode a tool has opened."""
    app = provided()
    assert told(app, 0, "*OPC?") == "1"
    assert told(app, 1, "SERV:PIN " + PIN) == "SERVICE"
    return app


def test_a_tool_that_is_gone_leaves_service_mode_behind_it_for_a_minute():
    app = by_tool()
    for number in range(2, 5):  # a sign of life every 50 s
        app.run(5_000)
        assert told(app, number, "*OPC?", 10) == "1"
    for n in range(58):  # a person's questions and noise are none
        app.slow(("STAT?", "@9 *OPC? *0000")[n & 1], 100)
        assert app.supervisor.mode == mode.SERVICE
    assert app.ask("CONF trip_mdegc,5000").startswith("ERROR 202 ")
    app.run(250)
    assert app.supervisor.mode == mode.STANDBY
    is_error(app.ask("CONF trip_mdegc,5000"), 303)
    is_error(told(app, 9, "CONF trip_mdegc,5000"), 303)


def test_the_minute_is_one_by_the_clock_whatever_a_tick_lasts():
    app = by_tool()
    for n in range(GONE_S * 50 + 20):
        assert app.supervisor.mode == mode.SERVICE or n > GONE_S * 50 - 100
        app._now_us = app._now_us + 10_000 & 0x3FFFFFFF
        app.tick()
    assert app.supervisor.mode == mode.STANDBY


def test_a_person_has_ten_minutes_from_the_last_line():
    app = provided()
    app.slow("SERV:PIN " + PIN)
    for _ in range(3):
        app.supervisor.session.uptime_s += LEFT_S - 5
        app.run(20)
        assert app.supervisor.mode == mode.SERVICE
        app.ask("STAT?")
    app.ask("CONF trip_mdegc,5000")
    app.supervisor.session.uptime_s += LEFT_S - 2
    app.slow("\xff", 50)  # noise is nobody
    assert app.supervisor.mode == mode.SERVICE
    app.run(200)
    assert app.supervisor.mode == mode.STANDBY
    app.slow("SERV:PIN " + PIN)
    assert app.ask("CONF:STAG?") == "NONE"


def test_a_tool_that_begins_ends_the_service_mode_that_it_finds():
    """Otherwise the next tool could change limits without a PIN. Its first command is answered after that."""
    for number in (0, 1, 500):
        app = provided()
        app.slow("SERV:PIN " + PIN)
        assert told(app, number, "CONF trip_mdegc,5000").startswith("ERROR 303 ")
        assert app.supervisor.mode == mode.STANDBY
    app = by_tool()  # that one was killed
    assert told(app, 2, "CONF trip_mdegc,5000") == "OK"
    is_error(told(app, 0, "CONF:SAVE"), 303)
    assert app.supervisor.mode == mode.STANDBY
    assert told(app, 1, "SERV:PIN 0000").startswith("ERROR 301 ")
    wait(app)
    assert told(app, 2, "SERV:PIN " + PIN) == "SERVICE"
    is_error(told(app, 3, "CONF:SAVE"), -221, "nothing is staged")
    for number in (400_000, 800_000, 999_999):  # a number more than half of all ahead would be an older one
        assert told(app, number, "CONF trip_mdegc,5000") == "OK"
    assert told(app, 1, "CONF:SAVE") == "OK"  # behind the last number comes 1


def test_a_session_that_begins_leaves_other_modes_alone():
    app = provided()
    assert told(app, 0, "*OPC?") == "1" and app.ask("SYST:LOC") == "OK"
    app.arm()
    for _ in range(2):
        assert told(app, 0, "*OPC?", 50) == "1"
    assert app.supervisor.mode == mode.ARMED


def test_only_while_nothing_is_armed():
    app = provided()
    app.arm()
    is_error(app.ask("SERV:PIN " + PIN), -221)
    app.ask("STOP")
    app.inputs.estop = 1
    app.run(2)
    is_error(app.ask("SERV:PIN " + PIN), -221, "FAULT")


def test_without_a_pin_there_is_no_service_mode_and_the_first_takes_the_emergency_stop():
    app = App()
    is_error(app.ask("SERV:PIN 1234"), 304, "emergency stop")
    is_error(app.ask("SERV:NEWP 1234"), 303, "emergency stop")
    assert app.pin() is None
    app = provided()
    app.inputs.estop = 1
    app.run(2)
    is_error(app.ask("SERV:NEWP 1111"), 303, "SERV:PIN")  # one is set


def test_a_new_pin_in_service_mode():
    app = provided()
    app.slow("SERV:PIN " + PIN)
    assert app.slow("SERV:NEWP 3141") == ["OK"]
    app.ask("SERV:EXIT")
    is_error(app.slow("SERV:PIN " + PIN)[0], 301)
    wait(app)
    assert app.slow("SERV:PIN 3141") == ["SERVICE"]
    for wrong in ("123", "12345678901", "ABCD", "12 34"):
        is_error(app.ask("SERV:NEWP " + wrong), -104)


def test_brute_force_meets_the_lock_across_resets():
    app = provided()
    tried = 0
    for guess in range(1_000, 1_100):
        answer = app.slow("SERV:PIN {}".format(guess))[0]
        if "wrong PIN:" in answer:
            tried += 1
            app = provided(app.board.files)  # a reset after every attempt
        else:
            is_error(answer, 302)
            if "locked" in answer:
                break
            app.supervisor.session.uptime_s += 1_000
    assert tried == pin.LOCKED
    wait(app)
    is_error(app.slow("SERV:PIN " + PIN)[0], 302, "docs/console.md")  # the right one too
    assert app.supervisor.mode == mode.STANDBY


def test_a_reset_does_not_shorten_the_wait():
    app = provided()
    for _ in range(4):
        wait(app)
        is_error(app.slow("SERV:PIN 0000")[0], 301)
    is_error(app.ask("SERV:PIN " + PIN), 302, "wait")
    app = provided(app.board.files)
    is_error(app.ask("SERV:PIN " + PIN), 302, "wait 60 s")
    app.supervisor.session.uptime_s = 59
    is_error(app.ask("SERV:PIN " + PIN), 302, "wait")
    app.supervisor.session.uptime_s = 61
    assert app.slow("SERV:PIN " + PIN) == ["SERVICE"]
    assert pin.unpacked(app.pin())[0] == 0


def test_an_attempt_counts_before_it_is_checked():
    app = provided()
    app.stream.incoming += b"SERV:PIN 0000\n"
    app.run(3)
    assert pin.unpacked(app.pin())[0] == 1  # a reset now is no free attempt
    app = provided()
    app.board.files.fails = "write"
    is_error(app.ask("SERV:PIN " + PIN), 401, "pin: not stored")
    assert app.supervisor.mode == mode.STANDBY


def test_a_damaged_record_is_none():
    app = provided()
    good = app.pin()
    for record in (b"", good[:-1], good + b"x", b"\x07" + good[1:]):
        assert pin.unpacked(record) is None
    assert pin.unpacked(good)[0] == 0


def test_a_record_that_cannot_be_read_is_no_missing_one():
    """Otherwise the emergency stop would be enough to replace the existing PIN."""
    for fails in ("seek", "read"):
        app = provided()
        app.inputs.estop = 1
        app.run(2)
        record = app.pin()
        app.board.files.fails = fails
        is_error(app.slow("SERV:NEWP 1111")[0], 401, "pin", "cannot be read, OSError 5")
        app.inputs.estop = 0
        assert app.ask("FAULT:ACK") == "OK"
        is_error(app.slow("SERV:PIN " + PIN)[0], 401, "pin", "cannot be read")
        app.board.files.fails = ""
        assert app.pin() == record
        assert app.slow("SERV:PIN " + PIN) == ["SERVICE"]


def test_no_answer_holds_the_pin():
    app = provided()
    before = len(app.stream.written)
    for line in (
        "SERV:PIN " + PIN, "SERV:NEWP " + PIN, "SERV:EXIT", "SERVPIN" + PIN, "SERV:PIN" + PIN, "SERV:PIN? " + PIN,
        "SERV:EXIT " + PIN, "STAT?", "SYST:ERR?", "DIAG:STAT?",
    ):  # fmt: skip
        app.slow(line)
        wait(app)
    said = app.stream.written[before:]
    assert len(said) > 200
    assert PIN.encode() not in said
    assert PIN.encode() not in app.pin()


# --- the digest -------------------------------------------------------------------------------------------------------
OLD_BLOCKS = 400
NEW_BLOCKS = 2_400


def digest(salt, text, blocks):
    """Return the digest of a PIN, without pauses."""
    made = hashlib.sha256()
    for _ in range(blocks):
        made.update((salt + text.encode()) * 8)
    return made.digest()


def with_old_record(wrong=0):
    """Return an applicator with a PIN's record of version 1, as the first release wrote it."""
    app = provided()
    salt = b"\x5a" * 16
    record = Slots("/", "pin", 1, app.board.files, app.may_write)
    assert save(record, bytes((1, wrong)) + salt + digest(salt, PIN, OLD_BLOCKS)) is None
    assert save(record, bytes((1, wrong)) + salt + digest(salt, PIN, OLD_BLOCKS)) is None  # in both slots
    return app


def ticks_of(app, line, limit=400):
    """Send a line; return the number of ticks in which its PIN was calculated."""
    app.stream.incoming += line.encode() + b"\n"
    ticks = 0
    for _ in range(limit):
        app.tick()
        ticks += hasattr(app.console.job, "_digest")
    assert app.console.job is None
    return ticks


def test_it_is_checked_in_slices_of_one_second_in_all():
    app = provided()
    app.stream.incoming += "SERV:PIN {}\n".format(PIN).encode()
    app.run(20)
    assert app.console.job is not None
    assert app.supervisor.mode == mode.STANDBY
    app.run(150)
    assert app.supervisor.mode == mode.SERVICE
    assert ticks_of(app, "SERV:NEWP 3141") == NEW_BLOCKS // 24  # in service mode
    app.ask("SERV:EXIT")
    assert ticks_of(app, "SERV:PIN 3141") == NEW_BLOCKS // 24 == 100  # in stand-by
    assert pin.A_TICK * len((b"s" * 16 + b"1234567890") * 8) < 5_000  # 6 ms of an RP2040, at 1.12 us a byte
    app = App()
    app.inputs.estop = 1
    app.run(2)
    assert ticks_of(app, "SERV:NEWP 3141") == NEW_BLOCKS // 24  # the first one, in FAULT


def test_the_digest_is_the_same_however_it_is_sliced():
    salt = b"\xa5" * 16
    for version, blocks in ((1, OLD_BLOCKS), (2, NEW_BLOCKS)):
        for n in (1, 7, 24, 10_000):
            made = pin.Digest(salt, PIN, version)
            found = None
            while found is None:
                found = made.poll(n)
            assert found == digest(salt, PIN, blocks), (version, n)


def test_an_older_record_opens_and_the_right_pin_writes_it_anew():
    for wrong in (0, 3):
        app = with_old_record(wrong)
        wait(app)
        old = app.pin()
        assert old[:2] == bytes((1, wrong))
        assert ticks_of(app, "SERV:PIN " + PIN) == OLD_BLOCKS // 24 + 1 + NEW_BLOCKS // 24
        assert app.supervisor.mode == mode.SERVICE
        record = app.pin()
        salt = record[2:18]
        assert record == bytes((2, 0)) + salt + digest(salt, PIN, NEW_BLOCKS) and salt != old[2:18]
        app.ask("SERV:EXIT")
        assert app.slow("SERV:PIN " + PIN) == ["SERVICE"]
        assert app.pin() == record  # it is written anew only once


def test_a_wrong_pin_counts_in_an_older_record_and_does_not_write_it_anew():
    app = with_old_record()
    old = app.pin()
    is_error(app.slow("SERV:PIN 0000")[0], 301, "9 attempts")
    assert app.pin() == bytes((1, 1)) + old[2:]
    wait(app)
    app.board.files.fails = "write"
    is_error(app.slow("SERV:PIN " + PIN)[0], 401)
    app.board.files.fails = ""
    assert app.pin() == bytes((1, 1)) + old[2:]
    assert app.slow("SERV:PIN " + PIN) == ["SERVICE"] and app.pin()[:2] == bytes((2, 0))


def test_a_reset_while_an_older_record_is_written_anew_loses_nothing():
    for ticks in (5, 30, 100):  # while the old one is checked, and while the new one is made
        app = with_old_record()
        old = app.pin()
        app.stream.incoming += "SERV:PIN {}\n".format(PIN).encode()
        app.run(ticks)
        app = provided(app.board.files)
        assert app.pin() == bytes((1, 1)) + old[2:]
        wait(app)
        assert app.slow("SERV:PIN " + PIN) == ["SERVICE"] and app.pin()[:2] == bytes((2, 0))


def test_a_mode_that_ends_half_way_ends_the_check_and_nothing_is_calculated_in_another():
    for make, ticks in ((provided, 20), (with_old_record, 5), (with_old_record, 40)):
        app = make()
        before = app.pin()
        app.stream.incoming += "SERV:PIN {}\n".format(PIN).encode()
        app.run(ticks)
        assert app.console.job is not None
        app.inputs.estop = 1
        answer = app.send(b"")
        is_error(answer[0], -221, "not while FAULT")
        assert app.console.job is None and len(answer) == 1
        assert app.pin() == before[:1] + b"\x01" + before[2:]  # the attempt counts
        app.inputs.estop = 0
        assert app.ask("FAULT:ACK") == "OK"
        wait(app)
        assert app.slow("SERV:PIN " + PIN) == ["SERVICE"]


def test_another_pin_is_not_set_once_service_mode_has_ended():
    app = provided()
    app.slow("SERV:PIN " + PIN)
    before = app.pin()
    app.stream.incoming += b"SERV:NEWP 3141\n"
    app.run(20)
    app.inputs.request = supervisor.DISARM
    is_error(app.send(b"")[0], -221, "not while STANDBY")
    assert app.pin() == before
    app = App()
    app.inputs.estop = 1
    app.run(2)
    app.stream.incoming += b"SERV:NEWP 3141\n"  # the first of all, and the emergency stop is released meanwhile
    app.run(20)
    app.inputs.estop = 0
    is_error(app.send(b"")[0], -221, "not while FAULT")
    assert app.pin() is None


def test_the_same_pin_gives_another_record():
    assert provided().pin() != provided().pin()


def test_to_the_prompt_in_service_mode_only():
    app = provided()
    is_error(app.ask("SERV:REPL"), 303)
    app.slow("SERV:PIN " + PIN)
    assert app.slow("SERV:REPL", 60)[0] == "OK restarting to the prompt"
    assert app.restarts == [True]
    assert app.inputs.request == supervisor.NONE


def test_a_board_that_remembers_nothing_over_a_reset_does_not_go_to_the_prompt():
    app = provided()
    app.slow("SERV:PIN " + PIN)
    app.board.scratch = None
    is_error(app.ask("SERV:REPL"), -221, "remembers nothing")
    app.run(60)
    assert app.restarts == []


def test_digests_of_another_length_are_not_the_same():
    for a, b in ((b"", b"a"), (b"ab", b"abc"), (b"abc", b"ab"), (b"abc", b"abd"), (b"abc", b"bbc")):
        assert not pin.same(a, b)
    assert pin.same(b"abc", b"abc")


def test_other_commands_in_service_mode_do_not_open_a_valve():
    app = provided()
    app.slow("SERV:PIN " + PIN)
    for command in ("ARM:REQ", "ARM:CONF 1", "TREAT:PRES CHRONIC", "STAT?", "CONF?"):
        app.slow(command, 10)
        assert app.outputs.fire_us == 0 and app.outputs.lease == 0
    assert app.supervisor.mode == mode.SERVICE
