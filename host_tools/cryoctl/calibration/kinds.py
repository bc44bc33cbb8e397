"""The kinds of calibration: what is compared with what, in which unit, and when a reading is at rest."""

import importlib
from dataclasses import dataclass

import host_tools.toolchain.settings as _settings  # noqa: F401  the firmware's modules are found from there
from host_tools.cryoctl.calibration.stable import Criteria

measured = importlib.import_module("cryo.store.measured")
records = importlib.import_module("cryo.store.calibration")


@dataclass(frozen=True)
class Reference:
    """A reference that a technician makes: its usual value, and how to make it."""

    value: float
    how: str


@dataclass(frozen=True)
class Kind:
    """One kind of calibration. name: as the user types it; code: as the device writes it.

    unit, factor    unit of references and readings here; factor: how many of the device's units one of them is
    columns         of a file of points; only the first `needed` of them must be there
    criteria        when a reading is at rest; None when other instruments give the readings
    error           largest error of one point that the device accepts, in `unit`; None without such a limit
    span            smallest accepted span of the references, in `unit`; 0 without such a limit
    """

    name: str
    code: str
    title: str
    unit: str
    factor: int
    columns: tuple[str, ...]
    needed: int
    references: tuple[Reference, ...]
    criteria: Criteria | None
    error: float | None
    acceptance: tuple[str, ...]
    intro: str
    span: float = 0.0


_OTHERS = (
    "In service mode the device gives no burst. Measure these figures with other instruments, at bursts on a phantom, "
    "then type them or give them in a file."
)

THERMOCOUPLE = Kind(
    "thermocouple",
    "TC",
    "skin thermocouple",
    "degC",
    1000,
    ("reference_c", "reading_c", "cold_junction_c", "offset_c"),
    1,
    (
        Reference(0.0, "Melting ice: crush ice of clean water, add water, stir. Put the probe in the middle."),
        Reference(37.0, "A body-warm bath: stir, put the reference thermometer beside the probe, type its reading."),
        Reference(
            -78.5,
            "Crushed dry ice in alcohol: stir, wear gloves, open a window. -78.5 degC is right at 1013 mbar; it is "
            "0.12 degC colder for each 10 mbar less [C]. A dry lump in moving air is colder: it is not a reference.",
        ),
    ),
    Criteria(
        10.0, 0.75, 0.25, 40, "degC",
        "[E] 40 time constants of the probe in air (0.25 s), 100 conversions; three steps and one step of a converter "
        "of 0.25 degC",
    ),
    measured.TC_ERROR_MDEGC / 1000,
    (
        f"each reading within {measured.TC_ERROR_MDEGC / 1000:g} degC of its reference",
        f"three points on a line within {measured.TC_RESIDUAL_MDEGC / 1000:g} degC",
        f"one point at {measured.TC_COLD_MDEGC / 1000:g} degC or colder",
        f"points {measured.TC_SPAN_MDEGC / 1000:g} degC apart",
    ),
    "The skin's thermocouple is compared with a reference thermometer in two or three baths.",
    measured.TC_SPAN_MDEGC / 1000,
)  # fmt: skip
PRESSURE = Kind(
    "pressure",
    "PRESSURE",
    "bottle's pressure transducer",
    "mbar",
    1,
    ("reference_mbar", "reading_mbar"),
    1,
    (
        Reference(
            1_013.0,
            "The bottle is shut and unscrewed, the line is vented: the sensor has the room's pressure. It is 1013 mbar "
            "at sea level, 12 less for each 100 m up.",
        ),
        Reference(
            58_000.0,
            "Connect a reference gauge and open the bottle. Type the absolute pressure: the gauge's pressure plus the "
            "room's.",
        ),
    ),
    Criteria(10.0, 500.0, 200.0, 40, "mbar", "[E] a quarter and a tenth of the largest error that is accepted"),
    float(measured.PRESSURE_ERROR_MBAR),
    (
        f"each reading within {measured.PRESSURE_ERROR_MBAR} mbar of its reference",
        f"points {measured.PRESSURE_SPAN_MBAR} mbar apart",
    ),
    "The bottle's transducer is compared with a reference gauge at two or three pressures. All pressures are absolute.",
    float(measured.PRESSURE_SPAN_MBAR),
)
DISTANCE = Kind(
    "distance",
    "DISTANCE",
    "distance sensor",
    "mm",
    1,
    ("reference_mm", "reading_mm"),
    1,
    (
        Reference(90.0, "Hold a matt, light board square to the nozzle. Type the distance by the ruler."),
        Reference(190.0, "Hold the same board further away. Type the distance by the ruler."),
    ),
    Criteria(5.0, 20.0, 2.5, 25, "mm", "[C] 50 measurements of 20 ms, whose noise is 2.4 to 3.3 mm: six of them, and a "
             "half of the largest error that is accepted"),
    float(measured.DISTANCE_ERROR_MM),
    (
        f"each reading within {measured.DISTANCE_ERROR_MM} mm of its reference",
        f"points {measured.DISTANCE_SPAN_MM} mm apart",
    ),
    "The distance sensor is compared with a ruler at two or three distances.",
    float(measured.DISTANCE_SPAN_MM),
)  # fmt: skip
_DELAYS = (
    f"at least {measured.DELAYS_MIN} measurements, within {measured.DELAY_SPREAD_US} us of each other",
)  # fmt: skip
OPENING = Kind(
    "opening", "OPEN", "dose valve, opening delay", "us", 1, ("delay_us",), 1, (), None, None,
    (*_DELAYS, "the shortest counts"),
    "Time from the edge at the dose valve's coil to flow at the nozzle, in us. Of three or more the shortest counts. "
    + _OTHERS,
)  # fmt: skip
CLOSING = Kind(
    "closing", "CLOSE", "dose valve, closing delay", "us", 1, ("delay_us",), 1, (), None, None,
    (*_DELAYS, "the longest counts"),
    "Time from the end of the dose valve's coil current to no flow at the nozzle, in us. Of three or more "
    "the longest counts. "
    + _OTHERS,
)  # fmt: skip
JET = Kind(
    "jet", "JET", "jet constant", "", 1, ("flow_us", "fall_c"), 2, (), None, None,
    (
        f"at least {measured.JETS_MIN} bursts at one distance, their K within {measured.JET_SPREAD} % of the strongest",
        f"K at 80 mm {measured.JET_K_MIN_MDEGC} .. {measured.JET_K_MAX_MDEGC} mdegC per root second (limit 7)",
    ),
    "Bursts at one distance onto a phantom. For each: the time of flow in us, and how far its surface fell in degC. "
    + _OTHERS,
)  # fmt: skip

# allowed values, from an option, a file or an answer
JET_RANGES = {
    "nozzle": range(measured.NOZZLE_MAX + 1),
    "distance_mm": range(measured.START_MIN_MM, measured.START_MAX_MM + 1),
}
KINDS = {kind.name: kind for kind in (THERMOCOUPLE, OPENING, CLOSING, JET, PRESSURE, DISTANCE)}
BY_CODE = {kind.code: kind for kind in KINDS.values()}
