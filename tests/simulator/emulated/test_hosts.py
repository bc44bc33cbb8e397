"""A host sends garbage at full speed into a treatment on the emulated RP2040, until the pass has little heap left.

One device is armed and brought to its first burst; the test continues with copies of it, one without the garbage. To
shorten the run, BALLAST bytes of its heap are taken before it starts: `make bench` does it without this.
"""

from itertools import pairwise

import pytest

from boards.virtual.settings import TODAY_D
from tests.lanes import summary
from tests.simulator.emulated.conftest import DOSE

pytestmark = pytest.mark.long

RESERVE = 24_576  # console/line.py: when this and a command are left, commands wait
COMMAND = 2_048
HOUSEKEEPING = 4_096
BALLAST = 40_000
WATCHED_US = 500_000
QUIET_US = 3_000_000  # longer than the garbage is watched
SLIP = 0.0005  # of the emulator, see test_valve.py: a busy processor stretches a burst
TICK_US = 10_000
CONVERSION_US = 110_000  # a burst waits for a settled sample: a tick sooner or later may be a conversion
HEAP_LOOK_US = 100  # a collection takes milliseconds


def garbage(device, layout):
    """Return (bursts, Guard) of a copy of the device that gets garbage."""
    from host_tools.evidence.bench import hosts
    from host_tools.evidence.bench.memory import HeapWatch

    begun_us = device.board.us
    heap = HeapWatch(device.board, layout, HEAP_LOOK_US)
    feed = hosts.HOSTS[hosts.GARBAGE](device)
    guard = hosts.guarded(device, heap, feed, begun_us, WATCHED_US)
    assert device.board.resets == []
    return bursts(device), guard


def quiet(device):
    """Return the bursts of a copy that gets no line."""
    device.run(QUIET_US)
    return bursts(device)


def bursts(device):
    """Return (start us, width us) of each opening of the dose pin; the last one may be cut."""
    edges = [(ns / 1000, level) for ns, pin, level in device.board.edges if pin == DOSE]
    return [(up, down - up) for (up, high), (down, low) in pairwise(edges) if (high, low) == (1, 0)]


@pytest.fixture(scope="module")
def runs(uf2):
    """Return (interpreter, bursts without garbage, bursts with it, Guard)."""
    from host_tools.evidence.bench.memory import find
    from host_tools.simulator.emulator.applicator import UP_MAIN, EmulatedApplicator, application
    from host_tools.simulator.twin.treatment import Plan

    layout = find(uf2)
    main = f"ballast = bytearray({BALLAST})\n" + UP_MAIN.format(up_s=310, today_d=TODAY_D)
    device = EmulatedApplicator(uf2, application(overlay={"main.py": main.encode()}))
    device.arm(Plan())
    device.change(lambda plant: plant.trigger(True))
    device.board.run_until(lambda: device.board.level(DOSE) == 1, 500_000, 1_000)
    return device.interpreter, device.branch(quiet), *device.branch(lambda copy: garbage(copy, layout))


@pytest.fixture
def guard(runs, request):
    """Check how the console kept heap free for the pass."""
    request.node.user_properties.append((summary.INTERPRETER, runs[0] + ", emulated"))
    return runs[3]


def test_garbage_at_full_speed_makes_commands_wait_before_the_heap_runs_out(guard):
    assert RESERVE - HOUSEKEEPING < guard.free_bytes < RESERVE + COMMAND
    assert guard.collections == 0


def test_while_commands_wait_garbage_costs_no_heap(guard):
    assert guard.left_bytes > 50 * WATCHED_US / TICK_US  # it is still read, because a stop may follow it
    assert guard.free_bytes - guard.least_bytes < 2_048


def test_a_stop_behind_the_garbage_ends_the_burst_and_the_treatment(guard):
    assert guard.stop_us < guard.burst_us - 5 * TICK_US
    assert guard.stop_us < 20 * TICK_US  # 768 bytes are under way at most, 64 are read a tick
    assert guard.state == "STANDBY"


def test_widths_and_start_to_start_times_are_those_without_garbage(guard, runs):
    _, without, with_garbage, _ = runs
    same = list(zip(without, with_garbage[:-1], strict=False))
    assert len(same) > 2
    for (_, usual_us), (_, us) in same:
        assert abs(us - usual_us) <= 1 + usual_us * SLIP
    for (a, b), (c, d) in zip(pairwise(without), pairwise(with_garbage[:-1]), strict=False):
        assert abs((d[0] - c[0]) - (b[0] - a[0])) <= CONVERSION_US
