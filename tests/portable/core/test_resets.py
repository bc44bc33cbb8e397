"""The crash record and the boot-loop counter: what a run finds of the one before it."""

import micropython
from cryo.core import faults, mode
from cryo.core.resets import (
    ENDED_ASKED,
    ENDED_CRASHED,
    ENDED_POWER,
    ENDED_UNREADABLE,
    Resets,
    checksum,
    prompt_asked,
)
from support import raises

WORD_MAX = 0x3FFFFFFF


class Cut(Exception):
    pass


class Room:
    """Four words; `power_on` for the next start only."""

    def __init__(self):
        self.words = [0, 0, 0, 0]
        self.power_on = True
        self.writes = 0
        self.left = -1  # writes until the chip resets

    def cold(self):
        return self.power_on

    def read(self, n):
        return self.words[n]

    def write(self, n, word):
        assert 0 <= word <= WORD_MAX
        if not self.left:
            raise Cut()
        self.left -= 1
        self.words[n] = word
        self.writes += 1


def run(room, seconds=0, at=mode.STANDBY, fault=0):
    """Start on the room, live so long, and return this run's Resets."""
    r = Resets(room)
    room.power_on = False
    micropython.heap_lock()
    try:
        for _ in range(seconds * 100 + 1):
            r.poll(at, fault)
    finally:
        micropython.heap_unlock()
    return r


def test_after_power_on_there_is_nothing_to_tell():
    room = Room()
    room.words = [WORD_MAX, 5, 7, 11]  # memory that woke up with anything in it
    r = run(room)
    assert (r.ended, r.count, r.loop) == (ENDED_POWER, 0, False)


def test_a_crash_is_told_with_mode_first_fault_and_duration():
    room = Room()
    run(room, 123, mode.DELIVERING, faults.PROGRAM_FLOW)
    r = run(room)
    assert (r.ended, r.mode, r.fault, r.uptime_s) == (ENDED_CRASHED, mode.DELIVERING, faults.PROGRAM_FLOW, 123)
    assert (r.count, r.loop) == (1, False)
    r = run(room)
    assert (r.mode, r.fault, r.uptime_s, r.count) == (mode.STANDBY, 0, 0, 2)


def test_every_mode_and_fault_survives():
    for at in range(len(mode.NAMES)):
        for fault in range(62):
            room = Room()
            run(room, 0, at, fault)
            r = Resets(room)
            assert (r.mode, r.fault) == (at, fault)


def test_a_record_of_older_firmware_reads_the_same():
    """It had five bits for the fault, and zeros above the count of restarts."""
    older = Room()
    older.power_on = False
    a = 0x29 << 22 | 2 << 11 | 1 << 10 | mode.DELIVERING << 5 | 29
    older.words = [a, 77, 100 | 200 << 10, checksum(a, 77, 100 | 200 << 10)]
    r = Resets(older)
    assert (r.ended, r.fault, r.mode, r.uptime_s) == (ENDED_CRASHED, 29, mode.DELIVERING, 77)
    assert r.count == 3 and r.loop
    for fault, word in ((29, 29), (61, 1 << 19 | 29)):
        room = Room()
        run(room, 77, mode.DELIVERING, fault)
        assert room.words[0] == 0x29 << 22 | mode.DELIVERING << 5 | word and room.words[1] == 77


def test_a_full_count_of_restarts_changes_no_fault():
    for fault in (28, 60):
        room = Room()
        for _ in range(256):
            run(room, 0, mode.STANDBY, fault)
        r = Resets(room)
        assert (r.fault, r.mode, r.count) == (fault, mode.STANDBY, 255)


def test_a_change_is_written_at_once_and_nothing_else_more_than_once_a_second():
    room = Room()
    r = run(room)
    writes = room.writes
    for _ in range(98):
        r.poll(mode.STANDBY, 0)
    assert room.writes == writes
    r.poll(mode.STANDBY, 0)
    second = room.writes - writes
    assert second > 0
    writes = room.writes
    r.poll(mode.READY, 0)
    r.poll(mode.READY, faults.ESTOP)
    assert room.writes == writes + 2 * second
    found = Resets(room)
    assert (found.mode, found.fault) == (mode.READY, faults.ESTOP)


