"""A MAX31856 on its SPI bus: registers, conversions, DRDY and FAULT. Portable: also the drivers' tests use it."""

RESET = b"\x00\x03\xff\x7f\xc0\x7f\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00"


class Level:
    """One pin of the chip as an input of the board."""

    def __init__(self):
        self.level = 1

    def value(self):
        return self.level


class Chip:
    """The chip: registers, conversions of `length_us` while CMODE is set, DRDY, flags and FAULT as a comparator.

    `dead` replaces all bytes that it sends; `ignore` is a register that ignores writes; a transfer raises `error`.
    """

    def __init__(self):
        self.regs = bytearray(RESET)
        self.drdy = Level()
        self.fault = Level()
        self.level = 1
        self.address = -1
        self.length_us = 98_000
        self.next_length_us = 98_000
        self.running_us = 0
        self.begun_ago_us = self.ended_ago_us = 0  # of the conversion in the registers
        self.code = 0x019000
        self.cj = 25 * 256
        self.causes = 0  # OPEN, OVUV, CJRANGE, TCRANGE
        self.forced_flags = -1
        self.flags_stuck_low = False
        self.frozen = False
        self.drdy_stuck = -1
        self.fault_stuck = -1
        self.dead = -1
        self.ignore = -1
        self.error = None
        self.transfers = 0
        self.bytes = 0
        self.written = []
        self.kind_of_conversion = []

    def select(self, level):
        """Chip select, low selects."""
        self.level = level
        self.address = -1

    def write_readinto(self, out, into):
        """Do a whole transfer."""
        if self.error is not None:
            raise self.error
        assert self.level == 0 and len(out) == len(into)
        self.transfers += 1
        self.bytes += len(out)
        i = 0
        while i < len(out):
            into[i] = self.shift(out[i])
            i += 1
        self.pins()

    def shift(self, out):
        """Exchange one byte: the first after select is a register's address, bit 7 set to write; it counts up."""
        if self.address < 0:
            self.address = out
            return 0xFF if self.dead < 0 else self.dead
        at = self.address & 0x7F
        write = self.address & 0x80
        self.address = write | (at + 1 & 0x7F)
        if self.dead >= 0:
            return self.dead
        if write:
            if at != self.ignore:
                self.write(at, out)
            return 0
        if 0x0C <= at <= 0x0E:
            self.drdy.level = 1
        return self.regs[at & 0x0F]

    def write(self, at, value):
        if at < 0x0C:  # the others are read only
            if at == 0 and value & 0x80 and not self.regs[0] & 0x80:
                self.running_us = 0
            if at == 0 and (value ^ self.regs[0]) & 1:
                assert not self.regs[0] & 0x80 and not value & 0x80, "filter changed while converting"
            self.regs[at] = value
            self.written.append((at, value))

    def pins(self):
        if self.drdy_stuck >= 0:
            self.drdy.level = self.drdy_stuck
        if self.fault_stuck >= 0:
            self.fault.level = self.fault_stuck
        else:
            self.fault.level = 0 if self.regs[15] & ~self.regs[2] & 0x3F else 1

    def signed(self, at):
        value = self.regs[at] << 8 | self.regs[at + 1]
        return value - 0x10000 if value & 0x8000 else value

    def flags(self):
        """Flags at the end of a conversion; the low threshold releases 2 degC higher."""
        if self.forced_flags >= 0:
            return self.forced_flags
        flags = self.causes
        code = (self.code - 0x1000000 if self.code & 0x800000 else self.code) >> 8  # 1/16 degC
        low = self.signed(7)
        if code < low or (self.regs[15] & 4 and code < low + 32):
            flags |= 4
        if code > self.signed(5):
            flags |= 8
        return flags & ~4 if self.flags_stuck_low else flags

    def advance(self, us):
        while us:
            step_us = min(us, self.length_us - self.running_us)
            us -= step_us
            self.begun_ago_us += step_us
            self.ended_ago_us += step_us
            if not self.regs[0] & 0x80 or self.frozen:
                continue
            if self.causes & 2:
                self.regs[15] |= 2  # suspended: no result, no DRDY
                continue
            self.running_us += step_us
            if self.running_us == self.length_us:
                self.running_us = 0
                self.begun_ago_us = self.length_us
                self.ended_ago_us = 0
                self.length_us = self.next_length_us
                self.convert()
        self.pins()

    def convert(self):
        regs = self.regs
        regs[10] = self.cj >> 8 & 0xFF
        regs[11] = self.cj & 0xFC
        regs[12] = self.code >> 16
        regs[13] = self.code >> 8 & 0xFF
        regs[14] = self.code & 0xE0
        regs[15] = self.flags()
        self.drdy.level = 0
