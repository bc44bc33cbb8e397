"""A VL53L0X: pages of registers, calibrations, timed measurements. Portable: also the drivers' tests use it."""

PERIOD_US = 33_000
CLOCK = 0x0B5A
MAP = b"\xff\x0f\xf0\xff\xff\x3f"


class Chip:
    """Registers by page (register FF); only what the start-up order allows: stop value and SPADs need register 80.

    `nack` is raised, `dead` replaces all bytes read, `deaf` takes writes without effect; `mm`, `code` and `noise`
    make the next result. A measurement needs the stop value, the calibrations and the period.
    """

    def __init__(self):
        self.nack = None
        self.dead = -1
        self.deaf = False
        self.identity = b"\xee\xaa\x10"
        self.stop = 0x3C
        self.spads = 0x85
        self.clock = CLOCK
        self.mm = 120
        self.code = 11
        self.noisy = True
        self.hang = -1  # step that never ends: 0 SPADs, 1 and 2 calibrations, 3 measurements
        self.transfers = 0
        self.longest = 0
        self.writes = bytearray(1024)
        self.power()

    def power(self):
        self.pages = (bytearray(256), bytearray(256), bytearray(256), bytearray(256))  # 0, 1, 6, 7
        page = self.pages[0]
        for i in range(3):
            page[0xC0 + i] = self.identity[i]
        page[0xF8] = self.clock >> 8
        page[0xF9] = self.clock & 0xFF
        for i in range(6):
            page[0xB0 + i] = MAP[i]
        page[0x89] = 0x0C
        page[0x60] = 0x01
        page[0x84] = 0x11
        page[0x13] = 0
        self.pages[1][0x91] = self.stop
        self.pages[2][0x83] = 0x12
        self.page = 0
        self.bank = page
        self.calibrated = 0
        self.ranging = False
        self.calibrating = 0
        self.since_us = 0
        self.begun_ago_us = 0
        self.written = 0
        self.results = 0

    def readfrom_mem_into(self, address, register, buf):
        self.count(address, len(buf) + 2)
        i = 0
        while i < len(buf):
            buf[i] = self.read(register, i)
            i += 1

    def read(self, register, offset):
        """Return the byte at register + offset of the present page."""
        at = register + offset & 0xFF
        if at == 0x91 and self.page == 1 and not self.pages[0][0x80]:
            return 0
        return self.bank[at] if self.dead < 0 else self.dead

    def writeto(self, address, buf):
        self.count(address, len(buf))
        i = 1
        while i < len(buf):
            self.write(buf[0] + i - 1, buf[i])
            i += 1

    def count(self, address, size):
        assert address == 0x29
        self.transfers += 1
        if size > self.longest:
            self.longest = size
        if self.nack is not None:
            raise self.nack

    def write(self, register, value):
        """Take one byte."""
        if self.deaf:
            return
        if self.written < 512:
            self.writes[2 * self.written] = register
            self.writes[2 * self.written + 1] = value
            self.written += 1
        if register == 0xFF:
            self.page = value
            self.bank = self.pages[0 if value == 0 else 1 if value == 1 else 2 if value == 6 else 3]
            return
        bank = self.bank
        bank[register] = value
        page = self.pages[0]
        if self.page == 7 and register == 0x83 and value == 0 and self.pages[3][0x94] == 0x6B and self.hang != 0:
            assert self.pages[2][0x83] & 4
            self.pages[3][0x83] = 0x10
            self.pages[3][0x92] = self.spads
        if self.page == 0 and register == 0:
            self.begin(value, page)
        if self.page == 0 and register == 0x0B and value & 1:
            page[0x13] = 0

    def begin(self, value, page):
        self.ranging = False
        self.calibrating = 0
        if value == 0x41 and page[1] == 1 and self.hang != 1:
            self.calibrating = 1
        elif value == 0x01 and page[1] == 2 and self.hang != 2:
            self.calibrating = 2
        elif value == 0x04 and self.hang != 3:
            period = page[5] << 16 | page[6] << 8 | page[7]
            ready = page[4] == 0 and period == 33 * (self.clock or 1) and page[0x0A] == 4 and page[0x84] == 0x01
            limits = page[0x60] == 0 and page[0x44] == 0 and page[0x45] == 0x20 and page[1] == 0xE8
            limits = limits and not self.pages[2][0x83] & 4
            self.ranging = ready and limits and self.calibrated == 3 and self.pages[1][0x91] == self.stop
        self.since_us = 0

    def advance(self, us):
        page = self.pages[0]
        self.begun_ago_us += us
        if self.calibrating:
            self.calibrated |= self.calibrating
            self.calibrating = 0
            page[0x13] = 4
        if not self.ranging or self.hang == 3:
            return
        self.since_us += us
        if self.since_us >= PERIOD_US:
            self.since_us %= PERIOD_US
            self.begun_ago_us = self.since_us + PERIOD_US
            self.results += 1
            page[0x13] = 4
            page[0x14] = self.code << 3 | 1
            page[0x1E] = self.mm >> 8
            page[0x1F] = self.mm & 0xFF
            if self.noisy:
                page[0x1B] = (page[0x1B] + 7) & 0xFF
