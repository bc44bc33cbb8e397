"""The exit matrix on the whole application: every way out of the interpreter, in a burst and in an off-phase."""

from itertools import pairwise

import pytest

from host_tools.toolchain.uf2 import image
from tests.lanes import summary

STOP_US = 20_000
CONVERSION_US = 110_000  # the skin chip's longest
TICK_US = 10_000
WATCHDOG_US = 500_000
BOOT_US = 1_300_000
LEASE_GAP_US = 40  # between two rising edges
LATE_US = 3_000  # what an answer of the console may delay a burst's start
# One of each way to a reset: the watchdog out of a hang, the watchdog at the prompt, and at once.
RESETTING = ("hang in the tick", "exception in the tick, heap locked", "machine.reset()")
SHORT = ("hang in the tick", "main.py missing")  # boots in which CI looks at what comes after
LONG = ("port touched at 1200 Bd", "DTR toggled", "file system wiped")  # of what disturbs nothing

# the boot knows nothing of the phase
ONE_PHASE = pytest.mark.parametrize("phase", ["burst"], indirect=True)

exits = pytest.importorskip("host_tools.evidence.exits", reason=image.MISSING)


def rows(*outcomes):
    """Parameters: the rows with one of these outcomes."""
    return chosen(lambda row: row.outcome in outcomes, lambda row: row.name in LONG)


def boots(wanted):
    """Parameters: the rows that are `wanted`, those outside SHORT in the long form."""
    return chosen(wanted, lambda row: row.name not in SHORT)


def chosen(wanted, long):
    """Parameters: the rows that are `wanted`, and which of them only the long form runs."""
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
    delivering.reference = exits.happen(delivering, None, exits.SEEN_US)
    return delivering


@pytest.fixture
def device(phase, request):
    """The same, named in the lanes' summary."""
    request.node.user_properties.append((summary.INTERPRETER, phase.interpreter))
    return phase


def assert_stopped(seen, within_us):
    """Dose pin low and last lease edge within_us after the event, and neither ever again."""
    assert not seen.high
    assert seen.last_high_us() <= within_us
    assert seen.last_edge_us() <= within_us


def test_without_an_event_the_gas_goes_on(device):
    reference = device.reference
    assert reference.was_high == (device.phase == "burst")
    assert reference.high  # the off-phase's next burst began
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
    seen = exits.happen(device, row, exits.SEEN_US)
    assert not seen.resets
    assert [level for _, level in seen.dose] == [level for _, level in device.reference.dose]
    for (us, _), (wanted_us, _) in zip(seen.dose, device.reference.dose, strict=True):
        assert abs(us - wanted_us) <= LATE_US
    edges = [us for us in seen.lease if us > max((us for us, _ in seen.dose), default=0)]
    assert max(b - a for a, b in pairwise(edges)) <= LEASE_GAP_US
    assert edges[-1] >= exits.SEEN_US - LEASE_GAP_US


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
