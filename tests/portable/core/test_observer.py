"""The observer against a float model of the same seven states, and its law of distance (limit 25)."""

import math

import micropython
from cryo.core import observer
from cryo.core.observer import (
    DECAY,
    DECAY_SHIFT,
    FALL_OFF,
    GAIN,
    JET_MDEGC,
    PROBE_TAU_MS,
    REFERENCE_DROP_DEGC,
    TAU_MS,
    WEIGHT_E4,
    Observer,
    k_at,
    k_nearer,
)
from cryo.limits import DISTANCE_ERROR_MM
from support import TICK_US

TICK_S = 0.01
LOSS = [1 - math.exp(-10 / tau_ms) for tau_ms in TAU_MS]


class Float:
    """The definition in floats: each state driven by K (T - T_jet) / 106, exact over a tick of 10 ms."""

    def __init__(self, baseline_c):
        self.base = self.surface = self.probe = baseline_c
        self.x = [0.0] * len(TAU_MS)

    def update(self, k, flow_us):
        drive = k * (self.surface - JET_MDEGC / 1000) / REFERENCE_DROP_DEGC * flow_us / TICK_US
        x = self.x
        for i in range(len(x)):
            x[i] += (WEIGHT_E4[i] / 10_000 * drive - x[i]) * LOSS[i]
        self.surface = self.base - sum(x)
        self.probe += (self.surface - self.probe) * (1 - math.exp(-10 / PROBE_TAU_MS))


def fallen(dt_us, open_us, pause_us):
    """Return the surface after three openings, and after each opening, with ticks of dt_us."""
    one = Observer()
    one.reset(30_000)
    said = []
    for _ in range(3):
        for left, gas in ((open_us, True), (pause_us, False)):
            while left:
                us = dt_us if dt_us < left else left
                left -= us
                micropython.heap_lock()
                try:
                    one.advance(16_000, us if gas else 0, us)
                finally:
                    micropython.heap_unlock()
            said.append(one.surface_mdegc)
    return said


def test_ticks_that_are_late_lose_neither_gas_nor_time():
    for open_us, pause_us in ((500_000, 400_000), (60_000, 350_000)):
        sound = fallen(10_000, open_us, pause_us)
        for dt_us in (9_800, 10_300, 15_000, 19_000, 24_999, 49_000, 130_000):
            late = fallen(dt_us, open_us, pause_us)
            for a, b in zip(sound[1::2], late[1::2]):  # in the pauses: a tick's rest of time moves them little
                assert abs(a - b) <= 60, (dt_us, sound, late)
            if not open_us % 500_000:
                for a, b in zip(sound[::2], late[::2]):
                    assert abs(a - b) <= 300, (dt_us, sound, late)


def test_a_step_takes_a_whole_tick_and_the_rest_is_carried_on():
    one = Observer()
    steps = []
    one.update = lambda k, us: steps.append((k, us))
    one.advance(16_000, 4_000, 4_000)
    assert steps == []
    one.advance(0, 0, 1_000)
    assert steps == [(16_000, 4_000)]  # half a tick was there from the start
    one.advance(15_000, 25_000, 25_000)
    assert steps[1:] == [(15_000, 10_000), (15_000, 10_000)]
    one.advance(0, 0, 5_000)
    assert steps[3:] == [(15_000, 5_000)]
    one.reset(30_000)
    one.advance(0, 0, 4_999)
    assert len(steps) == 4
    one.advance(0, 0, 1)
    assert steps[4:] == [(15_000, 0)]


class Rig:
    """The observer, ticked with the heap locked."""

    def __init__(self, baseline_mdegc):
        self.observer = Observer()
        self.reset(baseline_mdegc)

    def reset(self, baseline_mdegc):
        micropython.heap_lock()
        try:
            self.observer.reset(baseline_mdegc)
        finally:
            micropython.heap_unlock()

    def update(self, k_mdegc, flow_us):
        micropython.heap_lock()
        try:
            self.observer.update(k_mdegc, flow_us)
        finally:
            micropython.heap_unlock()
        return self.observer.surface_mdegc


