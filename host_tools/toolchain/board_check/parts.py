"""The parts around a board's chip, as data for its wiring diagram: which row of a part belongs to which signal."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.toolchain.board_check.analogue import ratio
from host_tools.toolchain.board_check.board import Board
from host_tools.toolchain.board_check.i2c import PARTS


@dataclass(frozen=True)
class Stage:
    """What a part drives in the second column: a coil, and the contacts in its supply, from the coil upwards."""

    title: str
    notes: tuple[str, ...]
    link: str
    supply: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A box. `rows` are (label at the part, net); a net that is no signal joins parts of one column only.

    A net that begins with ">" is a labelled stub: its other end carries the same words.
    """

    title: str
    rows: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
    drives: Stage | None = None
    optional: bool = False


def external_gates(board: Board) -> bool:
    """Whether the loop cuts the dose valve in an external gate: it does when no PIO does it."""
    return board.chip.state_machines == 0


def _time(table: dict) -> str:
    """A monostable's time and capacitor, of board.toml's [timing]."""
    least, most = table["us"]
    ends, unit = ((least / 1000, most / 1000), "ms") if least >= 1000 else ((least, most), "us")
    nf = table["nf"]
    capacitor = f"{nf / 1000:g} uF" if nf >= 1000 else f"{nf} nF"
    return f"{ends[0]:g}-{ends[1]:g} {unit}: {capacitor}, resistor selected"


def _on_i2c(row: dict, prefix: str) -> Part:
    address = f"address 0x{row['address']:02X}"
    notes = (f"{address}, {row['beside']}" if "beside" in row else address, *row.get("notes", ()))
    wires = (("SDA", f"{prefix}SDA"), ("SCL", f"{prefix}SCL"))
    return Part(row["title"], wires, notes, optional=row.get("optional", False))


def left(board: Board) -> list[Part]:
    """Sensors and display; only with the signals that the board has."""
    has = board.signals
    skin_rows = [("SCK", "SPI_SCK"), ("SDI", "SPI_MOSI"), ("SDO", "SPI_MISO"), ("CS", "CS_SKIN"), ("DRDY", "DRDY_SKIN")]
    skin_rows.append(("FAULT", "FAULT_SKIN" if "FAULT_SKIN" in has else ">FAULT, to loop B"))
    table = board.design["converter"]
    upper, lower = (f"{table[key] / 1000:g}k" for key in ("upper_ohm", "lower_ohm"))
    half = f"divider {upper} / {lower} ({ratio(table):.2g}), {table['nf']} nF"
    lines = {part: bus.removesuffix("BUS") for bus, table in board.design["i2c"].items() for part in table["parts"]}
    return [
        Part(
            "MAX31856, skin thermocouple",
            tuple(skin_rows),
            (
                "type K or T, 40-42 AWG",
                "10 nF T+ to T-, and each to ground",
                "its low threshold pulls FAULT low:",
                "second cut-off, also into loop B's gate",
                *(() if "FAULT_SKIN" in has else ("FAULT: 10k to 3V3",)),
            ),
        ),
        Part(
            "MAX31855, nozzle thermocouple",
            (("SCK", "SPI_SCK"), ("SO", "SPI_MISO"), ("CS", "CS_NOZZLE")),
            ("type must match the chip's letter", "10 nF T+ to T-"),
        ),
        *(_on_i2c(row, lines[name]) for name, row in PARTS.items() if name in lines),
        Part("Pressure transducer, bottle", (("OUT", "ADC_BOTTLE"),), ("0-100 bar, 0.5-4.5 V of 5 V", half)),
        Part("Pressure transducer, between valves", (("OUT", "ADC_LINE"),), ("0-100 bar, 0.5-4.5 V of 5 V", half)),
    ]


