"""Virtual skin under a jet of finite width: rings around the jet's axis, over the same depth as skin.py.

Heat also flows along the surface. What a tissue conducts there depends on the depth alone, so the rings have waves of
their own (few, found once), and each wave has its modes in depth: a step costs a product a mode, as with one ring. The
temperature is that of an axisymmetric skin; a probe beside the axis is on a ring, and changes nothing of it.
"""

import math
from functools import lru_cache

import numpy as np

from host_tools.simulator.twin.skin import Skin

RINGS = 12
FIRST_RING_MM = 4.0  # radius of the innermost
WIDER = 1.18  # each ring, than the one within it
EYE_MM = 5.0  # [E] radius of the spot that the infrared sensor sees


@lru_cache(maxsize=4)
def _rings(count, first_mm, wider):
    """Return (middles mm, areas mm2, waves 1/m, ring by wave, wave by ring); nothing leaves the outermost ring."""
    edges = np.concatenate(([0.0], np.cumsum(first_mm * wider ** np.arange(count))))
    middles = (edges[1:] + edges[:-1]) / 2
    middles[0] = 0.0
    areas = math.pi * np.diff(edges**2)
    links = 2 * math.pi * edges[1:-1] / np.diff(middles)
    loss = np.zeros((count, count))
    for k, link in enumerate(links):
        loss[k : k + 2, k : k + 2] += link * np.array([[1.0, -1.0], [-1.0, 1.0]])
    root = np.sqrt(areas)
    squares, vectors = np.linalg.eigh(loss / np.outer(root, root))
    waves_per_m = tuple(float(x) for x in 1e3 * np.sqrt(np.clip(squares, 0.0, None)))
    squares[0] = 0.0
    # The first wave is the surface all alike: scaled so that its temperature is that of each ring.
    scale = math.sqrt(areas.sum())
    sign = np.sign(vectors[0])
    spread = np.ascontiguousarray(vectors * sign * scale / root[:, None])
    gather = np.ascontiguousarray((vectors * sign * root[:, None] / scale).T)
    return middles, areas, waves_per_m, spread, gather


class WideSkin(Skin):
    """Skin whose jet has half its coefficient at radius_mm from the axis, and the probe probe_mm from it.

    `surface_c` is the coldest ring, `rings_c` all of them from the axis outwards, `rings_mm` where they are. Raises
    ValueError for a radius that is not positive, or a probe outside the rings.
    """

    def __init__(self, *, radius_mm, probe_mm=0.0, rings=(RINGS, FIRST_RING_MM, WIDER), **skin):
        if not radius_mm > 0:
            raise ValueError(f"radius {radius_mm} mm: give more than 0")
        self.rings_mm, areas, self.waves_per_m, self.spread, self.gather = _rings(*rings)
        if not 0 <= probe_mm <= self.rings_mm[-1]:
            raise ValueError(f"probe at {probe_mm} mm: give 0 to {self.rings_mm[-1]:.0f}")
        self.shape = 0.5 ** (self.rings_mm / radius_mm) ** 2  # [E] a bell
        at = np.array([np.interp(probe_mm, self.rings_mm, ring) for ring in np.eye(len(areas))])
        seen = areas * (self.rings_mm < EYE_MM)
        self.looks = np.array([at, seen / seen.sum()])
        super().__init__(**skin)

    @property
    def rings_c(self):
        """The temperature of each ring, degC."""
        return self.room[0].copy()
