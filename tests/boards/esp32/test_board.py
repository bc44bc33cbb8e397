"""The board file on the modelled chip: it has what the application needs, and opens no longer than RMT may."""

import json
import shutil

import pytest

from cryo import config, limits
from cryo.board import OFFERS
from cryo.core.records import RESTING, Quantity, Reading
from cryo.drivers import analog
from cryo.store import slots
from cryo.store.writing import slot
from host_tools.toolchain.board_check.__main__ import BOARDS, check
from host_tools.toolchain.board_check.board import load
from host_tools.toolchain.board_check.contract import contract
from storage import RamFiles
from tests.lanes import LANES, LaneMissing, run_file

SETTINGS = {"serial": 7, "jet_k_mdegc": 16_000}
SET_UP = b"\x81"  # a write to the registers of the skin thermocouple's chip, from the second on
LOW_THRESHOLD = slice(7, 9)  # in it: degC in sixteenths


def test_the_pin_map_is_valid():
    assert check(BOARDS / "esp32_devkitc") == []


def test_it_builds_with_every_member_and_all_gas_outputs_low(rig):
    board = rig.module.build()
    for name, kind, instead, _ in contract():
        part = getattr(board, name, None)
        assert hasattr(board, name) or instead == "absent", name
        assert part is not None or instead != "required", name
        assert [offer for offer in OFFERS[kind] if part is not None and not hasattr(part, offer)] == [], name
    assert [pad for _, pad, _ in rig.chip.edges if pad in rig.pins.SAFE_LOW] == []
    assert {rig.chip.level(pad) for pad in rig.pins.SAFE_LOW} == {0}
    assert board.valve.result() == RESTING


@pytest.fixture(autouse=True)
def files(monkeypatch):
    """The board's file system."""
    made = RamFiles()
    monkeypatch.setattr(slots, "FILES", made)
    return made


def test_without_settings_it_refuses_and_says_so(rig):
    board = rig.module.build()
    assert board.config is None
    assert "no settings" in board.config_error


@pytest.fixture
def settings(files):
    """Puts any settings onto the board."""

    def put(**values):
        text = json.dumps({**config.build(SETTINGS)[0]._asdict(), **values}, separators=(",", ":"))
        files.files["/settings.0"] = slot(config.NAME, config.VERSION, 0, text.encode())

    return put


@pytest.mark.parametrize(
    ("asked", "given"),
    [({}, 300_000), ({"burst_max_us": limits.BURST_MAX_US}, 300_000), ({"burst_max_us": 60_000}, 60_000)],
)
def test_no_settings_lengthen_an_opening_beyond_rmts(rig, settings, asked, given):
    settings(**asked)
    board = rig.module.build()
    assert board.config_error is None
    assert board.config.burst_max_us == given
    plain = config.build({**SETTINGS, **asked})[0]
    others = [name for name in plain._fields if name != "burst_max_us"]
    assert [getattr(board.config, name) for name in others] == [getattr(plain, name) for name in others]


@pytest.mark.parametrize("wrong", [{"burst_max_us": 600_000}, {"burst_max_us": 1}, {"burst_mx_us": 1}])
def test_wrong_settings_still_refuse(rig, settings, wrong):
    settings(**wrong)
    board = rig.module.build()
    assert board.config is None
    assert "burst_max_us" in board.config_error


def test_a_virtual_board_s_settings_refuse(rig, settings):
    settings(simulated=1)
    board = rig.module.build()
    assert board.config is None
    assert "simulated" in board.config_error


def test_its_lamp_guides_because_it_has_no_colour(rig):
    board = rig.module.build()
    assert board.pixel is None and board.lamp_guides == 1


def test_inputs_have_no_internal_pull_and_the_key_reads_on(rig):
    board = rig.module.build()
    assert [pin.value() for pin in (board.loop_a, board.loop_b, board.trigger, board.estop)] == [1, 0, 1, 0]
    assert board.key.value() == 0  # as a pin to ground
    assert board.coil is None


def test_the_buses_are_as_the_chips_need_them(rig):
    rig.module.build()
    (spi,) = rig.of("SPI")
    assert (spi.kwargs["polarity"], spi.kwargs["phase"]) == (0, 1)
    assert spi.kwargs["baudrate"] <= 5_000_000
    buses = rig.of("SoftI2C")
    parts = load(BOARDS / "esp32_devkitc").design["i2c"]["SENSOR_BUS"]["parts"]
    assert [bus.kwargs["freq"] for bus in buses] == [100_000] * len(parts)  # two sources are the limit
    for bus in buses:
        assert bus.kwargs["timeout"] <= 1_000
        assert (bus.kwargs["scl"].number, bus.kwargs["sda"].number) == (rig.pins.SENSOR_SCL, rig.pins.SENSOR_SDA)


