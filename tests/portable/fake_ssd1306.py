"""A fake SSD1306 on a bus with a clock and a time-out: messages become commands and display memory."""

TIMEOUT_US = 1_000
ABSENT = OSError(5)  # what the RP2040's port raises for an address that nobody acknowledges
TIMED_OUT = OSError(110)

# Number of bytes after each command that takes some [S: data sheet, table 9-1]; scrolling commands are not used.
_ARGUMENTS = {0x20: 1, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}


class Chip:
    """Registers and 8 x 128 bytes of memory. Page addressing only: another mode is an error of the driver.

    `error` is raised instead of a transfer; `taken` >= 0 is how many bytes are acknowledged before the chip drops out:
    the RP2040's port then returns that count and does not raise. A message longer than the time-out is cut off.
    """

    def __init__(self, clock_khz=400):
        self.clock_khz = clock_khz
        self.error = None
        self.taken = -1
        self.messages = 0
        self.longest_us = 0
        self.busy_us = 0  # of all messages
        self.memory = bytearray(1024)
        self.registers = bytearray(256)
        self.power()

    def power(self):
        """The supply returns: registers at their reset values, display off, memory random."""
        i = 0
        while i < 256:
            self.registers[i] = 0
            i += 1
        i = 0
        while i < 1024:
            self.memory[i] = i * 37 + 11 & 0xFF
            i += 1
        self.registers[0x20] = 2
        self.registers[0x81] = 0x7F
        self.registers[0xA8] = 0x3F
        self.registers[0xD5] = 0x80
        self.registers[0xD9] = 0x22
        self.registers[0xDA] = 0x12
        self.registers[0xDB] = 0x20
        self.on = False
        self.turned = 0  # bit 0 columns, bit 1 rows
        self.inverted = False
        self.all_on = False
        self.start_line = 0
        self.scrolls = True  # at power-up it does not; a glitch may leave it so
        self.page = 0
        self.column = 0
        self.command = -1  # that waits for its argument

    def writeto(self, address, buf):
        """Take one message; return how many of its bytes were acknowledged."""
        assert address == 0x3C
        self.messages += 1
        us = (len(buf) + 1) * 9 * 1000 // self.clock_khz
        if us > self.longest_us:
            self.longest_us = us
        self.busy_us += us
        if self.error is not None:
            raise self.error
        length = len(buf)
        if self.taken >= 0 and self.taken < length:
            length = self.taken
        fit = TIMEOUT_US * self.clock_khz // 9000 - 1
        late = length > fit
        if late:
            length = fit
        i = 1
        self.command = -1
        while i < length:
            if buf[0] == 0x40:
                self.data(buf[i])
            else:
                assert buf[0] == 0
                self.do(buf[i])
            i += 1
        if late:
            raise TIMED_OUT
        if length == len(buf):
            assert self.command == -1, "an argument is missing"
        return length

    def data(self, byte):
        assert self.registers[0x20] & 3 == 2
        self.memory[128 * self.page + self.column] = byte
        self.column = self.column + 1 & 127  # it stays in its page

    def do(self, byte):
        if self.command >= 0:
            self.registers[self.command] = byte
            self.command = -1
        elif byte in _ARGUMENTS:
            self.command = byte
        elif byte < 0x10:
            self.column = self.column & 0x70 | byte
        elif byte < 0x20:
            self.column = self.column & 0x0F | (byte & 7) << 4
        elif byte >> 3 == 0xB0 >> 3:
            self.page = byte & 7
        elif 0x40 <= byte < 0x80:
            self.start_line = byte & 63
        elif byte == 0x2E:
            self.scrolls = False
        elif byte == 0xA0 or byte == 0xA1:
            self.turned = self.turned & 2 | byte & 1
        elif byte == 0xC0 or byte == 0xC8:
            self.turned = self.turned & 1 | (byte & 8) >> 2
        elif byte == 0xA4 or byte == 0xA5:
            self.all_on = byte == 0xA5
        elif byte == 0xA6 or byte == 0xA7:
            self.inverted = byte == 0xA7
        elif byte == 0xAE or byte == 0xAF:
            self.on = byte == 0xAF
        else:
            raise AssertionError("unknown command " + hex(byte))

    def readable(self):
        """True when a person sees the memory's content upright."""
        r = self.registers
        shown = self.on and r[0x8D] == 0x14 and r[0xA8] == 0x3F and r[0xD3] == 0 and r[0xDA] == 0x12 and r[0x20] == 2
        return shown and self.turned == 3 and not (self.inverted or self.all_on or self.scrolls or self.start_line)

    def pixel(self, x, y):
        return self.memory[128 * (y // 8) + x] >> (y % 8) & 1