def test_a_restart_that_was_asked_for_does_not_count_and_keeps_the_count():
    room = Room()
    run(room)
    run(room)
    r = run(room, 1)
    assert r.count == 2
    r.deliberate()
    r = run(room)
    assert (r.ended, r.count, r.loop) == (ENDED_ASKED, 2, False)
    assert run(room).loop  # the third


def test_a_restart_that_was_asked_for_is_told_and_no_prompt_follows_whatever_the_checksum():
    for seconds in range(8):
        room = Room()
        run(room, seconds).deliberate()
        assert not prompt_asked(room)
        assert Resets(room).ended == ENDED_ASKED, seconds


def test_three_crashes_within_ten_minutes_are_a_loop_and_two_are_not():
    room = Room()
    run(room, 1000)
    assert not run(room, 300).loop
    assert not run(room, 300).loop
    r = run(room)
    assert r.loop and r.count == 3
    room = Room()
    run(room, 1000)
    assert not run(room, 300).loop
    assert not run(room, 301).loop
    assert not run(room).loop


def test_the_window_slides():
    room = Room()
    run(room)
    for _ in range(6):
        assert not run(room, 400).loop
    assert not run(room, 100).loop
    assert run(room, 0).loop


def test_a_loop_ends_with_the_power_only():
    room = Room()
    for _ in range(4):
        r = run(room)
    assert r.loop
    r = run(room, 2_000)
    assert r.loop
    r.deliberate()
    r = run(room, 2_000)
    assert r.loop
    assert run(room).loop
    room.power_on = True
    r = run(room)
    assert not r.loop and r.count == 0


def test_a_damaged_record_is_no_record_and_one_restart():
    for n in range(4):
        for bit in range(30):
            room = Room()
            run(room, 700, mode.DELIVERING, faults.ESTOP)
            room.words[n] ^= 1 << bit
            r = Resets(room)
            assert (r.ended, r.mode, r.fault, r.uptime_s) == (ENDED_UNREADABLE, 0, 0, 0), (n, bit)
            assert (r.count, r.loop) == (1, False)


def test_a_damaged_record_counts_towards_the_loop():
    room = Room()
    run(room)
    room.words[1] ^= 4
    assert not run(room).loop
    assert not run(room).loop
    assert run(room).loop


def test_nothing_written_and_yet_no_power_on_is_one_restart():
    room = Room()
    room.power_on = False
    r = run(room)
    assert (r.ended, r.count) == (ENDED_UNREADABLE, 1)


def test_a_reset_between_two_words_leaves_no_record_that_seems_sound():
    for last in range(1, 5):
        room = Room()
        r = run(room, 3, mode.STANDBY)
        room.left = last
        assert raises(Cut, r.poll, mode.FAULT, faults.ESTOP)
        room.left = -1
        assert Resets(room).ended == ENDED_UNREADABLE


def test_counters_saturate():
    room = Room()
    for _ in range(300):
        r = run(room)
    assert r.count == 255 and r.loop
    r._now_s = WORD_MAX
    for _ in range(200):
        r.poll(mode.STANDBY, 0)
    assert Resets(room).uptime_s == WORD_MAX


def test_a_board_without_the_room_starts_as_from_power_on_every_time():
    for _ in range(4):
        r = Resets(None)
        r.poll(mode.STANDBY, 0)
        r.deliberate()
        assert (r.ended, r.count, r.loop) == (ENDED_POWER, 0, False)


def test_a_reset_while_the_record_is_written_loses_no_loop_and_no_age():
    for last in range(1, 5):
        for looped in (True, False):
            room = Room()
            for _ in range(4 if looped else 2):
                r = run(room, 5)
            assert r.loop == looped
            room.left = last
            assert raises(Cut, r.poll, mode.FAULT, faults.ESTOP)
            room.left = -1
            r = Resets(room)
            assert r.loop == looped or not looped  # the second restart within seconds: the third makes a loop
            assert Resets(room).loop, (last, looped)


