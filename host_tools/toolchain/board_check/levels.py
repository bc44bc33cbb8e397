"""Levels of pins that nothing drives: a resistor against the chip's own pull and against the current of its pad.

A reset or a wrong line of code can switch a chip's own pulls on; the resistor on the circuit board must be stronger.
"""

from __future__ import annotations

from collections.abc import Iterator

from host_tools.toolchain.board_check.board import Board, Signal
from host_tools.toolchain.board_check.loop import GATE_V, SUPPLIES_V

PERCENT = 1  # of each pull resistor


def most_ohm(signal: Signal) -> float:
    """The highest resistance of a signal's resistor."""
    return signal.ohms * (1 + PERCENT / 100)


def down_v(board: Board, signal: Signal) -> float:
    """The highest level that a resistor to ground leaves while nothing drives the line."""
    ohm = most_ohm(signal)
    levels = board.chip.levels
    own = levels.get("pull_ohm")
    by_pull = SUPPLIES_V[1] * ohm / (ohm + own) if own else 0.0
    return max(by_pull, levels.get("leak_a", 0.0) * ohm)


def up_v(board: Board, signal: Signal) -> float:
    """The lowest level that a resistor to the supply leaves while nothing drives the line."""
    ohm = most_ohm(signal)
    own = board.chip.levels.get("pull_ohm")
    return SUPPLIES_V[0] * own / (ohm + own) if own else SUPPLIES_V[0]


def pulls_hold_their_level(board: Board) -> Iterator[str]:
    """Each pull resistor holds its line at a valid level, whatever the chip's own pulls do."""
    if board.chip.modelled:
        return
    high_v = board.chip.levels["high_v"]
    for signal in board.signals.values():
        at = f"{signal.name} (GPIO{signal.pin})"
        if signal.function == "adc":
            continue  # its input and its pulls are off
        if signal.pull_down or signal.pull == "external down":
            # of outputs: the next part is a gate of 3.3 V logic or a transistor
            low_v = GATE_V[0] if signal.pull_down else board.chip.levels["low_v"]
            if down_v(board, signal) > low_v:
                volts = down_v(board, signal)
                yield f"{at}: {signal.ohms:g} ohm leave {volts:.2f} V, {low_v:g} is low: a smaller resistor"
        elif signal.pull == "external up" and up_v(board, signal) < high_v:
            yield f"{at}: {signal.ohms:g} ohm leave {up_v(board, signal):.2f} V, {high_v:g} is high: a smaller resistor"
