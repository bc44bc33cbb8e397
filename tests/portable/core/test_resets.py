"""The crash record and the boot-loop counter: what a run finds about the previous run."""

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


class Scratch:
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


def run(scratch, seconds=0, at=mode.STANDBY, fault=0):
    """Start on the scratch words, run for so long, and return this run's Resets."""
    r = Resets(scratch)
    scratch.power_on = False
    micropython.heap_lock()
    try:
        for _ in range(seconds * 100 + 1):
            r.poll(at, fault)
    finally:
        micropython.heap_unlock()
    return r


def test_after_power_on_there_is_nothing_to_tell():
    scratch = Scratch()
    scratch.words = [WORD_MAX, 5, 7, 11]  # memory with random content after power-on
    r = run(scratch)
    assert (r.ended, r.count, r.loop) == (ENDED_POWER, 0, False)


def test_a_crash_is_told_with_mode_first_fault_and_duration():
    scratch = Scratch()
    run(scratch, 123, mode.DELIVERING, faults.PROGRAM_FLOW)
    r = run(scratch)
    assert (r.ended, r.mode, r.fault, r.uptime_s) == (ENDED_CRASHED, mode.DELIVERING, faults.PROGRAM_FLOW, 123)
    assert (r.count, r.loop) == (1, False)
    r = run(scratch)
    assert (r.mode, r.fault, r.uptime_s, r.count) == (mode.STANDBY, 0, 0, 2)


def test_every_mode_and_fault_survives():
    for at in range(len(mode.NAMES)):
        for fault in range(62):
            scratch = Scratch()
            run(scratch, 0, at, fault)
            r = Resets(scratch)
            assert (r.mode, r.fault) == (at, fault)


def test_a_record_of_older_firmware_reads_the_same():
    """It had five bits for the fault, and zeros above the count of restarts."""
    older = Scratch()
    older.power_on = False
    a = 0x29 << 22 | 2 << 11 | 1 << 10 | mode.DELIVERING << 5 | 29
    older.words = [a, 77, 100 | 200 << 10, checksum(a, 77, 100 | 200 << 10)]
    r = Resets(older)
    assert (r.ended, r.fault, r.mode, r.uptime_s) == (ENDED_CRASHED, 29, mode.DELIVERING, 77)
    assert r.count == 3 and r.loop
    for fault, word in ((29, 29), (61, 1 << 19 | 29)):
        scratch = Scratch()
        run(scratch, 77, mode.DELIVERING, fault)
        assert scratch.words[0] == 0x29 << 22 | mode.DELIVERING << 5 | word and scratch.words[1] == 77


def test_a_full_count_of_restarts_changes_no_fault():
    for fault in (28, 60):
        scratch = Scratch()
        for _ in range(256):
            run(scratch, 0, mode.STANDBY, fault)
        r = Resets(scratch)
        assert (r.fault, r.mode, r.count) == (fault, mode.STANDBY, 255)


def test_a_change_is_written_at_once_and_nothing_else_more_than_once_a_second():
    scratch = Scratch()
    r = run(scratch)
    writes = scratch.writes
    for _ in range(98):
        r.poll(mode.STANDBY, 0)
    assert scratch.writes == writes
    r.poll(mode.STANDBY, 0)
    second = scratch.writes - writes
    assert second > 0
    writes = scratch.writes
    r.poll(mode.READY, 0)
    r.poll(mode.READY, faults.ESTOP)
    assert scratch.writes == writes + 2 * second
    found = Resets(scratch)
    assert (found.mode, found.fault) == (mode.READY, faults.ESTOP)


def test_a_restart_that_was_asked_for_does_not_count_and_keeps_the_count():
    scratch = Scratch()
    run(scratch)
    run(scratch)
    r = run(scratch, 1)
    assert r.count == 2
    r.deliberate()
    r = run(scratch)
    assert (r.ended, r.count, r.loop) == (ENDED_ASKED, 2, False)
    assert run(scratch).loop  # the third


