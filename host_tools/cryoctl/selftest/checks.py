"""The items without a contact: identity, settings, calibrations, self-tests, sensors, telemetry, counts."""

import contextlib
import itertools
import re
import time
from collections.abc import Iterator
from datetime import date, datetime

from host_tools.cryoctl import names, wire
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.problems import NoDevice, Refused
from host_tools.cryoctl.selftest.items import PASS, SKIPPED, Item, judged
from host_tools.toolchain import settings

TESTED_S = 30.0
TELEMETRY_MS = 500
TELEMETRY_LINES = 10  # 5 s
FORGOTTEN = -101  # device.look() leaves this entry in the list of errors when it finds the application
HEAP_LEAST = 70 * 1024  # [E] docs/bench.md: an RP2040 in stand-by must have so much free memory
RESAMPLED_S = 1.5
ROOM_S = names.limits.ROOM_AGE_MAX_US / 1e6
_CALIBRATE = "calibrate it: `cryoctl calibrate`"
_CABLE = "check plug, cable and sensor"
# name in the answer -> least, most in degC, age in ms [E: a workshop; the age is the application's own limit to arm]
CHANNELS = {
    "SKIN": (5.0, 45.0, names.limits.SAMPLE_AGE_MAX_US * 4 // 1000),
    "NOZZLE": (-10.0, 60.0, 2_000),
    "INFRARED": (-10.0, 60.0, 2_000),
}
SENSORS = (*CHANNELS, "DISTANCE", "BOTTLE", "LINE", "ROOM")
# sensor -> its name in SYST:FITT?, its setting
OPTIONAL = {
    "INFRARED": ("INFRARED", "infrared_fitted"),
    "LINE": ("LINE", "line_fitted"),
    "ROOM": ("CO2", "co2_fitted"),
}


def identity(device: Device, serial: int | None) -> Iterator[Item]:
    """Compare the device's identity with this tree and with the serial number that it must have."""
    found = device.identity
    known = found.serial.isdigit() and found.serial != "0"
    wanted = "1 to 999999" if serial is None else str(serial)
    yield judged(
        "serial number",
        wanted,
        found.serial,
        known and (serial is None or found.serial == str(serial)),
        "set it with `cryoctl flash` or `cryoctl config`; or test the device that has this number",
    )
    yield judged(
        "version",
        names.VERSION,
        found.version,
        found.version == names.VERSION,
        "update it: `cryoctl flash`",
    )


def provisioned(device: Device) -> Iterator[Item]:
    """Check the device's settings by the firmware's own rules."""
    name, limit = "settings", "valid, complete"
    try:
        said = wire.fields(device.ask("CONF?"))
    except Refused as problem:
        yield judged(name, limit, problem.text, False, "give it settings: `cryoctl config import`")
        return
    values = {key.lower(): value.partition(" ")[0] for key, value in said.items()}
    numbers = {key: int(value) for key, value in values.items() if value.lstrip("-").isdigit()}
    made, sentence = settings.config.build(numbers)
    missing = [key for key in settings.config.KEYS if key not in numbers]
    found = sentence or (f"missing: {', '.join(missing)}" if missing else f"{len(numbers)} valid")
    yield judged(
        name,
        limit,
        found,
        made is not None and not missing,
        "`cryoctl config export`, then `cryoctl config validate` names what is wrong",
    )
    simulated = numbers.get("simulated") == 1
    virtual = device.identity.board == "virtual"
    yield judged(
        "simulated",
        "only on the virtual board",
        "yes" if simulated else "no",
        virtual or not simulated,
        "these are a virtual board's settings: give the device its own with `cryoctl flash`",
    )


def calibrated(device: Device, today: date) -> Iterator[Item]:
    """Check the device's calibrations, each with its due date."""
    try:
        said = wire.fields(device.ask("CAL?"))
        kinds = wire.fields(device.ask("CAL:LIST?"))
        simulated = wire.fields(device.ask("CONF? SIMULATED")).get("SIMULATED") == "1"
    except Refused as problem:
        yield judged("calibrations", f"due after {today}", problem.text, False, _CALIBRATE)
        return
    limit = f"due on {today} or later"
    due = said.get("DUE", "NONE")
    known = any(kinds.get(kind, "NONE") != "NONE" for kind in names.KINDS)
    yield _kept("first calibration due", limit, due, _in_date(due, today), known, simulated)
    jet = said.get("JET_K", "NONE")
    found = jet if jet == "NONE" else f"{jet} mdegC/rt s"
    yield _kept("jet constant", "measured", found, jet != "NONE", kinds.get("JET", "NONE") != "NONE", simulated)
    for kind in names.KINDS:
        record = kinds.get(kind, "NONE")
        if record == "NONE" and simulated:
            yield Item(f"calibration {kind}", limit, "none: a simulated device", SKIPPED)
            continue
        parts = record.split(",")
        until = parts[1] if len(parts) > 1 else "NONE"
        yield judged(f"calibration {kind}", limit, record, _in_date(until, today), _CALIBRATE)


def _kept(name, limit, found, good, measured, simulated):
    """Return the item of a value in force: the settings may hold a value that nobody measured."""
    if measured or not good:
        return judged(name, limit, found, good, _CALIBRATE)
    said = f"{found} from the settings, without a calibration"
    return Item(name, limit, said, SKIPPED) if simulated else judged(name, limit, said, False, _CALIBRATE)


def _in_date(text, today):
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date() >= today
    except ValueError:
        return False


def tested(device: Device) -> Iterator[Item]:
    """Check the results of the tests that the firmware runs at its start."""
    until = time.monotonic() + TESTED_S
    while (said := device.ask("TEST?")).startswith("RUNNING") and time.monotonic() < until:
        time.sleep(0.1)
    remedy = "switch off and on; if the failure stays, have the board serviced: the result names the part"
    yield judged("self-tests", "PASSED, application checked", said, _all_passed(said), remedy)
    try:
        answer = device.ask("*TST?")
    except Refused as problem:
        answer = problem.text
    yield judged("*TST?", "0", answer, answer == "0", remedy)
    fault = device.ask("FAULT?")
    yield judged(
        "faults",
        "NONE",
        fault,
        fault == "NONE",
        "do what the fault's remedy says, acknowledge it, then test again",
    )


def _all_passed(said):
    return said.startswith("PASSED") and "unchecked" not in said and "FAILED" not in said


def sensed(device: Device, absent: frozenset[str]) -> Iterator[Item]:
    """Check every sensor: present, plausible, fresh. For a part that is not fitted, name the missing protection."""
    parts = _Parts(device, absent)
    first, said = _sequences(device), wire.fields(device.ask("MEAS:TEMP?"))
    time.sleep(RESAMPLED_S)
    second = _sequences(device)
    for name, (least, most, age_ms) in CHANNELS.items():
        limit = f"{least:g} to {most:g} degC, under {age_ms} ms old"
        found = said.get(name, "no answer")
        number = re.fullmatch(r"(-?\d+\.\d+),(\d+)ms", found)
        good = number is not None and least <= float(number[1]) <= most and int(number[2]) <= age_ms
        if good and first.get(name) == second.get(name):
            good, found = False, f"{found}, and no new sample in {RESAMPLED_S:g} s"
        yield parts.item(name, limit, found, good)
    pressures = wire.fields(device.ask("MEAS:PRES?"))
    most = names.limits.BOTTLE_STOP_MAX_MBAR
    for name in ("BOTTLE", "LINE"):
        yield _quantity(name, pressures.get(name, "no answer"), "mbar", 0, most, parts)
    yield _quantity("DISTANCE", device.ask("MEAS:DIST?"), "mm", 20, names.limits.CONTINUE_MAX_MM, parts)
    until = time.monotonic() + (ROOM_S if parts.expected("ROOM") else 0)  # the first sample takes 5 s
    while (room := device.ask("MEAS:ROOM?")) == "INVALID" and time.monotonic() < until:
        time.sleep(0.5)
    yield _quantity("ROOM", room, "ppm", 300, names.limits.ROOM_WARN_PPM, parts)


def _sequences(device):
    found = wire.fields(device.ask("MEAS:RAW?"))
    return {name: re.findall(r"#(\d+)", text) for name, text in found.items()}


def _quantity(name, found, unit, least, most, parts):
    number = re.fullmatch(rf"(-?\d+) {unit}", found)
    good = number is not None and least <= int(number[1]) <= most
    return parts.item(name, f"{least} to {most} {unit}", found, good)


class _Parts:
    """The parts that the technician calls absent, and those that the settings call not fitted."""

    def __init__(self, device, absent):
        self._absent = absent
        try:
            said = wire.fields(device.ask("SYST:FITT?"))
        except Refused:  # a device without settings; another item reports that
            said = {}
        self._said = {sensor: said.get(name, "") for sensor, (name, _) in OPTIONAL.items()}

    def _gone(self, name):
        said = self._said.get(name, "")
        return said if said.startswith("NOT FITTED") else ""

    def expected(self, name):
        """Return whether a reading should come."""
        return name not in self._absent and not self._gone(name)

    def item(self, name, limit, found, good):
        """Return the item of a sensor's reading."""
        title, gone = f"sensor {name}", self._gone(name)
        if gone and good and name not in self._absent:
            return Item(title, limit, f"{found}; the settings call it not fitted", PASS)
        if gone:
            return Item(title, limit, f"{gone}; {found}", SKIPPED)
        if name in self._absent and self._said.get(name):
            remedy = f"the settings call it fitted: `cryoctl config set {OPTIONAL[name][1]} 0`, or fit it"
            return judged(title, limit, f"not fitted; {found}", False, remedy)
        if name in self._absent:
            return Item(title, limit, f"not fitted; {found}", SKIPPED)
        return judged(title, limit, found, good, _CABLE)


def streamed(device: Device) -> Iterator[Item]:
    """Check telemetry for 5 s: each line has its check sum, and no line is lost."""
    before = device.ask("STRM?")
    device.received()
    device.ask(f"STRM {TELEMETRY_MS} ms")
    lines = []
    until = time.monotonic() + (TELEMETRY_LINES + 4) * TELEMETRY_MS / 1000
    try:
        while len(lines) < TELEMETRY_LINES and time.monotonic() < until:
            lines += device.received(0.2)
    finally:
        with contextlib.suppress(NoDevice):
            device.ask(f"STRM {before}")
    numbers = [line.get("seq", -1) for line in lines]
    lost = lines[-1].get("lost", 0) - lines[0].get("lost", 0) if lines else 0
    missing = sum(max(0, b - a - 1) for a, b in itertools.pairwise(numbers))
    yield judged(
        "telemetry",
        f"{TELEMETRY_LINES} lines in a row with their check sums",
        f"{len(lines)} lines, {missing} damaged or missing, {lost} lost by the device",
        len(lines) >= TELEMETRY_LINES and not missing and not lost,
        "check cable and USB port; close other programs that read the port",
    )


def remembered(device: Device) -> Iterator[Item]:
    """Check what the device has counted: errors, restarts, lost answers, memory."""
    errors = []
    while not (said := device.ask("SYST:ERR?")).startswith("0,") and len(errors) < 20:
        errors.append(said)
    if errors and errors[-1].startswith(f"{FORGOTTEN},"):
        errors.pop()  # this test caused it
    yield judged(
        "error queue",
        "empty",
        "; ".join(errors) or "empty",
        not errors,
        "docs/console.md explains each error; then test again",
    )
    crash = device.ask("SYST:CRAS?")
    good = crash.startswith("NONE") and wire.fields(crash).get("RESTARTS") == "0"
    yield judged(
        "last run and restarts", "NONE;RESTARTS=0", crash, good, "switch off and on; if it returns, have it serviced"
    )
    said = wire.fields(device.ask("DIAG:STAT?"))
    for key, name in (("DROPPED", "answers dropped"), ("TELEMETRY_LOST", "telemetry lost")):
        found = said.get(key, "no answer")
        yield judged(
            name, "0", found, found == "0", "read the port while it is open; switch off and on, then test again"
        )
    free, limit = said.get("HEAP_FREE", "no answer"), f"{HEAP_LEAST} bytes or more"
    if free == "UNKNOWN":
        yield Item("memory left", limit, free, SKIPPED)
    else:
        good = free.isdigit() and int(free) >= HEAP_LEAST
        yield judged("memory left", limit, free, good, "switch off and on, then test again")
    yield judged("statistics", "told", _counts(said), "DOSE" in said and "UPTIME_S" in said, "flash it again")


# LATE_US is printed but not judged: without a watchdog reset no tick was too late, and loading a module is no fault
_COUNTS = ("DOSE", "SHUTOFF", "BURSTS", "GAS_S", "UPTIME_S", "LATE_US")


def _counts(said):
    return ", ".join(f"{key} {said[key]}" for key in _COUNTS if key in said)


def pin_unknown() -> Iterator[Item]:
    """Return the item for a test without a PIN: service mode is not tested."""
    yield Item("service mode", "opens with the PIN", "no --pin-file", SKIPPED)


def pin_works(device: Device, pin: str) -> Iterator[Item]:
    """Check that the PIN opens service mode, and leave it again. The item does not show the PIN."""
    from host_tools.cryoctl.service import service_mode

    try:
        with service_mode(device, pin):
            found, good = "opened and left", True
    except Refused as problem:
        found, good = problem.text, False
    yield judged(
        "service mode", "opens with the PIN", found, good, "give the device's own PIN; the device counts wrong PINs"
    )
