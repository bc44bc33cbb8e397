"""Draws when a fault comes, the hand moves and the trigger is released: plainly, or so that the worst is common.

A run weighted/N has one fault. The fault, its moment, and the moments of motion and release are drawn from a proposal.
The proposal prefers the faults that leave the coldest skin, and faults that coincide with a motion, a release, the
start of a pass or of a burst. The run's weight is the probability of the same draw in plain runs, over its probability
in the proposal.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from host_tools.evidence.campaign.faults import FAULTS

START_SHARE = 0.12  # share of the faults that are present from switch-on
BURSTS, OFFSET_US = 14, 900_000  # a fault's moment: the burst that it counts from (0: the proof test), how late
MOVE_SHARE, MOVE_BURSTS = 0.5, range(1, 30)  # share of the hands that move
RELEASE_SHARE, RELEASE_BURSTS = 0.5, range(1, 20)  # share of the operators who release the trigger once
HAND_US = 700_000  # how late within a burst's cycle a hand moves or releases
CLOSE_US = 100_000  # [E] events that coincide are closer than this
GRAVE = (  # the coldest skin under one fault, by search and campaign
    "draught", "jet-strong", "nozzle-wrong", "range-frozen", "range-wrong", "probe-off", "probe-half", "infrared-aside",
)  # fmt: skip
GRAVE_SHARE = 0.25  # share of the runs that get one of them, in addition to runs that draw one anyway
When = tuple[int, int]  # burst, offset us


@dataclass(frozen=True)
class Moments:
    """What is drawn. fault: None means from switch-on. moves, lets_go: None means that it does not happen."""

    fault: When | None = None
    moves: When | None = None
    lets_go: When | None = None


def _when(rng, bursts, offset_us):
    return rng.choice(bursts), rng.randrange(offset_us)


def _hand(rng, share, bursts):
    return _when(rng, bursts, HAND_US) if rng.random() < share else None


def _hand_density(at, share, bursts):
    if at is None:
        return 1.0 - share
    return share / len(bursts) / HAND_US if at[0] in bursts and 0 <= at[1] < HAND_US else 0.0


def plain(rng: random.Random) -> Moments:
    """Draw the moments plainly, independent of each other."""
    fault = None if rng.random() < START_SHARE else _when(rng, range(BURSTS), OFFSET_US)
    return Moments(fault, _hand(rng, MOVE_SHARE, MOVE_BURSTS), _hand(rng, RELEASE_SHARE, RELEASE_BURSTS))


def plain_density(at: Moments) -> float:
    """Return the probability density of these moments in a plain draw."""
    if at.fault is None:
        fault = START_SHARE
    else:
        inside = 0 <= at.fault[0] < BURSTS and 0 <= at.fault[1] < OFFSET_US
        fault = (1.0 - START_SHARE) / BURSTS / OFFSET_US if inside else 0.0
    return (
        fault
        * _hand_density(at.moves, MOVE_SHARE, MOVE_BURSTS)
        * _hand_density(at.lets_go, RELEASE_SHARE, RELEASE_BURSTS)
    )


def _beside(offset_us):
    """Return the offsets that coincide with this one."""
    return range(max(0, offset_us - CLOSE_US), min(OFFSET_US, offset_us + CLOSE_US + 1))


_COMMON = range(1, BURSTS)  # the bursts from which both fault and hand may count
_AFTER = range(2, BURSTS)  # and those that may begin a pass after a release


def _with_motion(rng):
    burst, offset_us = at = _when(rng, _COMMON, HAND_US)
    return replace(plain(rng), fault=(burst, rng.choice(_beside(offset_us))), moves=at)


def _with_motion_density(at):
    return _close_density(at.fault, at.moves) * _hand_density(at.lets_go, RELEASE_SHARE, RELEASE_BURSTS)


def _with_release(rng):
    burst, offset_us = at = _when(rng, _COMMON, HAND_US)
    return replace(plain(rng), fault=(burst, rng.choice(_beside(offset_us))), lets_go=at)


def _with_release_density(at):
    return _close_density(at.fault, at.lets_go) * _hand_density(at.moves, MOVE_SHARE, MOVE_BURSTS)


def _close_density(fault, hand):
    if fault is None or hand is None or fault[0] != hand[0] or hand[0] not in _COMMON:
        return 0.0
    close = _beside(hand[1])
    return 1.0 / len(_COMMON) / HAND_US / len(close) if fault[1] in close else 0.0


def _with_pass(rng):
    burst = rng.choice(_AFTER)
    return replace(plain(rng), fault=(burst, rng.randrange(CLOSE_US)), lets_go=(burst - 1, rng.randrange(HAND_US)))


def _with_pass_density(at):
    if at.fault is None or at.lets_go is None or at.lets_go[0] != at.fault[0] - 1:
        return 0.0
    if at.fault[0] not in _AFTER or at.fault[1] >= CLOSE_US:
        return 0.0
    return 1.0 / len(_AFTER) / CLOSE_US / HAND_US * _hand_density(at.moves, MOVE_SHARE, MOVE_BURSTS)


def _with_burst(rng):
    return replace(plain(rng), fault=_when(rng, _COMMON, CLOSE_US))


def _with_burst_density(at):
    if at.fault is None or at.fault[0] not in _COMMON or at.fault[1] >= CLOSE_US:
        return 0.0
    return (
        1.0 / len(_COMMON) / CLOSE_US
        * _hand_density(at.moves, MOVE_SHARE, MOVE_BURSTS)
        * _hand_density(at.lets_go, RELEASE_SHARE, RELEASE_BURSTS)
    )  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One way to draw, its share of the runs, and its density for given moments."""

    name: str
    share: float
    draw: Callable[[random.Random], Moments]
    density: Callable[[Moments], float]


# The plain part limits each weight to one over its share. The larger the weights, the fewer the effective runs when
# nothing happens: with these shares about two in five.
PROPOSAL = (
    Part("as they come", 0.5, plain, plain_density),
    Part("with the motion", 0.15, _with_motion, _with_motion_density),
    Part("with the release", 0.15, _with_release, _with_release_density),
    Part("with the start of the pass after it", 0.1, _with_pass, _with_pass_density),
    Part("with a burst's start", 0.1, _with_burst, _with_burst_density),
)
UNIFORM = (Part("as they come", 1.0, plain, plain_density),)


def drawn(rng: random.Random, proposal: tuple[Part, ...] = PROPOSAL) -> tuple[Moments, float]:
    """Draw moments from a proposal; return them and their weight."""
    (part,) = rng.choices(proposal, [part.share for part in proposal])
    at = part.draw(rng)
    return at, plain_density(at) / sum(part.share * part.density(at) for part in proposal)


def drawn_fault(rng: random.Random, grave_share: float = GRAVE_SHARE) -> tuple[str, float]:
    """Draw one of the faults, each with the same probability except the grave ones; return it and its weight."""
    name = rng.choice(GRAVE) if rng.random() < grave_share else rng.choice(tuple(FAULTS))
    here = (1.0 - grave_share) / len(FAULTS) + (grave_share / len(GRAVE) if name in GRAVE else 0.0)
    return name, 1.0 / len(FAULTS) / here
