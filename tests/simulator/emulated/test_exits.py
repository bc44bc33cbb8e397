"""The exit matrix on the whole application: every way out of the interpreter, in a burst and in an off-phase."""

from dataclasses import replace

import pytest

from host_tools.toolchain.uf2 import image
from tests.lanes import summary

STOP_US = 20_000
CONVERSION_US = 110_000  # the skin chip's longest
TICK_US = 10_000
WATCHDOG_US = 500_000
BOOT_US = 1_300_000
# One of each way to a reset: the watchdog out of a hang, the watchdog at the prompt, and at once.
RESETTING = ("hang in the tick", "exception in the tick, heap locked", "machine.reset()")
SHORT = ("hang in the tick", "main.py missing")  # CI tests what comes after these boots
LONG = ("port touched at 1200 Bd", "DTR toggled", "file system wiped", "Ctrl-D")  # for events that disturb nothing

# the boot knows nothing of the phase
ONE_PHASE = pytest.mark.parametrize("phase", ["burst"], indirect=True)

exits = pytest.importorskip("host_tools.evidence.exits", reason=image.MISSING)


def rows(*outcomes):
    """Return parameters: the rows with one of these outcomes."""
    return chosen(lambda row: row.outcome in outcomes, lambda row: row.name in LONG)


def boots(wanted):
    """Return parameters: the `wanted` rows; those outside SHORT only in the long form."""
    return chosen(wanted, lambda row: row.name not in SHORT)


def chosen(wanted, long):
    """Return parameters: the `wanted` rows, and which of them only the long form runs."""
    marks = {True: pytest.mark.long, False: ()}
    found = [pytest.param(row, id=row.name, marks=marks[long(row)]) for row in exits.ROWS if wanted(row)]
    return pytest.mark.parametrize("row", found)


@pytest.fixture(scope="module")
def delivering(uf2):
    """A device in a pass."""
    device = exits.delivering(uf2)
    device.interpreter += ", emulated"
    return device


@pytest.fixture(scope="module", params=("burst", pytest.param("off-phase", marks=pytest.mark.long)))
def phase(delivering, request):
    """The device at the moment of the event; its name is the parameter."""
    exits.into(delivering, request.param)
    delivering.phase = request.param
    delivering.reference = exits.happen(delivering, None, exits.NEXT_BURST_US)
    return delivering


@pytest.fixture
def device(phase, request):
    """The same, named in the lanes' summary."""
    request.node.user_properties.append((summary.INTERPRETER, phase.interpreter))
    return phase


def assert_stopped(seen, within_us):
    """Check: dose pin low and last lease edge within_us after the event, and both stay so."""
    assert not seen.high
    assert seen.last_high_us() <= within_us
    assert seen.last_edge_us() <= within_us


def test_without_an_event_the_gas_goes_on(device):
    reference = device.reference
    assert reference.was_high == (device.phase == "burst")
    assert reference.bursts() >= 1  # the next one
    assert not reference.resets


@rows(exits.STOPS)
def test_the_gas_stops(device, row):
    seen = exits.happen(device, row, exits.SEEN_US)
    assert seen.was_high == (device.phase == "burst")
    assert_stopped(seen, STOP_US)


@rows(exits.STOPS_AT_A_SAMPLE)
def test_the_gas_stops_with_the_conversion_that_shows_it(device, row):
    assert_stopped(exits.happen(device, row, exits.SEEN_US), CONVERSION_US + TICK_US + STOP_US)


@rows(exits.GOES_ON, exits.NEXT_BOOT)
def test_the_gas_goes_on_untouched(device, row):
    assert exits.touched(exits.happen(device, row, exits.watched_us(row)), device.reference) == ""


@rows(exits.STOPS_AT_A_SAMPLE)
def test_a_run_whose_gas_stops_is_not_taken_for_untouched(device, row):
    said = exits.touched(exits.happen(device, row, exits.NEXT_BURST_US), device.reference)
    assert said.endswith(f" bursts for {device.reference.bursts()}")


