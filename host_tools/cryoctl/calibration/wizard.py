"""Takes the points of a calibration: tells which reference to make, waits until the reading is at rest, shows it."""

import time
from collections import deque
from collections.abc import Callable, Iterable

from rich.console import Group
from rich.live import Live
from rich.text import Text

from host_tools.cryoctl import asking
from host_tools.cryoctl.calibration.kinds import CLOSING, JET, THERMOCOUPLE, Kind, Reference
from host_tools.cryoctl.calibration.points import Given, Point
from host_tools.cryoctl.calibration.session import cold_junction_c, reading
from host_tools.cryoctl.calibration.stable import BLOCKS, Before, Criteria, Seen, settled, spark
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import Problem

STANDSTILL_S = 5.0  # [E] 50 conversions without a new sample: noise moves every one of them
_SAY_S = 5.0  # between two lines where there is no terminal
_PLAIN = " .:-=+*#"


class Readings:
    """The readings of one kind, one after the other; those of a converter that stands still are none."""

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
                return None, f"the converter stands still: sample #{sample} for {now_s - self._since_s:.0f} s"
        return value, note


class View:
    """What is seen while a reading comes to rest: a plot at a terminal, else a line now and then."""

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
        raise Problem(f"{kind.name} is not read from the device", "give the values")
    source = Readings(device, kind)
    with View(out, f"{kind.title} at {reference:g} {kind.unit}", criteria) as view:
        seen = settled(source, criteria, reference, before, patience_s=patience_s, tell=view.tell)
    value = round(seen.value or 0.0, 3)
    out.say(
        f"{reference:g} {kind.unit}: reads {value:g} {kind.unit}, error {value - reference:+.3g} (mean of {seen.count} "
        f"in {seen.seconds:.0f} s, spread {seen.spread:.3g}, drift {seen.drift:+.3g})"
    )
    note = f"mean of {seen.count} in {seen.seconds:.0f} s, spread {seen.spread:.3g}, drift {seen.drift:+.3g}"
    return Point(reference, value, source.cold_c, note)


def completed(
    out: Output, device: Device, kind: Kind, points: Iterable[Point], patience_s: float, ask: bool
) -> list[Point]:
    """Return the points with every reading that was still to be taken. ask: somebody says when a reference is made."""
    done: list[Point] = []
    for point in points:
        if point.reading is None and point.reference is not None:
            out.say(f"make the reference: {point.reference:g} {kind.unit}")
            if ask:
                asking.answer("Enter when it is made", "")
            point = measure(out, device, kind, point.reference, _before(done), patience_s)
        done.append(point)
    return done


def _before(done):
    last = done[-1] if done else None
    return Before(last.reference, last.reading) if last and last.reference is not None else None


def guided(out: Output, device: Device, kind: Kind, patience_s: float) -> list[Point]:
    """Take the points one after the other with somebody at the terminal."""
    assert kind.criteria
    out.say(f"{kind.intro}\nAccepted when: {'; '.join(kind.acceptance)}.\nAt rest: {kind.criteria}.")
    done: list[Point] = []
    for usual in kind.references:
        reference = _reference(out, kind, usual)
        if reference is not None:
            done.append(measure(out, device, kind, reference, _before(done), patience_s))
    return done


def _reference(out: Output, kind: Kind, usual: Reference) -> float | None:
    out.say(f"\n{usual.how}")
    while True:
        said = asking.answer(f"Reference in {kind.unit}, once it is made ('skip' leaves it out)", f"{usual.value:g}")
        if said.lower() == "skip":
            return None
        number = _number(said)
        if number is not None:
            return number
        out.warn(f"{said!r} is no number")


def typed(out: Output, kind: Kind) -> list[Point]:
    """Take the values of other instruments from somebody at the terminal."""
    out.say(f"{kind.intro}\nAccepted when: {'; '.join(kind.acceptance)}.")
    done: list[Point] = []
    what = (
        "flow in us, fall in degC"
        if kind is JET
        else "closing delay in us"
        if kind is CLOSING
        else "opening delay in us"
    )
    while True:
        said = asking.answer(f"{len(done) + 1}: {what} (empty: that was all)", "")
        if not said:
            return done
        found = [_number(part) for part in said.split(",")]
        if None in found or len(found) != kind.needed:
            out.warn(f"{said!r}: give {what}")
        elif kind is JET:
            done.append(Point(found[0], found[1]))
        else:
            done.append(Point(None, found[0]))


def nozzle(given: Given, number: int | None, distance_mm: int | None) -> tuple[int, int]:
    """Return number of the nozzle and distance of a jet's bursts: from options, file, or somebody at the terminal."""
    out = []
    for name, option, found in (("nozzle", number, given.nozzle), ("distance-mm", distance_mm, given.distance_mm)):
        value = option if option is not None else found
        while value is None:
            if not asking.terminal():
                raise Problem(f"{name} is not given", f"give --{name}, or write it into a .toml file of points")
            said = asking.answer("Number of the nozzle" if name == "nozzle" else "Distance of the bursts in mm")
            value = int(said) if said.isdigit() else None
        out.append(value)
    return out[0], out[1]


def _number(text):
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None
