"""Checks the system's serial ports: who may open them, and who has them open. One function for each platform."""

import contextlib
import os
import sys
from pathlib import Path

from host_tools.cryoctl.doctor import FAIL, PASS, WARN, Check
from host_tools.cryoctl.found import VIRTUAL, Found
from host_tools.cryoctl.holders import PROC, holders

NAME = "permission"
RULE_FILE = "/etc/udev/rules.d/60-cryo.rules"
RULE = "\n".join(
    f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vendor}", TAG+="uaccess"'
    for vendor in ("2e8a", "303a", "10c4", "1a86", "0403")
)


def permission(ports: list[Found], platform: str = sys.platform) -> list[Check]:
    """Return one failed check for each port that this user may not open; if there is none, one that passes."""
    real = [port.name for port in ports if port.kind != VIRTUAL]
    return {"darwin": macos, "win32": windows}.get(platform, linux)(real)


def linux(ports: list[str]) -> list[Check]:
    """On Linux a port is a device file that belongs to a group."""
    out = []
    for port in ports:
        if os.access(port, os.R_OK | os.W_OK):
            continue
        group = "dialout (Arch: uucp)"
        with contextlib.suppress(OSError, KeyError, ImportError):
            import grp

            group = grp.getgrgid(os.stat(port).st_gid).gr_name
        out.append(
            Check(
                NAME,
                FAIL,
                f"{port} may not be opened by this user",
                f"sudo usermod -aG {group} $USER, then log in again; or write into {RULE_FILE}:\n{RULE}\n"
                "then sudo udevadm control --reload && sudo udevadm trigger",
            )
        )
    return out or [_fine(ports)]


def macos(ports: list[str]) -> list[Check]:
    """On macOS every port has two names: opening tty.* waits for a carrier, and no board gives one."""
    wrong = [port for port in ports if "/tty." in port]
    if wrong:
        remedy = "use the port of the same name that begins with cu. instead of tty."
        return [Check(NAME, WARN, f"{', '.join(wrong)}: opening it waits for a carrier", remedy)]
    return [_fine(ports)]


def windows(ports: list[str]) -> list[Check]:
    """On Windows a USB bridge without a driver has no port."""
    if not ports:
        remedy = (
            "the Pico needs no driver since Windows 10; an ESP32 board's bridge does: CP210x from Silicon Labs, CH34x "
            "from WCH; the Device Manager shows a bridge without driver under Other devices"
        )
        return [Check(NAME, WARN, "no COM port of a board", remedy)]
    return [_fine(ports)]


def _fine(ports):
    return Check(NAME, PASS, ", ".join(ports) or "no serial port of a board is there")


def in_use(ports: list[Found], proc: Path = PROC) -> list[Check]:
    """Return a check for each port that another program has open, as far as this user can see."""
    remedy = "close that program before flashing or calibrating"
    out = [
        Check("port in use", WARN, f"{holder.port} is open in {holder}", remedy)
        for holder in holders([port.name for port in ports], proc)
    ]
    return out or [Check("port in use", PASS, "none that this user can see")]