def test_each_thermocouple_s_chip_is_selected_alone(rig):
    board = rig.module.build()
    transfers = rig.peripherals.transfers
    assert {chosen for transfer in transfers for chosen in transfer[0]} == {rig.pins.CS_SKIN}  # its set-up
    transfers.clear()
    board.nozzle.poll(0, Reading())
    assert [chosen for chosen, _ in transfers] == [{rig.pins.CS_NOZZLE}]


def test_the_skin_chip_s_own_cut_off_is_the_lock_out(rig):
    rig.module.build()
    (written,) = {out for _, out in rig.peripherals.transfers if out[0:1] == SET_UP}
    assert int.from_bytes(written[LOW_THRESHOLD], signed=True) * 1000 / 16 == limits.SKIN_LOCKOUT_MDEGC


@pytest.mark.parametrize("name", ["bottle", "line"])
def test_each_transducer_is_read_on_its_own_pin(rig, name):
    board = rig.module.build()
    other = {"bottle": rig.pins.ADC_LINE, "line": rig.pins.ADC_BOTTLE}[name]
    rig.peripherals.uv.update({other: 0, getattr(rig.pins, f"ADC_{name.upper()}"): 1_000_000})
    quantity = Quantity()
    getattr(board, name).poll(0, quantity)
    assert quantity.value


def test_words_outlive_a_reset(rig):
    words = rig.module.build().scratch
    for n in range(4):
        words.write(n, 2**29 + n)
    again = rig.module.build().scratch  # the same memory, a new start
    assert [again.read(n) for n in range(4)] == [2**29 + n for n in range(4)]


@pytest.mark.parametrize(("cause", "cold"), [(1, True), (3, False)])
def test_a_start_is_cold_after_power_on_alone(rig, cause, cold):
    rig.peripherals.cause = cause
    assert rig.module.build().scratch.cold() is cold


