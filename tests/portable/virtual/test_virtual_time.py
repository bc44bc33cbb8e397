"""The virtual board's time, its wrap, and that nothing the tick calls allocates, the wrap included."""

import hal
import micropython
import pins
import virtual_time
from machine import ADC, SPI, WDT, Pin
from valves import Lease, Valve
from virtual_link import MASK, Link, chips


# --- time -----------------------------------------------------------------------------------------------------
def test_each_operation_costs_time():
    Link()
    led = Pin(4, Pin.OUT)
    hal.sleep_us(0)
    costs = []
    for operation in (led.value, led.on, ADC(pins.ADC_LINE).read_u16, virtual_time.ticks_us, Valve().cut):
        before = hal.local_us[0]
        operation()
        costs.append(hal.local_us[0] - before)
    assert min(costs) > 0
    before = virtual_time.ticks_us()
    SPI(0).readinto(bytearray(4))
    assert virtual_time.ticks_us() - before >= hal.COST_SPI_US


def test_spent_time_passes_before_the_sleep_does():
    link = Link()
    hal.sleep_us(0)
    before_us = link.now_us
    hal.spend(400)
    Pin(4, Pin.OUT, value=1)
    hal.sleep_us(1_000)
    assert link.now_us == before_us + 400 + hal.COST_PORT_US + 1_000
    assert link.done[-1][0] == before_us + 400 + hal.COST_PORT_US
    virtual_time.sleep_ms(2)
    virtual_time.sleep(1)
    assert link.now_us == before_us + 400 + hal.COST_PORT_US + 1_003_000


def test_sleep_of_a_negative_time_is_none():
    link = Link()
    before_us = link.now_us
    hal.sleep_us(-5)
    assert link.now_us == before_us


def test_the_counters_wrap_between_two_exchanges():
    Link(ticks_us=MASK - 1, ticks_ms=MASK)
    before = virtual_time.ticks_us()
    assert before == hal.COST_TICKS_US - 2
    hal.spend(1_000)
    assert virtual_time.ticks_ms() == 0
    assert virtual_time.ticks_diff(virtual_time.ticks_us(), before) == 1_000 + 2 * hal.COST_TICKS_US


def test_tick_arithmetic_at_the_wrap():
    add = virtual_time.ticks_add
    diff = virtual_time.ticks_diff
    assert add(MASK, 1) == 0
    assert add(0, -1) == MASK
    assert add(MASK - 5, 10) == 4
    assert diff(4, MASK - 5) == 10
    assert diff(MASK - 5, 4) == -10
    assert diff(7, 7) == 0
    half = 1 << 29
    assert diff(half - 1, 0) == half - 1
    assert diff(half, 0) == -half
    for ticks in (0, 1, half - 1, half, MASK):
        for delta in (-half, -10_000, 0, 10_000, half - 1):
            assert 0 <= add(ticks, delta) <= MASK
            assert diff(add(ticks, delta), ticks) == delta


# --- no allocation --------------------------------------------------------------------------------------------
def tick_calls(link):
    """What the tick does with the hardware, with the heap locked; returns the ticks it read."""
    selects = chips()
    led = Pin(4, Pin.OUT, value=0)
    loop = Pin(7, Pin.IN)
    spi = SPI(0)
    adc = ADC(pins.ADC_LINE)
    valve = Valve()
    lease = Lease()
    watchdog = WDT(timeout=500)
    data = bytearray(4)
    hal.sleep_us(0)
    micropython.heap_lock()
    try:
        first = virtual_time.ticks_us()
        loop.value()
        led.value(1)
        led.value()
        selects[0].value(0)
        spi.readinto(data)
        selects[0].value(1)
        adc.read_u16()
        valve.result()
        valve.cut()
        valve.rearm()
        valve.fire(60_000)
        lease.renew()
        lease.stop()
        watchdog.feed()
        virtual_time.ticks_ms()
        last = virtual_time.ticks_us()
        virtual_time.ticks_diff(last, first)
        virtual_time.ticks_add(MASK, 10_000)
        virtual_time.ticks_add(0, -10_000)
    finally:
        micropython.heap_unlock()
    return first, last


def test_the_ticks_calls_do_not_allocate():
    link = Link()
    link.adc = (0, 65_535)
    link.spi = (0xFFFF, 0xFFFF, 0, 0)
    tick_calls(link)


def test_the_ticks_calls_do_not_allocate_across_the_wrap():
    # From the last microsecond of the counter on, a plain sum is an integer beyond 31 bits.
    link = Link(ticks_us=MASK - 200, ticks_ms=MASK)
    first, last = tick_calls(link)
    assert first > last
    assert virtual_time.ticks_diff(last, first) > 0


def test_a_failed_transfer_can_be_caught_with_the_heap_locked():
    link = Link()
    link.spi_fail = 1
    hal.sleep_us(0)
    spi = SPI(0)
    data = bytearray(4)
    caught = 0
    micropython.heap_lock()
    try:
        try:
            spi.readinto(data)
        except OSError:
            caught = 1
    finally:
        micropython.heap_unlock()
    assert caught == 1
