"""Times that end the gas without the chip's clock: computed from the parts' values in board.toml, table [timing].

The chip's clock makes the lease's edges and the chip's own ends of an opening: with a clock N times too slow all of
them take N times as long. Resistors and capacitors make the times of monostable and opening timer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from host_tools.toolchain.board_check.board import Board

OPENING_MOST_US = 600_000  # limit 17
COIL_V = 24.0
CLAMP_V = (30.0, 39.0)  # the suppressor at each coil, applicator_bom.toml
DIODE_V = 1.0  # in series with it
TRANSISTOR_V = 100.0  # the voltage that each coil's transistor bears, applicator_bom.toml
COIL_S = 0.005  # [E] inductance over resistance
MISSED = 3  # with edges this many ticks apart, no coil keeps a current all the time
NO_CURRENT_BY = 3.0  # [E] with a clock so much too slow the shut-off's coil must lose its current; 48 of 125 MHz is 2.6
HOLDS = 1.4  # [E] the monostable's shortest time over the time between two edges
K_423 = (0.45, 0.55)  # [S] Nexperia 74HC423, 5 V and 2 V; at 3.3 V between them
FIELDS = ("edges_us", "one_shot_us", "monostable", "opening")


@dataclass(frozen=True)
class Selected:
    """A monostable whose resistor is selected until its time is between `least` and `most`."""

    least_us: float
    most_us: float
    farad: float
    farad_tolerance: float
    ohm_least: float
    ohm_most: float

    @classmethod
    def of(cls, table: dict) -> Selected:
        """Return the monostable of a table of board.toml."""
        least, most = table["us"]
        return cls(least, most, table["nf"] * 1e-9, table["percent"] / 100, *table["ohm"])

    def reachable(self) -> bool:
        """Whether a resistor of the range gives the middle of the time, with each chip and each capacitor."""
        middle = (self.least_us + self.most_us) / 2e6
        wanted = [middle / (k * self.farad * (1 + sign * self.farad_tolerance)) for k in K_423 for sign in (-1, 1)]
        return self.ohm_least <= min(wanted) and max(wanted) <= self.ohm_most


def coil_share(duty: float, clamp_v: float = CLAMP_V[0]) -> float:
    """A coil's mean current over its full current, driven for `duty` of the time and clamped for the rest.

    For a coil whose time constant is long compared with the time between two edges; the lower clamp ends last.
    """
    return max(0.0, min(1.0, duty - (1 - duty) * clamp_v / COIL_V))


def empty_us() -> float:
    """How long a coil's full current takes to end against the lower clamp."""
    return COIL_S * 1e6 * math.log(1 + COIL_V / CLAMP_V[0])


def clamped_v() -> tuple[float, float]:
    """Voltage at a coil's transistor while the current ends."""
    return COIL_V + CLAMP_V[0] + DIODE_V, COIL_V + CLAMP_V[1] + DIODE_V


def duty(monostable_us: float, edges_us: float, slower: float) -> float:
    """The share of the time for which Q is high, with edges of a clock so much too slow."""
    return min(1.0, monostable_us / (edges_us * slower))


def no_current_from(monostable_us: float, edges_us: float) -> float:
    """How much too slow the clock is when the coil has no current for a part of each period."""
    empty = CLAMP_V[0] / (COIL_V + CLAMP_V[0])  # coil_share is 0 here
    return monostable_us / (edges_us * empty)