def test_a_restart_that_was_asked_for_is_told_and_no_prompt_follows_whatever_the_checksum():
    for seconds in range(8):
        scratch = Scratch()
        run(scratch, seconds).deliberate()
        assert not prompt_asked(scratch)
        assert Resets(scratch).ended == ENDED_ASKED, seconds


def test_three_crashes_within_ten_minutes_are_a_loop_and_two_are_not():
    scratch = Scratch()
    run(scratch, 1000)
    assert not run(scratch, 300).loop
    assert not run(scratch, 300).loop
    r = run(scratch)
    assert r.loop and r.count == 3
    scratch = Scratch()
    run(scratch, 1000)
    assert not run(scratch, 300).loop
    assert not run(scratch, 301).loop
    assert not run(scratch).loop


def test_the_window_slides():
    scratch = Scratch()
    run(scratch)
    for _ in range(6):
        assert not run(scratch, 400).loop
    assert not run(scratch, 100).loop
    assert run(scratch, 0).loop


def test_a_loop_ends_with_the_power_only():
    scratch = Scratch()
    for _ in range(4):
        r = run(scratch)
    assert r.loop
    r = run(scratch, 2_000)
    assert r.loop
    r.deliberate()
    r = run(scratch, 2_000)
    assert r.loop
    assert run(scratch).loop
    scratch.power_on = True
    r = run(scratch)
    assert not r.loop and r.count == 0


def test_a_damaged_record_is_no_record_and_one_restart():
    scratch = Scratch()
    run(scratch, 700, mode.DELIVERING, faults.ESTOP)
    sound = list(scratch.words)
    for n in range(4):
        for bit in range(30):
            scratch.words = list(sound)
            scratch.words[n] ^= 1 << bit
            r = Resets(scratch)
            assert (r.ended, r.mode, r.fault, r.uptime_s) == (ENDED_UNREADABLE, 0, 0, 0), (n, bit)
            assert (r.count, r.loop) == (1, False)


def test_a_damaged_record_counts_towards_the_loop():
    scratch = Scratch()
    run(scratch)
    scratch.words[1] ^= 4
    assert not run(scratch).loop
    assert not run(scratch).loop
    assert run(scratch).loop


def test_nothing_written_and_yet_no_power_on_is_one_restart():
    scratch = Scratch()
    scratch.power_on = False
    r = run(scratch)
    assert (r.ended, r.count) == (ENDED_UNREADABLE, 1)


def test_a_reset_between_two_words_leaves_no_record_that_seems_sound():
    for last in range(1, 5):
        scratch = Scratch()
        r = run(scratch, 3, mode.STANDBY)
        scratch.left = last
        assert raises(Cut, r.poll, mode.FAULT, faults.ESTOP)
        scratch.left = -1
        assert Resets(scratch).ended == ENDED_UNREADABLE


def test_counters_saturate():
    scratch = Scratch()
    for _ in range(300):
        r = run(scratch)
    assert r.count == 255 and r.loop
    r._now_s = WORD_MAX
    for _ in range(200):
        r.poll(mode.STANDBY, 0)
    assert Resets(scratch).uptime_s == WORD_MAX


def test_a_board_without_the_room_starts_as_from_power_on_every_time():
    for _ in range(4):
        r = Resets(None)
        r.poll(mode.STANDBY, 0)
        r.deliberate()
        assert (r.ended, r.count, r.loop) == (ENDED_POWER, 0, False)


def test_a_reset_while_the_record_is_written_loses_no_loop_and_no_age():
    for last in range(1, 5):
        for looped in (True, False):
            scratch = Scratch()
            for _ in range(4 if looped else 2):
                r = run(scratch, 5)
            assert r.loop == looped
            scratch.left = last
            assert raises(Cut, r.poll, mode.FAULT, faults.ESTOP)
            scratch.left = -1
            r = Resets(scratch)
            assert r.loop == looped or not looped  # the second restart within seconds: the third makes a loop
            assert Resets(scratch).loop, (last, looped)


def test_what_is_written_in_between_is_no_prompt_and_no_sound_record():
    scratch = Scratch()
    r = run(scratch, 3)
    scratch.left = 1
    assert raises(Cut, r.poll, mode.FAULT, 0)
    scratch.left = -1
    assert scratch.words[3] == 0x2C71 << 16 and not prompt_asked(scratch)
    assert Resets(scratch).ended == ENDED_UNREADABLE


