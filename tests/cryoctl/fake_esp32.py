"""An ESP32's boot ROM and esptool's stub at the serial level: SLIP frames in, SLIP frames out, a flash of bytes.

[S] esptool, serial protocol: 00 command length checksum data; answers 01 command length value data status. No chip's
timing, reset lines or SPI is imitated.
"""

import hashlib
import struct
import zlib

SYNC, READ_REG, WRITE_REG, SPI_ATTACH, CHANGE_BAUD = 0x08, 0x0A, 0x09, 0x0D, 0x0F
MEM_BEGIN, MEM_END, MEM_DATA = 0x05, 0x06, 0x07
DEFL_BEGIN, DEFL_DATA, DEFL_END, MD5, SECURITY = 0x10, 0x11, 0x12, 0x13, 0x14
MAGIC_REG = 0x40001000
SPI_W0 = 0x3FF42080
MAGIC = {"ESP32": 0x00F01D83, "ESP8266": 0xFFF0C101}
FLASH_4_MB = 0x1640EF
UNKNOWN = 0x05


class Esp32:
    """Use it as fake_port's `answer`. flash: its content; seen: the commands that came, in order."""

    def __init__(self, chip="ESP32", loses=0):
        self.registers = {MAGIC_REG: MAGIC[chip], SPI_W0: FLASH_4_MB}
        self.flash = bytearray(b"\xff" * (4 << 20))
        self.seen = []
        self.stub = False
        self._loses = loses  # bytes of a write that a worn flash does not store
        self._rest = b""
        self._at = 0
        self._packed = b""

    def __call__(self, _, new):
        self._rest += new
        out = b""
        while self._rest.count(b"\xc0") >= 2:
            start = self._rest.index(b"\xc0")
            frame, _, self._rest = self._rest[start + 1 :].partition(b"\xc0")
            if frame:
                out += self._answer(frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb"))
        return out

    def _answer(self, frame):
        if len(frame) < 8 or frame[0] != 0:
            return b""
        _, command, length, _ = struct.unpack_from("<BBHI", frame)
        data = frame[8 : 8 + length]
        self.seen.append(command)
        if command == SYNC:
            return self._said(command, 0x20120707) * 8
        if command == READ_REG:
            return self._said(command, self.registers.get(struct.unpack("<I", data)[0], 0))
        if command == SECURITY:
            return self._said(command, 0, status=(1, UNKNOWN))
        if command == MEM_END:
            self.stub = True
            return self._said(command, 0, status=(0, 0, 0, 0)) + slip(b"OHAI")
        if command == DEFL_BEGIN:
            self._at = struct.unpack_from("<4I", data)[3]
            self._packed = b""
        if command == DEFL_DATA:
            self._packed += data[16:]
            content = zlib.decompressobj().decompress(self._packed)
            content = content[: len(content) - self._loses]
            self.flash[self._at : self._at + len(content)] = content
        if command == MD5:
            at, size = struct.unpack_from("<2I", data)
            return self._said(command, 0, hashlib.md5(self.flash[at : at + size]).digest())
        return self._said(command, 0)

    def _said(self, command, value, data=b"", status=None):
        status = bytes(status or ((0, 0) if self.stub else (0, 0, 0, 0)))
        if len(status) == 2 and not self.stub:
            status += b"\0\0"
        return slip(struct.pack("<BBHI", 1, command, len(data) + len(status), value) + data + status)


def slip(frame):
    """Return a frame as it is sent over the line."""
    return b"\xc0" + frame.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"