def test_the_cycles_go_forwards_at_the_processor_s_clock(rig):
    clock = rig.module.build().clock
    assert clock.hz() == rig.chip.frequency_hz
    for passed in (1, 1_000, 100_000, clock.MASK // 2 + 5, clock.MASK - 3):
        before = clock.cycles()
        rig.cycles = rig.cycles + passed & 0xFFFF_FFFF
        assert clock.cycles() - before & clock.MASK == passed


def test_watchdog_and_reset_are_the_chips(rig):
    board = rig.module.build()
    assert board.watchdog(500) is rig.of("WDT")[0]
    assert rig.of("WDT")[0].kwargs == {"timeout": 500}
    board.reset()
    assert rig.peripherals.made[-1] == "reset"


def pressure(rig, board, volts):
    """Return the bottle's reading for the transducer's output: divided by two at the pin, rounded like the chip."""
    rig.peripherals.uv[rig.pins.ADC_BOTTLE] = int(volts * 500) * 1000
    quantity = Quantity()
    board.bottle.poll(0, quantity)
    return quantity.status, quantity.value


@pytest.mark.parametrize(("volts", "mbar"), [(0.5, 0), (1.3, 20_000), (2.5, 50_000), (3.9, 85_000), (4.5, 100_000)])
def test_a_transducer_reads_bar_from_calibrated_volts(rig, volts, mbar):
    status, value = pressure(rig, rig.module.build(), volts)
    assert status == analog.OK
    assert abs(value - mbar) <= 100


@pytest.mark.parametrize(
    ("volts", "status"),
    [
        (0.0, analog.WIRE_LOW),
        (2 * 0.142, analog.WIRE_LOW),  # the chip's calibration reads this as 0
        (0.35, analog.WIRE_LOW),
        (0.45, analog.OK),
        (4.7, analog.OK),
        (4.8, analog.WIRE_HIGH),
        (2 * 3.209, analog.WIRE_HIGH),  # its highest
    ],
)
def test_a_broken_wire_is_no_pressure(rig, volts, status):
    found, value = pressure(rig, rig.module.build(), volts)
    assert found == status
    assert (value is None) == (status != analog.OK)


def test_a_chip_without_calibration_stops_the_build(rig):
    rig.peripherals.uv[rig.pins.ADC_LINE] = None
    with pytest.raises(OSError):
        rig.module.build()


def test_the_console_reads_only_what_is_there(rig):
    console = rig.module.build().console
    byte = bytearray(1)
    assert (console.any(), console.readinto(byte, 1)) == (0, None)
    rig.serial.received += b"*I"
    assert (console.any(), console.readinto(byte, 1), byte) == (1, 1, b"*")
    assert (console.readinto(byte, 1), byte, console.any()) == (1, b"I", 0)
    rig.serial.received += b"DN"
    more = bytearray(8)
    assert (console.readinto(more, 8), more[:2]) == (2, b"DN")


@pytest.mark.parametrize("pause_us", [0, 50, 1_000, 10_000, 1_000_000])
def test_the_console_never_fills_the_transmitter_and_loses_nothing(rig, pause_us):
    console = rig.module.build().console
    text = bytes(range(256)) * 8
    sent = 0
    for _ in range(40_000):
        rig.chip.run_us(pause_us)
        n = console.write(text[sent:])
        sent += n
        if sent == len(text) or not pause_us:
            break
    assert bytes(rig.serial.sent) == text[:sent]
    if pause_us:
        assert sent == len(text)


def test_the_console_still_writes_after_the_counter_went_half_round(rig):
    console = rig.module.build().console
    rig.chip.now_us += 600_000_000
    assert console.write(b"x" * 500) > 100
    assert console.write(b"x") == 0


TICKS = """
import sys
import micropython

class RMT:
    def __init__(self, pin, resolution_hz):
        machine.mem32[0x3FF44594] = 90
    def write_pulses(self, durations, levels): pass
    def wait_done(self, timeout):
        return True

class Registers:
    def __init__(self):
        self.value = 0
    def __getitem__(self, address):
        return self.value
    def __setitem__(self, address, value):
        self.value = value

class Pin:
    IN = 1
    OUT = 3
    def __init__(self, number, mode=None, value=None):
        self.level = value if value is not None else 1 if number in (32, 34) else 0
    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level

class SPI:
    def __init__(self, number, baudrate, polarity, phase, sck, mosi, miso): pass
    def readinto(self, buffer): pass
    def write_readinto(self, out, into): pass

class SoftI2C:
    def __init__(self, scl, sda, freq, timeout): pass
    def readfrom_mem_into(self, address, register, buffer): pass
    def writeto(self, address, data): pass
    def readfrom_into(self, address, buffer): pass

class ADC:
    ATTN_11DB = 3
    def __init__(self, pin, atten): pass
    def read_uv(self):
        return 1234000

class RTC:
    kept = b""
    def memory(self, data=None):
        if data is None:
            return RTC.kept
        RTC.kept = bytes(data)

class WDT:
    fed = 0
    def __init__(self, timeout): pass
    def feed(self):
        WDT.fed += 1

class Terminal:
    def any(self): return 0
    def readinto(self, buffer, length): return None
    def write(self, data): return len(data)

class Module:
    pass

esp32 = Module()
machine = Module()
esp32.RMT = RMT
machine.mem32 = Registers()
machine.freq = lambda: 160000000
machine.reset = None
machine.PWRON_RESET = 1
machine.reset_cause = lambda: 3
for made in (Pin, SPI, SoftI2C, ADC, RTC, WDT):
    setattr(machine, made.__name__, made)
sys.modules["esp32"] = esp32
sys.modules["machine"] = machine
usb = Module()
usb.UsbStream = Terminal
sys.modules["cryo.console.usb"] = usb
from cryo import config
from cryo.store import slots, writing
from storage import RamFiles
slots.FILES = RamFiles()
payload = config.encode(config.build({"jet_k_mdegc": 16000})[0])
writing.save(slots.Slots("/", config.NAME, config.VERSION, None, lambda: True), payload)
import board
import pins
from cryo.app import Applicator

assert pins.DOSE == 25
board.Terminal = Terminal

def test_it():
    app = Applicator(board.build())
    app.start()
    for _ in range(12):
        app.step()
    assert WDT.fed == 12
    assert app.inputs.bottle.status == 0 and app.inputs.line.status == 0
    assert app.inputs.key == 1
    assert app.board.config.burst_max_us == 300000
    assert (app.resets.ended, app.resets.count) == (3, 1)  # restarted, without a record
    app.resets.deliberate()
    again = Applicator(board.build()).resets
    assert (again.ended, again.count) == (1, 1)
    board_ = app.board
    micropython.heap_lock()
    try:
        board_.valve.rearm(); board_.lease.renew(); board_.valve.fire(60000); board_.valve.result(); board_.valve.cut()
    finally:
        micropython.heap_unlock()
"""


@pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
def test_ticks_of_the_application_on_this_board_allocate_nothing(lane, tmp_path):
    file = tmp_path / "test_planted.py"
    file.write_text(TICKS)
    # beside it, so that they come before the virtual board's
    for name in ("board.py", "pins.py", "scratch.py", "chip.py"):
        shutil.copy(BOARDS / "esp32_devkitc" / name, tmp_path)
    try:
        outcome = run_file(lane, file, ("test_it",), 60)
    except LaneMissing as missing:
        pytest.skip(f"{lane.name}: {missing}")
    assert (outcome.broken, outcome.passed) == ("", {"test_it": True}), outcome.output
