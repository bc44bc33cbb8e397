"""What really happened in a run: edges, samples and bursts, from the plant's own state and never from commands."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Burst:
    """One opening: when its command came, what was asked, what gas flow really lasted."""

    time_us: int
    commanded_us: int
    point: int
    delivered_us: int = 0


@dataclass
class Record:
    """Ground truth of one run; a sample each 10 ms: time us, surface degC, bead degC, distance mm, bottle bar, flow."""

    plant: Any
    edges: list = field(default_factory=list)  # (time us, name, level)
    bursts: list = field(default_factory=list)
    vents: list = field(default_factory=list)  # (time us, commanded us): the dose valve alone, no trigger pressed
    resets: list = field(default_factory=list)  # (time us, why)
    injected_us: list = field(default_factory=list)
    valve_on_us: int = 0
    point: int = 0
    visits: list = field(default_factory=list)  # (time us, point)
    rows: Any = field(default_factory=lambda: np.empty((1_024, 6)))  # the samples, and room for more
    _told: list = field(default_factory=list)

    def edge(self, name, level):
        """A pin or the flow changed."""
        self.edges.append((self.plant.now_us, name, level))

    def visit(self, point):
        """The operator goes to a point, by its place in the plan."""
        self.point = point
        self.visits.append((self.plant.now_us, point))

    def burst_begins(self, commanded_us):
        """The one-shot was fired."""
        self.bursts.append(Burst(self.plant.now_us, commanded_us, self.point))

    def vent_begins(self, commanded_us):
        """The one-shot was fired while the shut-off's coil had no supply: the proof test of the dose valve."""
        self.vents.append((self.plant.now_us, commanded_us))

    def flowed(self, us):
        """Gas flowed for `us` in the last cell: count it to the newest burst."""
        self.valve_on_us += us
        if self.bursts:
            self.bursts[-1].delivered_us += us

    def reset(self, why):
        """The chip restarted."""
        self.resets.append((self.plant.now_us, why))

    def grow(self):
        """Double the room for samples."""
        self.rows = np.concatenate((self.rows, np.empty_like(self.rows)))

    @property
    def sampling(self):
        """False: no samples are kept."""
        return bool(self.plant.sampling)

    @sampling.setter
    def sampling(self, on):
        self.plant.sampling = on

    @property
    def skin_min_c(self):
        """The lowest surface of all points so far, as sampled."""
        return self.plant.skin_min_c

    @property
    def samples(self):
        """All samples so far, as tuples."""
        fresh = self.rows[len(self._told) : int(self.plant.row)].tolist()
        self._told += [(int(at), *figures, bool(flows)) for at, *figures, flows in fresh]
        return self._told
