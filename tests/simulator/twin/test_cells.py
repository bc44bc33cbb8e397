"""The plant's cells: many in one call or one by one, as machine code or not, and what noise they draw."""

import random
import sys

import pytest

from boards.virtual import pins
from host_tools.simulator.twin import compiled
from host_tools.simulator.twin.guest import hal
from host_tools.simulator.twin.noise import Noise
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.probe import Probe
from host_tools.simulator.twin.skin import Skin
from host_tools.simulator.twin.wide_skin import WideSkin

JET_C = -78.5


def told(pieces_us):
    """Let a plant with a moving, noisy patient under gas sleep in such pieces; return all that it shows."""
    plant = Plant(phase_us=12_345)
    plant.probe.noise_c = 0.3
    plant.hand.tremor_mm = 1.0
    plant.hand.move(85.0, 300.0)
    plant.at(5_400, lambda p: (setattr(p.dose, "stuck", "open"), setattr(p.shutoff, "stuck", "open")))
    plant.at(333_300, lambda p: setattr(p.dose, "stuck", None))
    out, received, rx = hal.out[:], hal.received[:], bytearray(hal.RX_MAX)
    for us in pieces_us:
        out[0], out[1], out[2], out[3] = 0, 0, us, 0
        plant.exchange(out, b"", received, rx)
    shown = (plant.now_us, plant.skin.surface_c, plant.skin.lowest_c, plant.probe.bead_c, plant.line_bar, plant.bar)
    return *shown, plant.hand.mm, plant.thermopile.words, plant.record.samples, plant.record.valve_on_us, list(received)


@pytest.mark.parametrize(
    ("piece_us", "whole"), [(1_000, 1_000_000), (700, 1_000_000), (37_001, 1_000_000), (1_000, 2_500_000)]
)
def test_how_often_the_firmware_asks_changes_nothing(piece_us, whole):
    """After 1.8 s all is quiet: coarse steps begin with a cell of their own, in the middle of a long sleep too."""
    pieces = [piece_us] * (whole // piece_us)
    assert told([*pieces, whole - sum(pieces)]) == told([whole])


def did(plant, *events, sleep_us=10_000):
    """Let the firmware have done (us, op, arg) and sleep."""
    out = hal.out[:]
    out[0], out[1], out[2], out[3] = len(events), events[-1][0], sleep_us, 0
    for at, event in zip(range(hal.OUT_HEADER, len(out), hal.EVENT_INTS), events, strict=False):
        out[at], out[at + 1], out[at + 2] = event
    plant.exchange(out, b"", hal.received[:], bytearray(hal.RX_MAX))


def test_what_comes_between_two_of_its_doings_comes_between_them():
    plant = Plant()
    plant.at(2_000, lambda p: p.set_input(pins.ESTOP, 1))
    did(plant, (1_000, hal.OP_PIN, pins.LED << 1 | 1), (5_000, hal.OP_PIN, pins.LED << 1))
    assert plant.record.edges == [(1_000, "led", 1), (2_000, "estop", 1), (5_000, "led", 0)]


def test_a_watchdog_that_is_fed_too_late_has_bitten():
    plant = Plant()
    did(plant, (0, hal.OP_WATCHDOG, 30))
    did(plant, (1_000, hal.OP_FEED, 0))  # at 11 ms: it bites at 41
    did(plant, (21_000, hal.OP_FEED, 0))  # at 42 ms
    assert plant.record.resets == [(41_000, "watchdog")]


def test_the_noise_is_that_of_pythons_own_generator():
    noise, known = Noise(7), random.Random(7)
    at = 0
    for count in (1, 100, 2_047, 5_001, 3):
        if at + count > len(noise.values):
            noise.reserve(count, at)
            at = 0
        drawn = noise.values[at : at + count]
        at += count
        assert drawn == pytest.approx([known.gauss(0.0, 1.0) for _ in range(count)], abs=1e-12)


def test_a_probe_draws_the_same_noise_step_by_step():
    probe, known = Probe(t_c=30.0, seed=5), random.Random(5)
    probe.noise_c = 0.2
    for _ in range(3_000):
        assert probe.step(0.001, 30.0, 22.0) - 30.0 == pytest.approx(known.gauss(0.0, 0.2), abs=1e-12)


def test_without_numba_everything_stays_as_it_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setitem(compiled._state, "used", False)
    step = compiled.cells.skin_step
    assert compiled.use() is False
    assert compiled.cells.skin_step is step


# --- rings ------------------------------------------------------------------------------------------------------------
def burst(skin):
    """Give a burst, let the skin rest, give another."""
    skin.advance(0.3, 150.0, JET_C)
    skin.advance(0.5)
    skin.advance(0.2, 300.0, JET_C)
    return skin


def test_rings_under_an_endless_jet_are_the_skin_of_one_ring():
    one, rings = burst(Skin()), burst(WideSkin(radius_mm=1e7))
    assert rings.rings_c == pytest.approx([one.surface_c] * 12, abs=1e-6)
    assert rings.temperature_at(1.5) == pytest.approx(one.temperature_at(1.5), abs=1e-6)


def test_a_narrow_jet_leaves_the_rim_at_rest_and_heat_comes_from_aside():
    rest_c = Skin().surface_c
    wide, narrow = burst(WideSkin(radius_mm=25.0)), burst(WideSkin(radius_mm=4.0))
    assert wide.rings_c[-1] == pytest.approx(rest_c, abs=1e-3)
    assert list(wide.rings_c) == sorted(wide.rings_c)
    assert wide.surface_c == wide.rings_c[0]
    for skin in (wide, narrow):
        skin.advance(20.0, 30.0, JET_C)
    assert narrow.surface_c > wide.surface_c + 0.4


def test_finer_rings_change_nothing_that_counts():
    coarse, fine = (burst(WideSkin(radius_mm=20.0, rings=rings)) for rings in ((12, 4.0, 1.18), (48, 1.0, 1.04)))
    coarse.advance(10.0, 30.0, JET_C)
    fine.advance(10.0, 30.0, JET_C)
    assert coarse.surface_c == pytest.approx(fine.surface_c, abs=0.02)


def test_a_probe_beside_the_axis_feels_another_ring():
    plant = Plant()
    plant.skin = WideSkin(radius_mm=10.0, probe_mm=6.4)
    plant.dose.stuck = plant.shutoff.stuck = "open"
    plant._run_to(2_000_000)
    assert plant.skin.rings_c[0] < plant.skin.rings_c[1] < plant.probe.bead_c
    aside = Plant()
    aside.skin = WideSkin(radius_mm=10.0)
    aside.dose.stuck = aside.shutoff.stuck = "open"
    aside._run_to(2_000_000)
    assert aside.probe.bead_c < plant.probe.bead_c - 1.0
    assert aside.skin.surface_c == plant.skin.surface_c


@pytest.mark.parametrize(("radius_mm", "probe_mm"), [(0.0, 0.0), (20.0, -1.0), (20.0, 500.0)])
def test_impossible_rings_are_refused(radius_mm, probe_mm):
    with pytest.raises(ValueError, match="give"):
        WideSkin(radius_mm=radius_mm, probe_mm=probe_mm)
