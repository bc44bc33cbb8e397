"""Virtual skin: one-dimensional Pennes bioheat conduction with heat exchange at the surface.

The tissue from the surface down to a core at fixed temperature is cut into finite volumes, fine at the
surface and coarse below, and advanced by implicit Euler. Without surface exchange the tissue has modes that decay
independently of each other (`numpy.linalg.eigh`), so a step is one product for each mode. The surface exchange q =
h*(T_env - T_surface) is a scalar that follows in closed form, so h may change at every step at no cost.

The jet REPLACES the ambient air where it strikes: the stronger of the two coefficients acts. The air adds only what a
jet weaker than itself leaves, so a small leak never insulates the skin. Compared with reference times of a continuous
jet [C], this is within 3 % for h = 50 to 300, where adding both is up to 7 % late; and the Mourot 2007 curve [S] ends
at 7.6 degC, where adding both gives 8.4 (published 7.3 +- 0.8).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from host_tools.simulator.twin import cells
from host_tools.simulator.twin.figures import Figures, figure

BLOOD_RHO_C_J_M3K = 1060.0 * 3770.0  # density and heat capacity of blood, [K] common Pennes figures
AMBIENT_H_W_M2K = 10.0  # [E] free convection and radiation of bare skin
AMBIENT_C = 22.0  # [E] treatment room
CORE_C = 37.0  # [K]

IDLE_DT_S = 0.010  # step of idle(); it equals a tick of the firmware
FIRST_CELL_MM = 0.012  # about the depth heat diffuses to in one step of 1 ms
LAST_CELL_MM = 1.0
GROWTH = 1.09


@dataclass(frozen=True)
class Layer:
    """One homogeneous tissue layer; `perfusion_per_s` is volume of blood per volume of tissue and second."""

    name: str
    thickness_mm: float
    k_w_mk: float
    rho_kg_m3: float
    c_j_kgk: float
    perfusion_per_s: float


# [K] Values in common use for skin of the limbs; they reproduce a resting surface of 32.8 degC at 22 degC.
LAYERS: tuple[Layer, ...] = (
    Layer("epidermis", 0.1, 0.21, 1200.0, 3600.0, 0.0),
    Layer("dermis", 1.5, 0.37, 1200.0, 3300.0, 1.25e-3),
    Layer("fat", 8.0, 0.16, 1000.0, 2500.0, 5.0e-4),
    Layer("muscle", 20.0, 0.5, 1050.0, 3600.0, 5.0e-4),
)


def _nodes_m(depth_mm, first_mm, growth, last_mm):
    """Depths of the nodes, 0 to `depth_mm`, in metres; spacings grow by `growth` up to `last_mm`."""
    spacing, total = [], 0.0
    step = first_mm
    while total < depth_mm:
        spacing.append(step)
        total += step
        step = min(step * growth, last_mm)
    return np.concatenate(([0.0], np.cumsum(spacing))) * (depth_mm / total) * 1e-3


class _Tissue:
    """Finite volumes of a layer stack: capacity, conduction and perfusion without surface exchange.

    Node 0 lies on the surface and owns half a cell; the deepest node is the core, at fixed temperature.
    Properties are integrated exactly over the cells, so layer borders need not fall on a node.
    """

    def __init__(self, layers, t_core_c, t_blood_c, grid):
        if not layers:
            raise ValueError("no layers: give at least one Layer")
        border = np.concatenate(([0.0], np.cumsum([x.thickness_mm for x in layers]))) * 1e-3
        thick = np.diff(border)

        def integral(values, at):
            return np.interp(at, border, np.concatenate(([0.0], np.cumsum(np.array(values) * thick))))

        nodes = _nodes_m(border[-1] * 1e3, *grid)
        edges = np.concatenate(([0.0], (nodes[1:] + nodes[:-1]) / 2))
        conductance = 1.0 / np.diff(integral([1.0 / x.k_w_mk for x in layers], nodes))
        perfusion = np.diff(integral([x.perfusion_per_s * BLOOD_RHO_C_J_M3K for x in layers], edges))
        self.capacity = np.diff(integral([x.rho_kg_m3 * x.c_j_kgk for x in layers], edges))
        self.sideways = np.diff(integral([x.k_w_mk for x in layers], edges))  # W/K: conduction along the surface
        self.nodes_mm = nodes * 1e3
        self.t_core_c = t_core_c
        count = len(self.capacity)
        loss = np.diag(perfusion)
        index = np.arange(count)
        loss[index, index] += conductance
        loss[index[1:], index[1:]] += conductance[:-1]
        loss[index[1:], index[:-1]] -= conductance[:-1]
        loss[index[:-1], index[1:]] -= conductance[:-1]
        self.loss = loss
        self.source = perfusion * t_blood_c
        self.source[-1] += conductance[-1] * t_core_c
        self.sealed_c = np.linalg.solve(loss, self.source)  # at rest without surface exchange: the modes start here

    def steady(self, h_w_m2k, t_env_c):
        """Temperatures of the nodes above the core at rest with one surface exchange."""
        loss, source = self.loss.copy(), self.source.copy()
        loss[0, 0] += h_w_m2k
        source[0] += h_w_m2k * t_env_c
        return np.linalg.solve(loss, source)


class Modes:
    """The modes of a tissue: one row a wave number along the surface (1/m; 0 is the whole surface alike).

    rate       1/s, of each mode's decay
    weights    degC at the surface a unit of a mode
    shapes     degC at each node a unit of a mode
    """

    def __init__(self, tissue, waves_per_m=(0.0,)):
        root = np.sqrt(tissue.capacity)
        rows = [tissue.loss + np.diag(wave**2 * tissue.sideways) for wave in waves_per_m]
        self.rate, vectors = np.linalg.eigh(np.array(rows) / np.outer(root, root))
        self.shapes = vectors / root[:, None]
        self.weights = np.ascontiguousarray(self.shapes[:, 0, :])
        self.tissue = tissue
        self._root = root
        self._vectors = vectors

    def of(self, above_c):
        """Return the first row's modes of temperatures above the sealed tissue's."""
        return self._vectors[0].T @ (self._root * above_c)


class Operator:
    """One implicit step of dt_s on the modes: decay, what a flux of 1 W/m2 adds, and that at the surface (degC)."""

    def __init__(self, modes, dt_s):
        self.decay = 1.0 / (1.0 + dt_s * modes.rate)
        self.drive = self.decay * dt_s * modes.weights
        rows = (modes.weights * self.drive).sum(axis=1)
        self.response = np.append(rows, rows.mean())  # of each row, and the one used before the flux is known


@lru_cache(maxsize=16)
def _modes(layers, t_core_c, t_blood_c, grid, waves_per_m):
    return Modes(_Tissue(layers, t_core_c, t_blood_c, grid), waves_per_m)


@lru_cache(maxsize=16)
def _at_rest(tissue, h_w_m2k, t_env_c):
    """Return tissue.steady(): a patient's points have the same air."""
    return tissue.steady(h_w_m2k, t_env_c)


