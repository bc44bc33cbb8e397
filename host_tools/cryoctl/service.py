"""Service mode, for the commands that change a device: enter with the PIN, leave, or go to MicroPython's prompt.

All of them go in and out here. While somebody is waited for, the device gets signs of life; without them it leaves
service mode by itself.

A PIN comes from a file, the environment or a question, never from an option's value, which other users of the machine
could read; it is never printed.
"""

import contextlib
import os
import stat
import time
from pathlib import Path

from host_tools.cryoctl import asking
from host_tools.cryoctl.device import PROMPT, Device, look
from host_tools.cryoctl.files import text_of
from host_tools.cryoctl.interrupts import Once
from host_tools.cryoctl.problems import NoDevice, Problem, Refused

PIN_DIGITS = range(4, 11)
# Digits [E]: on a copy of the flash a PC tries one PIN in 60 us [C], all of four digits in 0.6 s, all of 8 in hours.
PIN_GOOD = 8
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
VARIABLE = "CRYO_PIN"
_WRONG = 301
_WAIT = 302  # wait after a wrong PIN; or the PIN is locked
_SELF_TEST_S = 10.0  # switched on just now: it takes under 2 s
_RESTART_S = 20.0  # the watchdog, the boot ROM and a slow USB together [E]


class TypedPin(str):
    """A PIN that somebody typed: if it is wrong, the question comes again."""


def pin(file: Path | None = None) -> str:
    """Return the PIN from `file` (its first line), from the variable CRYO_PIN, or from a question at the terminal.

    Raises Problem when there is none of them, or it is no PIN.
    """
    if file:
        try:
            text = text_of(file)
        except Problem as problem:
            raise Problem(f"PIN file {problem.text}", "name a file with the PIN alone in its first line") from None
        if os.name == "posix" and file.stat().st_mode & _OTHERS:
            asking.tell(f"warning: other users can read the PIN file {file}: `chmod 600 {file}` keeps them out")
        return _checked(text.partition("\n")[0].strip(), f"PIN file {file}", "give it alone in the first line")
    if VARIABLE in os.environ:
        return _checked(os.environ[VARIABLE].strip(), VARIABLE, "put the PIN alone into it")
    if not asking.terminal():
        raise Problem("a PIN is needed", f"give it in a file (--pin-file), or in the variable {VARIABLE}")
    return _typed()


def _typed():
    def meant(said):
        return TypedPin(_checked(said, "what was typed", "type it again; nothing of it is shown"))

    return asking.Question("PIN", "--pin-file", meant, secret=True).ask()


def _checked(text, where, then):
    if not (text.isascii() and text.isdigit() and len(text) in PIN_DIGITS):
        raise Problem(f"{where}: a PIN has {PIN_DIGITS[0]} to {PIN_DIGITS[-1]} digits", then)
    return text


@contextlib.contextmanager
def service_mode(device: Device, pin: str):
    """Within, the device is in service mode; it is left again whatever happens. Raises Refused, NoDevice.

    One that somebody left open is not taken over: it ends first. A PIN that somebody typed and the device refused is
    asked for again, with its reason.
    """
    until = time.monotonic() + _SELF_TEST_S
    while device.unarmed() in ("BOOT", "SELF_TEST") and time.monotonic() < until:
        time.sleep(0.1)
    device.begin()
    opened = True  # unless it says no: whoever was interrupted in between does not know
    with Once():  # so that a second Ctrl-C does not leave the device in service mode
        try:
            while True:
                try:
                    device.tell(f"SERV:PIN {pin}", patience_s=10.0)
                    break
                except Refused as refused:
                    opened = False
                    if not isinstance(pin, TypedPin) or not _again(refused):
                        raise
                    asking.tell(str(refused))
                    pin = _typed()
                    opened = True
            with asking.meanwhile(device.keep):
                yield device
        finally:
            if opened and not device.ended:
                with contextlib.suppress(NoDevice, Refused):  # gone: then it is out of service mode
                    device.tell("SERV:EXIT")


def _again(refused):
    """Return whether another PIN may be typed."""
    return refused.number == _WRONG or (refused.number == _WAIT and "lock" not in refused.text)


def to_prompt(device: Device) -> None:
    """End the application of a device in service mode: valves shut, restart, MicroPython's prompt without watchdog.

    Raises Refused, NoDevice. The device cannot be used after that; its port stays open.
    """
    device.ask("SYST:LOC")  # out of the tool's session: the restart's answer comes unwrapped
    device.ask("SERV:REPL")
    until = time.monotonic() + _RESTART_S
    while time.monotonic() < until:
        try:
            if look(device.port, 1.0)[0] == PROMPT:
                device.ended = True
                return
        except NoDevice:  # a board's own USB goes and comes again with its restart
            time.sleep(0.2)
            with contextlib.suppress(NoDevice):
                device.port.reopen()
    raise NoDevice(f"{device.port.name}: no prompt within {_RESTART_S:.0f} s of SERV:REPL", "press its reset button")
