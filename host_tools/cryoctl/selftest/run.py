"""The whole of a test, in its order."""

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
    """What `cryoctl selftest` was asked for. serial: the number that the device is to have, None: any."""

    serial: int | None = None
    operator: str = ""
    skip_contacts: bool = False
    contact_limit_s: float = 30.0
    absent: frozenset[str] = frozenset()
    pin: str | None = None


def tested(device: Device, asked: Asked, say: Callable[[str], None], now: datetime | None = None) -> Sheet:
    """Return the sheet. Raises Refused when the device is armed, NoDevice when it goes; it changes no setting."""
    state = device.unarmed()
    if state not in names.MODES:
        raise Problem(f"no state is called {state}", "update the tool or the device: their versions do not fit")
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
        ("errors and counts", checks.remembered(device)),  # first: what is asked later may add to them
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
    """Yield the items of a group; a question that is refused in the middle of it is one that failed."""
    try:
        yield from group
    except Refused as problem:
        device.unarmed()  # when that is why, nothing more is asked
        yield judged(name, "answered", problem.text, False, "docs/console.md tells what the error means")
