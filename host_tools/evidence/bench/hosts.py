"""The effects of a host on a treatment: garbage at full speed, or a port that is held open and never read.

One device is armed with telemetry on and runs to its first burst; from there on every host has a copy of it. Widths and
start-to-start times are those of the dose pin; allocations are read from the interpreter's heap. Garbage continues
until the pass is short of heap and the console lets commands wait; then a STOP follows it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from boards.rp2040_pico import pins
from host_tools.evidence.bench.application import TICK_LEAST_US, Session
from host_tools.evidence.bench.memory import HeapWatch, Layout
from host_tools.simulator.emulator.applicator import EmulatedApplicator, Timeout

WINDOW_US = 2_500_000
FEED_US = 500  # how often the host checks whether its buffer is empty: the USB port takes 64 bytes at a time
AHEAD = 256  # bytes
LOOK_US = 1_000  # the first burst began so long before the copies are made, at most
TICK_US = 10_000
SHORT_LIMIT_US = 8_000_000  # longest time; garbage uses up the heap of a pass much sooner
SILENT_US = 200_000  # no answer for this long, whatever was sent, means: commands wait
WATCHED_US = 1_000_000  # of that
BURST_LIMIT_US = 1_000_000


@dataclass
class Guard:
    """How the console protects the rest of a pass's heap: commands wait, later lines are left out, a stop acts.

    waits_us     of garbage, until the last answer that was given
    free_bytes   then
    least_bytes  free from there on, with garbage as before
    left_bytes   of garbage, read meanwhile
    stop_us      from a STOP behind all the garbage that is under way, sent at a burst's begin, to the dose pin low
    burst_us     what the pin would have been high without it
    state        what the device says then
    collections  from the first garbage to the STOP
    """

    waits_us: float
    free_bytes: int
    least_bytes: int
    left_bytes: int
    stop_us: float
    burst_us: float
    state: str
    collections: int


@dataclass
class Load:
    """The effects of one host.

    alloc_bytes_s  of every allocation, the frames of calls among them that are free again when the call returns
    kept_bytes_s   by how much the free heap shrank
    """

    widths_us: list[float]
    start_to_start_us: list[float]
    alloc_bytes_s: float
    kept_bytes_s: float
    late_us: float
    collections: int
    sent_bytes: int  # from the host to the board
    taken_bytes: int  # from the board to the host
    guard: Guard | None = None  # of the garbage


class Streaming(EmulatedApplicator):
    """A device whose telemetry comes between its answers."""

    def ask(self, command: str, limit_us: float = 1_000_000) -> str:
        """As EmulatedApplicator.ask, without the lines of telemetry."""
        mark = self.board.console.rfind(b"\n") + 1  # half a line of telemetry may be out
        self.board.write(command.encode() + b"\n")
        while True:
            end = self.board.wait_for(b"\n", limit_us, mark)
            line = bytes(self.board.console[mark:end]).strip()
            if line and line[:1] != b"{":
                return line.decode(errors="replace")
            mark = end


def garbage(n: int, seed: int) -> bytes:
    """Return n bytes: lines of any bytes, lines near a command, and lines that never end."""
    draw = random.Random(seed)
    out = bytearray()
    while len(out) < n:
        kind = draw.randrange(4)
        if kind == 0:
            out += draw.randbytes(draw.randrange(1, 300))
        elif kind == 1:
            out += bytes(draw.randrange(32, 127) for _ in range(draw.randrange(1, 119))) + b"\n"
        elif kind == 2:
            out += b"TREAT:LEV " + bytes(draw.randrange(48, 58) for _ in range(9)) + b"\n"
        else:
            out += b"MEAS:TEMP?;STAT?;NOTHING;STAT?\n"
    return bytes(out[:n])


def _alone(device: EmulatedApplicator):
    """No host at the port, no telemetry."""
    device.board.write(b"STRM OFF\n")


def _reads(device: EmulatedApplicator):
    """Telemetry, taken as it comes."""


def _never_reads(device: EmulatedApplicator):
    """Telemetry, and a host that holds the port and takes nothing."""
    device.board.reading = False


def _garbage(device: EmulatedApplicator):
    """Garbage as fast as the board takes it, no telemetry; the answers are read."""
    board = device.board
    board.write(b"STRM OFF\n")
    rest = bytearray(garbage(500_000, 1))

    def feed():
        waits = board.waiting_for_guest
        if waits < AHEAD:
            board.write(bytes(rest[: AHEAD - waits]))
            del rest[: AHEAD - waits]

    return board.every(FEED_US, feed)


ALONE = "alone"
GARBAGE = "garbage"
HOSTS: dict[str, Callable[[EmulatedApplicator], Any]] = {
    ALONE: _alone,
    "telemetry": _reads,
    "unread": _never_reads,
    GARBAGE: _garbage,
}
WHAT = {
    ALONE: "nobody at the port",
    "telemetry": "a host that reads telemetry, two lines a second",
    "unread": "the same telemetry, the host holds the port and reads nothing",
    GARBAGE: "a host that sends garbage as fast as the board takes it, and reads the answers",
}


def under_load(uf2, layout: Layout) -> dict[str, Load]:
    """Return the effects of each host on the same treatment."""
    session = Session(uf2, layout, Streaming)
    device, board = session.device, session.board
    device.until_state("STANDBY")
    if device.ask("STRM ON") != "OK":
        raise RuntimeError("no telemetry")
    session.standby()
    device.change(lambda plant: plant.trigger(True))
    board.run_until(lambda: board.level(pins.DOSE) == 1, 500_000, LOOK_US)
    return {name: device.branch(lambda d, host=host: _load(d, session.heap, host)) for name, host in HOSTS.items()}


def guarded(
    device: EmulatedApplicator, heap: HeapWatch, feed, since_us: float, watched_us: float = WATCHED_US
) -> Guard:
    """Return how a pass that is short of heap handles garbage and a STOP. The device is delivering, garbage comes.

    feed        what sends it, as HOSTS[GARBAGE] returned it, since since_us
    watched_us  how long the pass goes on before the STOP, at least
    Raises Timeout when commands never wait.
    """
    board = device.board
    said, answered_us, free = len(board.console), board.us, heap.free()
    while board.us - answered_us < SILENT_US:
        if board.us - since_us > SHORT_LIMIT_US:
            raise Timeout("commands never waited")
        board.run(TICK_US)
        if len(board.console) > said:
            said, answered_us, free = len(board.console), board.us, heap.free()
    taken = board.taken_by_guest
    least = heap.free()
    end_us = board.us + watched_us
    while board.us < end_us:
        board.run(TICK_US)
        least = min(least, heap.free())
    left = board.taken_by_guest - taken
    board.run_until(lambda: board.level(pins.DOSE) == 0, BURST_LIMIT_US)
    board.run_until(lambda: board.level(pins.DOSE) == 1, BURST_LIMIT_US)
    collections = sum(begin >= since_us for begin, _ in heap.collections) + heap.collecting
    burst_us = device.branch(_to_low)
    feed.cancel()
    board.write(b"\nSTOP\n")
    stop_us = _to_low(device)
    device.run(SILENT_US)
    mark = board.console.rfind(b"OK")  # the STOP's own answer is the last one
    return Guard(
        waits_us=answered_us - since_us,
        free_bytes=free,
        least_bytes=least,
        left_bytes=left,
        stop_us=stop_us,
        burst_us=burst_us,
        state=device.state()["STATE"] if mark >= said else "",
        collections=collections,
    )


def _to_low(device: EmulatedApplicator) -> float:
    """Run to the burst's end; return how long that took, us."""
    board = device.board
    since_ns = board.ns
    board.run_until(lambda: board.level(pins.DOSE) == 0, BURST_LIMIT_US)
    return next((ns - since_ns) / 1000 for ns, pin, level in board.edges if pin == pins.DOSE and ns > since_ns)


