"""Every intermediate of the pure core fits 31 bits, at the extremes that a driver can hand over.

Skin -200 .. 150 degC (what a sensor may claim), K 8 .. 50 degC per root second, distances 0 .. 400 mm, ticks up to the
longest difference of two stamps, saturated ages.
"""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryo.core import mode, presets, ticks
from cryo.core.bursts import Planner
from cryo.core.eye_guard import IN_START, EyeGuard
from cryo.core.jet import RATIO_MAX, Jet
from cryo.core.observer import Observer, k_at, k_nearer
from cryo.core.overcool import Overcool
from cryo.core.reading import AGE_MAX_US, NO_VALUE, Reading
from cryo.core.records import Inputs, Quantity
from cryo.core.response import Response
from cryo.core.second_channel import SecondChannel
from cryo.core.session import Session
from cryo.core.supervisor import Supervisor
from cryo.core.trigger import Trigger
from cryo.drivers.analog import Transducer
from cryo.limits import CONTINUE_MAX_MM, CONTINUE_MIN_MM
from tests.support.i31 import I31

LONGEST_US = 2**29 - 1
COLDEST, WARMEST = -200_000, 150_000
JET = -78_500  # nothing that a burst cools gets colder

i31 = st.integers

SKIN = i31(COLDEST, WARMEST).map(I31)
DT = st.one_of(i31(0, 60_000), i31(0, 500_000), i31(0, LONGEST_US)).map(I31)
AGE = st.one_of(i31(0, 300_000), i31(0, AGE_MAX_US), st.just(AGE_MAX_US)).map(I31)
K = i31(8_000, 50_000).map(I31)
MM = i31(0, 400).map(I31)
STAMP = i31(0, 2**30 - 1).map(I31)


@given(STAMP, STAMP)
def test_ticks_diff(a, b):
    d = ticks.diff(a, b)
    assert -(2**29) <= d < 2**29
    assert (int(d) - (int(a) - int(b))) % 2**30 == 0


@given(i31(0, LONGEST_US).map(I31), DT)
def test_ticks_grown(elapsed, dt):
    assert elapsed <= ticks.grown(elapsed, dt) <= LONGEST_US


@given(st.lists(st.tuples(DT, st.booleans()), max_size=20))
def test_trigger(samples):
    trigger = Trigger()
    for dt, level in samples:
        trigger.update(dt, I31(level))
    assert trigger.step == 1 + len(samples)  # each ran to its end


@given(st.lists(st.tuples(DT, st.booleans(), st.booleans(), MM, AGE, st.integers(0, 3)), max_size=20))
def test_eye_guard(samples):
    guard = EyeGuard()
    guard.watch(True)
    inputs = Inputs()
    for n, (dt, a, b, mm, age, status) in enumerate(samples):
        inputs.loop_a, inputs.loop_b = I31(a), I31(b)
        inputs.distance.value, inputs.distance.age_us, inputs.distance.status = mm, age, status
        inputs.distance.sequence = I31(n)
        guard.update(dt, inputs)
    assert guard.step == 2 + len(samples)


def watch(samples, trip):
    overcool = Overcool()
    skin = Reading()
    for dt, mdegc, age, status, new in samples:
        skin.status = status
        skin.value_mdegc = NO_VALUE if status else mdegc
        skin.age_us = skin.ended_age_us = age
        skin.sequence = I31(skin.sequence + new & 0xFFFF)
        overcool.update(dt, skin, trip)
    assert overcool.step == 4 + len(samples)
    return overcool


# up to the watchdog's 500 ms; the longest differences are in test_overcool_at_its_extremes
SAMPLE = st.tuples(i31(0, 490_000).map(I31), SKIN, AGE, st.sampled_from((0, 0, 0, 1, 8)), st.integers(0, 1))


@given(st.lists(SAMPLE, max_size=20), st.integers(4_000, 14_000).map(I31))
def test_overcool(samples, trip):
    watch(samples, trip)


