"""The eye-shield loop's levels for each fault of its wires, computed from the resistors of board.toml, table [loop].

Four wires lead to the two contacts: FEED and A of pole A, B and RETURN of pole B. The loop reads as made only with A
high and B low. A level between the inputs' thresholds may read as high or low.

              220         FEED      A
    3V3 ----/\\/\\/--+--/\\/\\/---o/ o---+--- LOOP_A          with a test stage; without one 3V3 feeds FEED's resistor
                   |    680          |
        LOOP_TEST -| gate of the     2.2k
                   | second one      |
                  0 V               0 V
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from host_tools.toolchain.board_check.board import Board

WIRES = ("FEED", "A", "B", "RETURN")
POLES = (("FEED", "A"), ("B", "RETURN"))
GATE_V = (0.8, 2.5)  # 74HC at 3.3 V: a quarter and three quarters of the supply [C] from its data at 2.0 and 4.5 V
TRANSISTOR_V = (0.5, 2.0)  # [S] BSS138: off below, carries 50 mA above
TRANSISTOR_OHM = 5.0
SHORT_OHM = 0.1
SUPPLIES_V = (3.25, 3.35)  # bring-up list
CONTACT_A = 0.05  # the current that the contacts must carry
GROUND, SUPPLY, LEAK = "ground", "supply", "leak"
LEAK_V = 1000.0  # a voltage so high that its resistor acts as a source of current


@dataclass(frozen=True)
class Fault:
    """A fault of the wires: some are joined, or one is broken; neither means no fault."""

    joined: tuple[str, ...] = ()
    broken: str = ""

    def __str__(self):
        if self.broken:
            return f"{self.broken} broken"
        if not self.joined:
            return "no fault"
        one, other = self.joined
        return f"{one} to {other}" if other in (GROUND, SUPPLY) else f"{one} and {other} shorted together"

    def may_read_made(self) -> bool:
        """Whether the loop may read as made with the shield in place: when each pole keeps its own wires."""
        return not self.broken and (not self.joined or self.joined in POLES or self.joined[1] in (GROUND, SUPPLY))


FAULTS = (
    Fault(),
    *(Fault(broken=wire) for wire in WIRES),
    *(Fault(pair) for pair in combinations(WIRES, 2)),
    *(Fault((wire, rail)) for rail in (GROUND, SUPPLY) for wire in WIRES),
)


@dataclass(frozen=True)
class Levels:
    """Voltages of A and B, the larger current through a contact, and whether the second transistor may half conduct."""

    a_v: float
    b_v: float
    contact_a: float = 0.0
    vague: bool = False


def _solve(branches: Sequence[tuple[str, str, float]], supply_v: float) -> dict[str, float]:
    """Return the node voltages of a net of resistors between SUPPLY, GROUND and named nodes."""
    fixed = {SUPPLY: supply_v, GROUND: 0.0, LEAK: LEAK_V}
    names = sorted({end for one, other, _ in branches for end in (one, other)} - fixed.keys())
    place = {name: n for n, name in enumerate(names)}
    rows = [[1e-12 if n == m else 0.0 for m in range(len(names))] + [0.0] for n in range(len(names))]
    for one, other, ohm in branches:
        for here, there in ((one, other), (other, one)):
            if here in fixed:
                continue
            row = rows[place[here]]
            row[place[here]] += 1 / ohm
            if there in fixed:
                row[-1] += fixed[there] / ohm
            else:
                row[place[there]] -= 1 / ohm
    for n, row in enumerate(rows):  # a net of resistors needs no pivoting
        for other in rows[n + 1 :]:
            factor = other[n] / row[n]
            for m in range(n, len(row)):
                other[m] -= factor * row[m]
    volts = [0.0] * len(names)
    for n in reversed(range(len(names))):
        volts[n] = (rows[n][-1] - sum(rows[n][m] * volts[m] for m in range(n + 1, len(names)))) / rows[n][n]
    return fixed | {name: volts[n] for name, n in place.items()}


class Loop:
    """One board's loop. up, down: factors of the resistors towards the supply and towards ground.

    leak_a   the pad's own current while its level is in between: it may then stay there
    """

    def __init__(
        self,
        board: Board,
        supply_v: float = 3.3,
        up: float = 1.0,
        down: float = 1.0,
        inside: float = 0.0,
        leak_a: float = 0.0,
    ):
        table, signal = board.design["loop"], board.signals["LOOP_A"]
        self._tested = "LOOP_TEST" in board.signals
        self._supply_v = supply_v
        self._always = [
            (SUPPLY, "node", max(table.get("source_ohm", 0) * up, SHORT_OHM)),
            ("node", "FEED", max(table["feed_ohm"] * up, SHORT_OHM)),
            ("A", GROUND, signal.ohms * down),
            (SUPPLY, "B", table["b_up_ohm"] * up),
            ("RETURN", "drain", max(table["return_ohm"] * down, SHORT_OHM)),
        ]
        if inside:  # the chip's own pull beside the resistor
            self._always.append(("A", GROUND, inside))
        if leak_a:
            self._always.append(("A", LEAK, LEAK_V / leak_a))

    def levels(self, made: bool, fault: Fault, testing: bool = False) -> Levels:
        """The levels with the shield in place or not, and LOOP_TEST high or not."""
        branches = list(self._always)
        closed = [pole for pole in POLES if made and fault.broken not in pole]
        branches += [(*pole, SHORT_OHM) for pole in closed]
        if fault.joined:
            branches.append((*fault.joined, SHORT_OHM / 100))
        if testing:
            branches.append(("node", GROUND, TRANSISTOR_OHM))
        on = _solve([*branches, ("drain", GROUND, TRANSISTOR_OHM if self._tested else SHORT_OHM)], self._supply_v)
        volts, vague = on, False
        if self._tested and on["node"] < TRANSISTOR_V[1]:
            volts = _solve(branches, self._supply_v)
            vague = volts["node"] > TRANSISTOR_V[0]
        contacts = [abs(volts[one] - volts[other]) / SHORT_OHM for one, other in closed]
        return Levels(volts["A"], volts["B"], max(contacts, default=0.0), vague)


def corners(board: Board) -> list[Loop]:
    """The loop with each end of its resistors' tolerance, of the supply, and with and without the chip's own pull."""
    off = board.design["loop"]["percent"] / 100
    ends = ((1 + off, 1 - off), (1 - off, 1 + off))
    inside = sorted({0.0, board.chip.levels.get("pull_ohm", 0.0)})
    leak_a = sorted({0.0, board.chip.levels.get("leak_a", 0.0)})
    found = product(SUPPLIES_V, ends, inside, leak_a)
    return [Loop(board, v, up, down, own, leak) for v, (up, down), own, leak in found]


def _word(volts: float, low_v: float, high_v: float) -> str:
    return "low" if volts <= low_v else "high" if volts >= high_v else "undefined"


def reading(board: Board, loop: Loop, made: bool, fault: Fault, testing: bool = False) -> tuple[str, str, Levels]:
    """Return what A and B read: low, high, or undefined. The chip reads A, and a gate too if PIO does not watch it."""
    found = loop.levels(made, fault, testing)
    low_v, high_v = board.chip.levels["low_v"], board.chip.levels["high_v"]
    if not board.chip.state_machines:
        low_v, high_v = min(low_v, GATE_V[0]), max(high_v, GATE_V[1])
    if found.vague:
        return "undefined", "undefined", found
    return _word(found.a_v, low_v, high_v), _word(found.b_v, *GATE_V), found


def loop_wires_read_safe(board: Board) -> Iterator[str]:
    """Two wires shorted together, or one broken, at ground or at the supply: never read as made or undefined."""
    if board.chip.modelled or not {"LOOP_A", "LOOP_B"} <= board.signals.keys():
        return
    table = board.design.get("loop", {})
    missing = [key for key in ("feed_ohm", "return_ohm", "b_up_ohm", "percent") if key not in table]
    if missing:
        yield f"[loop] of board.toml lacks {', '.join(missing)}: copy the table of boards/rp2040_pico"
        return
    ends = corners(board)
    if "LOOP_TEST" in board.signals:
        for loop in ends:
            a, b, _ = reading(board, loop, True, Fault(), testing=True)
            if (a, b) != ("low", "high"):
                yield f"loop: a test pulse leaves A {a} and B {b}: change [loop] until it reads A low and B high"
                break
    for fault, made in product(FAULTS, (False, True)):
        for loop in ends:
            sentence = _judge(board, loop, fault, made)
            if sentence:
                yield f"loop, {'shield in place' if made else 'shield off'}, {fault}: {sentence}"
                break


def _judge(board: Board, loop: Loop, fault: Fault, made: bool) -> str:
    a, b, found = reading(board, loop, made, fault)
    if found.vague:
        return "the test stage's second transistor may conduct or not, so B is anything: change [loop]"
    at = f"A {found.a_v:.2f} V, B {found.b_v:.2f} V"
    if "undefined" in (a, b):
        return f"{at} is neither low nor high: change the resistors of [loop]"
    if (a, b) == ("high", "low") and not (made and fault.may_read_made()):
        return f"{at} reads as made: change the resistors of [loop]"
    if fault == Fault() and (a, b) != (("high", "low") if made else ("low", "high")):
        return f"{at} reads A {a}, B {b}: change the resistors of [loop]"
    if found.contact_a > CONTACT_A:
        return f"{found.contact_a * 1000:.0f} mA through a contact for {CONTACT_A * 1000:.0f}: put a resistor into it"
    return ""


def loop_table(board: Board) -> list[str]:
    """Return the levels with nominal parts, and their readings, as the lines of a table."""
    loop = Loop(board)
    lines = ["| wires | shield off: A, B | reads | shield in place: A, B | reads |", "|---|---|---|---|---|"]
    for fault in FAULTS:
        cells = [str(fault)]
        for made in (False, True):
            a, b, found = reading(board, loop, made, fault)
            meaning = {("high", "low"): "made", ("low", "high"): "open"}.get((a, b), "discordant")
            cells += [f"{found.a_v:.2f} V, {found.b_v:.2f} V", meaning]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
