"""The ESP32-DevKitC board: its pins, drivers and RMT valve, given to the application under the names app.py asks for.

Settings come from their slots on the board's file system; without valid ones the board refuses to arm.
"""

import time

import archive
import pins
from chip import Clock
from cryo import config
from cryo.console.usb import UsbStream
from cryo.drivers.analog import Transducer
from cryo.drivers.its90 import Linearise
from cryo.drivers.max31855 import Max31855
from cryo.drivers.max31856 import Max31856
from cryo.drivers.mlx90614 import Mlx90614
from cryo.drivers.scd4x import Scd4x
from cryo.drivers.ssd1306_pages import Ssd1306
from cryo.drivers.vl53l0x import Vl53l0x
from cryo.limits import SKIN_LOCKOUT_MDEGC
from cryo.valve.esp32_rmt import BURST_LONGEST_US, Lease, Valve
from machine import ADC, SPI, WDT, Pin, SoftI2C, reset
from micropython import const
from scratch import Scratch

_I2C_TIMEOUT_US = const(500)  # of one clock pulse that is held low; after that the transfer ends
_SKIN_EMISSIVITY = const(64224)  # 0.98 [K]
_NO_SIGNAL_MV = const(180)  # see Halved
_FIFO = const(120)  # bytes of UART0's 128
_BYTE_US = const(90)  # ten bits at 115 200 baud take 87
FITTED = {"infrared_fitted": 1, "line_fitted": 1, "co2_fitted": 0}  # from the bill of materials: `make fitted`


class Halved:
    """A signal of 0 to 5 V behind its divider of two on GPIO `number`, for a Transducer: 65536 counts are 5 V.

    Calibrated microvolts, because the raw counts are not linear. For a voltage that is too low for the converter, its
    calibration gives up to 142 mV [S] ESP-IDF adc_cali_line_fitting.c: a loose wire would look like 0.28 V, inside the
    transducer's band. So less than 180 mV counts as no signal [E]; a transducer without pressure gives 250. Raises
    OSError when the chip's eFuses hold no calibration: such a module cannot be used.
    """

    def __init__(self, number):
        adc = ADC(Pin(number), atten=ADC.ATTN_11DB)
        self._read_uv = adc.read_uv  # pyright: ignore[reportAttributeAccessIssue]  # the stubs are another port's
        self._read_uv()  # computes the calibration now, not in a tick

    def read_u16(self):
        """Return 0 .. 84 000: beyond 65 535 the wire is shorted to a supply."""
        mv = self._read_uv() // 1000
        return mv * 16384 // 625 if mv >= _NO_SIGNAL_MV else 0


class SupplyKey:
    """The key, as if it were a pin that is low when on. It switches the whole supply: when this code runs, it is on."""

    def value(self):
        """Return 0."""
        return 0


class Terminal(UsbStream):
    """The console on UART0, MicroPython's own terminal; `machine.UART(0)` has no driver under it on this port.

    Its port always reports room, and a write into a full transmitter waits a tick of the operating system, 10 ms. So a
    write sends only as much as the time since the last write has made room for.
    """

    def __init__(self):
        super().__init__()
        self._since_us = time.ticks_us()

    def write(self, data):
        """Send the beginning of data, as much as there is room for; return how many bytes were taken."""
        now_us = time.ticks_us()
        elapsed_us = time.ticks_diff(now_us, self._since_us)
        n = elapsed_us // _BYTE_US if 0 <= elapsed_us < _FIFO * _BYTE_US else _FIFO
        if n > len(data):
            n = len(data)
        if n:
            self._writer.write(data[:n])
            self._since_us = now_us
        return n


class Board:
    """Everything the application drives."""

    name = "esp32_devkitc"
    fitted = FITTED

    def __init__(self):
        loaded, self.config_error = config.load(fitted=FITTED)
        self.config = _tightened(loaded)
        self.lease = Lease(pins.LEASE)
        self.valve = Valve(pins.DOSE, self.lease)
        self.led = Pin(pins.LED, Pin.OUT, value=0)
        self.buzzer = Pin(pins.BUZZER, Pin.OUT, value=0)
        self.alarm = Pin(pins.ALARM, Pin.OUT, value=0)
        self.loop_a = Pin(pins.LOOP_A, Pin.IN)
        self.loop_b = Pin(pins.LOOP_B, Pin.IN)
        self.loop_test = None  # no pin is left
        self.trigger = Pin(pins.TRIGGER, Pin.IN)
        self.estop = Pin(pins.ESTOP, Pin.IN)
        self.key = SupplyKey()
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
            SKIN_LOCKOUT_MDEGC,  # below the software's trips: the last of three, by its FAULT pin in loop B's gate
            drdy=Pin(pins.DRDY_SKIN, Pin.IN),
        )
        self.skin.configure()  # a chip that does not answer shows as a status in every reading
        self.nozzle = Max31855(spi, nozzle_select, Linearise(kind))
        self.distance = Vl53l0x(_bus(100_000))
        self.infrared = Mlx90614(_bus(100_000), _SKIN_EMISSIVITY, every=1)
        self.bottle = Transducer(Halved(pins.ADC_BOTTLE), 1907, 1000)  # 0-100 bar
        self.line = Transducer(Halved(pins.ADC_LINE), 1907, 1000)
        self.coil = None
        self.room = Scd4x(_bus(100_000))
        self.display = Ssd1306(_bus(100_000), at_once=7)
        self.pixel = None
        self.lamp_guides = 1
        self.console = Terminal()
        self.scratch = Scratch()
        self.files = None  # MicroPython's own
        self.today_d = None  # no clock runs while the device is switched off
        self.application = archive.FILE
        self.clock = Clock()
        self.core_c = None
        self.low_outputs = ()  # a plain output's pad cannot be read back on this port
        self.stack_bytes = 16_384  # [S] ports/esp32/mpconfigport.h, MICROPY_TASK_STACK_SIZE

    def watchdog(self, timeout_ms):
        """Start the watchdog: the operating system's, which panics and resets."""
        return WDT(timeout=timeout_ms)

    def reset(self):
        """Reset the board."""
        reset()


def _tightened(loaded):
    """Return the Config with its longest opening limited to what RMT may play here."""
    if loaded is None or loaded.burst_max_us <= BURST_LONGEST_US:
        return loaded
    values = []
    for field, value in zip(config.FIELDS, loaded):
        values.append(BURST_LONGEST_US if field[0] == "burst_max_us" else value)
    return config.Config(*values)


def _bus(hz):
    """The sensors' two wires, driven by software. The slowest part decides the clock, since every part sees every bit.

    The port's I2C counts a time-out in ticks of its operating system, 10 ms: the 1 ms that a bus may take here is less
    than one. It also checks the address before each transfer [S] MicroPython 1.28 machine_i2c.c; ESP-IDF's FreeRTOS at
    its default of 100 Hz.
    """
    return SoftI2C(scl=Pin(pins.SENSOR_SCL), sda=Pin(pins.SENSOR_SDA), freq=hz, timeout=_I2C_TIMEOUT_US)


def build():
    """Return the board."""
    return Board()
