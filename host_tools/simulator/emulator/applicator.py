"""The whole application on an emulated RP2040, with the twin's plant wired to its pins: the complete device.

    from host_tools.simulator.emulator.applicator import EmulatedApplicator, application
    device = EmulatedApplicator(find_image(), application())
    device.until_state("STANDBY")
    print(device.ask("*IDN?"))

The chip's clock is the only time; the plant follows it, every millisecond and at every edge of the valves' pins.
"""

import functools
import os
import pickle
from collections.abc import Callable, Generator
from typing import Any

from boards.rp2040_pico import pins
from boards.virtual import pins as plant_pins
from boards.virtual.settings import SETTINGS as VIRTUAL
from boards.virtual.settings import TODAY_D
from host_tools.places import BOARDS
from host_tools.simulator.emulator.i2c import I2cBus, RegisterChip
from host_tools.simulator.emulator.pio_gate import PioGate
from host_tools.simulator.emulator.rp2040 import Rp2040Board, Timeout
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.pin_plant import REFERENCE_V, PinPlant
from host_tools.simulator.twin.treatment import Plan, arm
from host_tools.toolchain import packing
from host_tools.toolchain.settings import provision

SETTINGS = {**VIRTUAL, "simulated": 0}  # the same plant, on a board that refuses simulated settings
PLANT_US = 1_000  # the plant is never more than this behind the chip
PIO_NS = 200  # one instruction of the valves' programs
CPHA = 1 << 7  # SSPCR0
SPI_MAX_HZ = 5_000_000  # [S] both converters
VL53L0X, MLX90614 = 0x29, 0x5A
UP_MAIN = """import gc
import archive
import board
gc.collect()
from cryo.app import Applicator

applicator = Applicator(board.build())
applicator.supervisor.session.uptime_s = {up_s}
applicator.set_today({today_d})
applicator.run()
"""


def application(
    settings: dict | None = SETTINGS, up_s: int = 0, overlay: dict[str, bytes | None] | None = None
) -> dict[str, bytes]:
    """Return the board's files, path -> bytes, as the product ships them (packing.application), and the settings.

    settings    become the record's two slots; None leaves them out: an unprovisioned device
    up_s        not 0: main.py is replaced by one that begins to count at so many seconds since switch-on and knows the
    date. A point may be treated only 300 s after switch-on (limit 9), and that would take half an hour here. Without a
    date the calibrations count as overdue. Nothing else differs.
    overlay     files that replace or join these, modules (.mpy) in the archive; the value None removes a file
    """
    inside = {path: data for path, data in (overlay or {}).items() if data is not None and path.endswith(".mpy")}
    files = packing.application(BOARDS / "rp2040_pico", overlay=inside)
    if settings is not None:
        files |= provision(settings)
    if up_s:
        files["main.py"] = UP_MAIN.format(up_s=up_s, today_d=TODAY_D).encode()
    for path, data in (overlay or {}).items():
        if data is None:
            files.pop(path, None)
        elif path not in inside:
            files[path] = data
    return files


