"""Finds out what is on the ports: asks all of them at the same time, and waits only a short time."""

import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from host_tools.cryoctl import found
from host_tools.cryoctl.device import APPLICATION, PROMPT, SILENT, Device, Identity, look
from host_tools.cryoctl.holders import holders
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Problem, Refused

PATIENCE_S = 1.5  # the first answer loads the console: under 1 s on an RP2040 [E]
TOGETHER = 16
# Ctrl-B: from the raw prompt back to the friendly one, which then prints its version; the application ignores it.
_END_RAW = b"\x02"
_BANNER = re.compile(rb"(MicroPython|CircuitPython) .*; .* with (\w+)")  # version, date; board with processor
_NO_APPLICATION = "MicroPython without the application: install it with `cryoctl flash`"
_OTHER = "CircuitPython, which cannot run the application: install MicroPython with `cryoctl flash --image official`"


@dataclass(frozen=True)
class Seen:
    """A port and what answers there. state: the application's, or prompt, silent, busy, no permission, gone.

    kind: the processor, if the board says which it has; otherwise the kind in found.Found.
    """

    port: str
    kind: str
    usb_serial: str
    state: str
    board: str = ""
    serial: str = ""
    version: str = ""
    remark: str = ""

    def as_json(self) -> dict:
        """Return the port as --json prints it."""
        return asdict(self)


def looked(port: Port, patience_s: float = PATIENCE_S) -> tuple[str, Identity | None]:
    """Do the same as device.look(), and also find a raw prompt that a tool left. Harmless in any state of a device."""
    state, who = look(port, patience_s)
    if state != SILENT:
        return state, who
    port.write(_END_RAW)
    return look(port, patience_s)


def seen(at: found.Found, patience_s: float = PATIENCE_S) -> Seen:
    """Return what answers on a port. Does not raise for a port that cannot be opened."""
    kept = (at.name, at.kind, at.usb_serial)
    try:
        with Port(at.name) as port:
            state, who = looked(port, patience_s)
            runs = ""
            if at.kind != found.VIRTUAL:
                runs, processor = _processor(port, state, who, patience_s)
                kept = (at.name, processor or at.kind, at.usb_serial)
            if state == PROMPT:
                return Seen(*kept, "prompt", remark=_OTHER if runs == "CircuitPython" else _NO_APPLICATION)
            if state != APPLICATION or who is None:
                return Seen(*kept, "silent", remark="it is not an applicator, or it hangs: press its reset button")
            doing = "unknown"
            with contextlib.suppress(NoDevice, Refused), Device(port) as device:
                doing = device.state().get("STATE", doing)
            by = ", ".join(map(str, holders([at.name]))) if port.shares else ""
            remark = f"shared by {by}: `cryoctl monitor` and `log` may use it, too" if by else ""
            return Seen(*kept, doing, who.board, who.serial, who.version, remark)
    except NoDevice as problem:
        states = {"is in use": "busy", "no permission": "no permission", "there is no port": "gone"}
        state = next((state for words, state in states.items() if words in problem.text), "gone")
        by = ", ".join(map(str, holders([at.name]))) if state == "busy" else ""
        return Seen(*kept, state, remark=f"in use by {by}; {problem.then}" if by else problem.then)


def _processor(port, state, who, patience_s):
    """Return (interpreter, processor) as the board says them; the application names its board; "": it does not say."""
    if who is not None:
        from host_tools.cryoctl.flash import boards  # here, because it loads the boards' descriptions

        with contextlib.suppress(Problem):
            return "", boards.chip(who.board).processor
    if state == PROMPT:
        port.write(_END_RAW)
        until = time.monotonic() + patience_s
        while (line := port.line(until)) is not None:
            if banner := _BANNER.search(line):
                return banner[1].decode("ascii"), banner[2].decode("ascii")
    return "", ""


def all_seen(patience_s: float = PATIENCE_S) -> list[Seen]:
    """Return what is on every port there is, asked at the same time."""
    there = found.ports()
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(lambda at: seen(at, patience_s), there))
