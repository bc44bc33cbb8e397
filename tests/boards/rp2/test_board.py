"""Board files on a modelled chip: each part has its own pin, bus and register, as contract and pin map say."""

import pytest

from cryo import limits
from cryo.board import OFFERS
from cryo.core.records import RESTING, Quantity, Reading
from cryo.store import slots
from cryo.valve import OK
from host_tools.toolchain.board_check.contract import contract
from storage import RamFiles

IN, OUT, UP, DOWN = 0, 1, 1, 2
SET_UP = b"\x81"  # a write to the registers of the skin thermocouple's chip, from the second on
LOW_THRESHOLD = slice(7, 9)  # in it: degC in sixteenths


@pytest.fixture(autouse=True)
def files(monkeypatch):
    """The board's file system: no settings."""
    monkeypatch.setattr(slots, "FILES", RamFiles())


@pytest.fixture
def board(rig):
    return rig.build()


def number(pin):
    return pin.number


def test_it_has_every_part_of_the_contract_with_what_each_offers(board):
    for name, kind, instead, _ in contract():
        part = getattr(board, name, None)
        assert hasattr(board, name) or instead == "absent", name
        assert part is not None or instead != "required", name
        lacks = [offer for offer in OFFERS[kind] if part is not None and not hasattr(part, offer)]
        assert lacks == [] or kind == "pixel", name
    assert board.config is None and "no settings" in board.config_error


@pytest.mark.parametrize("name", ["led", "buzzer", "alarm", "loop_test"])
def test_each_output_is_on_its_pin_and_low(rig, board, name):
    pin = getattr(board, name)
    assert number(pin) == getattr(rig.pins, name.upper())
    assert rig.pads[number(pin)] == (OUT, None) and pin.value() == 0


@pytest.mark.parametrize(
    ("name", "pull"), [("loop_a", DOWN), ("loop_b", UP), ("trigger", UP), ("estop", UP), ("key", UP)]
)
def test_each_input_is_on_its_pin_and_a_broken_wire_reads_safe(rig, board, name, pull):
    pin = getattr(board, name)
    assert number(pin) == getattr(rig.pins, name.upper())
    assert rig.pads[number(pin)] == (IN, pull)
    rig.outside.pop(number(pin), None)
    assert pin.value() == int(pull == UP)


def test_all_gas_outputs_are_low_and_the_self_test_reads_each(rig, board):
    assert [rig.blocks.level(rig.pins.DOSE), rig.blocks.level(rig.pins.LEASE)] == [0, 0]
    assert {(name, number(pin)) for name, pin in board.low_outputs} == {
        (name, getattr(rig.pins, name.upper())) for name in ("dose", "lease", "led", "buzzer", "alarm", "loop_test")
    }
    assert {number(pin) for _, pin in board.low_outputs} == set(rig.pins.SAFE_LOW)
    assert board.valve.result() == RESTING


# --- valves: seen at their pads ---------------------------------------------------------------------------------------
@pytest.fixture
def burst(rig, board):
    """Begin an opening of 100 ms, and let 1 ms pass."""
    rig.firmware.later_us += 2_000_000
    assert (board.valve.rearm(), board.lease.renew()) == (OK, OK)
    rig.blocks.run_us(60)
    assert board.valve.fire(100_000) == OK
    rig.blocks.run_us(1_000)
    assert rig.blocks.level(rig.pins.DOSE) == 1
    return rig


def edges(rig, us):
    """Return how many rising edges the lease gives in so much time."""
    before = len(rig.blocks.edges)
    rig.blocks.run_us(us)
    return sum(level for _, level in rig.blocks.edges_of(rig.pins.LEASE, before))


def test_channel_a_ends_the_one_shot(burst):
    burst.blocks.drive(burst.pins.LOOP_A, 0)
    burst.blocks.run_us(2)
    assert burst.blocks.level(burst.pins.DOSE) == 0
    assert edges(burst, 500) > 10


def test_channel_b_ends_the_lease_at_once_and_the_one_shot_by_its_tether(burst):
    assert edges(burst, 500) > 10
    burst.blocks.drive(burst.pins.LOOP_B, 1)
    burst.blocks.run_us(2)
    assert edges(burst, 1_000) == 0
    assert burst.blocks.level(burst.pins.DOSE) == 0


# --- buses ------------------------------------------------------------------------------------------------------------
def test_the_thermocouples_bus_is_on_its_pins(rig, board):
    (spi,) = rig.of("SPI")
    assert spi.args == (rig.pins.SPI_BUS,)
    assert (spi.kwargs["polarity"], spi.kwargs["phase"]) == (0, 1) and spi.kwargs["baudrate"] <= 5_000_000
    wires = {name: number(spi.kwargs[name]) for name in ("sck", "mosi", "miso")}
    assert wires == {name: getattr(rig.pins, f"SPI_{name.upper()}") for name in wires}