class EmulatedApplicator:
    """One device: `board` (the chip, see Rp2040Board), `plant` (PinPlant), `sensors` and `panel` (its I2C buses).

    uf2      a MicroPython image
    files    from application()
    plant    a PinPlant, or None for a new one
    infrared whether an MLX90614 is fitted, on the panel's bus

    People and faults act on the plant, as in the twin: plant.trigger(True), plant.shield(False),
    plant.chips[0].fault = "open", plant.at(...), plant.on_burst(...); `sensors.stuck = True` hangs the sensor bus.
    plant.record holds what happened, board.edges the chip's edges (dose, lease, lamps, alarm).

    Not modelled, in addition to what rp2040.py and i2c.py name: contact bounce, the driver's and the gates' delays
    (under
    0.1 us), noise on the converter's inputs, brown-out, a display or CO2 sensor on the panel's bus, the colour LED.
    """

    def __init__(self, uf2, files, plant: PinPlant | None = None, *, infrared: bool = True):
        self.plant = plant or PinPlant()
        self.files = files
        self.board = Rp2040Board(uf2, files)
        self.operator: Operator | None = None
        self.interpreter = ""  # its number, as the device gives it when it was armed
        self._seen = 0  # of the console
        self._levels: dict[int, int] = {}
        self._wire(infrared)
        self._clock = self.board.clock.create_alarm(self._step)
        self._step()

    # --- wiring -------------------------------------------------------------------------------------------------------
    def _wire(self, infrared):
        board, plant = self.board, self.plant
        board.attach_spi(pins.SPI_BUS, pins.CS_SKIN, _SkinOnSpi(self))
        board.attach_spi(pins.SPI_BUS, pins.CS_NOZZLE, _NozzleOnSpi(self))
        self.sensors = I2cBus(board, pins.SENSOR_BUS)
        self.panel = I2cBus(board, pins.PANEL_BUS)
        self.sensors.targets[VL53L0X] = RegisterChip(plant.distance)
        if infrared:
            self.panel.targets[MLX90614] = RegisterChip(plant.infrared)
        board.mcu.adc.channel_values[4] = round(0.706 / 3.3 * 4095)  # the chip at 27 degC
        self._gate = PioGate(board, PIO_NS, (pins.DOSE, pins.LEASE))
        board.watch(pins.DOSE, callback=self._dose)
        board.watch(pins.LEASE, callback=self._lease)
        for number, name in ((pins.LED, "led"), (pins.BUZZER, "buzzer"), (pins.ALARM, "alarm")):
            board.watch(number, callback=functools.partial(self._output, name))
        board.watch(pins.LOOP_TEST, callback=self._loop_test)
        board.on_reset = self._chip_reset

    def spi_fits(self, phase_matters):
        """Whether clock and mode suit the converters: the MAX31856 needs the second edge, the MAX31855 accepts both."""
        spi: Any = self.board.mcu.spi[pins.SPI_BUS]
        return spi.clock_frequency <= SPI_MAX_HZ and bool(spi._control0 & CPHA or not phase_matters)

    def _dose(self, level):
        self.plant.dose_level(int(self.board.us), level == 1)
        self._schedule()

    def _lease(self, level):
        if level == 1:
            self.plant.lease_edge(int(self.board.us))

    def _loop_test(self, level):
        self.plant.loop_test_level(int(self.board.us), int(level == 1))
        self._put_loop()

    def _output(self, name, level):
        self.plant.output(int(self.board.us), name, int(level == 1))

    def _chip_reset(self, why):
        self._gate.wake()  # only a running processor can be reset
        self.plant.chip_reset(int(self.board.us), why)

    # --- time ---------------------------------------------------------------------------------------------------------
    def _schedule(self):
        """Wake at the next millisecond, or earlier when people or faults act."""
        now_us = self.board.us
        wake_us = (int(now_us) // PLANT_US + 1) * PLANT_US
        if self.plant.agenda:
            wake_us = min(wake_us, self.plant.agenda[0][0])
        self._clock.schedule(max(1.0, (wake_us - now_us) * 1000 + 1))

    def _step(self):
        """Advance the plant to the chip's time, then set the chip's inputs from the plant."""
        plant, board = self.plant, self.board
        plant.advance(int(board.us))
        if len(board.console) > self._seen:
            plant.console_out += bytes(board.console[self._seen :]).replace(b"\r", b"")
            self._seen = len(board.console)
        if self.operator is not None:
            self.operator.step()
        if plant.console_in:
            board.write(bytes(plant.console_in))
            plant.console_in.clear()
        self.sense()
        if plant.power_off:
            board.stop()
        self._schedule()

    def sense(self):
        """Put contacts, the skin chip's pins and the voltages onto the chip's pins."""
        plant = self.plant
        skin = plant.skin_chip
        self._put_loop()
        self._put(pins.TRIGGER, plant.levels[plant_pins.TRIGGER])
        self._put(pins.ESTOP, plant.levels[plant_pins.ESTOP])
        self._put(pins.KEY, plant.levels[plant_pins.KEY])
        self._put(pins.DRDY_SKIN, skin.drdy.level)
        self._put(pins.FAULT_SKIN, skin.fault.level)
        for number, volts in zip(pins.ANALOGUE, plant.volts(), strict=True):
            self.board.analogue(number, volts / REFERENCE_V)

    def _put_loop(self):
        self._put(pins.LOOP_A, self.plant.loop_a_made())
        self._put(pins.LOOP_B, self.plant.loop_b_open())

    def skin_pins(self):
        """The skin chip's pins may have moved in a transfer."""
        self.plant.wires()
        skin = self.plant.skin_chip
        self._put(pins.DRDY_SKIN, skin.drdy.level)
        self._put(pins.FAULT_SKIN, skin.fault.level)
        self._put(pins.LOOP_B, self.plant.loop_b_open())

    def _put(self, number, level):
        if self._levels.get(number) != level:
            self._levels[number] = level
            self.board.drive(number, level)

    # --- what a test does -------------------------------------------------------------------------------------------
    def run(self, us: float) -> None:
        """Let `us` of virtual time pass. It ends earlier when the operator's script is done."""
        end_us = self.board.us + us
        while self.board.us < end_us and not self.plant.power_off:
            self.board.run(end_us - self.board.us)

    def run_until(self, done: Callable[[], bool], limit_us: float, step_us: float = 1_000) -> None:
        """Run until done() holds, asked every step_us. Raises Timeout at the limit."""
        self.board.run_until(done, limit_us, step_us)

    def change(self, function: Callable[[PinPlant], None]) -> None:
        """Change the plant now and set the chip's inputs at once."""
        self.plant.advance(int(self.board.us))
        function(self.plant)
        self.sense()
        self._schedule()

    def ask(self, command: str, limit_us: float = 1_000_000) -> str:
        """Send a console line; return the answer. Raises Timeout without one. Not while an operator's script runs."""
        mark = len(self.board.console)
        self.board.write(command.encode() + b"\n")
        self.board.wait_for(b"\n", limit_us, mark)
        return bytes(self.board.console[mark:]).decode(errors="replace").strip()

    def state(self) -> dict[str, str]:
        """Return the fields of STAT?."""
        return fields(self.ask("STAT?"))

    def until_state(self, *states: str, limit_us: float = 5_000_000, every_us: float = 50_000) -> dict[str, str]:
        """Ask for the state until it is one of `states`; return the fields. Raises Timeout at the limit."""
        end_us = self.board.us + limit_us
        said: dict[str, str] = {}
        while self.board.us < end_us:
            try:
                said = self.state()
            except Timeout:
                continue
            if said.get("STATE") in states:
                return said
            self.run(every_us)
        raise Timeout(f"never {states}, last {said}; console ends {bytes(self.board.console[-300:])!r}")

    def arm(self, plan: Plan) -> None:
        """From power-on or STANDBY up to the trigger. Raises RefusedError with the device's answer."""

        def script(op):
            yield from op.wait_for(("STANDBY",), 5_000_000)
            self.interpreter = yield from op.ask("SYST:INT?")
            yield from arm(op, plan)

        self.operate(script, 10_000_000)

    def operate(self, script: Callable[[Operator], Generator], limit_us: float) -> Operator:
        """Let a scripted operator work until done (see people.Operator); the device runs on afterwards.

        Raises Timeout when the script is not done after limit_us.
        """
        self.plant.console_out.clear()
        self._seen = len(self.board.console)
        operator = self.operator = Operator(self.plant, script)
        try:
            self.run(limit_us)
        finally:
            self.operator = None
        self.plant.power_off = False
        if not operator.done:
            raise Timeout(f"the operator was not done after {limit_us} us; last lines {operator.lines[-3:]}")
        return operator

    def branch(self, function: Callable[["EmulatedApplicator"], Any]) -> Any:
        """Return function(self) of a copy of this device; this device itself does not change.

        One boot serves many runs; see in_copy().
        """
        return in_copy(lambda: function(self))


def in_copy(function: Callable[[], Any]) -> Any:
    """Return function() of a forked copy of this process; the devices in this process do not change.

    The result must be picklable; an exception in it is raised here as RuntimeError with its text.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reader)
            try:
                answer = (True, function())
                data = pickle.dumps(answer)
            except BaseException as error:
                import traceback

                data = pickle.dumps((False, "".join(traceback.format_exception(error))))
            with os.fdopen(writer, "wb") as out:
                out.write(data)
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as source:
        data = source.read()
    os.waitpid(child, 0)
    if not data:
        raise RuntimeError("the copy ended without an answer")
    good, answer = pickle.loads(data)
    if not good:
        raise RuntimeError(answer)
    return answer


class _SkinOnSpi:
    """The skin's MAX31856 on the bus, in the form that attach_spi needs."""

    def __init__(self, device):
        self._device = device
        self._chip = device.plant.skin_chip

    def select(self):
        self._chip.select(0)

    def byte(self, out):
        if not self._device.spi_fits(phase_matters=True):
            return 0xFF
        value = self._chip.shift(out)
        self._chip.pins()
        self._device.skin_pins()
        return value


class _NozzleOnSpi:
    """The nozzle's MAX31855: it sends its frame, whatever it receives."""

    def __init__(self, device):
        self._device = device
        self._frame = bytes(4)
        self._at = 0

    def select(self):
        self._frame = self._device.plant.chips[1].frame.to_bytes(4, "big")
        self._at = 0

    def byte(self, _):
        if not self._device.spi_fits(phase_matters=False) or self._at > 3:
            return 0xFF
        self._at += 1
        return self._frame[self._at - 1]


__all__ = ("SETTINGS", "EmulatedApplicator", "Timeout", "application")
