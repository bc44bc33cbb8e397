"""The plant's cells: many in one call or one by one, as machine code or not, and the noise that they draw."""

import random
import sys

import pytest

from boards.virtual import pins
from host_tools.simulator.twin import compiled, jet
from host_tools.simulator.twin.guest import hal
from host_tools.simulator.twin.noise import Noise
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.probe import Probe
from host_tools.simulator.twin.skin2d import Skin2D

JET_C = -78.5


def told(pieces_us):
    """Let a plant with a moving, noisy patient under gas sleep in such pieces; return everything that it shows."""
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


def test_cells_that_wait_change_nothing_that_is_sensed():
    """Gas, a leaking line, the change to coarse steps, a hand that moves, another point: all with nobody who looks."""
    plants = [Plant(phase_us=12_345, seed=3) for _ in range(2)]
    waited, received = 0, [hal.received[:] for _ in plants]
    plants[1].watched = False
    for plant in plants:
        plant.probe.noise_c = 0.3
        plant.hand.tremor_mm = 1.0
        plant.dose_leak_s = 5.0
        plant.at(205_400, lambda p: (setattr(p.dose, "stuck", "open"), setattr(p.shutoff, "stuck", "open")))
        plant.at(333_300, lambda p: setattr(p.dose, "stuck", None))
        plant.at(339_000, lambda p: setattr(p.bottle, "temperature_c", 12.0))  # seen by a line that is still open
        plant.at(480_000, lambda p: setattr(p.shutoff, "stuck", None))
        plant.at(2_500_700, lambda p: p.hand.move(85.0, 300.0))
    for k in range(320):
        for plant, words in zip(plants, received, strict=True):
            if k == 151:
                plant.trigger(True)
            if k == 300:
                plant.new_skin(seed=2)
            did(plant, (900, hal.OP_PIN, pins.CS_SKIN << 1 | k & 1), sleep_us=9_107, received=words)
        assert received[0] == received[1], k
        waited += plants[1]._behind_us is not None
    plants[1].catch_up()
    assert plants[0].record.samples == plants[1].record.samples and plants[0].record.edges == plants[1].record.edges
    assert plants[0].skin.surface_c == plants[1].skin.surface_c
    assert waited > 100


def did(plant, *events, sleep_us=10_000, received=None):
    """Do (us, op, arg) as the firmware would, and sleep."""
    out = hal.out[:]
    out[0], out[1], out[2], out[3] = len(events), events[-1][0], sleep_us, 0
    for at, event in zip(range(hal.OUT_HEADER, len(out), hal.EVENT_INTS), events, strict=False):
        out[at], out[at + 1], out[at + 2] = event
    plant.exchange(out, b"", hal.received[:] if received is None else received, bytearray(hal.RX_MAX))


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
def test_a_probe_beside_the_axis_feels_another_ring():
    plant = Plant()
    plant.skin = Skin2D(half_mm=10.0, probe_off_mm=6.4)
    plant.dose.stuck = plant.shutoff.stuck = "open"
    plant._run_to(2_000_000)
    assert plant.skin.surface_c < plant.skin.top_c[1] < plant.probe.bead_c
    aside = Plant()
    aside.skin = Skin2D(half_mm=10.0)
    aside.dose.stuck = aside.shutoff.stuck = "open"
    aside._run_to(2_000_000)
    assert aside.probe.bead_c < plant.probe.bead_c - 1.0
    assert aside.skin.surface_c == plant.skin.surface_c


@pytest.mark.parametrize("film_mm", [0.0, 0.05])
def test_the_plant_gives_skin_of_rings_what_it_gets_step_by_step(film_mm):
    plant, alone = Plant(), Skin2D(half_mm=10.0, film_mm=film_mm, q10=2.0)
    plant.skin = Skin2D(half_mm=10.0, film_mm=film_mm, q10=2.0)
    plant.dose.stuck = plant.shutoff.stuck = "open"
    plant._run_to(1_000_500)  # half a cell of gas waits
    for _ in range(1_000):
        alone.step(jet.h_at(100.0, bar=plant.bar), JET_C)
    assert plant.skin.surface_c == pytest.approx(alone.surface_c, abs=0.02)  # the bottle cools a little
    assert plant.skin.lowest_c == plant.skin.surface_c
    assert list(plant.skin.gone) == pytest.approx(list(alone.gone), rel=1e-3, abs=1e-12)
    assert (plant.skin.gone[0] > 0.0) == bool(film_mm)
