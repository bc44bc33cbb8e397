"""The virtual board's `machine` and valves, on a link that stands for the plant."""

import hal
import machine
import pins
from cryo.core.records import RESTING, RUNNING
from cryo.valve import BUSY, CUT, OK
from machine import ADC, SPI, UART, WDT, Pin, Timer
from valves import Lease, Valve
from virtual_link import MASK, Link, chips, raised


# --- pins ---------------------------------------------------------------------------------------------------
def test_an_output_drives_and_reads_back():
    link = Link()
    pin = Pin(4, Pin.OUT, value=1)
    assert pin.value() == 1
    pin.value(0)
    assert pin.value() == 0
    pin.on()
    assert pin() == 1
    pin.off()
    pin(1)
    assert [argument for _, argument in link.operations()] == [9, 8, 9, 8, 9]


def test_any_truth_drives_high():
    link = Link()
    Pin(4, Pin.OUT, value=True).value(2)
    assert link.operations() == [(hal.OP_PIN, 9), (hal.OP_PIN, 9)]


def test_outputs_do_not_touch_each_other():
    Link()
    first = Pin(4, Pin.OUT, value=1)
    second = Pin(5, Pin.OUT, value=1)
    first.value(0)
    assert (first.value(), second.value()) == (0, 1)


def test_an_output_made_anew_without_a_value_keeps_its_level():
    link = Link()
    Pin(4, Pin.OUT, value=1)
    assert Pin(4, Pin.OUT).value() == 1
    assert link.operations() == [(hal.OP_PIN, 9), (hal.OP_PIN, 9)]


def test_an_input_reads_what_the_last_exchange_told():
    link = Link()
    pin = Pin(9, Pin.IN, Pin.PULL_UP)
    assert pin.value() == 0
    link.pins = 1 << 9
    assert pin.value() == 0
    hal.sleep_us(10)
    assert pin.value() == 1
    assert (hal.OP_HIGH_Z, 9) in link.operations()


# --- SPI, ADC -------------------------------------------------------------------------------------------------
def test_spi_gives_the_selected_chips_frame_most_significant_byte_first():
    link = Link()
    link.spi = (0x1234, 0xABCD, 0x0001, 0xFFFE)
    hal.sleep_us(0)
    selects = chips()
    data = bytearray(4)
    selects[0].value(0)
    SPI(0).readinto(data)
    assert data == b"\x12\x34\xab\xcd"
    selects[0].value(1)
    selects[1].value(0)
    SPI(0).readinto(data)
    assert data == b"\x00\x01\xff\xfe"


def test_spi_with_none_or_two_chips_selected_reads_ones():
    link = Link()
    link.spi = (0x1234, 0xABCD, 0x0001, 0xFFFE)
    hal.sleep_us(0)
    selects = chips()
    data = bytearray(4)
    SPI(0).readinto(data)
    assert data == b"\xff\xff\xff\xff"
    selects[0].value(0)
    selects[1].value(0)
    data = bytearray(4)
    SPI(0).readinto(data)
    assert data == b"\xff\xff\xff\xff"


def test_spi_beyond_the_frame_reads_ones():
    link = Link()
    link.spi = (0x1234, 0xABCD, 0, 0)
    hal.sleep_us(0)
    chips()[0].value(0)
    data = bytearray(6)
    SPI(0).readinto(data)
    assert data == b"\x12\x34\xab\xcd\xff\xff"


def test_a_failed_spi_transfer_raises():
    link = Link()
    link.spi_fail = 1
    hal.sleep_us(0)
    chips()[0].value(0)
    data = bytearray(b"keep")
    assert raised(OSError, lambda: SPI(0).readinto(data))
    assert data == b"keep"


def test_each_analogue_input_has_its_own_counts():
    link = Link()
    link.adc = (30_000, 65_535)
    hal.sleep_us(0)
    assert [ADC(Pin(number)).read_u16() for number in pins.ANALOGUE] == [30_000, 65_535]
    assert ADC(pins.ADC_LINE).read_u16() == 65_535
    assert raised(ValueError, lambda: ADC(pins.LED))


# --- UART -----------------------------------------------------------------------------------------------------
def test_uart_reads_what_came_in_pieces():
    link = Link()
    uart = UART(0)
    data = bytearray(4)
    assert uart.any() == 0
    assert uart.readinto(data) is None
    link.to_send = b"abcdef"
    hal.sleep_us(0)
    assert uart.any() == 6
    assert uart.readinto(data, 1) == 1
    assert uart.readinto(data) == 4
    assert data == b"bcde"
    assert (uart.any(), uart.readinto(data)) == (1, 1)
    assert (uart.any(), uart.readinto(data)) == (0, None)


def test_bytes_that_nobody_took_wait_for_the_next_time():
    link = Link()
    uart = UART(0)
    link.to_send = b"one\n"
    hal.sleep_us(0)
    uart.readinto(bytearray(1))
    link.to_send = b"two\n"
    hal.sleep_us(0)
    hal.sleep_us(0)
    data = bytearray(16)
    assert uart.readinto(data) == 7
    assert data[:7] == b"ne\ntwo\n"


