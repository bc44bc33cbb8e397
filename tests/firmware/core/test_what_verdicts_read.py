"""causes and blockers get the supervisor. This lists what they read of it; they write nothing."""

import pytest

from cryo.core import blockers, causes, faults, mode
from supervisor_rig import Rig

READ = {
    causes: {
        "burst", "config", "cut_ticks", "eye", "faults", "mode", "observer", "overcool", "pass_", "planner",
        "reset_loop", "response", "room", "second", "trigger", "valves",
    },
    blockers: {
        "config", "eye", "faults", "indicated_us", "mode", "overcool", "overdue", "room", "second", "session",
        "tested", "trigger", "unchecked", "valves",
    },
}  # fmt: skip


class Watched:
    """A supervisor that notes which attributes are read, and refuses writes."""

    def __init__(self, supervisor):
        vars(self).update(_supervisor=supervisor, read=set())

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self._supervisor, name)

    def __setattr__(self, name, value):
        raise AssertionError(f"{name} is the supervisor's own")


def states():
    """Yield (supervisor, inputs) in each mode: all good, and with every error that has its own line."""
    for in_mode in range(len(mode.NAMES)):
        for wrong in (False, True):
            rig = Rig()
            rig.tick(11)
            s, i = rig.sup, rig.i
            s.mode = in_mode
            if wrong:
                s.faults.add(faults.SKIN_TRIP)
                i.burst = -1  # runs
                i.line.status = i.infrared.status = 1
                s.burst.open = in_mode == mode.REST
            yield s, i


@pytest.mark.parametrize(
    ("module", "ask"),
    [
        (causes, lambda s, i: causes.standing(s, 10_000, i)),
        (blockers, blockers.standing),
    ],
    ids=["causes", "blockers"],
)
def test_what_judges_the_supervisor_reads_what_is_listed_and_writes_nothing(module, ask):
    read = set()
    for s, i in states():
        watched = Watched(s)
        before = dict(vars(s))
        ask(watched, i)
        read |= watched.read
        assert vars(s) == before
    assert read == READ[module]
