"""Boards with PIO on a modelled chip: the board's own files, the stepped state machines, registers by the data sheet.

It fits every board whose chip has state machines. Pads, buses and registers show what the board's files do, so a test
needs no image.
"""

from types import ModuleType, SimpleNamespace

import pytest

from host_tools.places import BOARDS, FIRMWARE
from host_tools.simulator.emulator import pio_blocks
from host_tools.toolchain.board_check.board import file_of
from host_tools.toolchain.board_check.board import load as load_board
from tests.boards.esp32.chip import load
from tests.boards.found import PIO_BOARDS
from tests.boards.rp2.registers import MEMORY

# Typed again from the data sheets, not from the chip's table. Key: the end of sys.implementation._machine.
WATCHDOG_SCRATCH = {"with RP2040": 0x4005_800C, "with RP2350": 0x400D_800C}  # eight words
POWMAN_SCRATCH = {"with RP2350": 0x4010_00B0}  # eight more
BOOT_ROM_WRITES = {"with RP2040": (4, 5, 6, 7), "with RP2350": (2, 3, 4, 5, 6, 7)}  # of the watchdog's, for a UF2 file
SYSTEM_MHZ = {"with RP2040": 125, "with RP2350": 150}
CSR, RVR, CVR = 0xE000_E010, 0xE000_E014, 0xE000_E018  # SysTick, of every Arm processor of the M profile


class Registers:
    """machine.mem32: scratch registers and SysTick. A board file must not use any other address."""

    def __init__(self, rig):
        self._rig = rig

    def __getitem__(self, address):
        rig = self._rig
        if address == CVR:
            counts = rig.systick.get(CSR, 0) & 5 == 5  # enabled, from the processor's clock
            return -rig.cycles % (rig.systick[RVR] + 1) if counts else 0
        return rig.scratch[address]

    def __setitem__(self, address, value):
        if address in (CSR, RVR):
            self._rig.systick[address] = value
        else:
            assert address in self._rig.scratch, hex(address)
            self._rig.scratch[address] = value


def _machine(rig):
    class Pin(pio_blocks.Pin):
        IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 1, 2

        def __init__(self, number, mode=None, pull=None, *, value=None):
            super().__init__(rig.blocks, number)
            if mode is not None:
                rig.pads[number] = (mode, pull)
            if value is not None:
                rig.latch[number] = value

        def value(self, level=None):
            if level is not None:
                assert rig.pads[self.number][0] == Pin.OUT
                rig.latch[self.number] = level
                return None
            mode, pull = rig.pads[self.number]
            return rig.latch[self.number] if mode == Pin.OUT else rig.outside.get(self.number, int(pull == Pin.PULL_UP))

    class Made:
        def __init__(self, *args, **kwargs):
            self.args, self.kwargs = args, kwargs
            rig.made.append(self)

    class SPI(Made):
        def _selected(self):
            return {number for number, level in rig.latch.items() if number in rig.pins.CHIP_SELECTS and not level}

        def readinto(self, buffer):
            buffer[:] = bytes(len(buffer))
            rig.transfers.append((self._selected(), b""))

        def write_readinto(self, out, into):
            into[:] = bytes(len(into))
            rig.transfers.append((self._selected(), bytes(out)))

    class I2C(Made):
        def readfrom_mem_into(self, address, register, buffer):
            raise OSError(5)

        def writeto(self, address, data):
            raise OSError(5)

        def readfrom_into(self, address, buffer):
            raise OSError(5)

    class ADC(Made):
        def read_u16(self):
            source = self.args[0]
            return rig.counts[source if isinstance(source, int) else source.number]

    class WDT(Made):
        pass

    module = ModuleType("machine")
    vars(module).update(
        {kind.__name__: kind for kind in (Pin, SPI, I2C, ADC, WDT)},
        mem32=Registers(rig),
        freq=lambda: rig.mhz * 1_000_000,
        reset=lambda: rig.made.append("reset"),
        reset_cause=lambda: rig.cause,
        PWRON_RESET=1,
        WDT_RESET=3,
    )
    return module


class BoardRig:
    """A board's files on a chip: `build()` makes the board. Shield in place, nothing pressed.

    outside   pin -> level that a contact drives; other pins have their pull
    counts    pin or channel -> reading of the converter
    """

    def __init__(self, name):
        self.name = name
        machine = load_board(BOARDS / name).chip.micropython["machine"]
        self.mhz = SYSTEM_MHZ[machine]
        self._watchdog, self._written = WATCHDOG_SCRATCH[machine], BOOT_ROM_WRITES[machine]
        firsts = [self._watchdog, *([POWMAN_SCRATCH[machine]] if machine in POWMAN_SCRATCH else [])]
        self.scratch = {first + 4 * n: 0 for first in firsts for n in range(8)}
        self.pads, self.latch, self.outside, self.counts = {}, {}, {}, {}
        self.made, self.transfers = [], []
        self.systick, self.cycles, self.cause = {}, 1000, 1
        self.blocks = pio_blocks.Blocks()
        self.firmware = pio_blocks.Firmware(
            self.blocks, self.mhz * 1_000_000, board=BOARDS / name, memory=MEMORY[machine]
        )
        self.stand_ins = {"cryo.valve.rp2_pio": self.firmware.module, "machine": _machine(self)}
        for module, members in (
            ("neopixel", {"NeoPixel": lambda pin, n: SimpleNamespace(pin=pin, n=n)}),
            ("framebuf", {"MONO_VLSB": 0, "FrameBuffer": lambda *_: SimpleNamespace(fill=lambda _: None)}),
            ("sys", {"stdin": SimpleNamespace(buffer=None), "stdout": SimpleNamespace(buffer=None)}),
            ("select", {"poll": lambda: SimpleNamespace(register=lambda *_: None), "POLLIN": 1, "POLLOUT": 4}),
        ):
            self.stand_ins[module] = ModuleType(module)
            vars(self.stand_ins[module]).update(members)
        self.pins = self.own("pins")
        self.own("board_name")
        self.own("registers")
        self.own("chip")
        self.own("scratch")
        self.stand_ins["cryo.console.usb"] = load(str(FIRMWARE / "cryo/console/usb.py"), self.stand_ins)
        self.outside.update({self.pins.LOOP_A: 1, self.pins.LOOP_B: 0, self.pins.ESTOP: 0})
        self.counts.update(dict.fromkeys(self.pins.ANALOGUE, 32_768))

    def own(self, module):
        """Load one of the board's files as a module that the other files import."""
        self.stand_ins[module] = load(str(file_of(BOARDS / self.name, f"{module}.py")), self.stand_ins)
        return self.stand_ins[module]

    def build(self):
        """Return the board, with its loop made, also for the state machines."""
        board = load(str(file_of(BOARDS / self.name, "board.py")), self.stand_ins).build()
        self.blocks.drive(self.pins.LOOP_A, 1)
        self.blocks.drive(self.pins.LOOP_B, 0)
        self.blocks.run_us(5)
        return board

    def copy_uf2(self):
        """A UF2 file was copied onto the chip: its boot ROM says so in the watchdog's words, and restarts it."""
        for n in self._written:
            self.scratch[self._watchdog + 4 * n] = 0x20 + n
        self.cause = 3

    def of(self, kind):
        """Return the objects that were made of a class of `machine`."""
        return [made for made in self.made if type(made).__name__ == kind]


@pytest.fixture(params=PIO_BOARDS)
def rig(request):
    return BoardRig(request.param)
