"""The plant wired to a chip's pins: with levels, edges, chips on buses and voltages in place of the virtual board's
port.

The code that runs the chip calls `advance` with the chip's time, reports every edge of the dose and lease pins when it
happens, and gives the chip its inputs. Times in us since power-on.
"""

import math

from boards.virtual import pins
from host_tools.simulator.twin.guest import chip_mlx90614, chip_vl53l0x
from host_tools.simulator.twin.hardware import DosePin, Monostable
from host_tools.simulator.twin.max31856 import Max31856Chip
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.probe import Max31855Chip

MONOSTABLE_US = 60  # the longest that the RP2040 board's monostable may take: boards/rp2040_pico/board.toml
COIL_RISE_S = 0.005  # [E] inductance over resistance
COIL_PEAK_US = 50_000  # [E] of the peak-and-hold driver
COIL_PEAK_V = 2.5  # [S] parts list: 3.0 V at 1.2 times the peak current
COIL_HOLD_V = COIL_PEAK_V / 4  # [S] bring-up list: about a quarter
REFERENCE_V = 3.3


class PinPlant(Plant):
    """The plant of the twin behind a chip's pins; its people, faults and record are those of Plant.

    distance    the VL53L0X, to be put on an I2C bus
    infrared    the MLX90614
    chips[0]    the skin's MAX31856; skin_chip: its registers and its pins drdy and fault
    chips[1]    the nozzle's MAX31855
    coil_open   the dose coil's wire is broken: no current, and the valve stays shut
    """

    def __init__(self, **plant):
        self.coil_open = False
        self._coil_us = -1  # time since which the dose coil is driven
        self._venting = False  # while the shut-off's coil had no supply
        super().__init__(**plant)
        self.one_shot = DosePin()
        self.lease = Monostable(MONOSTABLE_US)
        self.distance = chip_vl53l0x.Chip()
        self.infrared = chip_mlx90614.Chip()
        self._chips_us = 0
        self._ranges = 0

    def _fit_chips(self, seed):
        skin = Max31856Chip(seed=seed)
        self.skin_chip = skin.registers
        return skin, Max31855Chip(phase_us=self._phase_us // 2, seed=seed + 1)

    # --- from the chip ------------------------------------------------------------------------------------------------
    def advance(self, to_us):
        """Let time pass up to to_us; an earlier time changes nothing."""
        self._run_to(to_us)
        gone_us = self.now_us - self._chips_us
        if gone_us > 0:
            self._chips_us = self.now_us
            self.chips[0].advance(self.now_us, self.probe.bead_c)
            self._measure()
            self.wires()

    def dose_level(self, at_us, level):
        """The dose pin changed: 1 high, 0 low or high-impedance (its pull-down wins)."""
        self.advance(at_us)
        if self.one_shot.pin == bool(level):
            return
        self.one_shot.pin = bool(level)
        if level:
            self._coil_us = self.now_us
            self._venting = not self._supplied()
            self._burst_begins(0)
        else:
            us = self.now_us - self._coil_us
            if self._venting:
                self.record.vents[-1] = (self._coil_us, us)
            else:
                self.record.bursts[-1].commanded_us = us
        self._drive()

    def lease_edge(self, at_us):
        """A rising edge of the lease pin."""
        self._run_to(at_us)
        self.lease.edge(self.now_us)
        self._drive()

    def loop_test_level(self, at_us, level):
        """The loop's test output changed: 1 high."""
        self.advance(at_us)
        self.loop_test(level)

    def output(self, at_us, name, level):
        """A lamp, buzzer or alarm output changed: note it in the record."""
        self.advance(at_us)
        self.record.edge(name, level)

    def chip_reset(self, at_us, why):
        """The chip restarted; later changes of its pins come as edges."""
        self.advance(at_us)
        self.console_in.clear()
        self.loop_testing = False  # the pull-down at the test stage decides
        self.record.reset(why)

    def wires(self):
        """Let the gates follow the contacts and the skin chip's pins: call after a transfer that wrote to the chip."""
        self._guard_hardware()

    # --- to the chip --------------------------------------------------------------------------------------------------
    def loop_a_made(self):
        """Level of the chip's LOOP_A pin."""
        return self.loop_level(pins.LOOP_A)

    def loop_b_open(self):
        """Level of the chip's LOOP_B pin: the gate joins channel B and the skin chip's FAULT."""
        return int(self.loop_level(pins.LOOP_B) != 0 or self.skin_chip.fault.level == 0)

    def volts(self):
        """Return the voltages of bottle, line and coil current at the converter's pins, V of 3.3."""
        return _scaled(self.bar), _scaled(self.line_bar), self._coil_volts()

    # --- inside -------------------------------------------------------------------------------------------------------
    def _guard_hardware(self):
        self.lease.reset(bool(self.loop_b_open()))
        self._drive()

    def _coils(self):
        dose, shutoff = super()._coils()
        return (self.dose, dose[1] and not self.coil_open, "dose"), shutoff

    def _coil_volts(self):
        if not self.dose.driven:
            return 0.0
        since_us = self.now_us - self._coil_us
        if since_us > COIL_PEAK_US:
            return COIL_HOLD_V
        return COIL_PEAK_V * -math.expm1(-since_us / 1e6 / COIL_RISE_S)

    def _measure(self):
        self.distance.calibrate()
        if self.ranges == self._ranges:
            return
        self._ranges = self.ranges
        self.distance.measured(*self.echo.words)
        for register, word in zip((0x07, 0x06), self.thermopile.words, strict=True):
            if word >= 0:
                self.infrared.set(register, word & 0xFFFF)


def _scaled(bar):
    """0.5-4.5 V of 5 V for 0-100 bar, divided to the converter's range."""
    return min(REFERENCE_V, (0.1 + 0.8 * bar / 100) * REFERENCE_V)
