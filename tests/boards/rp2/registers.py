"""The RP2350's registers in front of the stepped PIO blocks, whose pads have the RP2040's layout.

They are typed from the RP2350's data sheet (9.11.1, 11.7), not taken from a board's files. An address or a bit of the
other chip raises an error here, or has another effect.
"""

from host_tools.simulator.emulator import pio_blocks

RP2040_IO, RP2350_IO = 0x4001_4000, 0x4002_8000
PADS = 30
FUNCTION = 0x1F
# field of GPIOn_CTRL: (lowest bit on the RP2040, on the RP2350)
CTRL = {"OUTOVER": (8, 12), "OEOVER": (12, 14)}
STATUS = (1 << 9) | (1 << 13) | (1 << 17)  # OUTTOPAD, OETOPAD, INFROMPAD; the others are reserved
PADOUT = (0x5020_003C, 0x5030_003C)


class Rp2350Registers(pio_blocks.Registers):
    """machine.mem32 of an RP2350."""

    def _pad(self, address):
        pad, rest = divmod(address - RP2350_IO, 8)
        assert 0 <= pad < PADS and rest in (0, 4), hex(address)
        return RP2040_IO + 8 * pad + rest, rest == 4

    def __getitem__(self, address):
        if address in PADOUT:
            self._blocks.run(pio_blocks.CALL)
            return self._blocks.chip.pio[PADOUT.index(address)].pin_values & 0x3FFF_FFFF
        at, is_ctrl = self._pad(address)
        value = super().__getitem__(at)
        if not is_ctrl:
            return value & STATUS
        return value & FUNCTION | sum((value >> old & 3) << new for old, new in CTRL.values())

    def __setitem__(self, address, value):
        at, is_ctrl = self._pad(address)
        fields = sum(3 << new for _, new in CTRL.values())
        assert is_ctrl and not value & ~(FUNCTION | fields), f"{value:#x}: reserved bits"
        super().__setitem__(at, value & FUNCTION | sum((value >> new & 3) << old for old, new in CTRL.values()))


MEMORY = {"with RP2040": pio_blocks.Registers, "with RP2350": Rp2350Registers}  # by MicroPython's name of the machine
