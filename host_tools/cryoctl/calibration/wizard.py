"""Takes the points of a calibration: says which reference to make, waits for a reading at rest, and shows it."""

import time
from collections import deque
from collections.abc import Callable, Sequence

from rich.console import Group
from rich.live import Live
from rich.text import Text

from host_tools.cryoctl import asking
from host_tools.cryoctl import typed as as_typed
from host_tools.cryoctl.calibration import NotAccepted
from host_tools.cryoctl.calibration.kinds import CLOSING, JET, OPENING, THERMOCOUPLE, Kind, Reference
from host_tools.cryoctl.calibration.points import Point, signed
from host_tools.cryoctl.calibration.session import cold_junction_c, reading
from host_tools.cryoctl.calibration.stable import BLOCKS, Before, Criteria, Seen, settled, spark
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import Problem

STANDSTILL_S = 5.0  # [E] 50 conversions without a new sample: noise changes every real one
_SAY_S = 5.0  # between two lines without a terminal
_PLAIN = " .:-=+*#"
_LARGEST = 1e9
_DIGITS = 8  # of one number that the device takes
SKIP = "skip"
_WHAT = {
    JET.name: "flow in us, fall in degC",
    CLOSING.name: "closing delay in us",
    OPENING.name: "opening delay in us",
}


class Readings:
    """Takes the readings of one kind, one by one. If the converter gives no new sample, there is no reading."""

    def __init__(self, device: Device, kind: Kind, clock: Callable[[], float] = time.monotonic):
        self._device = device
        self._kind = kind
        self._clock = clock
        self._sample: int | None = None
        self._since_s = clock()
        self.cold_c: float | None = None

    def __call__(self) -> tuple[float | None, str]:
        """Return (value, "") or (None, why there is none)."""
        value, note = reading(self._device, self._kind)
        if self._kind is THERMOCOUPLE and value is not None:
            self.cold_c, sample = cold_junction_c(self._device)
            now_s = self._clock()
            if sample != self._sample:
                self._sample, self._since_s = sample, now_s
            elif now_s - self._since_s > STANDSTILL_S:
                return None, f"the converter gives no new sample: #{sample} for {now_s - self._since_s:.0f} s"
        return value, note


class View:
    """Shows a reading until it is at rest: a plot at a terminal, otherwise a line from time to time."""

    def __init__(self, out: Output, title: str, criteria: Criteria):
        self._out = out
        self._title = title
        self._criteria = criteria
        self._values: deque[float | None] = deque(maxlen=60)
        self._said_s = -_SAY_S
        self._live: Live | None = None

    def __enter__(self):
        if self._out.errors.is_terminal and not self._out.quiet:
            self._live = Live(console=self._out.errors, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_):
        if self._live:
            self._live.stop()

    def tell(self, seen: Seen) -> None:
        """Show the window as it is now."""
        self._values.append(seen.newest)
        line = self._line(seen)
        if self._live:
            unicode = (self._out.errors.encoding or "").lower().startswith("utf")
            plot = Text(spark(list(self._values), blocks=BLOCKS if unicode else _PLAIN), style="cyan")
            self._live.update(Group(Text(self._title, style="bold"), plot, Text(line)))
        elif time.monotonic() - self._said_s >= _SAY_S:
            self._said_s = time.monotonic()
            self._out.detail(f"{self._title}: {line}")

    def _line(self, seen):
        limits = self._criteria
        if seen.value is None:
            return seen.note
        drift = f"{seen.drift:+.3g}" if seen.full else "-"
        return (
            f"mean {seen.value:.6g} {limits.unit}   spread {seen.spread:.3g} of {limits.spread:g}   "
            f"drift {drift} of {limits.drift:g}   {seen.seconds:.0f} of {limits.window_s:g} s   {seen.note}"
        )


def measure(
    out: Output, device: Device, kind: Kind, reference: float, before: Before | None, patience_s: float
) -> Point:
    """Return a point once its reading is at rest. Raises NotAccepted, NoDevice."""
    criteria = kind.criteria
    if criteria is None:
        raise Problem(f"{kind.name} is not read from the device", "give its values in a file, with --points")
    source = Readings(device, kind)
    with View(out, f"{kind.title} at {reference:g} {kind.unit}", criteria) as view:
        seen = settled(source, criteria, reference, before, patience_s=patience_s, tell=view.tell)
    value = round(seen.value or 0.0, 3)
    note = f"mean of {seen.count} in {seen.seconds:.0f} s, spread {signed(seen.spread)[1:]}, drift {signed(seen.drift)}"
    # the table shows a thermocouple's error, with the offset that the device adds
    error = "" if kind is THERMOCOUPLE else f", error {signed(value - reference)}"
    out.say(f"{reference:g} {kind.unit}: reads {value:g} {kind.unit}{error} ({note})")
    return Point(reference, value, source.cold_c, note)