def test_the_receive_queue_is_bounded_and_keeps_the_oldest():
    link = Link()
    uart = UART(0)
    link.to_send = b"".join([b"%04d" % n for n in range(1000)])
    for _ in range(10):
        hal.sleep_us(0)
    assert uart.any() == hal.FIFO_MAX
    data = bytearray(hal.FIFO_MAX)
    assert uart.readinto(data) == hal.FIFO_MAX
    assert data[-4:] == b"%04d" % (hal.FIFO_MAX // 4 - 1)


def test_uart_takes_no_more_than_fits_and_never_waits():
    link = Link()
    uart = UART(0)
    assert uart.write(b"x" * (hal.TX_MAX - 1)) == hal.TX_MAX - 1
    assert uart.write(b"yz") == 1
    assert uart.write(b"z") == 0
    assert link.now_us == 0
    hal.sleep_us(0)
    assert len(link.sent) == hal.TX_MAX
    assert link.sent[-2:] == b"xy"
    assert uart.write(b"z") == 1


# --- watchdog, timers, resets ---------------------------------------------------------------------------------
def test_the_watchdog_refuses_a_time_the_chip_cannot_count():
    link = Link()
    for timeout in (0, -1, 8389):
        assert raised(ValueError, lambda ms=timeout: WDT(timeout=ms))
    assert link.operations() == []
    WDT(timeout=8388)
    WDT(timeout=1).feed()
    assert link.operations() == [(hal.OP_WATCHDOG, 8388), (hal.OP_WATCHDOG, 1), (hal.OP_FEED, 0)]


class Calls:
    def __init__(self):
        self.count = 0

    def __call__(self, timer):
        self.count += 1


def test_a_periodic_timer_runs_as_often_as_it_fell_due():
    Link()
    calls = Calls()
    timer = Timer(period=10, callback=calls)
    hal.sleep_us(9_900)
    assert calls.count == 0
    hal.sleep_us(200)
    assert calls.count == 1
    hal.sleep_us(30_000)
    assert calls.count == 4
    timer.deinit()
    hal.sleep_us(30_000)
    assert calls.count == 4


def test_a_one_shot_timer_runs_once():
    Link()
    calls = Calls()
    Timer(mode=Timer.ONE_SHOT, period=10, callback=calls)
    hal.sleep_us(50_000)
    hal.sleep_us(50_000)
    assert calls.count == 1


def test_a_timer_runs_across_the_wrap():
    Link(ticks_us=MASK - 4_999)
    calls = Calls()
    Timer(period=10, callback=calls)
    hal.sleep_us(6_000)
    assert calls.count == 0
    hal.sleep_us(5_000)
    assert calls.count == 1


def test_a_timer_whose_callback_raises_is_cancelled():
    Link()
    calls = Calls()

    def fails(timer):
        calls.count += 1
        raise ValueError("planted")

    Timer(period=10, callback=fails)
    hal.sleep_us(100_000)
    hal.sleep_us(100_000)
    assert calls.count == 1


def test_a_timer_without_a_period_is_refused():
    Link()
    assert raised(ValueError, lambda: Timer(period=0, callback=Calls()))


def test_resets_and_their_cause():
    link = Link()
    assert machine.reset_cause() == machine.PWRON_RESET
    link.flags = hal.FLAG_RESET
    link.cause = machine.WDT_RESET
    assert raised(hal.Reset, machine.reset)
    assert raised(hal.Reset, machine.soft_reset)
    assert [operation for _, operation, _ in link.done] == [hal.OP_RESET, hal.OP_SOFT_RESET]
    assert machine.reset_cause() == machine.WDT_RESET
    link.flags = hal.FLAG_OFF
    assert raised(hal.PowerOff, lambda: hal.sleep_us(1))


def test_no_handler_of_ordinary_errors_swallows_a_reset():
    assert not issubclass(hal.Reset, Exception)
    assert not issubclass(hal.PowerOff, Exception)


# --- valve and lease ------------------------------------------------------------------------------------------
def test_the_valve_port_answers_at_once():
    link = Link()
    valve = Valve()
    assert valve.result() == RESTING
    assert valve.rearm() == OK
    assert valve.fire(60_000) == OK
    assert valve.result() == RUNNING
    assert valve.fire(60_000) == BUSY
    assert valve.cut() == OK
    assert link.operations() == [(hal.OP_REARM, 0), (hal.OP_FIRE, 60_000), (hal.OP_CUT, 0)]


def test_a_fire_after_a_burst_needs_a_rearm():
    link = Link()
    valve = Valve()
    link.burst = 25_000
    hal.sleep_us(0)
    assert valve.result() == 25_000
    assert valve.fire(60_000) == CUT
    assert valve.rearm() == OK
    assert valve.fire(60_000) == OK


def test_an_opening_is_clipped_to_the_longest():
    link = Link()
    valve = Valve()
    valve.rearm()
    valve.fire(2_000_000)
    assert link.operations()[-1] == (hal.OP_FIRE, 500_000)


def test_the_lease_is_a_fixed_short_time():
    link = Link()
    lease = Lease()
    assert lease.renew() == OK
    assert lease.stop() == OK
    assert link.operations() == [(hal.OP_LEASE, 20_000), (hal.OP_LEASE, 0)]
