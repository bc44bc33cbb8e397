"""The virtual board: gives the twin's hardware to the application, as every board file gives its own hardware."""

import hal
import machine
import pins
from chip import Clock
from cryo import config
from cryo.drivers.analog import Transducer
from cryo.drivers.its90 import Linearise
from cryo.drivers.max31855 import Max31855
from cryo.drivers.mlx90614 import Mlx90614
from cryo.drivers.vl53l0x import Vl53l0x
from cryo.store import writing
from cryo.store.slots import Slots
from machine import ADC, I2C, SPI, UART, WDT, Pin
from room import Room
from scratch import Scratch
from settings import SETTINGS, TODAY_D
from storage import RamFiles
from valves import Lease, Valve

FITTED = {"infrared_fitted": 1, "line_fitted": 1, "co2_fitted": 0}  # from the bill of materials: `make fitted`


DISPLAY = "display"  # among the settings of a run: the board has one; normally it has none


class Board:
    """Everything the application drives, under the names that app.py asks for."""

    name = "virtual"
    fitted = FITTED

    def __init__(self):
        self.files = None
        if hal.settings is not None:
            self.files = provisioned(hal.settings)
        self.config, self.config_error = config.load(self.files, True, fitted=FITTED)
        self.valve = Valve()
        self.lease = Lease()
        self.led = Pin(pins.LED, Pin.OUT, value=0)
        self.buzzer = Pin(pins.BUZZER, Pin.OUT, value=0)
        self.alarm = Pin(pins.ALARM, Pin.OUT, value=0)
        self.loop_a = Pin(pins.LOOP_A, Pin.IN, Pin.PULL_DOWN)
        self.loop_b = Pin(pins.LOOP_B, Pin.IN, Pin.PULL_UP)
        self.loop_test = Pin(pins.LOOP_TEST, Pin.OUT, value=0)
        self.trigger = Pin(pins.TRIGGER, Pin.IN, Pin.PULL_UP)
        self.estop = Pin(pins.ESTOP, Pin.IN, Pin.PULL_UP)
        self.key = Pin(pins.KEY, Pin.IN, Pin.PULL_UP)
        spi = SPI(0, baudrate=4_000_000, polarity=0, phase=0, sck=Pin(pins.SPI_SCK), miso=Pin(pins.SPI_MISO))
        kind = "T" if self.config and self.config.tc_type else "K"
        linearise = Linearise(kind)
        self.skin = Max31855(spi, Pin(pins.CS_SKIN, Pin.OUT, value=1), linearise)
        self.nozzle = Max31855(spi, Pin(pins.CS_NOZZLE, Pin.OUT, value=1), linearise)
        # 0.5-4.5 V of 5 V, divided to the converter's range: 0-100 bar
        self.bottle = Transducer(ADC(Pin(pins.ADC_BOTTLE)), 1907, 1000)
        self.line = Transducer(ADC(Pin(pins.ADC_LINE)), 1907, 1000)
        self.distance = Vl53l0x(I2C(1, freq=400_000))
        self.coil = None
        self.infrared = Mlx90614(I2C(0, freq=100_000), 64_224, every=1)  # 0.98 [K]
        self.room = Room()
        self.display = display(I2C(0, freq=100_000)) if hal.settings and hal.settings.get(DISPLAY) else None
        self.pixel = None
        self.console = UART(0, 115_200)
        self.scratch = Scratch()
        self.today_d = TODAY_D
        self.application = hal.application
        self.clock = Clock()
        self.core_c = None
        self.low_outputs = tuple((pins.NAMES[number], Pin(number)) for number in pins.SAFE_LOW)
        self.stack_bytes = None  # the host's

    def watchdog(self, timeout_ms):
        """Start the watchdog."""
        return WDT(timeout=timeout_ms)

    def reset(self):
        """Reset the board."""
        machine.reset()


def display(bus):
    """Return the display, or None in CPython, which has no framebuf."""
    try:
        from cryo.drivers.ssd1306_pages import Ssd1306
    except ImportError:
        return None
    return Ssd1306(bus, at_once=7)


def provisioned(changes):
    """Return files in memory with the settings, changed by `changes`, in a real slot. Refused settings give no slot."""
    files = RamFiles()
    settings = dict(SETTINGS)
    settings.update(changes)
    settings.pop(DISPLAY, None)
    made, problem = config.build(settings)
    if problem:
        raise ValueError(problem)
    writing.save(Slots("/", config.NAME, config.VERSION, files, _always), config.encode(made))
    return files


def _always():
    return True


def build():
    """Return the board."""
    return Board()
