"""Virtual skin with a radius: a jet of finite width over rings of tissue, with callus, water and variable blood flow.

`Skin` (skin.py) is one column under a jet as wide as the body. This one has the same interface and the same physics
in depth. In addition: the jet's coefficient falls with the distance from its axis; probe and infrared sensor have their
own places; any layers are possible; a film of water evaporates and freezes; blood flow falls as the dermis cools.

It leaves out: the jet's axis is the patch's, so a hand that moves sideways is not modelled; the film keeps its
thickness for conduction while it evaporates (a treatment takes a fiftieth of a millimetre); no dew forms on dry skin.
"""

import math
from collections.abc import Callable

import numpy as np

from host_tools.simulator.twin import cells, film, stack
from host_tools.simulator.twin.figures import Figures, figure
from host_tools.simulator.twin.skin import (
    AMBIENT_C,
    AMBIENT_H_W_M2K,
    CORE_C,
    FIRST_CELL_MM,
    GROWTH,
    IDLE_DT_S,
    LAST_CELL_MM,
    LAYERS,
)

EDGES_MM = tuple(stack.ring_edges_mm())
GRID = (FIRST_CELL_MM, GROWTH, LAST_CELL_MM)
REFERENCE_MM = 100.0  # the distance for which a jet's radius is given
SAME_MM = 0.5  # a hand that moved by less keeps the profile
SLOW_S = 0.01  # film: time between two calculations of the evaporation
BLOOD_S = 0.1  # blood flow: time between two calculations
PROFILE_POWER = 4.0
REST_C = 33.0  # [K] of the dermis: there the blood flow is the layers' own


def profile(edges_mm, half_mm):
    """Return each ring's share of the coefficient on the axis.

    A bell (1 + a r^2)^-4 that has half its height at half_mm. Free round jets widen in proportion to the distance, with
    half the speed at 0.1 of it [K]; the power is taken so that the skin 30 mm away falls by 0.4 degC in a minute, which
    is what an independent two-dimensional model with gas spreading over the skin gave [C].
    """
    edges = np.asarray(edges_mm)
    if math.isinf(half_mm):
        return np.ones(len(edges) - 1)
    a = (2.0 ** (1.0 / PROFILE_POWER) - 1.0) / half_mm**2
    outside = (1.0 + a * edges**2) ** (1.0 - PROFILE_POWER)
    return -np.diff(outside) / (a * (PROFILE_POWER - 1.0) * np.diff(edges**2))


def look_at(edges_mm, offset_mm):
    """Return the weights of the rings that read the skin at one radius.

    Near the axis temperatures go with the radius squared: between the rings' mean squares, and within the first one, a
    straight line in that.
    """
    squares = (edges_mm[1:] ** 2 + edges_mm[:-1] ** 2) / 2
    low = int(np.clip(np.searchsorted(squares, offset_mm**2) - 1, 0, len(squares) - 2))
    share = (offset_mm**2 - squares[low]) / (squares[low + 1] - squares[low])
    weights = np.zeros(len(squares))
    weights[low : low + 2] = (1.0 - share, share)
    return weights


def look_wide(rings, half_mm):
    """Return the weights of the rings for a sensor whose sensitivity is half at half_mm off the axis."""
    seen = rings.area_m2 * 0.5 ** ((rings.middle_mm / half_mm) ** 2)
    return seen / seen.sum()