def compare(k_mdegc, seconds, on_ticks, cycle_ticks, part_us=TICK_US):
    """Return the greatest distance of surface and of probe from the float model, mdegC."""
    rig = Rig(32_800)
    model = Float(32.8)
    surface = probe = 0
    for n in range(seconds * 100):
        at = n % cycle_ticks
        flow_us = TICK_US if at < on_ticks else part_us if at == on_ticks else 0
        rig.update(k_mdegc, flow_us)
        model.update(k_mdegc / 1000, flow_us)
        surface = max(surface, abs(rig.observer.surface_mdegc - 1000 * model.surface))
        probe = max(probe, abs(rig.observer.probe_mdegc() - 1000 * model.probe))
    return surface, probe


def test_a_minute_of_bursts_stays_within_30_mdegc_of_the_float_model():
    for k, on, cycle, part in ((16_000, 20, 65, 5_000), (8_000, 50, 90, 100), (50_000, 3, 40, 9_999)):
        surface, probe = compare(k, 60, on, cycle, part)
        assert surface <= 30, (k, surface)
        assert probe <= 30, (k, probe)


def test_a_minute_of_steady_gas_stays_within_30_mdegc_of_the_float_model():
    for k in (8_000, 16_000):
        surface, probe = compare(k, 60, 100, 100)
        assert surface <= 30, (k, surface)
        assert probe <= 30, (k, probe)