def test_each_thermocouple_s_chip_is_selected_alone(rig, board):
    assert {chosen for transfer in rig.transfers for chosen in transfer[0]} == {rig.pins.CS_SKIN}  # its set-up
    rig.transfers.clear()
    board.nozzle.poll(0, Reading())
    assert [chosen for chosen, _ in rig.transfers] == [{rig.pins.CS_NOZZLE}]
    rig.transfers.clear()
    rig.outside[rig.pins.DRDY_SKIN] = 0
    board.skin.poll(0, Reading())
    assert rig.transfers and {frozenset(chosen) for chosen, _ in rig.transfers} == {frozenset({rig.pins.CS_SKIN})}
    assert all(rig.latch[pin] == 1 for pin in rig.pins.CHIP_SELECTS)


def test_the_skin_chip_s_own_cut_off_is_the_lock_out(rig, board):
    (written,) = {out for _, out in rig.transfers if out[0:1] == SET_UP}
    assert int.from_bytes(written[LOW_THRESHOLD], signed=True) * 1000 / 16 == limits.SKIN_LOCKOUT_MDEGC


def test_the_skin_chip_s_pins_are_pulled_up(rig, board):
    for name in ("DRDY_SKIN", "FAULT_SKIN"):
        assert rig.pads[getattr(rig.pins, name)] == (IN, UP)


def test_each_i2c_bus_is_on_its_pins_with_a_time_out(rig, board):
    made = {bus.args[0]: bus.kwargs for bus in rig.of("I2C")}
    for name, hz in (("SENSOR", 400_000), ("PANEL", 100_000)):
        bus = made[getattr(rig.pins, f"{name}_BUS")]
        wires = (number(bus["sda"]), number(bus["scl"]))
        assert wires == (getattr(rig.pins, f"{name}_SDA"), getattr(rig.pins, f"{name}_SCL"))
        assert bus["freq"] == hz and bus["timeout"] <= 1_000
    assert len(made) == len(rig.of("I2C")) == 2


@pytest.mark.parametrize("name", ["bottle", "line", "coil"])
def test_each_analogue_input_is_read_on_its_own_pin(rig, board, name):
    others = [getattr(rig.pins, f"ADC_{other}") for other in ("BOTTLE", "LINE", "COIL") if other != name.upper()]
    rig.counts = dict.fromkeys(others, 0) | {getattr(rig.pins, f"ADC_{name.upper()}"): 40_000}
    quantity = Quantity()
    getattr(board, name).poll(0, quantity)
    assert quantity.value


# --- what the chip offers ---------------------------------------------------------------------------------------------
def test_watchdog_and_reset_are_the_chip_s(rig, board):
    assert board.watchdog(500) is rig.of("WDT")[0]
    assert (rig.of("WDT")[0].args, rig.of("WDT")[0].kwargs) == ((), {"timeout": 500})
    board.reset()
    assert rig.made[-1] == "reset"


def test_words_outlive_a_reset_and_a_new_image(rig):
    words = rig.own("scratch").Scratch()
    for n in range(4):
        words.write(n, 1000 + n)
    again = rig.own("scratch").Scratch()
    assert [again.read(n) for n in range(4)] == [1000, 1001, 1002, 1003]
    rig.copy_uf2()
    again = rig.own("scratch").Scratch()
    assert [again.read(n) for n in range(4)] == [1000, 1001, 1002, 1003] and not again.cold()


@pytest.mark.parametrize(
    ("cause", "word", "cold"),
    [(1, 0, True), (1, 7, False), (3, 0, False), (3, 7, False)],  # power-on: nothing is kept; any other reset: it is
)
def test_a_start_is_cold_after_power_on_alone(rig, cause, word, cold):
    rig.cause = cause
    rig.own("scratch").Scratch().write(0, word)
    assert rig.own("scratch").Scratch().cold() is cold


def test_the_cycles_go_forwards_at_the_processor_s_clock(rig, board):
    clock = board.clock
    assert clock.hz() == rig.mhz * 1_000_000
    for passed in (1, 1_000, 100_000, clock.MASK // 2 + 5, clock.MASK - 3):
        before = clock.cycles()
        rig.cycles += passed
        assert clock.cycles() - before & clock.MASK == passed


@pytest.mark.parametrize("c", [-10, 0, 27, 60, 85])
def test_the_chip_s_temperature_is_that_of_its_data_sheet(rig, board, c):
    volts = 0.706 - 0.001721 * (c - 27)
    rig.counts[4] = round(volts / 3.3 * 65536)
    assert abs(board.core_c() - c) <= 1
