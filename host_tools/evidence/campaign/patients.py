"""Draws a virtual patient, an operator's hand and a device within its tolerances. A range without a mark is [E]."""

import random
from dataclasses import dataclass

from host_tools.evidence.campaign.body import Body
from host_tools.evidence.campaign.moments import HAND_US, MOVE_BURSTS, MOVE_SHARE, RELEASE_BURSTS, RELEASE_SHARE
from host_tools.simulator.twin.plant import TICKS_MASK, Plant
from host_tools.simulator.twin.probe import Probe
from host_tools.simulator.twin.skin import LAYERS, Layer, Skin
from host_tools.simulator.twin.surroundings import Thermopile
from host_tools.simulator.twin.treatment import Plan

H_MIN, H_MAX = 30.0, 1_000.0  # W/m2K at the skin; 183 is 70 mm, the least distance at which a burst goes on
WALK_MM_S = 300.0  # an operator who moves in up to this fast is use, not a fault
STAY_MM = (80.0, 200.0)  # where a treatment may start
# Ranges for runs with faults. The patient of a treatment without a fault is drawn from narrower ones where draw() says
# so.
RANGES = {
    "distance_mm": STAY_MM,
    "strength": (0.9, 1.1),
    "bottle_room_c": (16.0, 26.0),
    "epidermis_mm": (0.06, 0.8),  # [K] soles are the thickest
    "dermis_mm": (1.0, 2.5),
    "fat_mm": (2.0, 15.0),
    "conduction": (0.9, 1.1),
    "perfusion": (0.3, 1.5),
    "probe_tau_s": (0.15, 0.4),
    "probe_noise_c": (0.0, 0.05),  # in addition to the converter's own 0.05
    "tremor_mm": (0.0, 1.5),
    "sway_mm": (0.0, 3.0),
    "dose_open_ms": (10.0, 20.0),  # [S] valves: 5-25 ms
    "shutoff_open_ms": (15.0, 25.0),
    "dose_close_ms": (12.0, 22.0),
    "shutoff_close_ms": (12.0, 25.0),
    "light_sway": (0.0, 0.15),
}


@dataclass(frozen=True)
class Patient:
    """Everything about one run except its faults. Times in us, lengths in mm."""

    preset: str
    level: int
    distance_mm: float
    strength: float = 1.0  # strength of the jet over its calibration
    bottle_room_c: float = 20.0  # sets the bottle's pressure
    layers_mm: tuple[float, float, float] = (0.1, 1.5, 8.0)  # epidermis, dermis, fat
    conduction: float = 1.0
    perfusion: float = 1.0
    probe_tau_s: float = 0.25
    probe_noise_c: float = 0.0
    tremor_mm: float = 0.0
    sway_mm: float = 0.0
    light_sway: float = 0.0
    open_ms: tuple[float, float] = (15.0, 20.0)  # dose valve, shut-off
    close_ms: tuple[float, float] = (20.0, 20.0)
    jitter_us: int = 0
    phase_us: int = 0
    wrap_us: int = 3_000_000  # when the tick counter wraps, after switch-on
    moves: tuple[float, float, int, int] | None = None  # to mm, at mm/s, from burst, offset us
    jump: tuple[float, int, int] | None = None  # the jet's strength from then on: factor, burst, offset us
    lets_go: tuple[int, int] | None = None  # one release of the trigger: at burst, offset us; then pressed again
    reads_far_mm: float = 0.0  # of the distance sensor, from switch-on on: a fault
    freezes: bool = False  # the distance sensor stands still from the moment at which the hand moves: a fault
    drifts: tuple[float, int] | None = None  # the distance sensor: mm/s, from burst: a fault
    seed: int = 1
    guided: tuple[float, float] | None = None  # the hand follows the guidance: reaction s, speed mm/s
    body: Body | None = None  # body of the population; None: skin of one column in a room of 22 degC

    def plan(self, **more):
        """Return the operator's plan: one point, or what the body has."""
        points = self.body.points if self.body else (1,)
        return Plan(
            self.preset, self.level, points=points, warm_up=False, distance_mm=self.distance_mm, guided=self.guided,
            **more,
        )  # fmt: skip

    def plant(self, make: type[Plant] = Plant) -> Plant:
        """Return the plant with this patient in front of its nozzle; make is the plant's class."""
        plant = make(distance_mm=self.distance_mm, seed=self.seed, phase_us=self.phase_us, room_c=self.bottle_room_c)
        plant.ticks_origin = TICKS_MASK + 1 - self.wrap_us & TICKS_MASK
        plant.ticks_ms_origin = TICKS_MASK + 1 - self.wrap_us // 1000 & TICKS_MASK
        plant.strength = self.strength
        plant.range_error_mm = self.reads_far_mm
        plant.jitter_us = self.jitter_us
        plant.hand.tremor_mm = self.tremor_mm
        plant.hand.sway_mm = self.sway_mm
        plant.light_sway = self.light_sway
        for valve, opens, closes in zip((plant.dose, plant.shutoff), self.open_ms, self.close_ms, strict=True):
            valve.open_delay_us, valve.close_delay_us = round(opens * 1000), round(closes * 1000)
        plant.skin = Skin(layers=self._layers())
        plant.probe = Probe(tau_s=self.probe_tau_s, t_c=plant.skin.surface_c, seed=self.seed)
        plant.probe.noise_c = self.probe_noise_c
        plant.thermopile = Thermopile(plant.skin.surface_c, self.seed)
        if self.body:
            self.body.before(plant, self._layers(), tau_s=self.probe_tau_s, noise_c=self.probe_noise_c, seed=self.seed)
        if self.moves:
            mm, speed_mm_s, burst, offset_us = self.moves
            plant.on_burst(burst, offset_us, lambda p: p.hand.move(mm, speed_mm_s))
            if self.freezes:
                plant.on_burst(burst, offset_us, lambda p: setattr(p, "range_frozen", True))
        if self.drifts:
            drift_mm_s, burst = self.drifts
            plant.on_burst(burst, 0, lambda p: setattr(p, "range_drift_mm_s", drift_mm_s))
        if self.lets_go:
            plant.on_burst(*self.lets_go, lambda p: p.trigger(False))
        if self.jump:
            factor, burst, offset_us = self.jump
            plant.on_burst(burst, offset_us, lambda p: setattr(p, "strength", factor))
        return plant

    def _layers(self):
        epidermis, dermis, fat, muscle = LAYERS
        thick = (*self.layers_mm, muscle.thickness_mm)
        return tuple(
            Layer(x.name, mm, x.k_w_mk * self.conduction, x.rho_kg_m3, x.c_j_kgk, x.perfusion_per_s * self.perfusion)
            for x, mm in zip((epidermis, dermis, fat, muscle), thick, strict=True)
        )