def test_a_constant_flux_follows_root_t_from_10_ms_to_60_s():
    for flux in (8_000, 20_000):  # mdegC per root second
        rig = Rig(200_000)  # far above the jet, so that the feedback can be taken out at every tick
        surface = 200_000
        n = 0
        while n < 6_000:
            n += 1
            surface = rig.update(flux * REFERENCE_DROP_DEGC * 1000 // (surface - JET_MDEGC), TICK_US)
            expected = flux * math.sqrt(n * TICK_S)
            assert abs(200_000 - surface - expected) <= 0.02 * expected, n


def test_without_gas_nothing_falls_and_after_it_the_skin_comes_back():
    rig = Rig(30_000)
    for _ in range(500):
        assert rig.update(16_000, 0) == 30_000
    for _ in range(50):
        rig.update(16_000, TICK_US)
    lowest = rig.observer.surface_mdegc
    assert lowest < 21_000
    last = lowest
    for _ in range(2_000):
        now = rig.update(16_000, 0)
        assert now >= last
        last = now
    assert 28_000 < last < 30_000


def test_part_of_a_tick_counts_as_its_part():
    half = 30_000 - Rig(30_000).update(16_000, TICK_US // 2)
    full = 30_000 - Rig(30_000).update(16_000, TICK_US)
    assert abs(2 * half - full) <= 3
    assert 30_000 - Rig(30_000).update(16_000, 3 * TICK_US) == full


def test_a_reset_forgets_everything():
    rig = Rig(30_000)
    for _ in range(300):
        rig.update(50_000, TICK_US)
    rig.reset(31_250)
    assert rig.observer.surface_mdegc == rig.observer.probe_mdegc() == 31_250
    fresh = Rig(31_250)
    for n in range(200):
        flow = TICK_US if n % 50 < 20 else 0
        assert rig.update(16_000, flow) == fresh.update(16_000, flow)
        assert rig.observer.probe_mdegc() == fresh.observer.probe_mdegc()


def test_gas_that_no_step_has_taken_belongs_to_no_other_point():
    skin = Observer()
    skin.reset(32_000)
    skin.advance(16_000, 4_000, 4_000)  # less than a step's time is left: it waits
    skin.reset(31_000)
    skin.advance(0, 0, 10 * TICK_US)
    assert skin.surface_mdegc == 31_000


def test_before_a_reset_the_surface_is_no_warm_skin():
    assert Observer().surface_mdegc <= 0


def test_the_probe_lags_by_its_time_constant():
    rig = Rig(30_000)
    probe = 30_000.0
    share = 1 - math.exp(-10 / PROBE_TAU_MS)
    for n in range(3_000):
        surface = rig.update(16_000, TICK_US if n % 65 < 25 else 0)
        probe += (surface - probe) * share
        assert abs(rig.observer.probe_mdegc() - probe) <= 10


def test_the_tables_are_those_of_the_time_constants_and_weights():
    for i in range(len(TAU_MS)):
        share = DECAY[i] / 2 ** (6 + DECAY_SHIFT[i])  # the state is shifted by 6 before
        assert abs(share / LOSS[i] - 1) < 1e-3
        assert 512 <= DECAY[i] < 1024
        assert abs(GAIN[i] - WEIGHT_E4[i] * LOSS[i] * 2**18 / 10_000) <= 0.51


# --- the law of distance ----------------------------------------------------------------------------------------------
def at(k_mdegc, mm):
    micropython.heap_lock()
    try:
        return k_at(k_mdegc, mm)
    finally:
        micropython.heap_unlock()


def test_the_jet_falls_off_with_distance_and_is_never_underrated():
    for k in (8_000, 16_000, 50_000):
        assert at(k, 80) == k
        for mm in range(20, 231):
            exact = k * (80 / mm) ** 1.5
            assert at(k, mm) >= 0.995 * exact, mm
            assert at(k, mm) <= (1.015 if mm >= 60 else 1.02 if mm >= 50 else 1.085) * exact, mm


def test_the_jet_never_grows_with_distance_and_is_held_at_the_ends():
    last = at(16_000, -1)
    for mm in range(401):
        now = at(16_000, mm)
        assert now <= last
        last = now
    assert at(16_000, -1) == at(16_000, 0) == at(16_000, 20) > at(16_000, 21)
    assert at(16_000, 20) == 128_000
    assert at(16_000, 239) >= at(16_000, 240) == at(16_000, 400) == at(16_000, 30_000)
    assert abs(at(16_000, 240) - 3_079) < 20


def test_the_unrolled_states_are_the_tables():
    def by_the_tables(x, drive):
        drop = 0
        for i in range(7):
            x[i] += -((x[i] >> 6) * observer.DECAY[i] >> observer.DECAY_SHIFT[i]) + (drive * observer.GAIN[i] >> 10)
            drop += x[i]
        return 30_000 - (drop >> 8)

    watched = observer.Observer()
    watched.reset(30_000)
    x = [0] * 7
    surface = 30_000
    for tick in range(3_000):
        flow_us = 10_000 if tick % 70 < 25 or tick > 2_000 else tick % 3 * 1_300
        drive = 16_000 * ((surface + 78_500) // 106) // 1000 * flow_us // 10_000
        surface = by_the_tables(x, drive)
        watched.update(16_000, flow_us)
        assert watched.surface_mdegc == surface, tick


def test_the_law_of_distance_is_the_power_of_one_and_a_half():
    for step, thousandths in enumerate(FALL_OFF):
        assert abs(thousandths - 1000 * (80 / (20 + 10 * step)) ** 1.5) <= 0.5
    for mm, k in ((0, 80_000), (20, 80_000), (40, 28_280), (80, 10_000), (85, 9_190), (240, 1_920), (400, 1_920)):
        assert k_at(10_000, mm) == k


def nearer(k_mdegc, from_mm, to_mm):
    micropython.heap_lock()
    try:
        return k_nearer(k_mdegc, from_mm, to_mm)
    finally:
        micropython.heap_unlock()


def test_after_a_step_nearer_the_jet_is_taken_for_what_any_sensor_error_makes_of_it():
    for from_mm, to_mm in ((220, 70), (200, 120), (150, 75), (120, 108), (100, 80), (85, 70)):
        most = nearer(16_000, from_mm, to_mm)
        for error_mm in range(DISTANCE_ERROR_MM + 1):
            rise = ((from_mm - error_mm) / (to_mm - error_mm)) ** 1.5
            assert most >= 0.955 * at(16_000, from_mm) * rise, (from_mm, to_mm, error_mm)
        assert most <= 1.085 * at(16_000, from_mm) * rise  # of the largest error, not more
        assert most > at(16_000, to_mm) and isinstance(most, int)
        assert nearer(16_000, from_mm, from_mm) == at(16_000, from_mm)  # who stays has the same jet
    assert nearer(50_000, 220, 70) > 50_000  # the largest product: allocates nowhere


def test_the_probe_follows_the_surface_by_its_share_in_every_tick():
    share = int((1 - math.exp(-10 / 250)) * (1 << 14))
    assert observer.PROBE_TAU_MS == 250
    for k in range(10_000, 50_000, 1_000):
        model = Observer()
        model.reset(0)
        model.update(k, TICK_US)
        assert model.probe_mdegc() == ((model.surface_mdegc << 4) * share >> 14) >> 4


def test_before_a_reset_nothing_has_fallen():
    model = Observer()
    model.update(0, 0)
    assert model.surface_mdegc == 0 and model.probe_mdegc() == 0