FIRST = (1.0, 39.0, 77.0)
RUN = exits.Seen(True, [(490_000.0, 0), (845_000.0, 1)], [*FIRST, 840_000.0, 840_038.0], [], True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"resets": [300_000.0]}, "a reset"),
        ({"dose": [(490_000.0, 0)]}, "0 bursts for 1"),
        ({"dose": [(490_000.0, None), (845_000.0, 1)]}, "1 bursts for 1"),
        ({"dose": [(490_000.0, 0), (858_001.0, 1)]}, "an edge moved by 13001 us"),
        ({"dose": [(490_000.0, 0), (831_999.0, 1)]}, "the valve was closed for 341999 us"),
        ({"lease": [3_002.0, 3_039.0, 3_077.0, 840_000.0, 840_038.0]}, "an edge moved by 3001 us"),
        ({"lease": [1.0, 39.0, 77.0]}, "1 leases for 2"),
        ({"lease": [1.0, 39.0, 99.0, 840_000.0, 840_038.0]}, "3 leases for 2"),
        ({"lease": [1.0, 39.0, 77.0, 820_000.0, 820_038.0]}, "an edge moved by 20000 us"),
        ({"dose": [(490_000.0, 0), (857_900.0, 1)]}, ""),
        # a sample later the whole burst begins, its lease with it, and nothing else moves
        ({"dose": [(490_000.0, 0), (936_400.0, 1)], "lease": [*FIRST, 931_300.0, 931_338.0]}, ""),
        ({"dose": [(490_000.0, 0), (936_400.0, 1)]}, "an edge moved by 91400 us"),
        ({"dose": [(490_000.0, 0), (885_000.0, 1)], "lease": [*FIRST, 880_000.0]}, "an edge moved by 40000 us"),
        ({"dose": [(572_000.0, 0), (927_000.0, 1)]}, "an edge moved by 82000 us"),
        ({"dose": [(490_000.0, 0), (763_000.0, 1)]}, "the valve was closed for 273000 us"),
        ({}, ""),
    ],
)
def test_each_edge_that_an_event_moves_is_told(changed, said):
    assert exits.touched(replace(RUN, **changed), RUN) == said


def test_a_burst_may_begin_a_sample_earlier_where_the_valve_was_closed_long_enough():
    later = replace(RUN, dose=[(490_000.0, 0), (943_000.0, 1)], lease=[*FIRST, 938_000.0, 938_038.0])
    assert exits.touched(RUN, later) == ""
    assert exits.touched(replace(RUN, lease=later.lease), later) == "an edge moved by 98000 us"
    soon = replace(RUN, dose=[(496_000.0, 0), (845_000.0, 1)])
    assert exits.touched(soon, later) == "the valve was closed for 349000 us"


def test_a_reference_without_a_next_burst_shows_nothing():
    still = replace(RUN, dose=[(490_000.0, 0)])
    assert exits.touched(still, still) == "0 bursts for 0"


@ONE_PHASE
@boots(lambda row: row.name in RESETTING)
def test_the_next_boot_comes_in_time_and_never_resumes(device, row):
    seen = exits.happen(device, row, WATCHDOG_US + BOOT_US, then=lambda copy: copy.state())
    assert len(seen.resets) == 1
    assert seen.resets[0] <= WATCHDOG_US
    assert_stopped(seen, STOP_US)
    # The trigger is still held, which at boot is a fault of its own (limit 16).
    assert (seen.said["STATE"], seen.said["FAULT"]) == ("FAULT", "TRIGGER_BOOT")
    assert (seen.said["BURSTS"], seen.said["POINT"]) == ("0", "0")


@ONE_PHASE
@boots(lambda row: row.outcome == exits.NEXT_BOOT)
def test_a_boot_without_an_application_drives_nothing(device, row):
    hang = next(other for other in exits.ROWS if other.name == "hang in the tick")

    def run(copy):
        row.host(copy)
        return exits.happen(copy, hang, WATCHDOG_US + BOOT_US)

    seen = device.branch(run)
    assert len(seen.resets) == 1
    assert_stopped(seen, STOP_US)