def draw(rng: random.Random, level: tuple[str, int], *, sound: bool, moves: bool = True) -> Patient:
    """Draw a patient for a level. sound: from a healthy treatment's ranges, else from those of runs with faults."""
    def within(name, digits):
        return round(rng.uniform(*RANGES[name]), digits)

    tau_s = rng.uniform(0.2, 0.3) if sound else rng.uniform(*RANGES["probe_tau_s"])  # [S] 0.25 for 40 AWG in air
    distance_mm = rng.uniform(85.0, 130.0) if sound else rng.uniform(*STAY_MM)
    skin = (rng.uniform(0.06, 0.15), rng.uniform(1.0, 2.0), rng.uniform(3.0, 12.0))
    if not sound:
        skin = tuple(rng.uniform(*RANGES[name]) for name in ("epidermis_mm", "dermis_mm", "fat_mm"))
    return Patient(
        *level,
        distance_mm=round(distance_mm, 1),
        strength=within("strength", 3),
        bottle_room_c=within("bottle_room_c", 1),
        layers_mm=(round(skin[0], 3), round(skin[1], 3), round(skin[2], 3)),
        conduction=within("conduction", 3),
        perfusion=within("perfusion", 2),
        probe_tau_s=round(tau_s, 3),
        probe_noise_c=within("probe_noise_c", 3),
        tremor_mm=within("tremor_mm", 2),
        sway_mm=within("sway_mm", 2),
        open_ms=(within("dose_open_ms", 1), within("shutoff_open_ms", 1)),
        close_ms=(within("dose_close_ms", 1), within("shutoff_close_ms", 1)),
        jitter_us=rng.choice((0, 500, 2_000)),
        phase_us=rng.randrange(100_000),
        wrap_us=rng.randrange(100_000, 70_000_000),
        moves=_move(rng) if moves and not sound and rng.random() < MOVE_SHARE else None,
        seed=rng.randrange(1, 1 << 30),
        lets_go=_let_go(rng) if sound and rng.random() < RELEASE_SHARE else None,
        light_sway=within("light_sway", 3),
    )


def near_mm(h_w_m2k: float) -> float:
    """Return the distance at which the reference jet has this coefficient: the inverse of jet.h_at."""
    return 80.0 * (150.0 / h_w_m2k) ** (1 / 1.5)


def way(rng: random.Random) -> tuple[float, float]:
    """Draw where the hand goes, to a jet of 30 to 1000 W/m2K at the skin, and its speed: at most a walking hand's."""
    h = H_MIN * (H_MAX / H_MIN) ** rng.random()
    return round(near_mm(h), 1), round(rng.uniform(20.0, WALK_MM_S))


def _move(rng):
    return *way(rng), rng.choice(MOVE_BURSTS), rng.randrange(HAND_US)


def _let_go(rng):
    return rng.choice(RELEASE_BURSTS), rng.randrange(HAND_US)