def _load(device: EmulatedApplicator, heap: HeapWatch, host: Callable[[EmulatedApplicator], Any]) -> Load:
    board = device.board
    since_ns, since_us = board.ns, board.us
    begun = len(heap.collections)
    before, free = heap.allocated(), heap.free()
    said = len(board.console)
    feed = host(device)
    sent = board.taken_by_guest
    device.run(WINDOW_US)
    if board.resets:
        raise RuntimeError(f"reset by {board.resets}")
    edges = [
        (ns / 1000, level) for ns, pin, level in board.edges if pin == pins.DOSE and ns > since_ns - LOOK_US * 1000
    ]
    pairs = [(a, b) for (a, up), (b, down) in pairwise(edges) if up == 1 and down == 0]
    locks = [begin for begin, end, _ in heap.locks if begin >= since_us and end - begin >= TICK_LEAST_US]
    load = Load(
        widths_us=[b - a for a, b in pairs],
        start_to_start_us=[b[0] - a[0] for a, b in pairwise(pairs)],
        alloc_bytes_s=(heap.allocated() - before) * 1e6 / WINDOW_US,
        kept_bytes_s=(free - heap.free()) * 1e6 / WINDOW_US,
        late_us=max(b - a for a, b in pairwise(locks)) - 10_000,
        collections=len(heap.collections) - begun,
        sent_bytes=board.taken_by_guest - sent,
        taken_bytes=len(board.console) - said,
    )
    if host is _garbage:
        load.guard = guarded(device, heap, feed, since_us)
    return load