def right(board: Board) -> list[Part]:
    """Valves, loops, operator's contacts and indicators; only with the signals that the board has."""
    has = board.signals
    operator = [("trigger 1", "TRIGGER"), ("E-stop 1", "ESTOP"), ("key", "KEY")]
    indicators = [("LED", "LED"), ("buzzer", "BUZZER"), ("alarm lamp", "ALARM"), ("WS2812", "RGB")]
    key = () if "KEY" in has else ("the key switches this supply",)
    return [
        _dose(board),
        Part(
            "Opening timer: 74HC423, second half",
            (("2B", ">DOSE"), ("2Q", ">2Q, opening timer")),
            (_time(board.design["timing"]["opening"]), "2A to ground, /2RD to 3V3"),
        ),
        _loop_a(board),
        _lease(board),
        _loop_b(board),
        *([_loop_test(board)] if "LOOP_TEST" in has else []),
        Part(
            "Operator's contacts",
            tuple(row for row in operator if row[1] in has),
            ("to ground; the actuators also move", "contact 2 of the shut-off's supply"),
        ),
        Part(
            "Indicators",
            tuple(row for row in indicators if row[1] in has),
            ("each behind a transistor", "LED: gas may come", "aiming lights: with LED, own drivers"),
        ),
        Part(
            "Supply",
            (),
            (
                "24 V, isolated; a fuse for each valve",
                "5 V converter: board, transducers, displays",
                "74HC parts and sensors at the board's 3V3",
                *key,
            ),
        ),
    ]


def _dose(board):
    coil = Stage(
        "Dose valve, normally closed",
        ("24 V coil; diode and suppressor",),
        "drive",
        ("24 V, fuse",),
    )
    if external_gates(board):
        return Part(
            "74HC08 gates, then driver",
            (("1A", "DOSE"), ("1B", "LOOP_A"), ("2B", ">Q of the monostable"), ("3B", ">2Q, opening timer")),
            ("high only with DOSE, loop A, Q and 2Q;", "then a peak-and-hold driver,", "hold = 1/4 of peak"),
            coil,
        )
    return Part(
        "74HC08 gate, then driver",
        (("1A", "DOSE"), ("1B", ">2Q, opening timer"), ("SENSE", "ADC_COIL")),
        ("high only with DOSE and 2Q; then a", "peak-and-hold driver, 1/4 of peak", "shunt, amplifier to SENSE"),
        coil,
    )


def _lease(board):
    shutoff = Stage(
        "Shut-off valve, normally closed",
        ("24 V coil; diode and suppressor",),
        "Q, MOSFET",
        ("trigger contact 2, made when pressed", "E-stop contact 2, normally closed", "24 V, fuse"),
    )
    return Part(
        "74HC423 retriggerable monostable",
        (("B", "LEASE"), ("/RD", "B_MADE")),
        (_time(board.design["timing"]["monostable"]), "a level, high or low, gives nothing", "input A to ground"),
        shutoff,
    )


def _loop_a(board):
    tested = "LOOP_TEST" in board.signals
    feed_ohm = board.design["loop"]["feed_ohm"]
    return Part(
        "Eye-shield loop, channel A",
        (("contact", "LOOP_A"), *((("feed", "LOOP_FEED"),) if tested else ())),
        (
            "contact to FEED: high = made" if tested else f"contact by {feed_ohm} Ohm to 3V3: high = made",
            "cuts the gate above" if external_gates(board) else "cuts the one-shot in PIO",
        ),
    )


def _loop_b(board):
    tested = "LOOP_TEST" in board.signals
    return_ohm = board.design["loop"]["return_ohm"]
    return Part(
        "Eye-shield loop, channel B",
        (
            ("/OUT", "LOOP_B"),
            ("OUT", "B_MADE"),
            ("FAULT", ">FAULT of MAX31856"),
            *((("return", "LOOP_RETURN"),) if tested else ()),
        ),
        (
            f"contact by {return_ohm} Ohm to {'RETURN' if tested else 'ground'}, 10k to 3V3",
            "74HC00: OUT = made and not FAULT",
            "LOOP_B is low = made",
        ),
    )


def _loop_test(board):
    loop = board.design["loop"]
    return Part(
        "Loop test stage",
        (("IN", "LOOP_TEST"), ("FEED", "LOOP_FEED"), ("RETURN", "LOOP_RETURN")),
        (
            f"{loop.get('source_ohm', 0)} Ohm from 3V3 to a node; {loop['feed_ohm']} Ohm",
            "from it to FEED; 2 N-MOSFETs:",
            "IN high pulls the node to ground,",
            "the node high ties RETURN to ground",
        ),
    )
