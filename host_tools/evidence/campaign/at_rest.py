"""Computes how many good pairs of probe and infrared sensor are refused before a point, and how many bad ones are not.

    python -m host_tools.evidence.campaign.at_rest [--bodies N]

Draws bodies of the population at rest, puts a pair of sensors with errors on each, and calls the firmware's own
comparison. A good pair that reads outside the limits for a start is not counted: BASELINE refuses it.
"""

import argparse
import importlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

from host_tools.evidence.campaign import population
from host_tools.evidence.campaign.run import baseline_c
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.skin import LAYERS

PROBE_SD_K = {True: 0.4, False: 1.0}  # [E] calibrated: within 1 K as 2.5 sd; else chip 2 K [S] as 2 sd
INFRARED_SD_K = {True: 0.25, False: 0.5}  # [S] 0.5 K as 2 sd when calibrated; [E] twice that when not
EMISSIVITY_SD_K = 0.1  # [C] of the skin, 0.98 +- 0.01
SEATED = (0.94, 1.0)  # [E] of the difference to the air that a well-seated probe shows
HALF = (0.5, 0.6)  # the same for a probe that hangs half loose
OFFSET_K = 4.0
A_BODY = 50  # pairs of sensors drawn on each body
STEP_K = 0.25  # of a MAX31855


@dataclass(frozen=True)
class Pair:
    """The readings of both sensors on resting skin, and the cold junction beside the probe's chip; degC."""

    probe_c: float
    infrared_c: float
    junction_c: float

    @property
    def startable(self) -> bool:
        """Whether BASELINE allows a start with these readings."""
        first_c, last_c = baseline_c(False)
        return min(self.probe_c, self.infrared_c) >= first_c and self.probe_c <= last_c


@dataclass(frozen=True)
class Resting:
    """A body's skin at rest under both sensors, its room and the converters' box; degC."""

    under_probe_c: float
    seen_c: float
    ambient_c: float
    junction_c: float

    @property
    def told(self) -> bool:
        """Whether the share of the difference to the air is compared for this body."""
        return self.seen_c - self.junction_c >= share_from_k()

    def pair(self, rng: random.Random, *, calibrated: bool, offset_k: float = 0.0, shown: tuple = SEATED) -> Pair:
        """Draw the readings of a pair with errors on this body."""
        felt_c = self.ambient_c + rng.uniform(*shown) * (self.under_probe_c - self.ambient_c)
        probe_c = felt_c + rng.gauss(0.0, PROBE_SD_K[calibrated]) + offset_k
        infrared_c = self.seen_c + rng.gauss(0.0, INFRARED_SD_K[calibrated]) + rng.gauss(0.0, EMISSIVITY_SD_K)
        return Pair(round(probe_c / STEP_K) * STEP_K, infrared_c, self.junction_c)


@cache
def share_from_k() -> float:
    """Return the difference to the cold junction from which on the share is compared, K: the firmware's limit."""
    with lanes.firmware_imports():
        return importlib.import_module("cryo.limits").INFRARED_SHARE_MDEGC / 1000


@cache
def resting(count: int) -> tuple[Resting, ...]:
    """Return so many bodies of the population whose skin is warm enough for a start."""
    rng = random.Random("at rest")
    first_c, last_c = baseline_c(False)
    found = []
    while len(found) < count:
        body = population.draw_body(rng)
        skin = body.skin(LAYERS)
        if first_c <= skin.surface_c <= last_c:
            found.append(Resting(skin.probe_c, skin.seen_c, body.ambient_c, body.ambient_c + body.box_k))
    return tuple(found)


def comparison() -> Callable[[Pair], bool]:
    """Return the firmware's comparison: a function that is True when it refuses a pair."""
    with lanes.firmware_imports():
        channel = importlib.import_module("cryo.core.second_channel").SecondChannel()
    channel.settled = True

    def refuses(pair: Pair) -> bool:
        channel.mdegc = round(pair.infrared_c * 1000)
        return channel.parted(
            SimpleNamespace(value_mdegc=round(pair.probe_c * 1000), cold_junction_mdegc=round(pair.junction_c * 1000))
        )

    return refuses


def shares(bodies: Sequence[Resting], name: str, **given) -> tuple[float, float]:
    """Return two shares: of the startable pairs, those that are refused; of all pairs, those that nothing refuses."""
    refuses = comparison()
    rng = random.Random(name)
    pairs = [body.pair(rng, **given) for body in bodies for _ in range(A_BODY)]
    startable = [pair for pair in pairs if pair.startable]
    refused = sum(map(refuses, startable))
    return refused / max(len(startable), 1), (len(startable) - refused) / len(pairs)


def main(argv: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="at_rest", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bodies", type=int, default=100, help=f"how many (default 100), {A_BODY} pairs each")
    bodies = resting(parser.parse_args(argv).bodies)
    for calibrated in (True, False):
        refused, _ = shares(bodies, f"sound {calibrated}", calibrated=calibrated)
        print(f"sound, {'' if calibrated else 'not '}calibrated: {refused:.2%} refused")
    _, missed = shares(bodies, "offset", calibrated=True, offset_k=OFFSET_K)
    print(f"probe {OFFSET_K:+g} degC: {missed:.2%} missed")
    print(f"probe shows {HALF[0]:g} to {HALF[1]:g} of the difference to the air:")
    for told, some in (("or more", [b for b in bodies if b.told]), ("less", [b for b in bodies if not b.told])):
        _, missed = shares(some, f"half {told}", calibrated=True, shown=HALF)
        print(f"  skin {share_from_k():g} degC over the cold junction {told}, {len(some)} bodies: {missed:.2%} missed")


if __name__ == "__main__":
    main()
