"""The RP2040's valve and lease on an emulated chip under real MicroPython: widths, cuts, and that no hang keeps gas on.

Times are emulated: the chip's clocks are exact, memory and bus waits are not modelled, so latencies are lower bounds.
"""

import pytest

from tests.simulator.emulated.conftest import DOSE, EVENT, LEASE, LOOP_A, LOOP_B

LEASE_MAX_US = 20_000
# The emulator runs at most one PIO instruction an instruction of the processor, so a busy processor stretches a burst:
# the exact width is proven on the PIO block alone (tests/boards/pio).
SLIP = 0.0005
SLIP_COLLECTING = 0.002


def edges_us(chip, pin):
    """Return every (time us, level) of a pin."""
    return [(time_ns / 1000, level) for time_ns, number, level in chip.edges if number == pin]


def opening(chip):
    """Return (start us, width us) of the only opening of the dose pin."""
    edges = [edge for edge in edges_us(chip, DOSE) if edge[1] is not None]
    assert [level for _, level in edges] == [1, 0], edges
    return edges[0][0], edges[1][0] - edges[0][0]


@pytest.mark.parametrize("us", [30_000, 60_000, 300_000, 500_000])
def test_a_burst_is_as_long_as_commanded(chip, us):
    assert chip.exec(f"print(fire({us})); hold({us // 1000 + 5}); print(valve.result())").split() == ["0", "0"]
    assert abs(opening(chip)[1] - us) <= 1.0 + us * SLIP


def test_a_burst_is_not_stretched_by_garbage_collection(chip):
    chip.exec("""
import gc
keep = [[i] for i in range(1000)]
fire(60000)
for _ in range(3):
    gc.collect()
    lease.renew()
hold(65)
""")
    assert abs(opening(chip)[1] - 60_000) <= 60_000 * SLIP_COLLECTING


def test_loop_a_ends_the_burst_and_loop_b_the_lease_whatever_the_interpreter_does(chip):
    start(chip, "fire(300000)\nirq = machine.disable_irq()\nevent_pin.value(1)\nwhile True:\n    lease.renew()")
    chip.run_until(lambda: edges_us(chip, EVENT), 200_000)
    chip.run(5_000)
    opened_us = chip.us
    chip.drive(LOOP_A, 0)
    chip.drive(LOOP_B, 1)
    chip.run(25_000)
    assert edges_us(chip, DOSE)[-1][1] == 0
    assert edges_us(chip, DOSE)[-1][0] - opened_us <= 1.5
    assert edges_us(chip, LEASE)[-1][1] == 0
    assert edges_us(chip, LEASE)[-1][0] - opened_us <= 1.5


def test_after_a_cut_nothing_opens_until_re_armed(chip):
    out = chip.exec("""
fire(300000); hold(10); valve.cut(); time.sleep_ms(1)
left = valve.result()
print(valve.fire(50000), 285000 < left < 295000)
rp2.StateMachine(0).put(50000); rp2.StateMachine(0).put(50000)
hold(80)
""")
    assert out.split() == ["2", "True"]
    assert opening(chip)[1] < 15_000


# what happens in a burst -> guest code of the event
EVENTS = {
    "uncaught exception": "def event(): raise ValueError('planted')",
    "hang": "def event():\n    while True: pass",
    "hang with interrupts disabled": "def event():\n    machine.disable_irq()\n    while True: pass",
    "machine.reset": "event = machine.reset",
    "machine.soft_reset": "event = machine.soft_reset",
    "watchdog bite": "w = machine.WDT(timeout=100)\ndef event():\n    while True: pass",
    "heap exhausted": "def event():\n    a = []\n    while True: a.append(bytearray(4000))",
    "Ctrl-C": "def event(): time.sleep_ms(5000)",
    "Ctrl-D": "def event(): time.sleep_ms(5000)",
}


def start(chip, code):
    """Run code at the raw prompt without waiting for its end."""
    mark = len(chip.console)
    chip.write(b"\r\x01")
    mark = chip.wait_for(b"raw REPL; CTRL-B to exit\r\n>", 500_000, mark)
    data = code.encode()
    for at in range(0, len(data), 128):
        chip.write(data[at : at + 128])
        chip.run_until(lambda: not chip._to_guest, 500_000)
    chip.write(b"\x04")


@pytest.mark.parametrize("event", EVENTS)
def test_no_way_out_of_the_interpreter_keeps_a_valve_open(chip, event):
    start(chip, f"{EVENTS[event]}\ntreat(300000, 100, 5, event)")
    chip.run_until(lambda: any(level == 1 for _, level in edges_us(chip, EVENT)), 1_000_000)
    event_us = next(time_us for time_us, level in edges_us(chip, EVENT) if level == 1)
    if event.startswith("Ctrl"):
        chip.write(b"\x03")
        chip.run(2_000)
        event_us = chip.us
        if event == "Ctrl-D":
            chip.write(b"\x04")
    chip.run(270_000)
    rising = [time_us for time_us, level in edges_us(chip, LEASE) if level == 1]
    assert max(time_us for time_us in rising if time_us <= event_us) >= event_us - 40  # it ran when it happened
    assert max(rising) - event_us <= LEASE_MAX_US
    assert chip.level(DOSE) != 1
    fell_us = min(time_us for time_us, level in edges_us(chip, DOSE) if level != 1)
    assert event_us - 1 < fell_us <= event_us + LEASE_MAX_US
    assert not any(level == 1 for time_us, level in edges_us(chip, DOSE) if time_us > fell_us)
