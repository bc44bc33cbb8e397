"""The port's classes on the stepped programs: each status, each race; no call waits."""

import itertools
import re

import pytest

from cryo.core.records import RESTING, RUNNING
from cryo.limits import BURST_MAX_US
from cryo.valve import BUSY, CUT, DEAD, EARLY, OK
from host_tools.places import BOARDS
from host_tools.simulator.emulator.pio_blocks import CALL, DIVIDER, PER_US, Blocks, Firmware, Pin
from host_tools.toolchain.board_check.board import load
from tests.boards.found import EXAMPLE, PIO_BOARDS
from tests.boards.rp2.registers import MEMORY
from tests.lanes import LANES, LaneMissing, run_file

DOSE, PULSE, LOOP_A, LOOP_B = 2, 3, 7, 8


class Rig:
    """Valve and lease on their blocks, both loop channels made; with the registers of a board's chip."""

    def __init__(self, board=EXAMPLE):
        self.blocks = Blocks()
        memory = MEMORY[load(BOARDS / board).chip.micropython["machine"]]
        self.firmware = Firmware(self.blocks, board=BOARDS / board, memory=memory)
        module = self.firmware.module
        pulse, loop_a, loop_b = (Pin(self.blocks, number) for number in (PULSE, LOOP_A, LOOP_B))
        self.valve = module.Valve(1, DOSE, loop_a, pulse)
        self.lease = module.Lease(6, pulse, loop_b)
        self.dose_machine = self.firmware.machines[1]
        self.pulse_machine = self.firmware.machines[6]
        self.blocks.drive(LOOP_A, 1)
        self.blocks.drive(LOOP_B, 0)
        self.blocks.run_us(5)

    def rest(self):
        """Let two seconds pass only for the port: so limits 5 and 6 are kept."""
        self.firmware.later_us += 2_000_000

    def fire(self, us):
        """Do the same as a tick after a rest: re-arm, renew the lease, fire."""
        self.rest()
        assert (self.valve.rearm(), self.lease.renew()) == (OK, OK)
        self.blocks.run_us(40)  # the last lease's word may still wait
        assert self.valve.fire(us) == OK

    def openings(self):
        edges = self.blocks.edges_of(DOSE)
        assert [level for _, level in edges] == [1, 0] * (len(edges) // 2)
        return [b - a for (a, _), (b, _) in zip(edges[::2], edges[1::2], strict=True)]


@pytest.fixture(params=PIO_BOARDS)
def rig(request):
    return Rig(request.param)


def test_at_the_start_it_rests_and_refuses(rig):
    assert rig.valve.result() == RESTING
    assert rig.valve.fire(100) == CUT
    rig.blocks.run_us(200)
    assert rig.blocks.edges == []
    assert rig.dose_machine.puts == []


def test_one_opening_per_re_arm(rig):
    rig.fire(100)
    assert rig.valve.result() == RUNNING
    rig.blocks.run_us(120)
    assert rig.valve.result() == 0
    assert rig.valve.fire(100) == CUT
    assert rig.valve.result() == 0
    assert rig.valve.rearm() == OK
    assert rig.valve.result() == RESTING
    rig.blocks.run_us(200)
    assert rig.openings() == [502 * DIVIDER]


def test_an_opening_too_soon_after_the_last_is_refused(rig):
    """Each tick tells it to open, as if nobody planned."""
    answers = []
    for _ in range(80):
        assert (rig.valve.cut(), rig.valve.rearm(), rig.lease.renew()) == (OK,) * 3
        answers.append(rig.valve.fire(500))
        assert rig.valve.result() == (RESTING if answers[-1] else RUNNING)
        rig.blocks.run_us(600)
        assert rig.valve.result() == (RESTING if answers[-1] else 0)
        rig.firmware.later_us += 9_400  # a tick, of which the port alone sees the rest
    opened = [tick for tick, answer in enumerate(answers) if answer == OK]
    assert len(opened) == 3 and set(answers) == {OK, EARLY}
    assert [b - a for a, b in itertools.pairwise(opened)] == [36, 36]


def test_busy_while_it_runs_and_the_opening_is_left_alone(rig):
    rig.fire(200)
    rig.blocks.run_us(50)
    assert (rig.valve.fire(100), rig.valve.rearm(), rig.valve.fire(100)) == (BUSY, BUSY, BUSY)
    rig.blocks.run_us(400)
    assert rig.openings() == [1002 * DIVIDER]
    assert rig.dose_machine.puts == [200]


@pytest.mark.parametrize(("asked", "put"), [(BURST_MAX_US + 1, BURST_MAX_US), ((1 << 30) - 1, BURST_MAX_US), (-1, 0)])
def test_the_word_is_clipped_to_the_longest_opening(rig, asked, put):
    rig.fire(asked)
    assert rig.dose_machine.puts == [put]
    rig.valve.cut()


def test_nothing_to_deliver_ends_at_once(rig):
    rig.fire(0)
    assert rig.valve.result() == 0
    assert rig.openings() == []


@pytest.mark.parametrize("phase", range(0, PER_US, 7))
def test_a_cut_closes_and_hands_back_the_rest_within_two_microseconds(rig, phase):
    rig.fire(1000)
    rig.blocks.run(100 * PER_US + phase)
    sm = rig.dose_machine
    stock_exec, when = sm.exec, []

    def timed(word):
        when.append(rig.blocks.cycle)
        stock_exec(word)

    sm.exec = timed
    assert rig.valve.cut() == OK
    rig.blocks.run(2 * PER_US - CALL)
    (width,) = rig.openings()
    assert rig.blocks.edges[-1][0] - when[0] <= 2 * PER_US
    assert sm.machine.registers.rx_fifo.item_count == 1
    left = rig.valve.result()
    assert abs((1000 - left) * PER_US - width) <= 2 * PER_US
    assert rig.valve.fire(100) == CUT
    assert rig.valve.result() == left


def test_an_open_loop_ends_it_with_what_was_left_and_it_stays_shut(rig):
    rig.fire(1000)
    rig.blocks.run_us(300)
    rig.blocks.drive(LOOP_A, 0)
    rig.blocks.run_us(3)
    rig.blocks.drive(LOOP_A, 1)
    assert 690 <= rig.valve.result() <= 710
    assert rig.valve.fire(100) == CUT
    rig.blocks.run_us(2000)
    assert len(rig.openings()) == 1


def test_an_open_loop_refuses_everything(rig):
    rig.blocks.drive(LOOP_A, 0)
    rig.blocks.run_us(1)
    rig.fire(1000)
    assert rig.valve.result() == 1000
    assert rig.openings() == []


def test_a_cut_while_armed_keeps_a_later_word_shut(rig):
    assert rig.valve.rearm() == OK
    assert rig.valve.cut() == OK
    assert rig.valve.fire(100) == CUT
    for _ in range(3):
        rig.dose_machine.machine.put(100)  # a stray write past the port
    rig.blocks.run_us(500)
    assert rig.openings() == []


def test_a_cut_at_any_cycle_of_the_end_is_accounted_once():
    """From the last microsecond to after the report: counter below zero, report twice, report lost."""
    rig = Rig()
    underflows = 0
    for cycle in range(8 * PER_US):
        before = len(rig.openings())
        rig.fire(10)
        rig.blocks.run(6 * PER_US + cycle)
        stock_exec = rig.dose_machine.exec

        def at_the_cut(word, stock=stock_exec):
            nonlocal underflows
            underflows += rig.dose_machine.machine.registers.x == 0xFFFF_FFFF
            rig.dose_machine.exec = stock
            stock(word)

        rig.dose_machine.exec = at_the_cut
        assert rig.valve.cut() == OK
        rig.dose_machine.exec = stock_exec
        rig.blocks.run_us(2)
        left = rig.valve.result()
        widths = rig.openings()
        assert len(widths) == before + 1
        assert abs((10 - left) * PER_US - widths[-1]) <= PER_US
        assert rig.valve.result() == left
    assert underflows >= DIVIDER


def test_a_cut_while_an_open_loop_ends_it_keeps_the_rest(rig):
    for phase in range(3 * PER_US):
        rig.fire(1000)
        rig.blocks.run_us(100)
        stock_exec = rig.dose_machine.exec

        def with_the_loop(word, stock=stock_exec, phase=phase):
            rig.blocks.drive(LOOP_A, 0)
            rig.blocks.run(phase)
            stock(word)

        rig.dose_machine.exec = with_the_loop
        assert rig.valve.cut() == OK
        rig.dose_machine.exec = stock_exec
        rig.blocks.run_us(2)
        width = rig.openings()[-1]
        assert len(rig.openings()) == 1 + phase
        assert abs((1000 - rig.valve.result()) * PER_US - width) <= PER_US
        rig.blocks.drive(LOOP_A, 1)
        rig.blocks.run_us(1)


def test_a_cut_every_tick_changes_nothing_when_it_rests(rig):
    rig.fire(50)
    rig.blocks.run_us(60)
    for _ in range(5):
        assert rig.valve.cut() == OK
        rig.blocks.run_us(20)
        assert rig.valve.result() == 0
    rig.fire(70)
    rig.blocks.run_us(80)
    assert rig.valve.result() == 0
    assert rig.openings() == [252 * DIVIDER, 352 * DIVIDER]


def test_re_arming_drops_queued_words_and_old_reports(rig):
    rig.fire(10)
    rig.blocks.run_us(20)
    machine = rig.dose_machine.machine
    for _ in range(4):
        machine.put(100_000)
    machine.registers.rx_fifo.push(77)
    assert rig.valve.result() == 0
    assert rig.valve.fire(10) == BUSY
    assert rig.valve.rearm() == OK
    assert machine.registers.tx_fifo.item_count == machine.registers.rx_fifo.item_count == 0
    rig.blocks.run_us(100)
    assert rig.openings() == [52 * DIVIDER]
    rig.rest()
    assert rig.valve.fire(20) == OK
    rig.blocks.run_us(30)
    assert rig.valve.result() == 0
    assert rig.openings() == [52 * DIVIDER, 102 * DIVIDER]


def test_re_arming_twice_keeps_one_opening(rig):
    assert (rig.valve.rearm(), rig.valve.rearm(), rig.lease.renew(), rig.valve.fire(10)) == (OK,) * 4
    rig.blocks.run_us(100)
    assert rig.openings() == [52 * DIVIDER]


def test_re_arming_ends_what_a_stray_word_began(rig):
    assert (rig.valve.rearm(), rig.lease.renew()) == (OK, OK)
    rig.dose_machine.machine.put(100_000)  # past the port
    rig.blocks.run_us(50)
    assert rig.valve.rearm() == OK
    (width,) = rig.openings()
    assert width < 60 * PER_US
    assert rig.valve.fire(20) == OK
    rig.blocks.run_us(50)
    assert rig.valve.result() == 0
    assert rig.openings()[1:] == [102 * DIVIDER]


def test_words_that_cannot_be_dropped_are_a_dead_port(rig):
    rig.dose_machine.exec = lambda word: None
    rig.dose_machine.machine.put(10)
    assert rig.valve.rearm() == DEAD
    assert rig.valve.fire(10) == BUSY


def test_the_lease_lasts_from_its_renewal_and_ends_when_stopped(rig):
    assert rig.lease.renew() == OK
    at = rig.blocks.cycle
    rig.blocks.run_us(40_000)
    edges = rig.blocks.edges_of(PULSE)
    assert 19_000 * PER_US < edges[-1][0] - at <= 20_000 * PER_US
    assert rig.lease.renew() == OK
    rig.blocks.run_us(1000)
    assert rig.lease.stop() == OK
    at = rig.blocks.cycle
    rig.blocks.run_us(20_000)
    edges = rig.blocks.edges_of(PULSE)
    assert edges[-1][0] - at <= 40 * PER_US
    assert edges[-1][1] == 0


def test_a_lease_that_nobody_takes_is_told_and_never_waited_for(rig):
    rig.pulse_machine.active(0)
    assert rig.lease.renew() == OK
    assert [rig.lease.renew() for _ in range(5)] == [BUSY] * 5
    assert [rig.lease.stop() for _ in range(5)] == [OK, OK, OK, DEAD, DEAD]
    assert rig.blocks.edges == []


def test_a_valve_that_does_not_answer_never_waits(rig):
    rig.dose_machine.active(0)
    rig.valve.rearm()
    assert rig.valve.fire(10) == OK
    rig.blocks.run_us(100)
    assert [rig.valve.fire(10), rig.valve.rearm(), rig.valve.result()] == [BUSY, BUSY, RUNNING]
    assert rig.valve.cut() == OK
    assert rig.blocks.edges == []


def test_a_clock_that_5_mhz_does_not_divide_is_refused():
    module = Firmware(Blocks(), system_hz=133_000_000).module
    with pytest.raises(ValueError, match="multiple of 5 MHz"):
        module.Valve(0, DOSE, None, None)


UNDER_LOCK = """
import sys
import micropython

class StateMachine:
    def __init__(self, number, program, freq, set_base, jmp_pin):
        self.answers = 0
    def active(self, on): pass
    def put(self, word): pass
    def exec(self, word): pass
    def get(self, buffer):
        self.answers -= 1
        buffer[0] = 0x7FFFF
    def tx_fifo(self): return 0
    def rx_fifo(self): return self.answers

class PIO:
    OUT_LOW = SHIFT_RIGHT = SHIFT_LEFT = 0

class Module:
    pass

class rp2:
    pass

class machine:
    pass

rp2.PIO = PIO
class Pin:
    OUT = 1
    def __init__(self, number, mode, value): pass
    def value(self): return 0

class Registers:
    def __init__(self):
        self.value = 0
    def __getitem__(self, address):
        return 0x2000 if address == 0x40014010 else self.value
    def __setitem__(self, address, value):
        assert address == 0x40014014
        self.value = value

rp2.StateMachine = StateMachine
rp2.asm_pio = lambda **options: lambda program: [None, 0, 11]
machine.freq = lambda: 125000000
machine.Pin = Pin
machine.mem32 = Registers()
sys.modules["rp2"] = rp2
sys.modules["machine"] = machine
registers = Module()
{registers}
sys.modules["registers"] = registers
from cryo.valve import rp2_pio
from cryo.valve.spacing import Spacing

class Rested:
    def __init__(self):
        self.now_us = 0
    def __call__(self):
        self.now_us += 3000000
        return self.now_us

def test_it():
    pin = Pin(7, 0, 0)
    valve = rp2_pio.Valve(0, 2, pin, pin)
    valve._spacing = Spacing(Rested())
    lease = rp2_pio.Lease(4, pin, pin)
    answer = {answer}
    micropython.heap_lock()
    try:
        valve.cut(); valve.fire(5); valve.rearm(); valve.result(); valve.fire(600000)
        valve.rearm(); valve.fire(5); valve.result(); valve.cut()
        valve._sm.answers = answer
        left = valve.result()
        lease.renew(); lease.stop(); valve.rearm()
    finally:
        micropython.heap_unlock()
    assert left == 0
"""


@pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
def test_no_call_allocates(lane, tmp_path):
    file = tmp_path / "test_planted.py"
    registers = (BOARDS / "rp2040_pico/registers.py").read_text().split("\n")
    made = "\n".join(f"registers.{line}" for line in registers if re.match(r"\w+ = ", line))
    file.write_text(UNDER_LOCK.replace("{answer}", "2").replace("{registers}", made))
    try:
        outcome = run_file(lane, file, ("test_it",), 60)
    except LaneMissing as missing:
        pytest.skip(f"{lane.name}: {missing}")
    assert (outcome.broken, outcome.passed) == ("", {"test_it": True}), outcome.output
