"""The emulated I2C bus under the SDK's own driver: times, no chip at the address, a refused byte, a line held low."""

import pytest

HERE, NOBODY, SHY = 0x29, 0x30, 0x31
GUEST = """
import time
from machine import I2C, Pin
i2c = I2C(0, scl=Pin(1), sda=Pin(0), freq=100_000, timeout=1000)
one, four = bytearray(1), bytearray(4)
def timed(function, *given):
    start = time.ticks_us()
    try:
        got = function(*given)
    except OSError as error:
        got = -error.errno
    print(got, time.ticks_diff(time.ticks_us(), start))
"""
EIO, ETIMEDOUT = -5, -110


class Memory:
    """Registers that count what they are asked."""

    def __init__(self):
        self.nack = None
        self.cells = bytearray(256)

    def read(self, register, offset):
        return self.cells[register + offset]

    def write(self, register, value):
        self.cells[register] = value


class Shy:
    """Acknowledges its address and refuses its second byte."""

    def start(self, read):
        self.left = 1
        return True

    def write(self, value):
        self.left -= 1
        return self.left >= 0

    def read(self):
        return 0


@pytest.fixture(scope="module")
def booted(uf2):
    """A chip at its prompt with a memory on bus 0."""
    from host_tools.simulator.emulator.i2c import I2cBus, RegisterChip
    from host_tools.simulator.emulator.rp2040 import Rp2040Board

    board = Rp2040Board(uf2, {})
    bus = I2cBus(board, 0)
    memory = Memory()
    bus.targets = {HERE: RegisterChip(memory), SHY: Shy()}
    board.boot_to_prompt()
    board.exec(GUEST)
    return board, bus, memory


@pytest.fixture
def timed(booted):
    """Runs a method of the guest's bus; returns (result or -errno, us)."""

    def run(call):
        result, us = booted[0].exec(f"timed(i2c.{call})").split()
        return (None if result == "None" else int(result)), int(us)

    return run


def test_bytes_arrive_and_take_nine_bits_each(booted, timed):
    result, us = timed(f"writeto, {HERE}, b'\\x10\\x01\\x02\\x03'")
    assert result == 4
    assert 470 <= us <= 570  # 5 bytes, start and stop at 100 kHz, and the interpreter
    assert bytes(booted[2].cells[0x10:0x13]) == b"\x01\x02\x03"


def test_a_register_is_read_with_a_repeated_start(booted, timed):
    booted[2].cells[0x20:0x24] = b"\x5a\xa5\x00\xff"
    _, us = timed(f"readfrom_mem_into, {HERE}, 0x20, four")
    assert booted[0].exec("print(list(four))").strip() == "[90, 165, 0, 255]"
    assert 650 <= us <= 800  # address, register, address, 4 bytes


def test_nobody_there_is_an_error_at_once_for_writes_and_reads(timed):
    for call in (f"writeto, {NOBODY}, b'\\x00\\x01'", f"readfrom_mem_into, {NOBODY}, 0, one"):
        result, us = timed(call)
        assert result == EIO
        assert us < 500


def test_a_refused_last_byte_is_not_counted(timed):
    assert timed(f"writeto, {SHY}, b'\\x00\\x01'")[0] == 1
    assert timed(f"writeto, {SHY}, b'\\x00'")[0] == 1


def test_a_line_held_low_ends_in_a_time_out_and_the_bus_works_again_afterwards(booted, timed):
    _, bus, memory = booted
    bus.stuck = True
    for call in (f"readfrom_mem_into, {HERE}, 0x20, one", f"writeto, {HERE}, b'\\x10\\x07'"):
        result, us = timed(call)
        assert result == ETIMEDOUT
        assert 1_000 <= us <= 1_500
    bus.stuck = False
    assert timed(f"writeto, {HERE}, b'\\x10\\x07'")[0] == 2
    assert memory.cells[0x10] == 7


def test_a_chip_that_was_pulled_off_is_nobody(booted, timed):
    booted[2].nack = OSError()
    try:
        assert timed(f"writeto, {HERE}, b'\\x10\\x08'")[0] == EIO
    finally:
        booted[2].nack = None
