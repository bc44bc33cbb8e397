"""Finite volumes of a patch of skin: layers from the surface down, rings around the jet's axis.

Depth and radius are separate: first the modes of the rings are found, then for each of them the modes in depth. So a
step in time is one factor for each mode, whatever the layers are.

The surface may carry a film of water. Node 0 is the outer surface, at which air and jet act. Node `top` is the tissue's
own surface; without a film it is node 0. The deepest node is the core, at fixed temperature.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from host_tools.simulator.twin.skin import BLOOD_RHO_C_J_M3K, Layer

WATER = {"k_w_mk": 0.58, "rho_kg_m3": 1000.0, "c_j_kgk": 4190.0}  # [K]
FILM_CELL_MM = 0.02
# 12 rings to 40 mm: fine where the jet's profile is steep, coarse where the skin hardly changes.
RING_FIRST_MM, RING_GROWTH, RINGS = 1.2, 1.175, 12


def ring_edges_mm(first_mm=RING_FIRST_MM, growth=RING_GROWTH, count=RINGS):
    """Return the radii between the rings, from 0 on."""
    return np.concatenate(([0.0], np.cumsum(first_mm * growth ** np.arange(count))))


def depths_mm(depth_mm, first_mm, growth, last_mm):
    """Return the tissue's nodes from 0 to depth_mm: the spacing grows from first_mm up to last_mm."""
    spacing = []
    step = first_mm
    while sum(spacing) < depth_mm:
        spacing.append(step)
        step = min(step * growth, last_mm)
    nodes = np.concatenate(([0.0], np.cumsum(spacing)))
    return nodes * (depth_mm / nodes[-1])


def water(film_mm):
    """Return a film of water as a layer."""
    return Layer("water", film_mm, perfusion_per_s=0.0, **WATER)


class Stack:
    """The depth alone: capacity, conduction down and sideways, perfusion, for 1 m2.

    nodes_mm     from the outer surface on, the core last
    top          index of the tissue's surface
    share_water  how much of each node's capacity is water
    """

    def __init__(self, layers, film_mm, deep_c, grid):
        if not layers:
            raise ValueError("no layers: give at least one Layer")
        tissue_mm = depths_mm(sum(x.thickness_mm for x in layers), *grid)
        film = np.linspace(0.0, film_mm, max(1, round(film_mm / FILM_CELL_MM)) + 1) if film_mm else np.zeros(1)
        self.top = len(film) - 1
        self.film_mm = film_mm
        self.deep_c = deep_c
        nodes = np.concatenate((film[:-1], tissue_mm + film_mm)) * 1e-3
        self.nodes_mm = nodes * 1e3
        every = ([water(film_mm)] if film_mm else []) + list(layers)
        border = np.concatenate(([0.0], np.cumsum([x.thickness_mm for x in every]))) * 1e-3
        edges = np.concatenate(([0.0], (nodes[1:] + nodes[:-1]) / 2))

        def within(values, at):
            """Integrate a property of the layers between each two depths: borders need not lie on a node."""
            sums = np.concatenate(([0.0], np.cumsum(np.array(values) * np.diff(border))))
            return np.diff(np.interp(at, border, sums))

        down = 1.0 / within([1.0 / x.k_w_mk for x in every], nodes)
        self.capacity = within([x.rho_kg_m3 * x.c_j_kgk for x in every], edges)
        self.sideways = within([x.k_w_mk for x in every], edges)
        self.perfusion = within([x.perfusion_per_s * BLOOD_RHO_C_J_M3K for x in every], edges)
        self.dermis = within([BLOOD_RHO_C_J_M3K * x.perfusion_per_s * (x.name == "dermis") for x in every], edges)
        count = len(self.capacity)
        wet = np.diff(np.minimum(edges, film_mm * 1e-3))
        self.water_kg_m2 = wet * WATER["rho_kg_m3"]
        index = np.arange(count)
        loss = np.diag(self.perfusion + down)
        loss[index[1:], index[1:]] += down[:-1]
        loss[index[1:], index[:-1]] -= down[:-1]
        loss[index[:-1], index[1:]] -= down[:-1]
        self.loss = loss
        self.source = self.perfusion * deep_c
        self.source[-1] += down[-1] * deep_c
        self.sealed_c = np.linalg.solve(loss, self.source)  # at rest without exchange at the surface

    def steady(self, h_w_m2k, t_env_c):
        """Return the nodes' temperatures at rest with one exchange at the surface, the same on every ring."""
        loss, source = self.loss.copy(), self.source.copy()
        loss[0, 0] += h_w_m2k
        source[0] += h_w_m2k * t_env_c
        return np.linalg.solve(loss, source)

    def covered(self, surface_c):
        """Return the nodes' temperatures at rest under a cover that holds the outer surface at surface_c."""
        at_1, at_2 = self.steady(1.0, 0.0), self.steady(1.0, 100.0)
        return at_1 + (at_2 - at_1) * (surface_c - at_1[0]) / (at_2[0] - at_1[0])


