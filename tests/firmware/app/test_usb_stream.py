"""The USB port as a stream: it never waits and never loses a byte, whatever the host does."""

import io
import sys
from types import SimpleNamespace
from unittest import mock

import pytest


class Port:
    """MicroPython's USB port: poll says that one byte can be read or written, a write without room would wait."""

    def __init__(self):
        self.to_device = bytearray()
        self.taken = bytearray()
        self.room = 0

    def readinto(self, buffer, length=None):
        n = min(len(buffer), len(self.to_device))
        assert n, "this read would wait"
        buffer[:n] = self.to_device[:n]
        del self.to_device[:n]
        return n

    def write(self, data):
        assert len(data) <= self.room, "this write would wait for the host"
        self.room -= len(data)
        self.taken += data
        return len(data)


class Poll:
    def __init__(self, port):
        self._port = port
        self._reads = None

    def register(self, stream, flags):
        self._reads = flags == 1

    def ipoll(self, timeout_ms):
        assert timeout_ms == 0
        ready = self._port.to_device if self._reads else self._port.room
        return iter(((None, 1),) if ready else ())


@pytest.fixture
def port():
    return Port()


@pytest.fixture
def stream(virtual, port):
    """The stream on a port, in the firmware's own folders."""
    import importlib

    stand_in = SimpleNamespace(poll=lambda: Poll(port), POLLIN=1, POLLOUT=4)
    console = SimpleNamespace(buffer=port)
    with mock.patch.dict(sys.modules, {"select": stand_in}):
        usb = importlib.import_module("cryo.console.usb")
        with mock.patch.object(usb, "sys", SimpleNamespace(stdin=console, stdout=console)):
            yield usb.UsbStream()


def test_nothing_waits_when_the_host_sends_nothing(stream):
    assert stream.any() == 0
    assert stream.readinto(bytearray(1), 1) is None


def test_what_the_host_sent_arrives_whole(stream, port):
    port.to_device += b"STAT?\n"
    buffer = bytearray(4)
    assert stream.any() == 1
    assert stream.readinto(buffer, 4) == 4
    assert buffer == b"STAT"
    assert stream.readinto(buffer, 4) == 2
    assert buffer[:2] == b"?\n"


@pytest.mark.parametrize("room", [0, 1, 5, 16, 17, 1000])
def test_a_write_takes_what_there_is_room_for_and_never_more_than_a_tick_bears(stream, port, room):
    port.room = room
    data = bytes(range(200))
    taken = stream.write(data)
    assert taken == min(room, 16)
    assert port.taken == data[:taken]


def test_a_port_that_takes_nothing_after_all_ends_the_write(stream, port):
    port.room = 10
    port.write = lambda data: 0
    assert stream.write(b"abc") == 0


def test_an_answer_arrives_in_order_over_as_many_calls_as_it_takes(stream, port):
    data = bytes(range(100))
    sent = 0
    for room in (3, 0, 50, 16, 16, 16, 16, 16, 16):
        port.room = room
        sent += stream.write(data[sent:])
    assert port.taken == data


def test_the_interpreter_here_is_not_touched(stream):
    assert isinstance(sys.stdout, io.TextIOBase)