class Skin2D(Figures):
    """A patch of skin under air and a jet of finite radius.

    surface_c   the tissue's surface where it is coldest, degC: what must not freeze; lowest_c its lowest so far
    probe_c     the tissue's surface under the probe
    seen_c      what the infrared sensor sees: the water where there is some
    nozzle_mm   a function that tells the nozzle's distance; none: the jet is as wide as at 100 mm

    `half_mm` is the radius at which the jet's coefficient is half that on the axis, 100 mm away; inf: everywhere alike.
    `probe_off_mm` is how far the probe sits off the axis. `film_mm` of water lie on the skin, in air of `humidity`.
    `q10` is the factor by which blood flow falls with each 10 K; 1: it does not. `rest_c`: a cover held the surface at
    this until now; none: at rest in the air.

    What cells.py works with: `theta`, the modes; `shape`, on each ring the jet's share, and by how much colder air and
    jet seem to wet skin; `looks`, the weights of the rings for the probe, the infrared sensor and the axis; `room`,
    each ring's outer surface (0), what evaporation took, W/m2 summed over the steps (3), its tissue's surface (4).
    """

    rest_c, h_ambient_w_m2k, ambient_c, surface_c, lowest_c, top_rest_c = map(figure, range(6))

    def __init__(self, *, dt_s=0.001, layers=LAYERS, h_ambient_w_m2k=AMBIENT_H_W_M2K, t_ambient_c=AMBIENT_C,
                 deep_c=CORE_C, half_mm=math.inf, probe_off_mm=0.0, eye_half_mm=6.0, film_mm=0.0, humidity=0.5,
                 q10=1.0, rest_c=None, grid=GRID, edges_mm=EDGES_MM):  # fmt: skip
        if not dt_s > 0:
            raise ValueError(f"dt_s is {dt_s}: give a step above 0 s")
        super().__init__(6)
        self.dt_s = dt_s
        self.half_mm = half_mm
        self.q10 = q10
        self.humidity = humidity
        self.nozzle_mm: Callable[[], float] | None = None
        self.modes = stack.modes(tuple(layers), film_mm, deep_c, tuple(grid), tuple(edges_mm))
        self.fine, self.coarse = (stack.operator(self.modes, seconds) for seconds in (dt_s, IDLE_DT_S))
        self.under = self.modes.under
        self.each_stop = True
        self.each_cell = film_mm > 0
        rings, depth = self.modes.rings, self.modes.stack
        self.edges_mm = rings.edges_m * 1e3
        count = len(rings.area_m2)
        self.spread, self.gather = rings.spread, rings.gather
        self.looks = np.array(
            [look_at(self.edges_mm, probe_off_mm), look_wide(rings, eye_half_mm), look_at(self.edges_mm, 0.0)]
        )
        self.rest_c = float(depth.sealed_c[0])
        self.top_rest_c = float(depth.sealed_c[depth.top])
        self.set_ambient(h_ambient_w_m2k, t_ambient_c)
        at_rest = depth.covered(rest_c) if rest_c is not None else depth.steady(h_ambient_w_m2k, t_ambient_c)
        self.theta = self.modes.of(np.tile(at_rest - depth.sealed_c, (count, 1)))
        self.room = np.zeros((5, count))
        self.room[0], self.room[4] = at_rest[0], at_rest[depth.top]
        self.shape = np.zeros((3, count))
        self.gone = np.zeros(count)  # kg/m2 of water that have evaporated
        self.ice = np.zeros((count, depth.top + 1))  # kg/m2 of each node of the film
        self._dermis = np.flatnonzero(depth.dermis)
        self._dermis_rest_c = at_rest[self._dermis]
        self._dermis_shapes = np.ascontiguousarray(self.modes.shapes[:, self._dermis])  # read ten times a second
        self._slow_s = self._blood_s = 0.0
        self._aim(REFERENCE_MM)
        self.surface_c = self.lowest_c = float(at_rest[depth.top])

    def set_ambient(self, h_w_m2k, t_c):
        """Set the exchange with the surroundings from now on: coefficient W/m2K >= 0, temperature degC."""
        if h_w_m2k < 0:
            raise ValueError(f"ambient coefficient {h_w_m2k} W/m2K: give 0 or more")
        self.h_ambient_w_m2k = float(h_w_m2k)
        self.ambient_c = float(t_c)

    def _aim(self, mm):
        self._aimed_mm = mm
        self.shape[0] = profile(self.edges_mm, self.half_mm * mm / REFERENCE_MM)

    @property
    def outer_c(self):
        """Each ring's outer surface, degC: the water's where there is some."""
        return self.room[0]

    @property
    def top_c(self):
        """Each ring's tissue surface, degC."""
        return self.room[4]

    @property
    def probe_c(self):
        return float(self.looks[0] @ self.room[4])

    @property
    def seen_c(self):
        return float(self.looks[1] @ self.room[0])

    def step(self, h_jet_w_m2k, t_jet_c):
        """Advance one `dt_s` under a jet (W/m2K on the axis, degC), or air for h = 0; returns `surface_c` (degC)."""
        return self._advance_one(self.fine, h_jet_w_m2k, t_jet_c)

    def _advance_one(self, operator, h_jet, t_jet):
        self.surface_c, _, _ = cells.skin_step(
            self.theta, operator.decay, operator.drive, self.modes.weights, operator.response, self.spread, self.gather,
            self.room, self.shape, self.looks, self.under, self.rest_c, self.h_ambient_w_m2k, self.ambient_c,
            self.top_rest_c, h_jet, t_jet,
        )  # fmt: skip
        self.lowest_c = min(self.lowest_c, self.surface_c)
        self.settle(operator.dt_s)
        return self.surface_c

    def settle(self, seconds):
        """Do what need not be done within the cells: they ran for so long."""
        if self.nozzle_mm is not None:
            mm = self.nozzle_mm()
            if abs(mm - self._aimed_mm) > SAME_MM:
                self._aim(mm)
        if self.each_cell:
            self.gone += self.room[3] * (seconds / film.LATENT_J_KG)
            self.room[3] = 0.0
            if self.room[0].min() < 0.0 or self.ice.any():
                self._freeze()
            self._slow_s += seconds
            if self._slow_s >= SLOW_S - 1e-9:
                self._slow_s = 0.0
                self._evaporate()
        if self.q10 != 1.0:
            self._blood_s += seconds
            if self._blood_s >= BLOOD_S - 1e-9:
                self._bleed(self._blood_s)
                self._blood_s = 0.0

    def _evaporate(self):
        """Compute again by how much colder air and jet seem, as far as water is left."""
        left = self.modes.stack.water_kg_m2.sum() - self.gone > 0.0
        self.shape[1] = np.where(left, film.air_fall_k(self.room[0], self.ambient_c, self.humidity), 0.0)
        self.shape[2] = np.where(left, film.jet_fall_k(self.room[0]), 0.0)

    def _freeze(self):
        """Let each node of the film that passed 0 degC freeze or melt, as far as the heat suffices."""
        depth = self.modes.stack
        chosen = slice(0, depth.top + 1)
        at_c = depth.sealed_c[chosen] + self.modes.nodes(self.theta, chosen)
        left = depth.water_kg_m2[chosen] - self.ice
        room = np.clip(-at_c * depth.capacity[chosen] / film.FUSION_J_KG, -self.ice, left)
        self.ice += room
        heat = self.gather @ (room * film.FUSION_J_KG)
        self.theta += np.einsum("jnk,jn->jk", self.modes.shapes[:, chosen], heat)

    def _bleed(self, seconds):
        """Take from the dermis the heat that the reduced blood flow does not bring; at rest the flow is the layers'
        own.

        Flow falls by q10 with each 10 K of the tissue (2 in Stolwijk's model of the body and its descendants [K]).
        """
        depth, rest_c = self.modes.stack, self._dermis_rest_c
        shapes = self._dermis_shapes
        at_c = depth.sealed_c[self._dermis] + self.modes.at(shapes, self.theta)
        flow = self.q10 ** (np.minimum(at_c - rest_c, 0.0) / 10.0)
        heat = (flow - 1.0) * depth.dermis[self._dermis] * (depth.deep_c - at_c) * seconds
        self.theta += np.matmul((self.gather @ heat)[:, None, :], shapes)[:, 0]

    def advance(self, seconds, h_w_m2k=0.0, t_c=0.0):
        """Advance by the whole number of steps nearest to `seconds` with a constant jet (default: none)."""
        for _ in range(round(seconds / self.dt_s)):
            self.step(h_w_m2k, t_c)
        return self.surface_c

    def idle(self, seconds):
        """Advance with ambient air only, in steps of 10 ms as far as they fit, the rest in `dt_s`."""
        whole = math.floor(seconds / IDLE_DT_S + 1e-9) if self.dt_s < IDLE_DT_S else 0
        self.rest(whole * IDLE_DT_S, IDLE_DT_S)
        return self.advance(max(seconds - whole * IDLE_DT_S, 0.0))

    def rest(self, seconds, step_s):
        """Advance with ambient air only, in coarser steps."""
        coarse = self.coarse if step_s == IDLE_DT_S else stack.operator(self.modes, step_s)
        for _ in range(round(seconds / step_s)):
            self._advance_one(coarse, 0.0, 0.0)
        return self.surface_c

    def temperatures(self):
        """Return every node's temperature above the core: a row a ring."""
        return self.modes.stack.sealed_c + self.modes.nodes(self.theta)

    def temperature_at(self, depth_mm, ring=0):
        """Temperature (degC) at a depth of the tissue, 0 (surface) to the core's; raises ValueError outside."""
        depth = self.modes.stack
        at_mm = depth.nodes_mm - depth.film_mm
        if not 0 <= depth_mm <= at_mm[-1] + 1e-9:
            raise ValueError(f"depth {depth_mm} mm: give 0 to {at_mm[-1]:.1f} mm")
        return float(np.interp(depth_mm, at_mm, np.append(self.temperatures()[ring], depth.deep_c)))

    def copy(self):
        """An independent skin in the same state."""
        other = object.__new__(type(self))
        for name, value in self.__dict__.items():
            own = isinstance(value, np.ndarray) and name not in ("spread", "gather", "looks", "edges_mm")
            setattr(other, name, value.copy() if own else value)
        other.figures = other.array.data
        return other
