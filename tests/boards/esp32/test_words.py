"""The RMT words of an opening, decoded to times: exact, low at the end, within the limits of RMT and the board."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cryo.valve import OK
from tests.boards.esp32.chip import PULSE_MAX, RMT_OUT0, Chip, load, modules

DOSE, LEASE = 25, 26
LONGEST_US = 300_000
LAST_US = 5_000  # far more than the low end of a train


class Rig:
    """Valve and lease on a chip, as the board makes them."""

    def __init__(self, **chip):
        self.chip = Chip(**chip)
        self.module = load("firmware/cryo/valve/esp32_rmt.py", modules(self.chip))
        self.lease = self.module.Lease(LEASE)
        self.valve = self.module.Valve(DOSE, self.lease)
        self.channel = self.chip.channels[0]

    def fire(self, us):
        """After a rest of two seconds, of which the port's clock alone knows: limits 5 and 6 are kept."""
        self.chip.ticks_offset += 2_000_000
        assert (self.valve.rearm(), self.valve.fire(us)) == (OK, OK)


@settings(max_examples=400)
@given(st.integers(-5, 2**30 - 1) | st.integers(-5, LONGEST_US + 50_000))
@example(0)
@example(1)
@example(30_000)
@example(30_001)
@example(LONGEST_US - 1)
@example(LONGEST_US)
@example(LONGEST_US + 1)
@example(500_000)
def test_every_width_comes_out_as_it_was_asked_for(us):
    rig = Rig()
    rig.fire(us)
    train = rig.channel.trains[-1]
    wanted_us = min(max(us, 0), LONGEST_US)
    high_us = sum(ticks for ticks, level in train if level)  # a tick is a microsecond, see below
    assert abs(high_us - wanted_us) <= 1
    levels = [level for _, level in train]
    assert levels == sorted(levels, reverse=True)  # one opening
    assert levels[-1] == 0
    assert max(ticks for ticks, _ in train) <= PULSE_MAX
    assert min(ticks for ticks, _ in train) > 0  # 0 would be the end mark
    rig.chip.run_us(LONGEST_US + LAST_US)
    assert rig.chip.high_us(DOSE) == ([wanted_us] if wanted_us else [])
    assert rig.valve.result() == 0
    assert rig.chip.level(DOSE) == 0


def test_a_tick_is_a_microsecond_and_divides_rmts_clock():
    rig = Rig()
    rig.fire(100_000)
    rig.chip.run_us(99_999)
    assert rig.chip.level(DOSE) == 1
    rig.chip.run_us(1)
    assert rig.chip.level(DOSE) == 0


def test_all_trains_are_as_long_as_the_first_which_is_all_low():
    """write_pulses makes its buffer longer for a longer train: then not in a tick, where it must not allocate."""
    rig = Rig()
    assert {level for _, level in rig.channel.trains[0]} == {0}
    assert rig.chip.edges == []
    for us in (LONGEST_US, 30, 0, 123_456, LONGEST_US):
        rig.fire(us)
        rig.chip.run_us(LONGEST_US + LAST_US)
    assert rig.channel.reallocated == [len(rig.channel.trains[0]) // 2]
    assert {len(train) for train in rig.channel.trains} == {len(rig.channel.trains[0])}


def test_the_words_are_changed_in_place():
    rig = Rig()
    lists = rig.valve._durations, rig.valve._levels
    kept = [id(item) for item in lists]
    rig.fire(200_000)
    assert [id(rig.valve._durations), id(rig.valve._levels)] == kept


def test_the_shortest_train_outlives_the_call_that_begins_it():
    """Its interrupt counts down what write_pulses counts up after it began: neither may meet the other half-way."""
    rig = Rig()
    rig.fire(0)
    rig.chip.run_us(500)
    assert rig.channel.ongoing


def test_a_slow_processor_is_refused_because_rmt_slows_down_with_it():
    with pytest.raises(ValueError, match=r"80 MHz or more"):
        Rig(frequency_hz=40_000_000)


def test_a_chip_whose_matrix_lies_elsewhere_is_refused(monkeypatch):
    monkeypatch.setattr("tests.boards.esp32.chip.RMT_OUT0", RMT_OUT0 - 10)
    with pytest.raises(RuntimeError, match="original ESP32"):
        Rig()


def test_an_rmt_that_never_ends_its_first_train_is_refused(monkeypatch):
    monkeypatch.setattr("tests.boards.esp32.chip.RMT.finish", lambda self: None)
    with pytest.raises(RuntimeError, match="first train"):
        Rig()
