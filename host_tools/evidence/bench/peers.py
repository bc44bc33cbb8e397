"""Bursts and cut-offs in programs that a person would write, and ours, on the emulated chip under the same load."""

import os
import pickle
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from host_tools.evidence.bench import guests
from host_tools.evidence.bench.memory import HeapWatch, Layout
from host_tools.places import BOARDS
from host_tools.simulator.emulator.rp2040 import Rp2040Board, Timeout
from host_tools.toolchain import packing

DOSE, LEASE, LOOP_A, LOOP_B, TRIGGER, SELECT_SKIN, DRDY, BEAT = 2, 3, 7, 8, 9, 17, 21, 23
SHORT_MS = 30  # the shorter the burst, the more often a collection meets its end
LONG_MS = 300
LOOK_US = 50  # a collection takes longer
WARM_US = 150_000
WIDTHS_US = 900_000
PHASES_US = tuple(range(0, 10_000, 1_250))  # phases of the 10 ms between two looks
MOMENTS, MOMENT_US = 12, 11_000  # of a file that grows: an erase takes 45 ms
LIMIT_US = 2_000_000


class Sample:
    """The three bytes of a converter's temperature: 25 degC, or 3 degC when `cold`."""

    cold = False

    def select(self):
        self._at = -1

    def byte(self, _):
        self._at += 1
        code = (3 if self.cold else 25) * 4096
        return code.to_bytes(3, "big")[self._at - 1] if 1 <= self._at <= 3 else 0xFF


VALVE = tuple(f"cryo/{name}.mpy" for name in ("__init__", "core/__init__", "core/ticks", "valve/__init__"))
VALVE += ("cryo/valve/rp2_pio.mpy", "cryo/valve/spacing.mpy")


class Peer:
    """One program on one chip, with the load's console traffic."""

    def __init__(self, uf2, layout: Layout, program: str, length_ms: int):
        ours = packing.modules(BOARDS / "rp2040_pico")
        files = {name: ours[name] for name in VALVE} if program == guests.OURS else {}
        self.board = board = Rp2040Board(uf2, {"boot.py": b"", **files})
        self.skin = Sample()
        board.attach_spi(0, SELECT_SKIN, self.skin)
        board.watch(DOSE, LEASE, BEAT)
        for pin, level in ((LOOP_A, 1), (LOOP_B, 0), (TRIGGER, 0), (DRDY, 1)):
            board.drive(pin, level)
        board.boot_to_prompt()
        self.heap = HeapWatch(board, layout, LOOK_US)
        self._start(guests.LOAD + f"LENGTH_MS = {length_ms}\n" + program)
        board.run_until(lambda: board.level(DOSE) == 1, LIMIT_US)
        board.every(guests.COMMAND_EVERY_US, lambda: board.write(guests.COMMAND))

    def _start(self, code):
        board = self.board
        mark = len(board.console)
        board.write(b"\r\x01")
        board.wait_for(b"raw REPL; CTRL-B to exit\r\n>", 500_000, mark)
        board.write(code.encode() + b"\x04")

    def widths(self, us: float) -> list[float]:
        """Return the lengths of the bursts of the next us, in us."""
        since = len(self.board.edges)
        self.board.run(us)
        edges = [(ns / 1000, level) for ns, pin, level in self.board.edges[since:] if pin == DOSE]
        if edges and edges[0][1] == 0:
            edges.pop(0)
        return [off - on for (on, _), (off, _) in zip(edges[::2], edges[1::2], strict=False)]

    def beats(self) -> list[float]:
        """Return when the 10 ms task looked, us."""
        return [ns / 1000 for ns, pin, _ in self.board.edges if pin == BEAT][1:]

    def in_burst(self, after_us: float = 5_000, collecting: bool = False) -> None:
        """Run to after_us after the next opening, or further, until a collection begins while it is open."""
        board = self.board
        board.run_until(lambda: board.level(DOSE) == 0, LIMIT_US)
        board.run_until(lambda: board.level(DOSE) == 1, LIMIT_US)
        board.run(after_us)
        if collecting:
            board.run_until(lambda: not self.heap.collecting, LIMIT_US)
            board.run_until(lambda: self.heap.collecting and board.level(DOSE) == 1, LIMIT_US)

    def latency_us(self, event: str, wait_us: float) -> float:
        """Let wait_us pass, do the event, return the time until the dose pin is low."""
        board = self.board
        board.run(wait_us)
        if board.level(DOSE) != 1:
            raise Timeout("the burst was over before the event")
        if event == "eye":
            board.drive(LOOP_A, 0)
        elif event == "trigger":
            board.drive(TRIGGER, 1)
        else:
            self.skin.cold = True
            board.drive(DRDY, 0)
        then = board.ns
        board.run_until(lambda: board.level(DOSE) == 0, LIMIT_US, 500)
        return next((ns - then) / 1000 for ns, pin, level in reversed(board.edges) if pin == DOSE and level == 0)