# --- with somebody at the terminal ------------------------------------------------------------------------------------
# `done` holds the points so far; going back to a point removes it. before: a question came before the first point.
def completed(
    out: Output, device: Device, kind: Kind, points: Sequence[Point], patience_s: float, ask: bool,
    done: list[Point], before: bool,
) -> list[Point]:  # fmt: skip
    """Return the points with all readings. ask: a person says when a reference is ready.

    done: the points that were taken already.
    """
    missing = [n for n, point in enumerate(points) if point.reading is None and point.reference is not None]

    def all_so_far():
        taken = dict(zip(missing, done, strict=False))
        return [taken.get(n, point) for n, point in enumerate(points)]

    def step(n):
        reference = points[n].reference or 0.0

        def take(back):
            out.say(f"make the reference: {reference:g} {kind.unit}")
            if ask:
                asking.Question("Enter when it is made", "--yes", default="").ask(back)
            before_it = _before(all_so_far()[:n])
            return _measured(ask, out, device, kind, reference, before_it, patience_s)

        return take

    asking.in_turn([step(n) for n in missing], done, before)
    return all_so_far()


def _measured(ask, *what):
    """Return a point. If its reading does not come to rest, the person may correct the cause and measure again."""
    while True:
        try:
            return measure(*what)
        except NotAccepted as problem:
            if not ask:
                raise
            asking.tell(str(problem))
            if not asking.again("Measure it again?", True):
                raise


def _before(done):
    last = done[-1] if done else None
    return Before(last.reference, last.reading) if last and last.reference is not None else None


def guided(
    out: Output, device: Device, kind: Kind, patience_s: float, done: list[Point | None], before: bool
) -> list[Point]:
    """Take the points one after the other; None means that a point was left out."""
    assert kind.criteria
    if not done:
        out.say(f"{kind.intro}\nAccepted when: {'; '.join(kind.acceptance)}.\nAt rest: {kind.criteria}.")

    def step(usual):
        question = _reference(kind, usual)

        def take(back):
            out.say(f"\n{usual.how}")
            reference = question.ask(back)
            taken = [point for point in done if point]
            if reference is None:
                return None
            return _measured(True, out, device, kind, reference, _before(taken), patience_s)

        return take

    asking.in_turn([step(usual) for usual in kind.references], done, before)
    return [point for point in done if point]


def _reference(kind: Kind, usual: Reference) -> asking.Question:
    return asking.Question(
        f"Reference in {kind.unit}, once it is made",
        "--points",
        lambda said: None if said.lower() == SKIP else number(said, kind.unit),
        kind=f"reference in {kind.unit}",
        default=f"{usual.value:g}",
        hint=f"{SKIP}: leave it out",
    )


def typed(out: Output, kind: Kind, done: list[Point], before: bool) -> list[Point]:
    """Ask for values that other instruments measured."""
    if not done:
        out.say(f"{kind.intro}\nAccepted when: {'; '.join(kind.acceptance)}.")
    what = _WHAT[kind.name]

    def values(said):
        if not said:
            return None
        parts = said.split(";" if ";" in said or kind.needed == 1 else ",")
        if len(parts) != kind.needed:
            raise Problem(f"{said!r}: {len(parts)} numbers", f"give {what}: {kind.needed} in all, with ; between two")
        found = [number(part, unit) for part, unit in zip(parts, ("us", "degC"), strict=False)]
        return Point(found[0], found[1]) if kind is JET else Point(None, found[0])

    while True:
        question = asking.Question(
            f"{len(done) + 1}: {what}", "--points", values, kind=kind.name, default="", hint="empty: no more"
        )
        try:
            point = question.ask(bool(done) or before)
        except asking.Back:
            if not done:
                raise
            done.pop()
            continue
        if point is None:
            return list(done)
        done.append(point)


def number(text: str, unit: str = "") -> float:
    """Return a typed number in `unit`. Raises Problem when it is not a number."""
    value = as_typed.number(text, "", unit)
    if not abs(value) < _LARGEST:
        raise Problem(f"{text.strip()!r} is not a number", "write it with digits and a point, such as -78.5")
    return value


def whole(text: str) -> int:
    """Return a typed whole number, 0 or larger. Raises Problem for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise Problem(f"{text!r} is not a whole number", "write it with digits only, such as 80")
    return int(text)