@lru_cache(maxsize=16)
def _operator(modes, dt_s):
    return Operator(modes, dt_s)


class Skin(Figures):
    """Skin under ambient air and a jet; starts at rest in the air (surface about 32.8 degC).

    `surface_c` is the temperature of the surface itself (degC) after the last step, `lowest_c` its lowest so far.
    `dt_s` is the step of `step()`, seconds, > 0. Raises ValueError for a step that is not positive or a stack without
    layers.
    """

    rest_c, h_ambient_w_m2k, ambient_c, surface_c, lowest_c = map(figure, range(5))  # rest_c: with a sealed surface

    # Figures of a surface with several rings (skin2d.py). Here one ring stands for the whole surface.
    waves_per_m: tuple[float, ...] = (0.0,)
    spread = np.ones((1, 1))  # ring, row of modes
    gather = np.ones((1, 1))  # row of modes, ring
    shape = np.array([[1.0], [0.0], [0.0]])  # the jet's coefficient on each ring, as a share of that on the axis ...
    looks = np.ones((3, 1))  # how much of each ring the probe feels, the infrared sensor sees, and the axis is
    under = np.empty((0, 0))  # from modes to the tissue under a film of water
    each_stop = False  # whether settle() does anything: then each stop of the cells matters
    each_cell = False  # whether settle() must be called after each cell

    def __init__(self, *, dt_s=0.001, layers=LAYERS, h_ambient_w_m2k=AMBIENT_H_W_M2K, t_ambient_c=AMBIENT_C,
                 t_core_c=CORE_C, t_blood_c=37.0, grid=(FIRST_CELL_MM, GROWTH, LAST_CELL_MM)):
        if not dt_s > 0:
            raise ValueError(f"dt_s is {dt_s}: give a step above 0 s")
        super().__init__(6)
        self.dt_s = dt_s
        self.modes = _modes(tuple(layers), t_core_c, t_blood_c, tuple(grid), self.waves_per_m)
        self.fine = _operator(self.modes, dt_s)
        self.coarse = _operator(self.modes, IDLE_DT_S)
        self.set_ambient(h_ambient_w_m2k, t_ambient_c)
        tissue = self.modes.tissue
        self.rest_c = float(tissue.sealed_c[0])
        at_rest_c = _at_rest(tissue, h_ambient_w_m2k, t_ambient_c)
        self.theta = np.zeros(self.modes.rate.shape)
        self.theta[0] = self.modes.of(at_rest_c - tissue.sealed_c)
        self.room = np.zeros((5, 1))  # the rings' temperatures, and scratch of a step
        self.room[0] = at_rest_c[0]
        self.surface_c = float(at_rest_c[0])
        self.lowest_c = self.surface_c

    def set_ambient(self, h_w_m2k, t_c):
        """Set the exchange with the surroundings from now on: coefficient W/m2K >= 0, temperature degC."""
        if h_w_m2k < 0:
            raise ValueError(f"ambient coefficient {h_w_m2k} W/m2K: give 0 or more")
        self.h_ambient_w_m2k = h_w_m2k
        self.ambient_c = t_c

    def step(self, h_jet_w_m2k, t_jet_c):
        """Advance one `dt_s` under a jet (W/m2K >= 0, degC), or air for h = 0; returns `surface_c` (degC).

        The time step makes the dip of a burst too shallow by 1.3 % at 30 ms, 0.7 % at 60 ms, 0.3 % at 300 ms
        (`dt_s` 1 ms, against a reference ten times finer in time and six times in space).
        """
        return self._advance_one(self.fine, h_jet_w_m2k, t_jet_c)

    def _advance_one(self, operator, h_jet, t_jet):
        self.surface_c, _, _ = cells.skin_step(
            self.theta, operator.decay, operator.drive, self.modes.weights, operator.response, self.spread, self.gather,
            self.room, self.shape, self.looks, self.under, self.rest_c, self.h_ambient_w_m2k, self.ambient_c, 0.0,
            h_jet, t_jet,
        )  # fmt: skip
        self.lowest_c = min(self.lowest_c, self.surface_c)
        return self.surface_c

    def advance(self, seconds, h_w_m2k=0.0, t_c=0.0):
        """Advance by the whole number of steps nearest to `seconds` with a constant jet (default: none)."""
        for _ in range(round(seconds / self.dt_s)):
            self.step(h_w_m2k, t_c)
        return self.surface_c

    def idle(self, seconds):
        """Advance with ambient air only, in steps of 10 ms as far as they fit, the rest in `dt_s`.

        Cheaper than `advance`; meant for pauses. Just after a 300 ms burst at h = 300 it rewarms late, by
        0.4 degC after 10 ms and 0.05 degC after 350 ms.
        """
        coarse = math.floor(seconds / IDLE_DT_S + 1e-9) if self.dt_s < IDLE_DT_S else 0
        for _ in range(coarse):
            self._advance_one(self.coarse, 0.0, 0.0)
        return self.advance(max(seconds - coarse * IDLE_DT_S, 0.0))

    def settle(self, seconds):
        """Do the work that is not needed in each cell; the cells ran for so long. Here there is none."""

    @property
    def probe_c(self):
        """Temperature at the probe, degC: that of the surface, the same everywhere."""
        return self.surface_c

    seen_c = probe_c  # and the infrared sensor sees

    def copy(self):
        """An independent skin in the same state."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        for name in ("theta", "room", "array"):
            setattr(other, name, getattr(self, name).copy())
        other.figures = other.array.data
        return other

    def temperature_at(self, depth_mm):
        """Temperature (degC) on the axis at a depth, 0 (surface) to the core's; raises ValueError outside."""
        tissue = self.modes.tissue
        if not 0 <= depth_mm <= tissue.nodes_mm[-1] + 1e-9:
            raise ValueError(f"depth {depth_mm} mm: give 0 to {tissue.nodes_mm[-1]:.1f} mm")
        rows = np.einsum("jnk,jk->jn", self.modes.shapes, self.theta)
        values = np.append(tissue.sealed_c + self.spread[0] @ rows, tissue.t_core_c)
        return float(np.interp(depth_mm, tissue.nodes_mm, values))
