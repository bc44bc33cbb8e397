"""Lease, monostable and gates of the wiring together: what keeps the valves open, and how long after the last edge."""

import tomllib

import pytest

from cryo.limits import LEASE_MAX_US, TICK_US
from tests.boards.esp32.chip import load, modules, monostable
from tests.boards.esp32.test_words import DOSE, LAST_US, LEASE, LONGEST_US, Rig
from tests.lanes import ROOT

SHORTEST_US, WIDEST_US = 15_000, 20_000  # the wiring's monostable, selected on the bench


@pytest.fixture
def rig():
    return Rig()


def renew(rig, gaps_us):
    """Renew once, and again after each gap; return the time of the last edge."""
    rig.lease.renew()
    for gap_us in gaps_us:
        rig.chip.run_us(gap_us)
        rig.lease.renew()
    return rig.chip.rising_us(LEASE)[-1]


def shut_off(rig, width_us, resets=()):
    """Return the times when the shut-off's transistor conducts."""
    return monostable(rig.chip.rising_us(LEASE), width_us, resets)


def dose_driver(rig, width_us, resets=()):
    """Return the times when the dose driver's input is high: DOSE and the monostable's Q (loop channel A made)."""
    times = [(us, level) for us, pad, level in rig.chip.edges if pad == DOSE]
    opened = [(a, b) for (a, _), (b, _) in zip(times[::2], times[1::2], strict=True)]
    both = [(max(a, c), min(b, d)) for a, b in opened for c, d in shut_off(rig, width_us, resets)]
    return [(begin, end) for begin, end in both if begin < end]


def test_the_longest_monostable_is_the_lease_that_the_core_reckons_with():
    assert WIDEST_US <= LEASE_MAX_US


@pytest.mark.parametrize("late_us", [0, 2_000, 5_000])
def test_ticks_hold_it_open_without_a_gap_even_when_late(rig, late_us):
    begin = rig.chip.now_us
    last = renew(rig, [TICK_US + late_us] * 30)
    assert shut_off(rig, SHORTEST_US) == [(begin, last + SHORTEST_US)]


def test_it_ends_by_itself_after_the_last_edge(rig):
    last = renew(rig, [TICK_US] * 5)
    rig.lease.stop()
    assert shut_off(rig, WIDEST_US)[-1][1] - last <= LEASE_MAX_US


def test_a_renewal_replaces_what_is_left(rig):
    last = renew(rig, [100] * 50)
    assert shut_off(rig, WIDEST_US)[-1][1] - last <= LEASE_MAX_US


@pytest.mark.parametrize("level", [0, 1])
def test_a_pin_left_at_a_level_holds_nothing(rig, level):
    """The hang may come between the two writes of a renewal, and a soft reset leaves the pin as it is."""
    rig.lease._pin.value(level)
    rig.chip.run_us(10_000_000)
    assert sum(end - begin for begin, end in shut_off(rig, WIDEST_US)) <= WIDEST_US * level


@pytest.mark.parametrize(("period_us", "most"), [(25_000, 0.8), (30_000, 2 / 3), (60_000, 1 / 3)])
def test_edges_slower_than_the_monostable_chop(rig, period_us, most):
    """Unlike on the Pico a third of the monostable's time is no border: this board cannot have edges that fast."""
    last = renew(rig, [period_us] * 40)
    on = shut_off(rig, WIDEST_US)
    assert len(on) == 41
    assert sum(end - begin for begin, end in on[:-1]) <= most * last


def test_channel_b_ends_it_at_once_and_its_return_opens_nothing(rig):
    begin = rig.chip.now_us
    renew(rig, [TICK_US] * 3)
    opened = begin + 22_000
    rig.chip.run_us(TICK_US)
    rig.lease._pin.value(1)
    closed = rig.chip.now_us + 1
    assert shut_off(rig, WIDEST_US, ((opened, closed),)) == [(begin, opened)]


@pytest.mark.parametrize("hang_us", [1, 12_345, 100_000, 290_000])
def test_a_burst_that_outlives_the_software_loses_both_valves(rig, hang_us):
    rig.valve.rearm()
    rig.lease.renew()
    begin = rig.chip.now_us
    rig.valve.fire(LONGEST_US)
    while rig.chip.now_us + TICK_US <= begin + hang_us:
        rig.chip.run_us(TICK_US)
        rig.lease.renew()
    last = rig.chip.rising_us(LEASE)[-1]
    rig.chip.run_us(LONGEST_US + LAST_US)
    assert rig.chip.high_us(DOSE) == [LONGEST_US]  # the pin itself runs on
    for intervals in (shut_off(rig, WIDEST_US), dose_driver(rig, WIDEST_US)):
        assert intervals[-1][1] - last <= LEASE_MAX_US


def test_boot_takes_the_dose_pin_from_a_train_that_a_reset_left_running(rig):
    rig.fire(LONGEST_US)
    rig.chip.run_us(10_000)
    stand_ins = modules(rig.chip)
    board = load("boards/esp32_devkitc/pins.py", {})
    load("firmware/boot.py", {**stand_ins, "pins": board})
    assert rig.chip.level(DOSE) == 0
    assert (board.DOSE, board.LEASE) == (DOSE, LEASE)
    rig.chip.run_us(LONGEST_US + LAST_US)
    assert rig.chip.high_us(DOSE) == [10_000]


def test_the_wiring_says_the_same():
    folder = ROOT / "boards/esp32_devkitc"
    parts = {part["name"]: part["requirement"] for part in tomllib.loads((folder / "bom.toml").read_text())["part"]}
    assert f"{SHORTEST_US // 1000} to {WIDEST_US // 1000} ms" in parts["monostable's timing parts"]
    assert "loop channel A and the monostable's Q are high" in parts["AND gates, dose driver"]
    assert "Q of the monostable" in (folder / "wiring.svg").read_text()
