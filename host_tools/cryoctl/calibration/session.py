"""The device's part of a calibration: clock, readings, judgement, records. All but status need service mode."""

import datetime
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from host_tools.cryoctl import wire
from host_tools.cryoctl.calibration import NotAccepted
from host_tools.cryoctl.calibration.kinds import BY_CODE, DISTANCE, PRESSURE, Kind, records
from host_tools.cryoctl.calibration.points import command
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem, Refused

NOT_ACCEPTED = 402
_FAR_D = 1
_SEPARATORS = ",;"  # between the parts of a command to the device
dates = importlib.import_module("cryo.store.dates")
_EPOCH = datetime.date(2000, 1, 1)


@dataclass(frozen=True)
class Stored:
    """A calibration record as the device lists it. values: name -> number."""

    kind: Kind
    date: datetime.date
    due: datetime.date
    technician: str
    instrument: str
    values: dict[str, int]


def day_number(day: datetime.date) -> int:
    """Return the days since 2000-01-01."""
    return (day - _EPOCH).days


def words(name: str, text: str) -> str:
    """Return a technician or an instrument in capitals, as the device stores it. Raises Problem if it cannot."""
    text = text.strip().upper()
    wrong = "".join(dict.fromkeys(ch for ch in text if ch in _SEPARATORS or _refused(ch)))
    if wrong:
        raise Problem(
            f"{name} {text!r}: the device cannot store {' '.join(map(repr, wrong))}",
            "it stores A to Z without accents, digits, blanks and signs such as . - / ( ), "
            "no comma, semicolon, double quote or backslash",
        )
    if _refused(text):
        raise Problem(f"{name}: {len(text)} characters", f"the device stores 1 to {records._PERSON}")
    return text


def _refused(text):
    """Return whether the device refuses the text, by the firmware's own rule."""
    kind, values = next(iter(records.KINDS.items()))
    today = records.config.EARLIEST_D
    return records.encode(kind, [0] * len(values), today, today + 1, text, text)[1] is not None


def due_date(text: str, today: datetime.date) -> datetime.date:
    """Return a typed due date. Raises Problem when it is not a date, or not after today."""
    try:
        day = datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise Problem(f"due {text!r} is not a date", "write it as yyyy-mm-dd") from None
    if day <= today or day_number(day) > dates.LAST:
        raise Problem(f"due {day} is not possible", f"give a date after today, {today}, and before 2100")
    return day


def clock(device: Device, clock: Callable[[], datetime.datetime] = datetime.datetime.now) -> str:
    """Return a sentence about the device's date, or "". A device without a date gets the host's present date.

    Raises NotVerified when the device does not accept the date.
    """
    said = device.tell("SYST:DATE?")
    if said != "UNKNOWN":
        day, today = _day(said), clock().date()
        far = abs((day - today).days) > _FAR_D
        return f"the device's date is {day}, this computer's date is {today}: correct the wrong one" if far else ""
    now = clock()
    device.tell(f"SYST:DATE {now:%Y,%m,%d}")
    device.tell(f"SYST:TIME {now:%H,%M,%S}")
    day = _day(device.tell("SYST:DATE?"))
    if abs((day - now.date()).days) > _FAR_D:  # midnight may pass between the two
        raise NotVerified(f"the device's date was set to {now.date()}, but it is {day}", "try again")
    return f"the device had no date: it got this computer's date, {now:%Y-%m-%d %H:%M}"


def _day(answer):
    try:
        return datetime.date(*map(int, answer.split(",")))
    except (ValueError, TypeError):
        raise NotVerified(f"the device says its date is {answer!r}", "set it with SYST:DATE and SYST:TIME") from None


# --- readings ---------------------------------------------------------------------------------------------------------
def thermocouple_type(device: Device) -> str:
    """Return the thermocouple type that the device is set to, K or T."""
    return wire.fields(device.tell("CAL?")).get("THERMOCOUPLE", "K")


def skin_offset_c(device: Device) -> float:
    """Return the offset that the device adds to each reading of the skin's probe, by the calibration in force."""
    said = wire.fields(device.tell("CAL?")).get("SKIN_OFFSET", "")
    try:
        return int(said) / 1000
    except ValueError:
        raise NotVerified(
            f"the device says its skin offset is {said!r}", "use the cryoctl of the device's version"
        ) from None


def reading(device: Device, kind: Kind) -> tuple[float | None, str]:
    """Return (value in the kind's unit, ""), or (None, what the device said instead)."""
    if kind is DISTANCE:
        said = device.tell("MEAS:DIST?")
    elif kind is PRESSURE:
        said = wire.fields(device.tell("MEAS:PRES?")).get("BOTTLE", "")
    else:
        said = wire.fields(device.tell("MEAS:TEMP?")).get("SKIN", "").replace(",", " ")
    try:
        return float(said.split()[0]), ""
    except (ValueError, IndexError):
        return None, f"no valid reading, the device says {said or 'nothing'}"


def cold_junction_c(device: Device) -> tuple[float | None, int | None]:
    """Return (temperature of the skin converter's cold junction, number of its sample); None for a missing one."""
    parts = wire.fields(device.tell("MEAS:RAW?")).get("SKIN", "").split(",")
    try:
        cold = None if parts[1] == "NONE" else float(parts[1])
        return cold, int(parts[2].lstrip("#"))
    except (ValueError, IndexError):
        return None, None


# --- judgement and storing --------------------------------------------------------------------------------------------
def judged(device: Device, kind: Kind, given: Sequence[int]) -> dict[str, int]:
    """Return the device's result for a measurement. Raises NotAccepted with the device's sentence."""
    try:
        answer = device.tell(command(kind, given))
    except Refused as refused:
        if refused.number == NOT_ACCEPTED:
            raise NotAccepted(refused.text, "the old calibration stays") from None
        raise
    return {name.lower(): int(value) for name, value in wire.fields(answer).items()}


def keep(device: Device, kind: Kind, values: dict[str, int], due: datetime.date, who: tuple[str, str]) -> Stored:
    """Store the last judged measurement, read it back and return it. Raises Refused, NoDevice, NotVerified."""
    try:
        device.tell(f"CAL:STOR {due},{who[0]},{who[1]}")
        found = listed(device.tell("CAL:LIST?")).get(kind.code)
    except NoDevice as gone:
        raise NoDevice(gone.text, "whether it was stored is not known: look with `cryoctl calibrate status`") from None
    wanted = (due, *who, values)
    if not found or (found.due, found.technician, found.instrument, found.values) != wanted:
        raise NotVerified(
            f"the device stored something else: {found}", "look with `cryoctl calibrate status`, then calibrate again"
        )
    return found


def listed(answer: str) -> dict[str, Stored | None]:
    """Return kind's code -> its newest record, from an answer to CAL:LIST?. Raises NotVerified for other answers."""
    out: dict[str, Stored | None] = {}
    try:
        for code, text in wire.fields(answer).items():
            kind = BY_CODE[code]
            if text == "NONE":
                out[code] = None
                continue
            day, due, technician, instrument, *values = text.split(",")
            names = records.KINDS[code]
            numbers = dict(zip(names, map(int, values), strict=True))
            days = [datetime.date.fromisoformat(text) for text in (day, due)]
            out[code] = Stored(kind, days[0], days[1], technician, instrument, numbers)
    except (KeyError, ValueError):
        raise NotVerified(
            f"the device's list of calibrations is not understood: {answer[:80]!r}", "try again"
        ) from None
    if set(out) != set(BY_CODE):
        raise NotVerified(f"the device's list of calibrations is not complete: {answer[:80]!r}", "try again")
    return out
