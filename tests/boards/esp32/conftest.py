"""The whole board on the modelled chip."""

from types import ModuleType, SimpleNamespace

import pytest

from tests.boards.esp32.chip import Chip, load, modules


class Peripherals:
    """The classes that the board uses from `machine`, without pins: kept by kind, so that a test sees the arguments."""

    def __init__(self):
        self.made = []
        self.transfers = []  # (pins of the chips that were selected, what was sent)
        self.selected = set
        self.uv = {}
        self.kept = b""  # RTC memory
        self.cause = 1  # power-on

    def module(self, pin_class):
        made, uv, peripherals = self.made, self.uv, self

        class Made:
            def __init__(self, *args, **kwargs):
                self.args, self.kwargs = args, kwargs
                made.append(self)

        class SPI(Made):
            def readinto(self, buffer):
                buffer[:] = bytes(len(buffer))
                peripherals.transfers.append((peripherals.selected(), b""))

            def write_readinto(self, out, into):
                assert len(out) == len(into)
                into[:] = bytes(len(into))
                peripherals.transfers.append((peripherals.selected(), bytes(out)))

        class SoftI2C(Made):
            def readfrom_mem_into(self, address, register, buffer):
                raise OSError(19)

            def writeto(self, address, data):
                raise OSError(19)

            def readfrom_into(self, address, buffer):
                raise OSError(19)

        class ADC(Made):
            ATTN_11DB = 3

            def read_uv(self):
                answer = uv.get(self.args[0].number, 250_000)
                if answer is None:
                    raise OSError(-258)
                return answer

            def read_u16(self):
                raise AssertionError("the converter's raw counts are not linear")

        class WDT(Made):
            def feed(self):
                pass

        class RTC(Made):
            def memory(self, data=None):
                if data is None:
                    return peripherals.kept
                peripherals.kept = bytes(data)

        def reset():
            made.append("reset")

        rtc = {"RTC": RTC, "PWRON_RESET": 1, "reset_cause": lambda: peripherals.cause}
        return rtc | {"Pin": pin_class, "SPI": SPI, "SoftI2C": SoftI2C, "ADC": ADC, "WDT": WDT, "reset": reset}


class Serial:
    """UART0 as MicroPython's terminal: a transmitter of 128 bytes at 115 200 baud; a write to a full one would wait."""

    def __init__(self, chip):
        self._chip, self._empty_us = chip, chip.now_us
        self.received = bytearray()
        self.sent = bytearray()
        self.stdin = SimpleNamespace(buffer=SimpleNamespace(readinto=self._readinto))
        self.stdout = SimpleNamespace(buffer=SimpleNamespace(write=self._write))

    def _readinto(self, buffer, length):
        assert length == 1 and self.received, "waits for a character"
        buffer[0] = self.received.pop(0)
        return length

    def _write(self, data):
        now_us = self._chip.now_us
        queued_us = max(self._empty_us - now_us, 0) + len(data) * 1_000_000 * 10 / 115_200
        assert queued_us <= 128 * 1_000_000 * 10 / 115_200, "waits for room"
        self._empty_us = now_us + queued_us
        self.sent += data
        return len(data)

    def poll(self):
        """Does the same as select.poll."""
        serial = self

        class Poll:
            def register(self, what, events):
                assert (what, events) in ((serial.stdin, 1), (serial.stdout, 4))
                self.what = what

            def ipoll(self, timeout):
                assert timeout == 0
                ready = self.what is serial.stdout or serial.received  # it always says that there is room
                return iter([(self.what, 1)] if ready else [])

        return Poll()


class BoardRig:
    """The board file on a chip: `module.build()` makes it."""

    def __init__(self):
        self.chip = Chip()
        self.cycles = 0xFFFF_FFFF - 5_000  # of the processor's counter, which wraps early
        self.peripherals = Peripherals()
        self.peripherals.selected = lambda: {
            pad for pad in self.pins.CHIP_SELECTS if pad in self.chip.outputs and not self.chip.level(pad)
        }
        self.serial = Serial(self.chip)
        for pad, level in ((32, 1), (33, 0), (34, 1), (35, 0)):  # shield in place, nothing pressed
            self.chip.inputs[pad] = level
        stand_ins = modules(self.chip)
        stand_ins["cryo.valve.esp32_rmt"] = load("firmware/cryo/valve/esp32_rmt.py", stand_ins)
        stand_ins["pins"] = self.pins = load("boards/esp32_devkitc/pins.py", {})
        vars(stand_ins["machine"]).update(self.peripherals.module(stand_ins["machine"].Pin))
        stand_ins["scratch"] = load("boards/esp32_devkitc/scratch.py", stand_ins)
        vars(stand_ins["time"]).update(ticks_cpu=lambda: self.cycles)
        stand_ins["chip"] = load("boards/esp32_devkitc/chip.py", stand_ins)
        stand_ins["sys"] = ModuleType("sys")
        vars(stand_ins["sys"]).update(stdin=self.serial.stdin, stdout=self.serial.stdout)
        stand_ins["framebuf"] = ModuleType("framebuf")  # nothing is drawn here
        vars(stand_ins["framebuf"]).update(MONO_VLSB=0, FrameBuffer=lambda *_: SimpleNamespace(fill=lambda _: None))
        stand_ins["select"] = ModuleType("select")
        vars(stand_ins["select"]).update(poll=self.serial.poll, POLLIN=1, POLLOUT=4)
        stand_ins["cryo.console.usb"] = load("firmware/cryo/console/usb.py", stand_ins)
        self.module = load("boards/esp32_devkitc/board.py", stand_ins)

    def of(self, kind):
        """Return the objects that were made of a class of `machine`."""
        return [made for made in self.peripherals.made if type(made).__name__ == kind]


@pytest.fixture
def rig():
    return BoardRig()
