"""An MLX90614 that speaks SMBus with its check byte. Portable: also the drivers' tests use it."""

SKIN = 64224  # emissivity 0.98
ADDRESS = 0x5A


def crc8(data):
    """Return the check byte, computed bit by bit as the bus defines it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 7) & 0xFF if crc & 0x80 else crc << 1
    return crc


class Chip:
    """Words by register; `nack` is raised, `dead` replaces all bytes, `flip` damages a bit of byte `flip_at`."""

    def __init__(self):
        self.words = {0x06: 14908, 0x07: 15228, 0x24: SKIN}  # 25.01 and 31.41 degC
        self.frames = {}
        self.sent = b""  # the word that the present message carries
        self.nack = None
        self.dead = -1
        self.flip = 0
        self.flip_at = 0
        self.reads = []
        self.transfers = 0
        self.last = -1
        for register in self.words:
            self.set(register, self.words[register])

    def set(self, register, word):
        low, high = word & 0xFF, word >> 8
        pec = crc8((ADDRESS << 1, register, ADDRESS << 1 | 1, low, high))
        self.frames[register] = bytes((low, high, pec))

    def readfrom_mem_into(self, address, register, buf):
        assert address == ADDRESS and len(buf) == 3
        self.transfers += 1
        self.last = register
        if self.nack is not None:
            raise self.nack
        i = 0
        while i < 3:
            buf[i] = self.read(register, i)
            i += 1

    def read(self, register, offset):
        """Return one byte of the word in a register: low, high, check byte.

        A message carries the word that is current at its first byte. A later measurement is for the next message.
        """
        if offset == 0:
            self.sent = self.frames.get(register, b"\xff\xff\xff")
        if self.dead >= 0:
            byte = self.dead
        else:
            byte = self.sent[offset] if offset < 3 else 0xFF
        return byte ^ self.flip if offset == self.flip_at else byte
