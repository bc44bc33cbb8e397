"""When a reading is at rest: steps, drift, noise, gaps, and values that are not readings."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.cryoctl.calibration import NotAccepted, session, stable, wizard
from host_tools.cryoctl.calibration.kinds import (
    DISTANCE,
    PRESSURE,
    THERMOCOUPLE,
)
from host_tools.cryoctl.calibration.stable import Before, Criteria, Detector, settled, spark

LIMITS = Criteria(10.0, 0.75, 0.25, 40, "degC", "")


# --- at rest ----------------------------------------------------------------------------------------------------------
class Time:
    """A clock that moves on by the time of each sleep."""

    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return self.s

    def sleep(self, seconds):
        self.s += seconds


def at_rest(signal, before=None, reference=0.0, patience_s=60.0, limits=LIMITS):
    """Return (window, time) of a signal: a function of time that returns a value or None."""
    time = Time()
    read = lambda: (signal(time.s), "open" if signal(time.s) is None else "")  # noqa: E731
    return settled(read, limits, reference, before, patience_s=patience_s, clock=time, sleep=time.sleep), time.s


def test_a_quiet_signal_is_at_rest_after_one_window():
    seen, at_s = at_rest(lambda s: 4.0)
    assert (seen.value, seen.spread, seen.drift) == (4.0, 0.0, 0.0)
    assert at_s == pytest.approx(10.0, abs=0.11) and seen.count >= 100


def test_noise_within_the_spread_gives_its_mean():
    noise = random.Random(1)
    seen, _ = at_rest(lambda s: 4.0 + noise.uniform(-0.3, 0.3))
    assert seen.value == pytest.approx(4.0, abs=0.1) and 0.5 < seen.spread <= 0.6


def test_noise_beyond_the_spread_is_never_at_rest():
    noise = random.Random(1)
    with pytest.raises(NotAccepted, match=r"not at rest within 60 s: spread .* at most 0.75"):
        at_rest(lambda s: 4.0 + noise.uniform(-1, 1))


def test_a_step_is_left_behind_before_the_mean_is_taken():
    seen, at_s = at_rest(lambda s: 20.0 if s < 15 else 4.0, before=Before(20.0, 20.0), reference=4.0)
    assert seen.value == 4.0 and at_s == pytest.approx(25.0, abs=0.3)


def test_a_probe_that_settles_is_waited_for():
    seen, at_s = at_rest(lambda s: 37 * math.exp(-s / 3.0))
    assert abs(seen.value) < 0.2 and at_s > 15


@pytest.mark.parametrize(("slope", "rests"), [(0.02, True), (0.03, False), (-0.02, True), (-0.03, False)])
def test_a_drift_is_judged_over_the_window(slope, rests):
    if rests:
        assert at_rest(lambda s: slope * s)[0].drift == pytest.approx(slope * 10, abs=0.005)
    else:
        with pytest.raises(NotAccepted, match="drift"):
            at_rest(lambda s: slope * s)


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_one_invalid_reading_begins_the_window_anew(bad):
    invalid = iter([False] * 60 + [True] + [False] * 1000)
    seen, at_s = at_rest(lambda s: 4.0)
    time = Time()
    read = lambda: (bad if next(invalid) else 4.0, "")  # noqa: E731
    seen = settled(read, LIMITS, 0.0, patience_s=60.0, clock=time, sleep=time.sleep)
    assert seen.value == 4.0 and time.s == pytest.approx(at_s + 6.1, abs=0.2)


def test_no_reading_at_all_ends_with_what_the_device_says():
    with pytest.raises(NotAccepted, match="not at rest within 60 s: open"):
        at_rest(lambda s: None)


def test_too_few_readings_are_no_window():
    detector = Detector(LIMITS)
    for n in range(100):
        assert not detector.add(n * 1.0, 4.0).stable  # 10 in a window


def test_a_gap_begins_the_window_anew():
    detector = Detector(LIMITS)
    times = [n * 0.1 for n in range(90)] + [12.0 + n * 0.1 for n in range(99)]
    assert not any(detector.add(at, 4.0).stable for at in times)


@pytest.mark.parametrize("restless", [0.0, 3.0])
def test_the_point_before_is_not_taken_for_the_next_and_said_before_what_else_is_amiss(restless):
    with pytest.raises(NotAccepted, match="still near the previous point"):
        at_rest(lambda s: 0.1 + restless * math.sin(7 * s), before=Before(0.0, 0.1), reference=37.0)


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("from_c, to_c", [(0.0, 37.0), (25.0, 4.0)])
def test_a_reading_is_the_next_point_s_from_half_of_the_way_on(from_c, to_c, way):
    """Less means a probe that is still in the last bath, or one that settles slowly: its mean is not a point."""
    step = way * (to_c - from_c)
    for share in (0.05, 0.25, 0.49):
        with pytest.raises(NotAccepted, match="still near the previous point"):
            at_rest(lambda s, share=share: from_c + share * step, before=Before(from_c, from_c), reference=to_c)
    for share in (0.5, 0.51, 1.0):
        seen, _ = at_rest(lambda s, share=share: from_c + share * step, before=Before(from_c, from_c), reference=to_c)
        assert seen.value == pytest.approx(from_c + share * step)


@pytest.mark.parametrize("reading", [36.5, 12.9 - 49.4])
def test_the_next_point_may_lie_the_other_way_as_with_reversed_wires(reading):
    seen, _ = at_rest(lambda s: reading, before=Before(0.0, 0.0), reference=37.0)
    assert seen.value == pytest.approx(reading)


@settings(max_examples=50)
@given(st.lists(st.one_of(st.none(), st.floats(-200, 400), st.just(math.nan)), min_size=1, max_size=200))
def test_what_is_at_rest_meets_the_criteria_by_its_own_readings(signal):
    detector = Detector(LIMITS)
    window = []
    for n, value in enumerate(signal):
        seen = detector.add(n * 0.2, value)
        window = [*window, value] if value is not None and math.isfinite(value) else []
        if seen.stable:
            taken = window[-seen.count :]
            assert len(taken) >= LIMITS.least and max(taken) - min(taken) <= LIMITS.spread
            assert min(taken) - 1e-9 <= seen.value <= max(taken) + 1e-9


def test_a_converter_that_stands_still_gives_no_reading():
    time = Time()
    sample = itertools.count()

    class Device:
        frozen = False

        def tell(self, command):
            self.number = self.number if self.frozen else next(sample)
            return "SKIN=0.10,99ms;NOZZLE=NEVER" if command == "MEAS:TEMP?" else f"SKIN=0.75,25.00,#{self.number},9ms"

    device = Device()
    read = wizard.Readings(device, THERMOCOUPLE, time)
    for _ in range(100):
        time.sleep(0.1)
        assert read() == (0.1, "") and read.cold_c == 25.0
    device.frozen = True
    read()
    time.sleep(wizard.STANDSTILL_S + 0.1)
    value, note = read()
    assert value is None and "gives no new sample" in note


@pytest.mark.parametrize("noise_mm", [2.4, 3.3])  # the sensor's noise on a light board, near and far
def test_a_board_that_stands_still_comes_to_rest_with_the_sensor_s_noise_and_one_that_moves_does_not(noise_mm):
    for seed in range(20):
        noise = random.Random(seed)
        seen, _ = at_rest(lambda s, n=noise: 90.0 + round(n.gauss(0, noise_mm)), limits=DISTANCE.criteria)
        assert seen.value == pytest.approx(90.0, abs=DISTANCE.error / 2)
        with pytest.raises(NotAccepted, match="not at rest within 60 s"):
            at_rest(lambda s, n=noise: 90.0 + 2 * s + round(n.gauss(0, noise_mm)), limits=DISTANCE.criteria)


@pytest.mark.parametrize("said", ["INVALID", "NEVER", "OPEN", "", "BOTTLE=INVALID;LINE=3 mbar", "SKIN=OPEN"])
@pytest.mark.parametrize("kind", [THERMOCOUPLE, PRESSURE, DISTANCE])
def test_what_is_no_number_is_no_reading(kind, said):
    value, note = session.reading(type("D", (), {"tell": lambda self, command: said})(), kind)
    assert value is None and note


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        (THERMOCOUPLE, "SKIN=-78.46,100ms;NOZZLE=NEVER;INFRARED=NEVER;PREDICTED=NONE", -78.46),
        (PRESSURE, "BOTTLE=57290 mbar;LINE=2120 mbar", 57290.0),
        (DISTANCE, "99 mm", 99.0),
    ],
)
def test_readings_are_those_of_skin_bottle_and_distance(kind, said, value):
    assert session.reading(type("D", (), {"tell": lambda self, command: said})(), kind) == (value, "")


def test_a_plot_of_few_characters():
    assert spark([0.0, 1.0, 2.0, None, 7.0]) == "▁▂▃ █"
    assert spark([None, math.nan]) == "  " and spark([3.0, 3.0]) == "▁▁"
    assert len(spark([1.0] * 100)) == 60 and stable.BLOCKS[0] == "▁"
