"""Talks to the ESP32's boot ROM with esptool's own functions. Only this module imports esptool.

Entering the boot ROM resets the chip, so do it only when no application runs on it.
"""

import contextlib
import hashlib
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import serial
from esp_pylib.logger import EspLog, EspLogBase
from esptool import cmds
from esptool.util import FatalError
from serial import SerialException

from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem

BAUD = 460_800  # of the transfer; the ROM is asked at 115 200
ATTEMPTS = 5
TALKS_S = 10.0  # longest time of the answer to one write, from its first byte on: a packet takes less than a second [E]
IMAGE_MAGIC = 0xE9  # [S] first byte of an ESP image
_AGAIN = "hold BOOT, press EN (or plug the board in) and release BOOT, then run the same command again"
_one_at_a_time = threading.Lock()  # esptool has one logger


class _Progress(EspLogBase):
    """Sends esptool's messages to one function, and its progress to another."""

    def __init__(self, say, progress):
        self._say = say
        self._progress = progress

    def print(self, *args, **_):
        """See EspLogBase, also for the other methods."""
        self._say(" ".join(map(str, args)).strip())

    note = hint = debug = warning = error = print

    def warn(self, *args, suggestion=None):
        self.print(*args)

    def err(self, *args, suggestion=None):
        self.print(*args)

    def progress_bar(self, cur_iter, total_iters, prefix="", suffix="", bar_length=30):
        self._progress(cur_iter, total_iters)

    def set_verbosity(self, mode):
        pass


def checked(data: bytes) -> None:
    """Raise Problem for a file that is not an image for an ESP chip."""
    if not data or data[0] != IMAGE_MAGIC:
        raise Problem(
            "not an ESP32 image: it does not begin with E9h",
            "use MicroPython's .bin for ESP32_GENERIC, not its .uf2 or .app-bin",
        )


def _opened(name):
    """Return a port for esptool, which has no time limit within a packet. Raises SerialException; read(): NoDevice."""
    port = serial.serial_for_url(name, exclusive=True, do_not_open=True)
    if sys.platform == "win32":  # changing either of them resets the chip
        port.rts = port.dtr = False
    port.open()
    read, write = port.read, port.write
    since: list[float] = []  # when the first byte after the last write came

    def patient_read(size=1):
        data = read(size)
        if data:
            now = time.monotonic()
            since.append(now)
            del since[1:]
            if now - since[0] > TALKS_S:
                raise NoDevice(f"{name} sends without a pause: it is not an ESP32's boot ROM", _AGAIN)
        return data

    def followed_write(data):
        since.clear()
        return write(data)

    port.read, port.write = patient_read, followed_write
    return port


@contextlib.contextmanager
def chip(
    port: str,
    name: str,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _, __: None,
    reset: str = "default-reset",
    attempts: int = ATTEMPTS,
):
    """A context: yield esptool's connection to the chip in its boot ROM. The port is closed at the end.

    name    esptool's name of the chip that is expected
    reset   how the chip enters its boot ROM, in esptool's words
    Raises NoDevice when none answers, Problem for another chip.
    """
    found: Any = None
    opened: Any = None
    _one_at_a_time.acquire()
    try:
        # after the lock: messages about another board still go to that board's progress
        EspLog.set_logger(_Progress(say, progress))
        opened = _opened(port)
        found = cmds.detect_chip(opened, connect_mode=reset, connect_attempts=attempts)
        there = found.CHIP_NAME
        if there != name:
            raise Problem(f"the chip on {port} is {there}, not {name}", "name the right board with --board")
        yield found
    except (FatalError, SerialException, OSError) as error:
        text = str(error).strip().partition("\n")[0]
        raise NoDevice(f"{port}: the ESP32's boot ROM: {text}", _AGAIN) from None
    finally:
        if opened is not None:
            opened.close()
        _one_at_a_time.release()


def install(found: Any, offset: int, data: bytes) -> bool:
    """Write an image if the flash does not hold it, and compare by the chip's own MD5. Return whether it was written.

    The chip then starts the image. Raises NotVerified.
    """
    checked(data)
    stub = cmds.run_stub(found)
    stub.change_baud(BAUD)
    cmds.attach_flash(stub)
    there = held(stub, offset, data)
    if not there:
        differs = NotVerified("the flash does not hold what was written", _AGAIN)
        try:
            cmds.write_flash(stub, [(offset, data)])
        except FatalError as error:
            raise differs if "MD5" in str(error) else error from None
        if not held(stub, offset, data):
            raise differs
    cmds.reset_chip(stub, "hard-reset")
    return not there


def held(found: Any, offset: int, data: bytes) -> bool:
    """Return whether the flash holds these bytes, according to the chip's own MD5."""
    return found.flash_md5sum(offset, len(data)) == hashlib.md5(data).hexdigest()
