"""Reads a device's settings, changes them in service mode, reads back what is stored, and puts them in force."""

import contextlib
import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from host_tools.cryoctl.config_file import ROWS, fixed, known, sentence
from host_tools.cryoctl.device import APPLICATION, Device, look
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem, Refused
from host_tools.cryoctl.service import service_mode
from host_tools.cryoctl.typed import plain

RESTART_S = 20.0  # watchdog, boot, self-tests and a slow USB together [E]
_scaled = importlib.import_module("cryo.console.units").scaled


@dataclass(frozen=True)
class Change:
    """One setting's old and new value."""

    key: str
    old: int
    new: int

    def __str__(self):
        unit = ROWS[self.key].unit
        return f"{self.key}: {self.old} -> {self.new}{' ' if unit else ''}{unit}"

    @property
    def danger(self) -> bool:
        """True where a change needs a confirmation: a wrong value harms, or two devices get one serial number."""
        return ROWS[self.key].danger or self.key == "serial"


def value_of(key: str, text: str) -> int:
    """Return the value of a text such as "5000", "5 degC" or "300ms". Raises Problem with the device's sentence."""
    setting = known(key)
    value, problem = _scaled(plain(text, key).upper(), setting.unit)
    if problem:
        raise Problem(f"{key}: {problem[1]}", f"give whole {setting.unit or 'numbers'}, or a unit behind the number")
    return value


def checked(wanted: Mapping[str, int], present: Mapping[str, int]) -> list[Change]:
    """Return what has to change. Raises Problem for values that no device accepts or that only a calibration sets."""
    for key, value in wanted.items():
        known(key)
        said = sentence(key, value)
        if said:
            raise Problem(said)
    changes = [Change(key, present[key], value) for key, value in wanted.items() if present[key] != value]
    for change in changes:
        said = fixed(change.key)
        if said:
            raise Problem(f"{said} (device: {change.old}, wanted: {change.new})")
    return changes


def in_force(device: Device) -> dict[str, int]:
    """Return the settings that the device has used since its start."""
    return _values(device.ask("CONF?"))


def stored(device: Device, ask: Callable[[str], str] | None = None) -> dict[str, int]:
    """Return the settings as stored: in force after the next start. ask: device.tell in a tool's session."""
    try:
        return _values((ask or device.ask)("CONF:STOR?"))
    except Refused as refused:
        if refused.number == -113:
            raise Refused(
                f"the device's application {device.identity.version} cannot say what it stored",
                "update it with `cryoctl flash`",
            ) from None
        raise


def _values(answer):
    if answer == "NONE":
        raise Refused("the device has no settings", "give it settings with `cryoctl flash --settings FILE`")
    try:
        found = {key.lower(): int(text.split()[0]) for key, text in (part.split("=") for part in answer.split(";"))}
    except (ValueError, IndexError):
        raise NotVerified(f"the device's answer is not understood: {answer[:60]!r}", "run the command again") from None
    if set(found) != set(ROWS):
        other = ", ".join(sorted(set(found) ^ set(ROWS)))
        raise Problem(
            f"the device and this tool know different settings ({other})", "use the cryoctl of the device's version"
        )
    return found


def save(device: Device, pin: str, changes: list[Change]) -> dict[str, int]:
    """Stage all changes, save them, and return what is stored then, read back from the device.

    When the device refuses a change, all settings stay as they were. Raises Refused, NoDevice, NotVerified.
    """
    with service_mode(device, pin):
        expected = {**stored(device, device.tell), **{change.key: change.new for change in changes}}
        device.tell("CONF:CANC")  # changes that somebody staged and did not save are not saved with these
        try:
            for change in changes:
                device.tell(f"CONF {change.key.upper()},{change.new}")
            staged = device.tell("CONF:STAG?")
        except Refused:
            device.tell("CONF:CANC")
            raise
        if _staged(staged) != {change.key: change.new for change in changes}:
            device.tell("CONF:CANC")
            raise NotVerified(f"the device staged {staged}, which was not asked for: nothing was saved", "try again")
        try:
            device.tell("CONF:SAVE")
        except NoDevice as gone:
            raise NoDevice(
                gone.text, "whether it saved the settings is not known: look with `cryoctl config list`"
            ) from None
        except Refused:
            device.tell("CONF:CANC")
            raise
        found = stored(device, device.tell)
    _compare(found, expected, "is stored")
    return found


def _staged(answer):
    pairs = (part.split("=") for part in answer.split(";") if "=" in part)
    return {key.lower(): int(text.split()[0]) for key, text in pairs}


def _compare(found, expected, how):
    other = [f"{key} {how} as {found[key]}, not {value}" for key, value in expected.items() if found[key] != value]
    if other:
        raise NotVerified("; ".join(other), "look with `cryoctl config list`, then try again")


def restart(device: Device, expected: Mapping[str, int], patience_s: float = RESTART_S) -> None:
    """Restart the device and check that the expected settings are in force.

    Raises Refused when the device is armed, NotVerified, NoDevice.
    """
    device.unarmed()
    device.ask("SYST:LOC")
    with contextlib.suppress(NoDevice):  # the device answers only when it refuses
        device.ask("SYST:REST", patience_s=0.5)
    until = time.monotonic() + patience_s
    found = None
    while time.monotonic() < until:
        try:
            if look(device.port, 1.0)[0] == APPLICATION:
                with contextlib.suppress(Refused):  # not ready yet
                    found = in_force(device)
                    if found == dict(expected):
                        return
            time.sleep(0.1)
        except NoDevice:  # the USB port of a board disappears and returns with its restart
            time.sleep(0.2)
            with contextlib.suppress(NoDevice):
                device.port.reopen()
    if found is None:
        raise NoDevice(f"{device.port.name} did not come back within {patience_s:.0f} s", "press its reset button")
    _compare(found, expected, "is in force")