def forked(function: Callable[[], Any]) -> Any:
    """Return function() of a copy of this process; the emulated chip here does not change. Raises RuntimeError."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            try:
                answer = (True, function())
            except Exception as error:
                answer = (False, f"{type(error).__name__}: {error}")
            with os.fdopen(writer, "wb") as out:
                out.write(pickle.dumps(answer))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as source:
        data = source.read()
    os.waitpid(child, 0)
    good, answer = pickle.loads(data) if data else (False, "the copy ended without an answer")
    if not good:
        raise RuntimeError(answer)
    return answer


def widths(uf2, layout, program) -> dict:
    """Return the error of a burst's length in us (least, most), how late its 10 ms task was, and its collections."""
    peer = Peer(uf2, layout, program, SHORT_MS)
    peer.board.run(WARM_US)
    first = len(peer.heap.collections)
    began_us = peer.board.us
    found = [width - SHORT_MS * 1000 for width in peer.widths(WIDTHS_US)]
    collections = peer.heap.collections[first:]
    beats = [at for at in peer.beats() if at >= began_us]
    return {
        "least": min(found),
        "most": max(found),
        "bursts": len(found),
        "late_ms": max((b - a) / 1000 - 10 for a, b in pairwise(beats)) if len(beats) > 2 else None,
        "collections": len(collections),
        "collections_open": sum(_open_at(peer.board.edges, begin) for begin, _ in collections),
        "longest_ms": max((end - begin for begin, end in collections), default=0) / 1000,
    }


def _open_at(edges, us):
    return next((level for ns, pin, level in reversed(edges) if pin == DOSE and ns / 1000 <= us), 0) == 1


def latencies(uf2, layout, program, sleeping=False) -> dict[str, float]:
    """Return the longest time from each event to the dose pin low, us: over the phases, and as a collection begins."""
    peer = Peer(uf2, layout, program, LONG_MS)
    peer.in_burst()
    phases = PHASES_US[:1] if sleeping else PHASES_US
    found = {}
    for event in ("eye", "sample", "trigger"):
        found[event] = [forked(lambda e=event, p=phase: peer.latency_us(e, p)) for phase in phases]
    if not sleeping:
        peer.in_burst(collecting=True)
        for event, times in found.items():
            times.append(forked(lambda e=event: peer.latency_us(e, 0)))
    return {event: max(times) for event, times in found.items()}


def interrupt_latency_us(uf2, layout) -> float:
    """Return the longest time from the eye loop's edge to the dose pin low by a hard interrupt while a file grows."""
    peer = Peer(uf2, layout, guests.HARD_INTERRUPT, LONG_MS)
    times = []
    for _ in range(MOMENTS):
        times.append(forked(lambda: peer.latency_us("eye", 0)))
        peer.board.run(MOMENT_US)
    return max(times)