def test_what_is_written_in_between_is_no_prompt_and_no_sound_record():
    room = Room()
    r = run(room, 3)
    room.left = 1
    assert raises(Cut, r.poll, mode.FAULT, 0)
    room.left = -1
    assert room.words[3] == 0x2C71 << 16 and not prompt_asked(room)
    assert Resets(room).ended == ENDED_UNREADABLE


def test_a_damaged_word_in_a_record_that_was_being_written_keeps_the_loop_and_takes_no_age():
    for looped in (False, True):
        room = Room()
        for _ in range(4 if looped else 2):
            r = run(room, 5)
        assert r.loop == looped
        room.words[3] = 0x2C71 << 16 | (1 << 10 if looped else 0)
        for n in range(3):
            words = list(room.words)
            room.words[n] = -1
            r = Resets(room)
            assert (r.ended, r.loop, r.count) == (ENDED_UNREADABLE, looped, 1), n
            room.words = words


# --- the record, as the next application must find it -----------------------------------------------------------------
def test_the_record_is_laid_out_as_documented():
    room = Room()
    run(room)
    run(room, 3, mode.DELIVERING, faults.SKIN_TRIP)
    mark = 0x29 << 22
    assert room.words[:3] == [mark | 1 << 11 | mode.DELIVERING << 5 | faults.SKIN_TRIP, 3, 3 | 1023 << 10]
    assert room.words[3] == 41_571
    run(room).deliberate()
    assert room.words[0] == mark | 2 << 11 | 1 << 9
    assert room.words[3] >> 16 == 0
    run(room).deliberate(prompt=True)
    assert room.words[3] >> 16 == 0x1A53
    assert prompt_asked(room)
    run(room)
    for _ in range(2):
        run(room)
    assert room.words[0] & 1 << 10  # a loop
    assert (ENDED_POWER, ENDED_ASKED, ENDED_CRASHED, ENDED_UNREADABLE) == (0, 1, 2, 3)


def test_a_restart_before_the_first_tick_is_a_crash_too():
    room = Room()
    Resets(room)
    room.power_on = False
    r = Resets(room)
    assert (r.ended, r.mode, r.fault, r.uptime_s, r.count) == (ENDED_CRASHED, 0, 0, 0, 1)


def test_a_word_beyond_its_30_bits_is_damage_whatever_its_checksum():
    for n in range(3):
        for beyond in (1 << 31, -(1 << 31)):  # bits that the checksum does not see
            room = Room()
            run(room, 2)
            room.words[n] += beyond
            assert Resets(room).ended == ENDED_UNREADABLE, n


def test_the_window_of_a_loop_is_600_s_to_the_second():
    for second_s, third_s, loop in ((300, 300, True), (301, 300, False), (0, 600, True), (0, 601, False)):
        room = Room()
        run(room)
        run(room, second_s)
        run(room, third_s)
        assert Resets(room).loop == loop, (second_s, third_s)


def test_a_damaged_record_counts_from_its_restart_on():
    for third_s, loop in ((300, True), (301, False)):
        room = Room()
        run(room)
        room.words[3] ^= 1
        run(room, 300)
        run(room, third_s)
        assert Resets(room).loop == loop


def test_the_flag_for_the_prompt_counts_once_and_the_record_stays_sound():
    room = Room()
    room.power_on = False
    assert not prompt_asked(room)
    Resets(room).deliberate(True)
    asked = list(room.words)
    assert prompt_asked(room)
    assert room.words == asked[:3] + [asked[3] & 0xFFFF]  # the flag alone is gone
    assert not prompt_asked(room)
    after = Resets(room)
    assert after.ended == ENDED_ASKED and after.count == 1  # the first start found no record
    after.deliberate()
    assert not prompt_asked(room)


def test_after_power_on_the_flag_for_the_prompt_means_nothing():
    room = Room()
    room.power_on = False
    Resets(room).deliberate(True)
    room.power_on = True
    assert not prompt_asked(room)
