"""What a signal's name means: its function, the pull that makes a broken wire safe, its bus and its group.

The board files make each pin by its name only. So a map that says something else is wrong, whatever its chip can do.
"""

from __future__ import annotations

from collections.abc import Iterator

from host_tools.toolchain.board_check.board import Board, Signal

# With these pulls a broken wire reads as loop open, trigger released, E-stop pressed, key off, no new conversion; as no
# coil current. FAULT_SKIN's chip only pulls low [E].
PULLS = {
    "LOOP_A": "down",
    "LOOP_B": "up",
    "TRIGGER": "up",
    "ESTOP": "up",
    "KEY": "up",
    "DRDY_SKIN": "up",
    "FAULT_SKIN": "up",
    "ADC_COIL": "down",
}
OUTPUTS = ("LED", "BUZZER", "ALARM", "LOOP_TEST")  # with dose and lease: all pins that boot.py drives low
BUS_LINES = ("SDA", "SCL", "SCK", "MOSI", "MISO")
GROUPS = {"CHIP_SELECTS": "CS_", "ANALOGUE": "ADC_"}  # in pins.py: the pins of all signals that begin so


def function_of(name: str) -> str:
    """Return the only function that a signal of this name can have; empty for a name that no board file knows."""
    prefix, _, line = name.rpartition("_")
    if prefix == "SPI" and line in BUS_LINES[2:]:
        return f"spi_{line.lower()}"
    if prefix and line in BUS_LINES[:2]:
        return f"i2c_{line.lower()}"
    if name.startswith("ADC_"):
        return "adc"
    if name.startswith("CS_") or name in OUTPUTS or name == "RGB":
        return "gpio_out"
    return "gpio_in" if name in PULLS else ""


def _at(signal: Signal) -> str:
    return f"{signal.name} (GPIO{signal.pin})"


def functions_by_name(board: Board) -> Iterator[str]:
    """Each signal has the function of its name; dose and lease have their own rule."""
    for signal in board.signals.values():
        wanted = function_of(signal.name)
        if wanted and signal.function != wanted:
            yield f"{_at(signal)}: {signal.function} is not what the board file makes of it: its function is {wanted}"


def broken_wires_are_safe(board: Board) -> Iterator[str]:
    """Pulls make a broken wire read as the safe state; a pin without internal pulls has external ones."""
    for signal in board.signals.values():
        wanted = PULLS.get(signal.name)
        if wanted and not signal.pull.endswith(wanted):
            yield f"{_at(signal)}: with pull {signal.pull!r} a broken wire is not safe: pull it {wanted}"
        if signal.pull.startswith("internal") and signal.pin in board.chip.no_internal_pull:
            yield f"{_at(signal)}: the pin has no internal pull: fit a resistor and say external in board.toml"
        if signal.pull.startswith("internal") and signal.function == "adc":
            yield f"{_at(signal)}: the converter's pin gets no internal pull: fit a resistor and say external"


def blocks_by_name(board: Board) -> Iterator[str]:
    """SENSOR_SDA and SENSOR_SCL are on SENSOR_BUS and on no other, DOSE counts with DOSE_SM."""
    for signal in board.signals.values():
        prefix, _, line = signal.name.rpartition("_")
        for kind, wanted, named in (
            ("bus", f"{prefix}_BUS" if line in BUS_LINES else "", signal.bus_name),
            ("state machine", f"{signal.name}_SM", signal.state_machine_name),
        ):
            if wanted in board.blocks and named != wanted:
                yield f"{_at(signal)}: its {kind} is {named or 'a number'}: the board file takes {wanted}; say that"


def groups_are_whole(board: Board) -> Iterator[str]:
    """Each group of pins.py is complete: a pin that is left out of it is not set before the application."""
    by_pin = {signal.pin: signal.name for signal in board.signals.values()}
    for group, prefix in GROUPS.items():
        wanted = {signal.pin for signal in board.signals.values() if signal.name.startswith(prefix)}
        for pin in sorted(wanted ^ set(board.groups.get(group, ()))):
            verb = "add it" if pin in wanted else "delete it"
            yield f"{group} of pins.py and {by_pin.get(pin, 'no signal')} (GPIO{pin}) do not agree: {verb}"
    for name in OUTPUTS:
        signal = board.signals.get(name)
        if signal and signal.pin not in board.safe_low:
            yield f"{_at(signal)} is not in SAFE_LOW: add it, boot.py must end what a reset cut short"
