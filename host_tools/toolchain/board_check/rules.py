"""The rules of a pin map. Each takes a Board and yields sentences: signal, pin, what is wrong, what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from host_tools.toolchain.board_check.analogue import coil_reads_right, transducers_read_right
from host_tools.toolchain.board_check.board import Board, Signal
from host_tools.toolchain.board_check.chip_facts import (
    bill_names_the_chip,
    pull_downs_are_strong,
    registers_are_the_chips,
)
from host_tools.toolchain.board_check.contract import keeps_the_contract
from host_tools.toolchain.board_check.fitted import fitted_as_in_the_bill
from host_tools.toolchain.board_check.i2c import buses_are_right
from host_tools.toolchain.board_check.levels import pulls_hold_their_level
from host_tools.toolchain.board_check.loop import loop_wires_read_safe
from host_tools.toolchain.board_check.names import (
    blocks_by_name,
    broken_wires_are_safe,
    functions_by_name,
    groups_are_whole,
)
from host_tools.toolchain.board_check.spi import spi_is_slow_enough
from host_tools.toolchain.board_check.stated import stated_figures_are_computed
from host_tools.toolchain.board_check.timing import ends_without_the_clock

REQUIRED = ("DOSE", "LEASE", "LOOP_A", "LOOP_B", "TRIGGER", "ESTOP")
SAFETY = frozenset((*REQUIRED, "LOOP_TEST"))  # valves, lease and interlocks: only pins whose level nothing else changes
READS = frozenset(("gpio_in", "adc", "spi_miso"))  # functions that do not drive the pin
PARTNERS = {"spi_miso": "spi_sck", "spi_mosi": "spi_sck", "i2c_sda": "i2c_scl", "i2c_scl": "i2c_sda"}
SM_A_BLOCK = 4  # RP2040 datasheet, section 3.1


def _at(signal: Signal) -> str:
    return f"{signal.name} (GPIO{signal.pin})"


def files_agree(board: Board) -> Iterator[str]:
    """pins.py imports nothing, and names exactly the signals of board.toml."""
    if board.imports:
        yield "pins.py imports something: keep it to numbers, boot.py needs it before anything else"
        return
    for name, number in board.undescribed.items():
        yield f"{name} (GPIO{number}) is not described: add it to [signals] of board.toml, or delete it"
    for name in board.missing:
        yield f"{name} has no number: add it to pins.py, or delete it from board.toml"


def required_signals(board: Board) -> Iterator[str]:
    """Both valves, both loop channels, trigger and E-stop exist."""
    for name in REQUIRED:
        if name not in board.signals and not board.imports:
            yield f"{name} is missing: no applicator without it; give it a pin in pins.py and board.toml"


def no_pin_twice(board: Board) -> Iterator[str]:
    """Each pin carries one signal."""
    owners = defaultdict(list)
    for signal in board.signals.values():
        owners[signal.pin].append(signal.name)
    for pin, names in owners.items():
        if len(names) > 1:
            yield f"{' and '.join(sorted(names))} share GPIO{pin}: give each its own pin"


def pin_usable(board: Board) -> Iterator[str]:
    """The pin exists, nothing else on chip or board has it, and it can drive if it must."""
    chip = board.chip
    for signal in board.signals.values():
        if signal.pin not in chip.pins:
            yield f"{_at(signal)}: {chip.name} has no such pin: choose another"
        elif why := chip.reserved.get(str(signal.pin)):
            yield f"{_at(signal)}: the pin {why}: choose another"
        elif signal.pin in chip.input_only and signal.function not in READS:
            yield f"{_at(signal)}: the pin is input only and cannot do {signal.function}: choose another"


def steady_safety_pins(board: Board) -> Iterator[str]:
    """Valves, lease and interlocks are not on pins that chip or USB stack move by themselves."""
    for signal in board.signals.values():
        if signal.name in SAFETY and (why := board.chip.unsteady.get(str(signal.pin))):
            yield f"{_at(signal)}: the pin {why}: never a valve, lease or interlock; choose another"


def function_possible(board: Board) -> Iterator[str]:
    """The pin can be routed to the function, on the bus that is named."""
    chip = board.chip
    for signal in board.signals.values():
        if signal.function not in chip.functions:
            known = ", ".join(sorted(chip.functions))
            yield f"{_at(signal)}: {chip.name} has no function {signal.function!r}: use one of {known}"
            continue
        buses = chip.functions[signal.function]
        choices = buses.get("" if "" in buses else str(signal.bus))
        if choices is None:
            known = " or ".join(buses)
            yield f"{_at(signal)}: {signal.function} needs a bus, {known}, not {signal.bus}: set it in board.toml"
        elif signal.pin in chip.pins and signal.pin not in choices:
            bus = "" if "" in buses else f" of bus {signal.bus}"
            hint = f" ({chip.hints[signal.function]})" if signal.function in chip.hints else ""
            pins = ", ".join(str(pin) for pin in choices)
            yield f"{_at(signal)} cannot do {signal.function}{bus}{hint}: use one of GPIO {pins}"


def buses_complete(board: Board) -> Iterator[str]:
    """A data line's bus has its clock, an I2C clock has its data line."""
    have = {(signal.function, signal.bus) for signal in board.signals.values()}
    for signal in board.signals.values():
        partner = PARTNERS.get(signal.function)
        if partner and (partner, signal.bus) not in have:
            yield f"{_at(signal)}: bus {signal.bus} has no {partner}: add that signal"