def ends_without_the_clock(board: Board) -> Iterator[str]:
    """Parts that do not use the clock end what a slow clock makes longer: limit 17."""
    if board.chip.modelled:
        return
    table = board.design.get("timing", {})
    missing = [key for key in FIELDS if key not in table]
    if "opening" in missing:
        yield "[timing] has no opening timer: a slow clock keeps the dose valve open for longer than 600 ms; fit one"
    if missing:
        yield f"[timing] of board.toml lacks {', '.join(missing)}: copy the table of boards/rp2040_pico"
        if missing != ["opening"]:
            return
    lease = Selected.of(table["monostable"])
    edges_us, one_shot_us = table["edges_us"], table["one_shot_us"]
    if lease.least_us < HOLDS * edges_us:
        yield f"monostable: {lease.least_us:g} us is too near the {edges_us:g} us between two edges: lengthen it"
    border = no_current_from(lease.most_us, edges_us)
    if board.chip.state_machines and border > NO_CURRENT_BY:
        yield (
            f"monostable: with {lease.most_us:g} us the shut-off's coil keeps a current until the clock is "
            f"{border:.2f} times too slow: shorten it until that is {NO_CURRENT_BY:g} at most"
        )
    gap_us = MISSED * edges_us - lease.most_us
    if not board.chip.state_machines and gap_us < empty_us():
        yield (
            f"monostable: edges {MISSED} ticks apart leave gaps of {gap_us / 1000:g} ms, a coil's current ends in "
            f"{empty_us() / 1000:.1f}: shorten {lease.most_us / 1000:g} ms"
        )
    if clamped_v()[1] > TRANSISTOR_V:
        yield f"coils: {clamped_v()[1]:g} V at a transistor that stands {TRANSISTOR_V:g}: a lower suppressor"
    yield from _selectable("monostable", lease)
    if missing:
        return
    opening = Selected.of(table["opening"])
    yield from _selectable("opening timer", opening)
    if opening.most_us >= OPENING_MOST_US:
        yield f"opening timer: {opening.most_us / 1000:g} ms may be over limit 17, 600 ms: shorten it"
    if opening.least_us <= one_shot_us:
        yield f"opening timer: {opening.least_us / 1000:g} ms cuts openings that the one-shot allows: lengthen it"


def _selectable(name: str, timer: Selected) -> Iterator[str]:
    if not timer.reachable():
        yield f"{name}: no resistor of {timer.ohm_least:g} to {timer.ohm_most:g} ohm gives its time with every chip"


LEASE_MS = 19.4  # from its last renewal to its last edge; stepped in tests/boards/pio/test_slow_clock.py
SLOWER = (1, 1.2, 1.6, 2, 2.6, 3, 4, 5, 6, 8)
HEAD = (
    "| clock slower | `DOSE` high for a burst of 500 ms | edges of `LEASE` apart | Q high | shut-off coil's mean "
    "current | dose driver high | ended by | last edge after a hang |",
    "|---|---|---|---|---|---|---|---|",
)


def slow_clock_table(board: Board) -> list[str]:
    """Return the effect of each end with a clock so much too slow, as the lines of a table."""
    table = board.design["timing"]
    lease, opening = Selected.of(table["monostable"]), Selected.of(table["opening"])
    edges_us = table["edges_us"]
    rows = []
    for slower in SLOWER:
        low, high = duty(lease.least_us, edges_us, slower), duty(lease.most_us, edges_us, slower)
        current = coil_share(low, CLAMP_V[1]), coil_share(high)
        dose_ms = 500 * slower
        if dose_ms * 1000 <= opening.least_us:
            driver, end = f"{dose_ms:g} ms", "the one-shot"
        else:
            driver, end = f"{opening.least_us / 1000:g}-{opening.most_us / 1000:g} ms", "the opening timer"
        if not current[1]:
            end += "; the shut-off never opens"
        rows.append(
            f"| {slower:g} | {dose_ms:g} ms | {edges_us * slower:.0f} us | {_percent(low, high)} "
            f"| {_percent(*current)} | {driver} | {end} | {LEASE_MS * slower:.0f} ms |"
        )
    return [*HEAD, *rows]


def _percent(low: float, high: float) -> str:
    ends = f"{low:.0%}", f"{high:.0%}"
    return (ends[0] if ends[0] == ends[1] else "-".join(end.rstrip("%") for end in ends) + "%").replace("%", " %")
