"""The ESP32's boot ROM, by esptool's own functions. The one module that imports esptool.

Entering the boot ROM resets the chip: only where no application runs on it.
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
TALKS_S = 10.0  # so long what answers one write may take, from its first byte on: a packet takes below a second [E]
IMAGE_MAGIC = 0xE9  # [S] first byte of an ESP image
_AGAIN = "hold BOOT, press EN (or plug the board in) and let go of BOOT, then run the same again"
_one_at_a_time = threading.Lock()  # esptool has one logger


class _Progress(EspLogBase):
    """What esptool says goes to one function, its progress to another."""

    def __init__(self, say, progress):
        self._say = say
        self._progress = progress

    def print(self, *args, **_):
        """See EspLogBase; so the others."""
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
    """Raises Problem for a file that is no image for an ESP chip."""
    if not data or data[0] != IMAGE_MAGIC:
        raise Problem(
            "no ESP32 image: it does not begin with E9h",
            "take MicroPython's .bin for ESP32_GENERIC, not its .uf2 or .app-bin",
        )


def _opened(name):
    """Return a port for esptool, which looks at no clock within a packet. Raises SerialException; read(): NoDevice."""
    port = serial.serial_for_url(name, exclusive=True, do_not_open=True)
    if sys.platform == "win32":  # either of them resets the chip there
        port.rts = port.dtr = False
    port.open()
    read, write = port.read, port.write
    since: list[float] = []  # when the first byte behind the last write came

    def patient_read(size=1):
        data = read(size)
        if data:
            now = time.monotonic()
            since.append(now)
            del since[1:]
            if now - since[0] > TALKS_S:
                raise NoDevice(f"{name} never pauses: no ESP32's boot ROM talks so long", _AGAIN)
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
    """Within, yield esptool's connection to the chip in its boot ROM; afterwards the port is closed.

    name    esptool's name of the chip that is expected
    reset   how the chip is led into its boot ROM, in esptool's words
    Raises NoDevice when none answers, Problem for another chip.
    """
    found: Any = None
    opened: Any = None
    _one_at_a_time.acquire()
    try:
        # behind the lock: what another board is told goes on being told of it
        EspLog.set_logger(_Progress(say, progress))
        opened = _opened(port)
        found = cmds.detect_chip(opened, connect_mode=reset, connect_attempts=attempts)
        there = found.CHIP_NAME
        if there != name:
            raise Problem(f"the chip on {port} is {there}, not {name}", "name the board that it is with --board")
        yield found
    except (FatalError, SerialException, OSError) as error:
        text = str(error).strip().partition("\n")[0]
        raise NoDevice(f"{port}: the ESP32's boot ROM: {text}", _AGAIN) from None
    finally:
        if opened is not None:
            opened.close()
        _one_at_a_time.release()


def install(found: Any, offset: int, data: bytes) -> bool:
    """Write an image unless the flash holds it, compare by the chip's own MD5; return whether something was written.

    The chip restarts into it. Raises NotVerified.
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
    """Return whether the flash holds these bytes, by the chip's own MD5."""
    return found.flash_md5sum(offset, len(data)) == hashlib.md5(data).hexdigest()
