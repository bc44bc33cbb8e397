"""The virtual board: starts the interpreter again and again on one plant, and serves its port meanwhile."""

import array
import math
import select
from dataclasses import dataclass

from host_tools.cryoctl.sim import SimError
from host_tools.cryoctl.sim.guest import (
    AT_PROMPT,
    CLAIMED,
    END_S,
    HEARD,
    INTERRUPTS,
    NO_FILES,
    READS,
    RESTARTS_RAW,
    STATUSES,
    Frame,
    Guest,
)
from host_tools.cryoctl.sim.ports import Outlet
from host_tools.cryoctl.sim.router import Router
from host_tools.simulator.twin.guest import hal

SLICE_US = 10_000  # a long sleep is divided into such pieces, so that people can act between them
LOOK_S = 0.01  # how often to check whether somebody opened a port that nobody had open
IDLE_S = 0.1
SILENT_S = 0.03  # an interpreter without an exchange for so long computes, or waits for input
HUNG_S = 5.0  # longer than the prompt needs on a busy machine from a line to its program
AGAIN_S = 1.0  # between two Ctrl-C without an exchange: a second one while the first is pending ends the interpreter
EDGES_KEPT = 1_000
CRASHED = b"\r\n(the interpreter crashed: Ctrl-C within a collection, or the program; the board restarts)\r\n"
ENDS = hal.FLAG_OFF | hal.FLAG_RESET


@dataclass
class _Turn:
    """An exchange without an answer yet."""

    frame: Frame
    left_us: int  # of its sleep
    until_input: bool
    due: float  # on the wall clock
    began: float
    interrupted: bool = False


