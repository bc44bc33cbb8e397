"""Finds the serial ports: the system's, and those of running virtual boards."""

import contextlib
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from host_tools.cryoctl.problems import NoDevice

VIRTUAL = "virtual board"
EITHER = "RP2040 or RP2350"  # standard MicroPython has the same USB identity for both: vendor, product and text
_RASPBERRY_PI = 0x2E8A  # [S] USB vendor of the RP2040's own devices, of MicroPython and of the boot ROM
_ESPRESSIF = 0x303A
_BRIDGES = (0x10C4, 0x1A86, 0x0403)  # CP210x, CH34x, FTDI: the bridges of ESP32 boards


@dataclass(frozen=True)
class Found:
    """A port that may belong to a board. kind: VIRTUAL, or from its USB identity, which two processors may share."""

    name: str
    kind: str
    usb_serial: str = ""


def ports() -> list[Found]:
    """Return the ports that may belong to boards, virtual ones first."""
    return [*_virtual(), *_system()]


def chosen(name: str | None, there: Sequence[Found] | None = None) -> str:
    """Return the port to use: `name`, or the only port found. Raises NoDevice when there is none, or more than one.

    there   the ports, if the caller has found them already
    """
    if name and name.strip():
        return name.strip()
    if there is None:
        there = ports()
    if len(there) == 1:
        return there[0].name
    if not there:
        raise NoDevice(
            "no board found", "plug one in, or start a virtual one with `cryoctl sim`, or name its port with --port"
        )
    raise NoDevice(f"more than one port: {', '.join(port.name for port in there)}", "name one with --port")


def usb_serial(name: str) -> str:
    """Return the USB serial number of a port; empty if it has none, or the port is missing."""
    return next((port.usb_serial for port in ports() if port.name == name), "")


def where_now(name: str, usb_serial: str) -> str:
    """Return the present name of a board's port: the board may come back under another name.

    name         the earlier name; it is returned if this port, or no port at all, has the board's USB serial number
    usb_serial   of the board; empty: not known
    """
    same = [port.name for port in ports() if port.usb_serial == usb_serial] if usb_serial else []
    return name if name in same or not same else same[0]


def _system():
    from serial.tools import list_ports  # here, because on some platforms the import searches the whole USB tree

    out = []
    for port in list_ports.comports():
        if port.vid is None:
            continue  # not USB: a PC's own port
        out.append(Found(port.device, _kind(port), port.serial_number or ""))
    return sorted(out, key=lambda found: found.name)


def _kind(port):
    """Return what a port's USB identity says about its board: the processor, if possible."""
    if port.vid == _RASPBERRY_PI:
        named = re.search(r"RP2\d{3}", port.product or "")
        return named.group() if named else EITHER
    if port.vid == _ESPRESSIF:
        return "ESP32"
    return "USB bridge, ESP32?" if port.vid in _BRIDGES else port.description or "USB"


# --- virtual boards: each has a file while it runs --------------------------------------------------------------------
def _folder() -> Path:
    return user_data_path("cryo", appauthor=False) / "boards"


@contextlib.contextmanager
def announced(names: list[str], image: Path):
    """A context in which a virtual board with these ports is listed. Without its file it runs, but is not listed."""
    path = _folder() / f"{os.getpid()}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_suffix(".new")
        whole.write_text(json.dumps({"ports": names, "image": str(image)}))
        whole.replace(path)  # so nobody reads half a file
    except OSError:
        path = None
    try:
        yield
    finally:
        if path:
            with contextlib.suppress(OSError):
                path.unlink()


def _virtual():
    out = []
    with contextlib.suppress(OSError):
        for path in sorted(_folder().glob("*.json")):
            with contextlib.suppress(OSError, ValueError, KeyError, IndexError):
                names = json.loads(path.read_text())["ports"]
                if _alive(int(path.stem)):
                    out.append(Found(names[0], VIRTUAL))
                else:
                    path.unlink()  # it was killed and could not remove its file
    return out


def _alive(pid):
    if sys.platform == "win32":
        return True  # os.kill would end it there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
