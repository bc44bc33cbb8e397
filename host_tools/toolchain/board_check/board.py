"""A board folder as data: pins.py (numbers), board.toml (what each signal must do), and its chip's table."""

from __future__ import annotations

import ast
import runpy
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

CHIPS = Path(__file__).with_name("chips")
BUSES = ("_BUS", "_SM")  # endings of names in pins.py whose number is a block of the chip, not a pin


class BoardError(Exception):
    """The folder cannot be read as a board; the text says what to change."""


@dataclass(frozen=True)
class Signal:
    """One signal: its pin, and its requirements from board.toml."""

    name: str
    pin: int
    function: str
    bus: int | None = None
    state_machine: int | None = None
    bus_name: str = ""  # as board.toml has it; empty for a number
    state_machine_name: str = ""
    pull: str = ""  # of inputs: "external down", "external up", "internal down", "internal up"
    ohms: float = 10_000  # ohms of that resistor, or of the next
    pull_down: str = ""  # of outputs: the resistor that holds the pin low while nothing drives it, and its place


@dataclass(frozen=True)
class Chip:
    """The abilities of a chip on its board; the fields are those of the files in chips/.

    `functions` gives the pins of each function by bus; functions without a bus have the one bus "".
    """

    name: str
    pins: list[int]
    input_only: list[int]
    no_internal_pull: list[int]
    dose: list[str]
    lease: list[str]
    state_machines: int
    reserved: dict[str, str]
    unsteady: dict[str, str]
    functions: dict[str, dict[str, list[int]]]
    hints: dict[str, str]
    architecture: str = ""  # mpy-cross -march, for machine code; without it a board gets bytecode only
    micropython: dict[str, str] = field(default_factory=dict)  # how its interpreter is recognised and installed
    header: dict[str, str] = field(default_factory=dict)  # the board's label of each pin, for the wiring diagram
    levels: dict[str, float] = field(default_factory=dict)  # of inputs at 3.3 V, and the chip's strongest own pulls
    adc: dict[str, float] = field(default_factory=dict)  # the range of its converter, and the load of its input
    processor: str = ""  # as the bill of materials names it
    pull_down_most_ohm: float = 0.0  # of a resistor that holds a digital pin low; 0: any
    registers: dict[str, int] = field(default_factory=dict)  # the contents that registers.py of a board must have
    core_registers: list[int] = field(default_factory=list)  # others that a board's files may use
    modelled: bool = False  # no parts around it: nothing to compute


@dataclass(frozen=True)
class Board:
    """A board folder that was read. `undescribed` and `missing` are names in only one of the two files."""

    folder: Path
    chip: Chip
    signals: dict[str, Signal]
    safe_low: tuple[int, ...]
    imports: bool = False
    blocks: tuple[str, ...] = ()  # names in pins.py whose number is a block of the chip
    groups: dict[str, tuple[int, ...]] = field(default_factory=dict)  # and its tuples of pins
    design: dict[str, dict] = field(default_factory=dict)  # board.toml's other tables: parts' values, by what they do
    undescribed: dict[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def file_of(folder: Path, name: str) -> Path:
    """A board's source file of that name: its own, or that of the board which `like` in board.toml names."""
    own = folder / name
    if own.exists() or not (folder / "board.toml").exists():
        return own
    like = _toml(folder / "board.toml").get("like")
    return folder / like / name if like else own


def files_of(folder: Path) -> dict[str, Path]:
    """Every Python file of a board, by its path in the folder: its own, and those it shares."""
    like = _toml(folder / "board.toml").get("like")
    found = {}
    for place in (*((folder / like,) if like else ()), folder):
        found |= {source.relative_to(place).as_posix(): source for source in sorted(place.rglob("*.py"))}
    return found


def _toml(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise BoardError(f"{path} is missing: copy the one of boards/rp2040_pico and change it") from None
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{path} is not valid TOML: {error}") from None


def load_chip(folder: Path, name: str) -> Chip:
    """The chip's table: chip.toml of the board folder, else chips/<name>.toml. Raises BoardError."""
    path = folder / "chip.toml"
    if not path.exists():
        path = CHIPS / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(known.stem for known in CHIPS.glob("*.toml")))
        raise BoardError(f"chip {name!r} is unknown: use one of {known}, or add chip.toml to {folder}")
    table = _toml(path)
    for function, where in table.get("functions", {}).items():
        buses = where if isinstance(where, dict) else {"": where}
        table["functions"][function] = {bus: table["pins"] if pins == "any" else pins for bus, pins in buses.items()}
    try:
        return Chip(name=name, **table)
    except TypeError as error:
        raise BoardError(f"{path}: {error}; its fields are those of chips/rp2040_pico.toml") from None


def load(folder: Path) -> Board:
    """Read the board in `folder`. Raises BoardError when a file is missing or cannot be read."""
    source = file_of(folder, "pins.py")
    if not source.exists():
        raise BoardError(f"{source} is missing: copy the one of boards/rp2040_pico and change its numbers")
    try:
        tree = ast.parse(source.read_text())
    except SyntaxError as error:
        raise BoardError(f"{source} is not Python: {error}") from None
    imports = any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree))
    names = {} if imports else runpy.run_path(str(source))
    numbers = {name: value for name, value in names.items() if isinstance(value, int) and name.isupper()}
    asked = _toml(folder / "board.toml")
    if "chip" not in asked or "signals" not in asked:
        raise BoardError(f'{folder / "board.toml"} needs `chip = "..."` and a table [signals]')
    signals = {}
    for name, wants in asked["signals"].items():
        if name not in numbers:
            continue
        wants = dict(wants)
        for key in ("bus", "state_machine"):
            if isinstance(wants.get(key), str):
                wants[f"{key}_name"] = wants[key]
                wants[key] = numbers.get(wants[key])
        try:
            signals[name] = Signal(name, numbers[name], **wants)
        except TypeError as error:
            raise BoardError(f"{folder / 'board.toml'}: {name}: {error}") from None
    return Board(
        folder=folder,
        chip=load_chip(folder, asked["chip"]),
        signals=signals,
        safe_low=tuple(names.get("SAFE_LOW", ())),
        imports=imports,
        blocks=tuple(name for name in numbers if name.endswith(BUSES)),
        groups={name: value for name, value in names.items() if isinstance(value, tuple)},
        design={key: table for key, table in asked.items() if key != "signals" and isinstance(table, dict)},
        undescribed={
            name: value for name, value in numbers.items() if name not in asked["signals"] and not name.endswith(BUSES)
        },
        missing=tuple(name for name in asked["signals"] if name not in numbers),
    )