class Board:
    """Runs until plant.power_off.

    also       descriptors whose input wakes it
    watch      set this to a function: it is called often, at most IDLE_S apart
    """

    def __init__(self, plant, image, ports, pace, also=()):
        self.plant = plant
        self.outlet = Outlet(ports)
        self.router = Router()
        self._image = image
        self._ports = ports
        self._pace = pace
        self.watch = lambda: None
        self._also = list(also)
        self._received = array.array("i", hal.received)
        self._rx = bytearray(hal.RX_MAX)
        self._turn: _Turn | None = None
        self._interrupt_at = 0.0  # on the wall clock: when the next Ctrl-C may go to a program that makes no exchange
        self._reads = False  # at the last exchange the prompt ran, not a program
        self._end_by = None
        plant.record.sampling = False

    def run(self):
        """Start, and start again after every reset. Raises SimError when the interpreter cannot continue."""
        raw = False
        while not self.plant.power_off:
            self._turn = None
            self._end_by = None
            self.router.claimed = self.router.interrupts = self._reads = False
            self._interrupt_at = self._pace.clock() + SILENT_S
            with Guest(self._image, raw) as guest:
                self._serve(guest)
                raw = self._ended(guest)
        self._flush_last()

    # --- one start ----------------------------------------------------------------------------------------------------
    def _serve(self, guest):
        """Serve until the interpreter ends, or must be ended."""
        while True:
            self._ports_in()
            self._input(guest)
            if self._advance(guest):
                self._turn = None
            self.outlet.flush()
            self.watch()
            ready = self._wait(guest)
            if guest.said in ready:
                self.outlet.offer(guest.output())
            if guest.frames in ready:
                frame = guest.frame()
                if frame is None:
                    return
                if (
                    self._end_by is not None
                ):  # the program caught the exception of a reset: it must not continue after the reset
                    guest.kill()
                    return
                if frame.free >= 0:
                    self._arrived(guest, frame)
                elif self._turn is not None:
                    self._turn.interrupted = True
            if self._over(guest):
                return

    def _over(self, guest):
        if self._end_by is None and self.plant.power_off and self._turn is None:
            self._end_by = self._pace.clock() + END_S
        if self._end_by is not None and self._pace.clock() > self._end_by:
            guest.kill()
            return True
        return False

    def _ended(self, guest):
        """Return whether the next start goes into the raw prompt."""
        status = guest.status()
        self.outlet.offer(guest.remaining_output())
        said = guest.last_said.decode(errors="replace").strip()
        if status == NO_FILES:
            raise SimError(f"image {self._image}: {said}; name another with --image, or remove it for a new one")
        if status not in STATUSES and self._end_by is None:
            if not guest.at_prompt:
                raise SimError(f"the interpreter ended with status {status}: {said}")
            self.outlet.offer(CRASHED)
            self.plant.crash()
        resets = self.plant.record.resets
        soft = bool(resets) and resets[-1][1] == "soft_reset"
        if soft:  # after this reset the port keeps its bytes; any other reset empties the chip's buffers
            self.router.put_back(guest.unread())
        return status == RESTARTS_RAW and soft

    # --- the port -----------------------------------------------------------------------------------------------------
    def _ports_in(self):
        for port in self._ports:
            port.poll()
            self.router.put(port.read(self.router.free))

    def _input(self, guest):
        guest.feed(b"")
        if guest.full() or (self._turn is not None and self._received[hal.IN_FLAGS] & ENDS):
            return  # the next start begins with the input that waits
        guest.feed(self.router.for_input())
        if not self.router.interrupt_next():
            return
        if self._turn is None:
            now = self._pace.clock()
            if now > self._signal_at():
                self.router.take_interrupt()
                self._interrupt_at = now + AGAIN_S
                guest.interrupt()
        elif not self._reads:
            self.router.take_interrupt()
            self._turn.interrupted = True
        elif self._turn.until_input and not guest.fed:  # otherwise it is for the program that the earlier input starts
            guest.feed(self.router.take_interrupt())

    def _signal_at(self):
        """Return the time, on the wall clock, when Ctrl-C may interrupt a program that makes no exchange.

        If the prompt ran, a program's end is still being printed, or a line begins a program: then Ctrl-C is a byte of
        the prompt's input, or for that program. After HUNG_S a timer's callback hangs.
        """
        if self._end_by is not None:  # it is for the program that runs after the restart
            return math.inf
        return self._interrupt_at + (HUNG_S if self._reads else 0)

    # --- time ---------------------------------------------------------------------------------------------------------
    def _arrived(self, guest, frame):
        if frame.flags & CLAIMED and not self.router.claimed:
            self.router.claim(guest.unread())
        self.router.claimed = bool(frame.flags & CLAIMED)
        self.router.interrupts = bool(frame.flags & INTERRUPTS)
        guest.at_prompt = bool(frame.flags & AT_PROMPT)
        now = self._pace.clock()
        sleep_us = frame.out[2]
        until_input = sleep_us < 0
        self._reads = until_input or bool(frame.flags & READS)
        self._turn = _Turn(frame, abs(sleep_us), until_input, now, now, bool(frame.flags & HEARD))
        self._step(0 if until_input else min(sleep_us, SLICE_US))
        if until_input:
            self._turn.due = now + self._pace.idle_s(self._turn.left_us)

    def _step(self, us):
        """Apply the board's outputs, then let the plant advance by a piece of the sleep."""
        turn = self._turn
        assert turn is not None
        out = turn.frame.out
        out[2] = us
        turn.left_us -= us
        if not turn.left_us:
            self.plant.console_in += self.router.for_console(min(turn.frame.free, hal.RX_MAX))
        self.plant.exchange(out, turn.frame.tx, self._received, self._rx)
        out[0] = out[1] = out[3] = 0
        turn.due = self._pace.due(self.plant.now_us)
        if self.plant.console_out:
            self.outlet.offer(bytes(self.plant.console_out))
            self.plant.console_out.clear()
        if self.outlet.full():
            self._received[hal.IN_FLAGS] |= hal.FLAG_UNREAD
        del self.plant.record.edges[:-EDGES_KEPT]

    def _advance(self, guest):
        """Continue with the exchange; return True once it is answered."""
        turn = self._turn
        if turn is None:
            return False
        now = self._pace.clock()
        ends = self._received[hal.IN_FLAGS] & ENDS or self.plant.power_off
        if turn.until_input:
            if not (guest.fed or ends or now >= turn.due):
                return False
            if not ends:
                self._step(min(turn.left_us, self._pace.idle_us(now - turn.began)))
            guest.fed = False
        else:
            if now < turn.due and not ends:
                return False
            if turn.left_us and not (ends or turn.interrupted):
                self._step(min(turn.left_us, SLICE_US))
                return False
        self._answer(guest, turn)
        return True

    def _answer(self, guest, turn):
        if self.plant.power_off:
            self._received[hal.IN_FLAGS] |= hal.FLAG_OFF
        guest.reply(self._received, self._rx, turn.interrupted)
        now = self._pace.clock()
        self._interrupt_at = now + SILENT_S
        if self._received[hal.IN_FLAGS] & ENDS:
            self._end_by = now + END_S

    # --- waiting ------------------------------------------------------------------------------------------------------
    def _wait(self, guest):
        """Wait for the next event; return the descriptors that are ready."""
        now = self._pace.clock()
        turn = self._turn
        reads = list(self._also)
        until = now + IDLE_S
        if turn is None:
            reads.append(guest.frames)
            if self.router.interrupt_next():
                until = min(until, self._signal_at())
        else:
            until = min(until, turn.due)
        if self.outlet.open():
            reads.append(guest.said)
        writes = []
        for port in self._ports:
            fd = port.fd()
            if fd < 0:
                until = min(until, now + LOOK_S)
            elif self.router.free:
                reads.append(fd)
            if fd >= 0 and port.connected and self.outlet.waiting():
                writes.append(fd)
        ready, _, _ = select.select(reads, writes, [], max(0.0, until - now))
        return ready

    def _flush_last(self):
        for port in self._ports:
            port.poll()
        self.outlet.flush()
