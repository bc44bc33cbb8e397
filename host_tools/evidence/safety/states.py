"""Explores the whole mode function of the firmware: every mode with every set of conditions, and each arrow's."""

import importlib
from dataclasses import dataclass
from functools import cache

from host_tools.simulator.twin import lanes

Cube = tuple[int, int]  # conditions that must stand, conditions that must not; the others do not matter


@dataclass(frozen=True)
class Arrow:
    """One change of mode. least: the smallest sets that lead there; cubes: together exactly all sets that do."""

    before: str
    after: str
    least: tuple[int, ...]
    cubes: tuple[Cube, ...]


@dataclass(frozen=True)
class Machine:
    """modes and conditions by name in the order of their numbers; treating: the modes between arming and the end."""

    modes: tuple[str, ...]
    conditions: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    treating: tuple[str, ...]

    def names(self, mask: int) -> list[str]:
        """Return the names of the conditions in a mask."""
        return [name for bit, name in enumerate(self.conditions) if mask >> bit & 1]


def least(sets: list[int]) -> tuple[int, ...]:
    """Return the sets that contain no other set of the list."""
    kept: list[int] = []
    for one in sorted(sets, key=lambda s: (s.bit_count(), s)):
        if not any(small & one == small for small in kept):
            kept.append(one)
    return tuple(kept)


def cubes(sets: frozenset[int], support: int) -> tuple[Cube, ...]:
    """Return few cubes whose union is exactly `sets`, subsets of the conditions in `support` (Quine and McCluskey)."""
    level = {(one, support & ~one) for one in sets}
    prime: set[Cube] = set()
    while level:
        merged, used = set(), set()
        for must, must_not in level:
            bits = must
            while bits:
                bit = bits & -bits
                bits ^= bit
                twin = (must ^ bit, must_not | bit)
                if twin in level:
                    merged.add((must ^ bit, must_not))
                    used |= {(must, must_not), twin}
        prime |= level - used
        level = merged
    left, chosen = set(sets), []
    order = sorted(prime)
    while left:
        best = max(order, key=lambda cube: sum(inside(one, cube) for one in left))
        chosen.append(best)
        left = {one for one in left if not inside(one, best)}
    return tuple(sorted(chosen))


def inside(one: int, cube: Cube) -> bool:
    """Return whether a set of conditions lies in a cube."""
    return one & cube[0] == cube[0] and not one & cube[1]


def _support(row: list[int], conditions: int) -> int:
    """Return the mask of conditions that matter in a mode; row: the next mode of every set."""
    mask = 0
    for bit in (1 << n for n in range(conditions)):
        if any(row[one] != row[one ^ bit] for one in range(len(row))):
            mask |= bit
    return mask


def explore(module) -> Machine:
    """Return the machine of a module with next_mode, NAMES, CONDITIONS and its constants."""
    others = (*module.NAMES, "NAMES", "TREATING", "MAY_GIVE_GAS", "CONDITIONS")
    bits = {v: name for name, v in vars(module).items() if name.isupper() and name not in others}
    conditions = tuple(bits[1 << bit] for bit in range(module.CONDITIONS))
    arrows = []
    for before, name in enumerate(module.NAMES):
        row = [module.next_mode(before, one) for one in range(1 << module.CONDITIONS)]
        support = _support(row, module.CONDITIONS)
        for after in sorted(set(row) - {before}):
            sets = frozenset(one & support for one, there in enumerate(row) if there == after)
            arrows.append(Arrow(name, module.NAMES[after], least(list(sets)), cubes(sets, support)))
    treating = tuple(name for number, name in enumerate(module.NAMES) if module.TREATING >> number & 1)
    return Machine(tuple(module.NAMES), conditions, tuple(arrows), treating)


@cache
def shipped() -> Machine:
    """Return the machine of the firmware."""
    with lanes.firmware_imports():
        return explore(importlib.import_module("cryo.core.mode"))