@pytest.mark.parametrize("mdegc", [COLDEST, -93_000, JET, 0, WARMEST])
@pytest.mark.parametrize("dt", [0, 1, 10_000, 50_000, 499_999, 1_000_000, LONGEST_US])
def test_overcool_at_its_extremes(mdegc, dt):
    steps = [(I31(dt), I31(value), I31(100_000), 0, 1) for value in (mdegc, WARMEST, mdegc, COLDEST // 4) * 3]
    watch(steps, I31(4_000))


def test_the_cold_dose_saturates_within_31_bits():
    overcool = watch([(I31(500_000), I31(JET), I31(100_000), 0, 1)] * 5_000, I31(4_000))
    assert overcool.dose_spent
    assert overcool.dose_session_reached()


@given(st.lists(st.tuples(SKIN, SKIN, AGE, AGE, st.integers(0, 2**25).map(I31), st.integers(0, 1)), max_size=20))
def test_second_channel(samples):
    channel = SecondChannel()
    inputs = Inputs()
    for infrared, probe, age, ended, off_us, is_open in samples:
        inputs.infrared.status = inputs.skin.status = 0
        inputs.infrared.value_mdegc, inputs.skin.value_mdegc = infrared, probe
        inputs.infrared.age_us = inputs.skin.age_us = age
        inputs.infrared.ended_age_us = inputs.skin.ended_age_us = ended
        inputs.infrared.sequence = I31(inputs.infrared.sequence + 1 & 0xFFFF)
        channel.update(inputs, off_us, IN_START, 2 * is_open)
        channel.fired(inputs.infrared)
    assert channel.step == 3 + len(samples)


@given(K, MM)
def test_k_at(k, mm):
    assert 0 < k_at(k, mm) <= 8 * k


@given(K, i31(CONTINUE_MIN_MM, CONTINUE_MAX_MM).map(I31), i31(CONTINUE_MIN_MM, CONTINUE_MAX_MM).map(I31))
def test_k_nearer(k, from_mm, to_mm):
    assert 0 < k_nearer(k, from_mm, to_mm) <= 8 * k


@pytest.mark.parametrize(
    ("k", "mm", "baseline", "on"),
    [
        (50_000, 0, WARMEST, 6_000),
        (50_000, 80, 33_000, 6_000),
        (16_000, 80, 33_000, 6_000),
        (50_000, 0, JET, 300),
        (50_000, 0, 4_000, 300),
        (8_000, 400, WARMEST, 300),
    ],
)
def test_observer_over_a_whole_point_of_steady_gas(k, mm, baseline, on):
    observer = Observer()
    observer.reset(I31(baseline))
    for tick in range(on + 100):
        observer.update(k_at(I31(k), I31(mm)), I31(10_000 if tick < on else 0))
    assert type(observer.surface_mdegc) is I31
    observer.probe_mdegc()


@given(i31(JET, WARMEST).map(I31), st.lists(st.tuples(K, MM, DT), max_size=20))
def test_observer(baseline, steps):
    observer = Observer()
    observer.reset(baseline)
    for k, mm, flow in steps:
        observer.update(k_at(k, mm), flow)
        assert type(observer.surface_mdegc) is type(observer.probe_mdegc()) is I31  # otherwise it would have raised


LEAST = st.sampled_from((I31(0), I31(4_000)))
PLAN = st.tuples(DT, SKIN, i31(5_000, 14_000).map(I31), K, MM, SKIN, LEAST, i31(0, 500_000).map(I31))


@given(st.lists(PLAN, max_size=20), i31(0, 25_000).map(I31), i31(5_000, 60_000).map(I31))
def test_planner(steps, open_us, close_us):
    planner = Planner(open_us, close_us)
    for dt, skin, floor, k, mm, predicted, least, undelivered in steps:
        planner.advance(dt)
        us = planner.plan(skin, floor, I31(500_000), k, predicted, k_at(k, mm), k_at(k, mm), least)
        if us:
            planner.fired(us)
            planner.ended(min(undelivered, us))
        assert planner.off_us - I31(AGE_MAX_US) < 0  # the supervisor's difference


@given(st.lists(st.tuples(SKIN, SKIN, SKIN, SKIN, i31(0, 500_000).map(I31)), max_size=20))
def test_response(cycles):
    response = Response()
    for before, after, predicted_before, predicted_after, us in cycles:
        response.begin(before, predicted_before)
        response.delivered(us)
        response.sample(after, predicted_after)
        response.close()
        assert not response.open


def test_response_over_as_many_bursts_as_a_point_can_have():
    for before, after in itertools.product((COLDEST, WARMEST), repeat=2):
        response = Response()
        for _ in range(160):  # 60 s of bursts of 30 ms, 350 ms apart
            response.begin(I31(before), I31(33_000))
            response.delivered(I31(500_000))
            response.sample(I31(after), I31(32_000))
            response.close()
        assert response.missing == (before <= after)  # a fall, or 160 misses


def test_the_number_of_an_arm_request_has_four_digits_and_changes():
    sup = Supervisor(None)
    numbers = []
    for n in range(1_000):
        sup.now_us = I31(n * 7_130_013 % 2**30)
        sup.enter(mode.READY)
        numbers.append(sup.nonce)
    assert all(1_000 <= n <= 9_999 for n in numbers)
    assert len(set(numbers)) > 900  # drawn at random from 9000 it would be 947


SHOWN = i31(-1_000_000, 1_000_000)  # a window of 700 mdegC predicted, and whatever was read


@given(K, st.lists(st.tuples(SKIN, SKIN, SKIN, SKIN, SHOWN), max_size=5), MM)
def test_jet(k, samples, mm):
    jet = Jet(k)
    for baseline, settled, predicted, surface, shown in samples:
        ratio = jet.learn(baseline - settled, baseline - predicted, shown)
        assert ratio <= jet.dip <= RATIO_MAX
        assert 1_000 <= ratio <= RATIO_MAX
        assert k * ratio // 1_000 <= 50_000 or ratio == 1_000
        assert k_at(k * ratio // 1_000, mm) > 0
        if surface >= JET:
            assert isinstance((baseline - surface) * ratio // 1_000, int)
        jet.fired()


def chosen():
    session = Session()
    session.preset, session.level = 0, 3
    session.site, session.point = len(presets.SITES) - 1, presets.POINTS_PER_SITE - 1
    return session


@given(st.lists(st.tuples(DT, i31(0, 500_000).map(I31), st.booleans()), max_size=30))
def test_session(steps):
    session = chosen()
    for dt, us, begins in steps:
        session.advance(dt)
        if begins:
            session.begin_point()
        session.burst(us)
        if session.point_open and dt > 1_000_000:
            session.end_point(I31(1))
        assert 0 <= session.cool_down_s() <= 301  # rounded up


@pytest.mark.parametrize("room_m3", [10, 30, 1_000])
def test_room_gas_up_to_the_stop_and_a_session_more(room_m3):
    session = chosen()
    session.gas_mg = I31(10_000 * room_m3 * 1_000 // 540)
    session.valve_on_ms = I31(0)
    for _ in range(600):
        session.burst(I31(500_000))
        assert session.room_full(I31(room_m3))


@pytest.mark.parametrize("num", [1, 5_722, 19_000])
def test_transducer(num):
    class Adc:
        def read_u16(self):
            return I31(self.counts)

    adc, quantity = Adc(), Quantity()
    for adc.counts in (0, 3_276, 3_277, 6_554, 6_555, 32_768, 62_259, 62_260, 65_535):
        Transducer(adc, I31(num), I31(1_000)).poll(I31(0), quantity)
        assert quantity.status == (2 if adc.counts < 3_277 else 3 if adc.counts > 62_259 else 0)
