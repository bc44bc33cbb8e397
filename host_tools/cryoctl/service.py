"""Service mode, for commands that change a device: enter it with the PIN, leave it, or go to MicroPython's prompt.

All commands use these functions. While a command waits for a person, it sends signs of life: without them the device
leaves service mode by itself.

A PIN comes from a file, the environment or a question, never from an option's value, because other users of the
computer could read that. It is never printed.
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
# Digits [E]: on a copy of the flash a PC tries one PIN in 60 us [C]: all PINs of 4 digits in 0.6 s, of 8 in hours.
PIN_GOOD = 8
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
VARIABLE = "CRYO_PIN"
_WRONG = 301
_WAIT = 302  # the device waits after a wrong PIN, or the PIN is locked
_SELF_TEST_S = 10.0  # after switch-on the self-test takes under 2 s
_RESTART_S = 20.0  # the watchdog, the boot ROM and a slow USB together [E]


class TypedPin(str):
    """A PIN that a person typed: if it is wrong, the question comes again."""


def pin(file: Path | None = None) -> str:
    """Return the PIN from `file` (its first line), from the variable CRYO_PIN, or from a question at the terminal.

    Raises Problem when there is no PIN, or it is not valid.
    """
    if file:
        try:
            text = text_of(file)
        except Problem as problem:
            raise Problem(f"PIN file {problem.text}", "name a file that has only the PIN in its first line") from None
        if os.name == "posix" and file.stat().st_mode & _OTHERS:
            asking.tell(f"warning: other users can read the PIN file {file}: run `chmod 600 {file}`")
        return _checked(text.partition("\n")[0].strip(), f"PIN file {file}", "write only the PIN into its first line")
    if VARIABLE in os.environ:
        return _checked(os.environ[VARIABLE].strip(), VARIABLE, "put only the PIN into it")
    if not asking.terminal():
        raise Problem("a PIN is needed", f"give it in a file (--pin-file), or in the variable {VARIABLE}")
    return _typed()


def _typed():
    def meant(said):
        return TypedPin(_checked(said, "what was typed", "type it again; it is not shown"))

    return asking.Question("PIN", "--pin-file", meant, secret=True).ask()


def _checked(text, where, then):
    if not (text.isascii() and text.isdigit() and len(text) in PIN_DIGITS):
        raise Problem(f"{where}: a PIN has {PIN_DIGITS[0]} to {PIN_DIGITS[-1]} digits", then)
    return text


@contextlib.contextmanager
def service_mode(device: Device, pin: str):
    """A context in which the device is in service mode. At the end it leaves the mode. Raises Refused, NoDevice.

    If somebody left service mode open, it ends first. If a person typed the PIN and the device refused it, the question
    comes again, with the device's reason.
    """
    until = time.monotonic() + _SELF_TEST_S
    while device.unarmed() in ("BOOT", "SELF_TEST") and time.monotonic() < until:
        time.sleep(0.1)
    device.begin()
    opened = True  # unless it refuses; after an interruption it may be open
    with Once():  # a second Ctrl-C must not leave the device in service mode
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
                with contextlib.suppress(NoDevice, Refused):  # if the device is gone, it is not in service mode
                    device.tell("SERV:EXIT")


def _again(refused):
    """Return whether another PIN may be typed."""
    return refused.number == _WRONG or (refused.number == _WAIT and "lock" not in refused.text)


def to_prompt(device: Device) -> None:
    """End the application of a device in service mode: valves shut, restart, MicroPython's prompt without watchdog.

    Raises Refused, NoDevice. Do not use the Device object after that; its port stays open.
    """
    device.ask("SYST:LOC")  # ends the tool's session, because the answer to the restart comes unwrapped
    device.ask("SERV:REPL")
    until = time.monotonic() + _RESTART_S
    while time.monotonic() < until:
        try:
            if look(device.port, 1.0)[0] == PROMPT:
                device.ended = True
                return
        except NoDevice:  # the USB port of a board disappears and returns with its restart
            time.sleep(0.2)
            with contextlib.suppress(NoDevice):
                device.port.reopen()
    raise NoDevice(f"{device.port.name}: no prompt within {_RESTART_S:.0f} s of SERV:REPL", "press its reset button")
