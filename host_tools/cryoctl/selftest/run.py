"""Runs a whole test, in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata

from host_tools.cryoctl import names
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.problems import Problem, Refused
from host_tools.cryoctl.selftest import checks, contacts
from host_tools.cryoctl.selftest.items import Item, Sheet, judged


@dataclass(frozen=True)
class Asked:
    """The options of `cryoctl selftest`. serial: the number that the device must have; None: any."""

    serial: int | None = None
    operator: str = ""
    skip_contacts: bool = False
    contact_limit_s: float = 30.0
    absent: frozenset[str] = frozenset()
    pin: str | None = None


def tested(device: Device, asked: Asked, say: Callable[[str], None], now: datetime | None = None) -> Sheet:
    """Test, and return the sheet. Changes no setting. Raises Refused (the device is armed), NoDevice (it is gone)."""
    state = device.unarmed()
    if state not in names.MODES:
        raise Problem(
            f"the device's state {state} is unknown", "update cryoctl or the device: their versions do not fit"
        )
    now = now or datetime.now().astimezone()
    found = device.identity
    sheet = Sheet(
        board=found.board,
        serial=found.serial,
        version=found.version,
        port=device.port.name,
        started=now.isoformat(timespec="seconds"),
        operator=asked.operator,
        tool=f"cryoctl {metadata.version('cryo-applicator')}",
    )
    groups = [
        ("errors and counts", checks.remembered(device)),  # first, because later questions may add to them
        ("identity", checks.identity(device, asked.serial)),
        ("settings", checks.provisioned(device)),
        ("calibrations", checks.calibrated(device, now.date())),
        ("self-tests", checks.tested(device)),
        ("sensors", checks.sensed(device, asked.absent)),
        ("telemetry", checks.streamed(device)),
        (
            "contacts",
            contacts.skipped() if asked.skip_contacts else contacts.exercised(device, asked.contact_limit_s, say),
        ),
    ]
    pinned = checks.pin_works(device, asked.pin) if asked.pin is not None else checks.pin_unknown()
    groups.append(("service mode", pinned))
    for name, group in groups:
        say(f"{name} ...")
        device.unarmed()
        sheet.items += _all(device, name, group)
    return sheet


def _all(device: Device, name: str, group: Iterator[Item]) -> Iterator[Item]:
    """Yield the items of a group. If the device refuses a question, that is an item that failed."""
    try:
        yield from group
    except Refused as problem:
        device.unarmed()  # if that is the reason, ask no more
        yield judged(name, "answered", problem.text, False, "docs/console.md explains the error")
