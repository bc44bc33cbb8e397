"""CRC-16 of the wrapped lines and of telemetry: polynomial 1021h, start FFFFh, nothing reflected or inverted.

Known as CRC-16/CCITT-FALSE or CRC-16/IBM-3740; over "123456789" it is 29B1h. A host has it
as binascii.crc_hqx(data, 0xFFFF).
"""

from micropython import const

START = const(0xFFFF)


def added(crc, data, start, end):
    """Return the sum continued over data[start:end]. Does not allocate; takes about 20 us a byte on an RP2040."""
    while start < end:
        x = crc >> 8 ^ data[start]
        x ^= x >> 4
        crc = (crc << 8 ^ x << 12 ^ x << 5 ^ x) & 0xFFFF
        start += 1
    return crc