class Rings:
    """The radius alone.

    area_m2  of each ring
    spread   from rows of modes to rings; gather back
    waves    1/m, each row's wave number along the surface: 0, the whole surface alike, comes first
    """

    def __init__(self, edges_mm):
        edges = np.asarray(edges_mm) * 1e-3
        self.edges_m = edges
        self.area_m2 = np.pi * np.diff(edges**2)
        self.middle_mm = (edges[1:] + edges[:-1]) / 2 * 1e3
        count = len(self.area_m2)
        across = 2 * np.pi * edges[1:-1] / np.diff(self.middle_mm * 1e-3)  # the rim lets no heat through
        links = np.zeros((count, count))
        for k, link in enumerate(across):
            links[k : k + 2, k : k + 2] += [[link, -link], [-link, link]]
        root = np.sqrt(self.area_m2)
        squared, vectors = np.linalg.eigh(links / np.outer(root, root))
        self.waves = np.sqrt(np.maximum(squared, 0.0))
        self.waves[0] = 0.0
        vectors *= np.sign(vectors[0])
        self.spread = vectors / root[:, None]
        self.gather = (vectors * root[:, None]).T


class Modes:
    """The modes of a patch.

    rate     1/s, of each mode's decay: a row a wave number
    weights  degC at the outer surface for a unit of a mode; under: at the tissue's
    shapes   degC at each node: row, node, mode
    """

    def __init__(self, stack, rings):
        self.stack = stack
        self.rings = rings
        root = np.sqrt(stack.capacity)
        losses = np.array([stack.loss + np.diag(wave**2 * stack.sideways) for wave in rings.waves])
        self.rate, vectors = np.linalg.eigh(losses / np.outer(root, root))
        self.shapes = np.ascontiguousarray(vectors / root[:, None])
        self.weights = np.ascontiguousarray(self.shapes[:, 0, :])
        self.under = np.ascontiguousarray(self.shapes[:, stack.top, :]) if stack.top else np.empty((0, 0))

    def of(self, above_c):
        """Return the modes of temperatures above the sealed stack's, a row a ring."""
        heat = self.rings.gather @ (above_c * self.stack.capacity)
        return np.einsum("jnk,jn->jk", self.shapes, heat)

    def nodes(self, theta, chosen: Any = slice(None)):
        """Return the temperatures above the sealed stack's of the chosen nodes, a row a ring."""
        return self.at(self.shapes[:, chosen], theta)

    def at(self, shapes, theta):
        """As nodes(), for nodes whose shapes are given."""
        return self.rings.spread @ np.matmul(shapes, theta[:, :, None])[:, :, 0]


class Operator:
    """One implicit step of dt_s: each mode's decay, what 1 W/m2 adds to it, and to the surface by row."""

    def __init__(self, modes, dt_s):
        self.dt_s = dt_s
        self.decay = 1.0 / (1.0 + dt_s * modes.rate)
        self.drive = self.decay * dt_s * modes.weights
        rows = (modes.weights * self.drive).sum(axis=1)
        # A step is too short for heat to reach the next ring: one response, the mean, stands for each ring's own.
        self.response = np.append(rows, rows.mean())


@lru_cache(maxsize=4)
def rings(edges_mm):
    """Return the rings of these radii (a tuple)."""
    return Rings(edges_mm)


@lru_cache(maxsize=8)
def modes(layers, film_mm, deep_c, grid, edges_mm):
    """Return the modes of a patch."""
    return Modes(Stack(layers, film_mm, deep_c, grid), rings(edges_mm))


@lru_cache(maxsize=16)
def operator(of_modes, dt_s):
    """Return the step of these modes."""
    return Operator(of_modes, dt_s)
