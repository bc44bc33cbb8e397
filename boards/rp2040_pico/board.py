"""A Raspberry Pi Pico board, of either chip: pins, drivers and PIO valve, under the names of cryo/board.py.

Settings come from their slots on the board's file system; without valid ones the board refuses to arm.
"""

from board_name import NAME
from neopixel import NeoPixel

import archive
import pins
from chip import Clock, core_c
from cryo import config
from cryo.console.usb import UsbStream
from cryo.drivers.analog import Transducer
from cryo.drivers.coil import Coil
from cryo.drivers.its90 import Linearise
from cryo.drivers.max31855 import Max31855
from cryo.drivers.max31856 import Max31856
from cryo.drivers.mlx90614 import Mlx90614
from cryo.drivers.scd4x import Scd4x
from cryo.drivers.ssd1306_pages import Ssd1306
from cryo.drivers.vl53l0x import Vl53l0x
from cryo.limits import SKIN_LOCKOUT_MDEGC
from cryo.valve.rp2_pio import Lease, Valve
from machine import ADC, I2C, SPI, WDT, Pin, reset
from micropython import const
from scratch import Scratch

_I2C_TIMEOUT_US = const(1_000)  # a stuck bus costs a tick one tenth of its time
_COIL_FULL_MA = const(3_600)  # the amplifier's 3.0 V, at 1.2 times the coil's peak [E]: its parts decide
_SKIN_EMISSIVITY = const(64224)  # 0.98 [K]
FITTED = {"infrared_fitted": 1, "line_fitted": 1, "co2_fitted": 0}  # from the bill of materials: `make fitted`


class Board:
    """Everything the application drives."""

    name = NAME
    fitted = FITTED

    def __init__(self):
        self.config, self.config_error = config.load(fitted=FITTED)
        self.loop_a = Pin(pins.LOOP_A, Pin.IN, Pin.PULL_DOWN)
        self.loop_b = Pin(pins.LOOP_B, Pin.IN, Pin.PULL_UP)
        pulse = Pin(pins.LEASE, Pin.OUT, value=0)
        self.valve = Valve(pins.DOSE_SM, pins.DOSE, self.loop_a, pulse)
        self.lease = Lease(pins.LEASE_SM, pulse, self.loop_b)
        self.led = Pin(pins.LED, Pin.OUT, value=0)
        self.buzzer = Pin(pins.BUZZER, Pin.OUT, value=0)
        self.alarm = Pin(pins.ALARM, Pin.OUT, value=0)
        self.loop_test = Pin(pins.LOOP_TEST, Pin.OUT, value=0)
        self.trigger = Pin(pins.TRIGGER, Pin.IN, Pin.PULL_UP)
        self.estop = Pin(pins.ESTOP, Pin.IN, Pin.PULL_UP)
        self.key = Pin(pins.KEY, Pin.IN, Pin.PULL_UP)
        kind = "T" if self.config and self.config.tc_type else "K"
        spi = SPI(
            pins.SPI_BUS,
            baudrate=4_000_000,
            polarity=0,
            phase=1,
            sck=Pin(pins.SPI_SCK),
            mosi=Pin(pins.SPI_MOSI),
            miso=Pin(pins.SPI_MISO),
        )
        nozzle_select = Pin(pins.CS_NOZZLE, Pin.OUT, value=1)  # before anything moves on the bus
        self.skin = Max31856(
            spi,
            Pin(pins.CS_SKIN, Pin.OUT, value=1),
            kind,
            SKIN_LOCKOUT_MDEGC,  # below the software's trips: the last of three cut-offs
            drdy=Pin(pins.DRDY_SKIN, Pin.IN, Pin.PULL_UP),
            fault=Pin(pins.FAULT_SKIN, Pin.IN, Pin.PULL_UP),
        )
        self.skin.configure()  # a chip that does not answer shows as a status in every reading
        self.nozzle = Max31855(spi, nozzle_select, Linearise(kind))
        self.distance = Vl53l0x(_bus(pins.SENSOR_BUS, pins.SENSOR_SCL, pins.SENSOR_SDA, 400_000))
        slow_bus = _bus(pins.PANEL_BUS, pins.PANEL_SCL, pins.PANEL_SDA, 100_000)
        self.infrared = Mlx90614(slow_bus, _SKIN_EMISSIVITY, every=1)
        # 0.5-4.5 V of 5 V, divided to the converter's range: 0-100 bar
        self.bottle = Transducer(ADC(Pin(pins.ADC_BOTTLE)), 1907, 1000)
        self.line = Transducer(ADC(Pin(pins.ADC_LINE)), 1907, 1000)
        self.coil = Coil(ADC(Pin(pins.ADC_COIL)), _COIL_FULL_MA)
        self.room = Scd4x(slow_bus)
        self.display = Ssd1306(slow_bus, at_once=7)
        self.pixel = NeoPixel(Pin(pins.RGB, Pin.OUT, value=0), 1)
        self.console = UsbStream()
        self.scratch = Scratch()
        self.files = None  # MicroPython's own
        self.today_d = None  # no clock runs while the device is switched off
        self.application = archive.FILE
        self.clock = Clock()
        self.core_c = core_c
        # Without a mode a pin keeps its function, so the pads of the state machines can be read too.
        self.low_outputs = (
            ("dose", Pin(pins.DOSE)),
            ("lease", Pin(pins.LEASE)),
            ("led", self.led),
            ("buzzer", self.buzzer),
            ("alarm", self.alarm),
            ("loop_test", self.loop_test),
        )
        self.stack_bytes = 8_192  # [S] ports/rp2/CMakeLists.txt, PICO_STACK_SIZE

    def watchdog(self, timeout_ms):
        """Start the watchdog."""
        return WDT(timeout=timeout_ms)

    def reset(self):
        """Reset the board."""
        reset()


def _bus(number, scl, sda, hz):
    return I2C(number, scl=Pin(scl), sda=Pin(sda), freq=hz, timeout=_I2C_TIMEOUT_US)


def build():
    """Return the board."""
    return Board()