def test_a_damaged_word_in_a_record_that_was_being_written_keeps_the_loop_and_takes_no_age():
    for looped in (False, True):
        scratch = Scratch()
        for _ in range(4 if looped else 2):
            r = run(scratch, 5)
        assert r.loop == looped
        scratch.words[3] = 0x2C71 << 16 | (1 << 10 if looped else 0)
        for n in range(3):
            words = list(scratch.words)
            scratch.words[n] = -1
            r = Resets(scratch)
            assert (r.ended, r.loop, r.count) == (ENDED_UNREADABLE, looped, 1), n
            scratch.words = words


# --- the record, as the next application must find it -----------------------------------------------------------------
def test_the_record_is_laid_out_as_documented():
    scratch = Scratch()
    run(scratch)
    run(scratch, 3, mode.DELIVERING, faults.SKIN_TRIP)
    mark = 0x29 << 22
    assert scratch.words[:3] == [mark | 1 << 11 | mode.DELIVERING << 5 | faults.SKIN_TRIP, 3, 3 | 1023 << 10]
    assert scratch.words[3] == 41_571
    run(scratch).deliberate()
    assert scratch.words[0] == mark | 2 << 11 | 1 << 9
    assert scratch.words[3] >> 16 == 0
    run(scratch).deliberate(prompt=True)
    assert scratch.words[3] >> 16 == 0x1A53
    assert prompt_asked(scratch)
    run(scratch)
    for _ in range(2):
        run(scratch)
    assert scratch.words[0] & 1 << 10  # a loop
    assert (ENDED_POWER, ENDED_ASKED, ENDED_CRASHED, ENDED_UNREADABLE) == (0, 1, 2, 3)


def test_a_restart_before_the_first_tick_is_a_crash_too():
    scratch = Scratch()
    Resets(scratch)
    scratch.power_on = False
    r = Resets(scratch)
    assert (r.ended, r.mode, r.fault, r.uptime_s, r.count) == (ENDED_CRASHED, 0, 0, 0, 1)


def test_a_word_beyond_its_30_bits_is_damage_whatever_its_checksum():
    for n in range(3):
        for beyond in (1 << 31, -(1 << 31)):  # bits that the checksum does not see
            scratch = Scratch()
            run(scratch, 2)
            scratch.words[n] += beyond
            assert Resets(scratch).ended == ENDED_UNREADABLE, n


def test_the_window_of_a_loop_is_600_s_to_the_second():
    for second_s, third_s, loop in ((300, 300, True), (301, 300, False), (0, 600, True), (0, 601, False)):
        scratch = Scratch()
        run(scratch)
        run(scratch, second_s)
        run(scratch, third_s)
        assert Resets(scratch).loop == loop, (second_s, third_s)


def test_a_damaged_record_counts_from_its_restart_on():
    for third_s, loop in ((300, True), (301, False)):
        scratch = Scratch()
        run(scratch)
        scratch.words[3] ^= 1
        run(scratch, 300)
        run(scratch, third_s)
        assert Resets(scratch).loop == loop


def test_the_flag_for_the_prompt_counts_once_and_the_record_stays_sound():
    scratch = Scratch()
    scratch.power_on = False
    assert not prompt_asked(scratch)
    Resets(scratch).deliberate(True)
    asked = list(scratch.words)
    assert prompt_asked(scratch)
    assert scratch.words == asked[:3] + [asked[3] & 0xFFFF]  # the flag alone is gone
    assert not prompt_asked(scratch)
    after = Resets(scratch)
    assert after.ended == ENDED_ASKED and after.count == 1  # the first start found no record
    after.deliberate()
    assert not prompt_asked(scratch)


def test_after_power_on_the_flag_for_the_prompt_means_nothing():
    scratch = Scratch()
    scratch.power_on = False
    Resets(scratch).deliberate(True)
    scratch.power_on = True
    assert not prompt_asked(scratch)