def hardware_timed(board: Board) -> Iterator[str]:
    """The chip's own timing drives dose and lease, never a plain level."""
    for name, allowed in (("DOSE", board.chip.dose), ("LEASE", board.chip.lease)):
        signal = board.signals.get(name)
        if signal and signal.function not in allowed:
            timed = " or ".join(allowed)
            yield f"{_at(signal)}: {signal.function} does not time the valve: its function must be {timed}"


def separate_blocks(board: Board) -> Iterator[str]:
    """If PIO times both valves, their state machines are in two blocks: one reload cannot stop both."""
    count = board.chip.state_machines
    used = [signal for signal in board.signals.values() if signal.function.endswith("_pio")]
    blocks = defaultdict(list)
    for signal in used:
        number = signal.state_machine
        if number is None or not 0 <= number < count:
            yield f"{_at(signal)}: state machine {number} does not exist: use 0 to {count - 1}"
        else:
            blocks[number // SM_A_BLOCK].append(signal)
    for block, signals in blocks.items():
        if len(signals) > 1:
            names = " and ".join(_at(signal) for signal in signals)
            yield f"{names} share PIO block {block}: use a state machine of 0-3 for one and of 4-7 for the other"


def safe_low_outputs(board: Board) -> Iterator[str]:
    """boot.py drives dose and lease low; everything it drives low has a pull-down for the time before."""
    by_pin = {signal.pin: signal for signal in board.signals.values()}
    for name in ("DOSE", "LEASE"):
        signal = board.signals.get(name)
        if signal and signal.pin not in board.safe_low:
            yield f"{_at(signal)} is not in SAFE_LOW: add it, boot.py must drive it low first"
    for pin in board.safe_low:
        signal = by_pin.get(pin)
        if signal is None:
            yield f"SAFE_LOW holds GPIO{pin}, which is no signal: delete it or describe it in board.toml"
        elif signal.function in READS:
            yield f"{_at(signal)} is in SAFE_LOW but is an input: delete it there"
        elif not signal.pull_down:
            yield f"{_at(signal)} has no pull-down: fit one and name it in board.toml (pull_down)"


RULES: tuple[Callable[[Board], Iterator[str]], ...] = (
    files_agree,
    required_signals,
    no_pin_twice,
    pin_usable,
    steady_safety_pins,
    function_possible,
    buses_complete,
    hardware_timed,
    separate_blocks,
    safe_low_outputs,
    functions_by_name,
    blocks_by_name,
    groups_are_whole,
    broken_wires_are_safe,
    keeps_the_contract,
    registers_are_the_chips,
    bill_names_the_chip,
    pull_downs_are_strong,
    fitted_as_in_the_bill,
    ends_without_the_clock,
    loop_wires_read_safe,
    buses_are_right,
    spi_is_slow_enough,
    pulls_hold_their_level,
    transducers_read_right,
    coil_reads_right,
)
DOCUMENTS = (stated_figures_are_computed,)  # rules that need parts without errors


def remarks(board: Board) -> list[str]:
    """Yield remarks: things that are allowed but should be known."""
    if "LOOP_TEST" in board.signals:
        return []
    return ["no LOOP_TEST: a loop channel shorted to a supply is found only when the eye shield opens"]


def violations(board: Board) -> list[str]:
    """Yield every sentence of every rule; those on documents only when the parts are right."""
    found = [sentence for rule in RULES for sentence in rule(board)]
    return found or [sentence for rule in DOCUMENTS for sentence in rule(board)]
