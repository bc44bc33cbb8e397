"""A virtual foot: eight points in the places of the marking template, and the same skin under an ice pack.

Skin2D is a spot around the jet's axis. Each point has a spot of its own, which goes on re-warming while another one is
treated. What a point takes from its neighbours is left out: tests/simulator/twin/test_foot.py has how little it is.
"""

import math
from itertools import combinations, pairwise
from typing import Any

from host_tools.simulator.twin.probe import Probe
from host_tools.simulator.twin.skin2d import Skin2D
from host_tools.simulator.twin.surroundings import Thermopile

APART_MM = 30.0  # [C] a point takes 0.4 degC from skin so far away
PITCH_MM = 35.0  # of the marking template, in two columns: each mark may be drawn 2 mm beside its place
PLACES_MM = tuple((PITCH_MM * (n % 2), PITCH_MM * (n // 2)) for n in range(8))  # on the sole of a foot, from point 1 on
NEXT_MM = min(math.dist(a, b) for a, b in combinations(PLACES_MM, 2))
NEXT_K = 0.2  # [C] that a point takes from its neighbour on the template
STRAY = 0.04  # [E] of the infrared sensor: skin farther away than the rings reach, its own housing
AIR_C, BOX_K = 22.0, 3.0  # [E] the room; the converters' box over it
HALF_MM = 10.0  # [K] free jets: a tenth of the distance; docs/population.md has the range
PROBE_OFF_MM = 1.5  # [E] the mean of an operator who aims by both lights
EYE_HALF_MM = 6.0  # [K] 5 degree field
Q10 = 2.0  # [K] blood flow in models of the body
LOOK_US = 1_000_000  # between two figures of a course that re-warms
REWARM_STEP_S = 0.1  # no gas: slow


def lie(plant, skin, *, tau_s=0.25, noise_c=0.0, seed=1):
    """Put this skin under the nozzle, and the probe on it."""
    plant.catch_up()
    skin.nozzle_mm = lambda: plant.hand.mm
    skin.settle(0.0)  # the jet's profile at this distance
    plant.skin = skin
    plant.probe = Probe(tau_s=tau_s, t_c=skin.probe_c, seed=seed)
    plant.probe.noise_c = noise_c


def surround(plant, air_c, box_k, seed=1):
    """Put the plant into a room, with its converters in a box and an infrared sensor that sees rings of skin."""
    plant.air_c = air_c
    for chip in plant.chips:
        chip.cold_junction_c = air_c + box_k
    plant.thermopile = Thermopile(plant.skin.seen_c, seed)
    plant.thermopile.stray = STRAY


class Foot:
    """The points of one foot, by their place in the operator's plan (plant.record.point). All are alike at first."""

    def __init__(self, places_mm=PLACES_MM):
        nearest_mm = min((math.dist(a, b) for a, b in combinations(places_mm, 2)), default=math.inf)
        if nearest_mm < APART_MM:
            raise ValueError(f"two points are {nearest_mm:g} mm apart: give {APART_MM:g} mm or more")
        self._skins = [self.skin() for _ in places_mm]
        self._seen_us = [0] * len(places_mm)  # so far a skin that re-warms was computed
        self._rewarmed = [[] for _ in places_mm]  # (us, degC)
        self._visits = []  # (us, point under the nozzle)
        self._plant: Any = None

    @staticmethod
    def skin(dt_s=0.001):
        """Return a spot of this foot at rest."""
        return Skin2D(
            dt_s=dt_s, t_ambient_c=AIR_C, half_mm=HALF_MM, probe_off_mm=PROBE_OFF_MM, eye_half_mm=EYE_HALF_MM, q10=Q10
        )

    def before(self, plant):
        """Put the foot's first point under the plant's nozzle."""
        self._plant = plant
        self._lie(0)
        surround(plant, AIR_C, BOX_K)
        plant.foot = self
        plant.new_skin = lambda seed=1: self._lie(plant.record.point, seed)

    def _lie(self, point, seed=1):
        self.look()
        self._visits.append((self._plant.now_us, point))
        lie(self._plant, self._skins[point], seed=seed)

    def look(self):
        """Let the points that are not under the nozzle re-warm until now; return all skins."""
        now_us = self._plant.now_us
        under = self._visits[-1][1] if self._visits else None
        for point, skin in enumerate(self._skins):
            if point == under:
                self._seen_us[point] = now_us
            elif not any(visited == point for _, visited in self._visits):
                continue  # at rest
            while now_us - self._seen_us[point] >= LOOK_US:
                skin.rest(LOOK_US / 1e6, REWARM_STEP_S)
                self._seen_us[point] += LOOK_US
                self._rewarmed[point].append((self._seen_us[point], skin.surface_c))
        return self._skins

    def courses(self, every_us=100_000):
        """Return the true surface of each point until now: [(us, degC)] from its first treatment on."""
        self.look()
        out = [list(course) for course in self._rewarmed]
        samples = [sample for sample in self._plant.record.samples if sample[0] % every_us == 0]
        end = (self._plant.now_us + 1, -1)
        for (from_us, point), (to_us, _) in pairwise([*self._visits, end]):
            out[point] += [(at_us, surface_c) for at_us, surface_c, *_ in samples if from_us <= at_us < to_us]
        return [sorted(course) for course in out]
