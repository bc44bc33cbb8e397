"""One calibration from its options to its certificate. Errors that need no device are found first."""

import datetime
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools.cryoctl import asking, config, files, meant, service
from host_tools.cryoctl.calibration import NotAccepted, certificate, mistakes, points, session, wizard
from host_tools.cryoctl.calibration.kinds import JET, THERMOCOUPLE, Kind
from host_tools.cryoctl.calibration.points import Given, Left, Point, signed
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import NotVerified, Problem

YEAR_D = 365  # [E] days until the calibration is due, if no option gives a date


@dataclass
class Asked:
    """The options of one calibration. patience_s: longest wait for each reading to come to rest."""

    points: Path | None = None
    technician: str | None = None
    instrument: str | None = None
    due: str | None = None
    certificates: list[Path] = field(default_factory=list)
    pin_file: Path | None = None
    yes: bool = False
    restart: bool = False
    patience_s: float = 600.0
    nozzle: int | None = None
    distance_mm: int | None = None


class _Ready:
    """What is known before the first point, from options, file and answers."""

    def __init__(self, kind: Kind, given: Given | None, targets: list[Path], known: dict[str, Any], missing):
        self.given = given
        self.targets = targets
        self._kind = kind
        self._known = known
        self._missing: dict[str, asking.Question] = missing
        self._answers: list[Any] = []
        self._ask()

    @property
    def asked(self) -> bool:
        """True when there was a question to go back to."""
        return bool(self._missing)

    def back(self) -> None:
        """Ask the last question again; the answer "back" goes to the question before."""
        self._answers.pop()
        self._ask()

    def _ask(self):
        asking.in_turn([question.ask for question in self._missing.values()], self._answers)
        values = self._known | dict(zip(self._missing, self._answers, strict=True))
        self.who: tuple[str, str] = (values["technician"], values["instrument"])
        self.due: datetime.date = values["due"]
        self.jet: tuple[int, int] = (values.get("nozzle", 0), values.get("distance-mm", 0))
        if self.given and all(point.reading is not None for point in self.given.points):
            points.numbers(self._kind, self.given.points, *self.jet)


def ready(kind: Kind, asked: Asked, today: datetime.date) -> _Ready:
    """Check everything that needs no device; ask for missing values. Raises Problem."""
    given = points.read(asked.points, kind) if asked.points else None
    may_ask = asking.terminal() and not asked.yes
    if given is None and not may_ask:
        raise Problem("no points are given", "give --points FILE, or do it at a terminal without --yes")
    targets = [target for path in asked.certificates for target in certificate.targets(path)]
    for target in targets:
        _may_be_written(target)
    known: dict[str, Any] = {
        name: session.words(name, text)
        for name, text in (("technician", asked.technician), ("instrument", asked.instrument))
        if text is not None
    }
    usual = str(today + datetime.timedelta(days=YEAR_D))
    if asked.due or not may_ask:
        known["due"] = session.due_date(asked.due or usual, today)
    if kind is JET:
        found = given or Given(())
        options = {"nozzle": (asked.nozzle, found.nozzle), "distance-mm": (asked.distance_mm, found.distance_mm)}
        for name, (option, in_file) in options.items():
            value = in_file if option is None else option
            if value is not None:
                known[name] = points.in_range(name.replace("-", "_"), value)
    missing = {name: question for name, question in _questions(kind, usual, today).items() if name not in known}
    if missing and not may_ask:
        name = next(iter(missing))
        raise Problem(f"{name} is not given", f"give {missing[name].option}")
    return _Ready(kind, given, targets, known, missing)


def _questions(kind, usual, today) -> dict[str, asking.Question]:
    """Return name -> question for each value that must be known before the first point."""

    def words(name):
        return asking.Question(name.capitalize(), f"--{name}", lambda said: session.words(name, said), kind=name)

    out = {name: words(name) for name in ("technician", "instrument")}
    out["due"] = asking.Question(
        "Due on, yyyy-mm-dd", "--due", lambda said: session.due_date(said, today), kind="due", default=usual
    )
    if kind is JET:

        def whole(name):
            return lambda said: points.in_range(name, wizard.whole(said))

        out["nozzle"] = asking.Question("Number of the nozzle", "--nozzle", whole("nozzle"), kind="nozzle")
        out["distance-mm"] = asking.Question(
            "Distance of the bursts in mm", "--distance-mm", whole("distance_mm"), kind="distance of bursts"
        )
    return out


def _may_be_written(path):
    if path.exists():
        raise Problem(f"{path} exists already: a certificate is not overwritten", "name another file")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror}", "name another certificate") from None


def calibrate(out: Output, kind: Kind, asked: Asked, port: str | None) -> dict[str, Any]:
    """Calibrate; return the record for --json. Raises NotAccepted, Refused, NoDevice, NotVerified, Problem."""
    from host_tools.cryoctl.found import chosen
    from host_tools.cryoctl.port import Port

    plan = ready(kind, asked, datetime.date.today())
    with Device(Port(chosen(port))) as device:
        device.unarmed()
        with service.service_mode(device, service.pin(asked.pin_file)):
            warning = session.clock(device)
            if warning:
                out.warn(warning)
            offset_c = session.skin_offset_c(device) if kind is THERMOCOUPLE else 0.0
            done: list[Any] = []
            while True:
                taken = _taken(out, device, kind, asked, plan, done)
                try:
                    read = points.uncorrected(kind, taken, offset_c)
                    notes = _notes(out, device, kind, read, taken, offset_c)
                    given = points.numbers(kind, points.shown(kind, read, offset_c), *plan.jet)
                    left = _shown(out, kind, read, taken)
                    results = session.judged(device, kind, given)
                    said = points.refused(kind, read)
                    if said:
                        raise NotAccepted(said, "the old calibration stays")
                    out.say(f"accepted: {meant.listed(results)}")
                    question = f"Store it, due on {plan.due}, by {plan.who[0]} with {plan.who[1]}?"
                    asking.confirm([], question, asked.yes, back=bool(done) or plan.asked)
                    break
                except asking.Back:
                    _back(plan, done)
                except NotAccepted as problem:
                    if not done or asked.yes or not asking.terminal():
                        raise
                    asking.tell(str(problem))
                    if not asking.again("Change the last point?", True):
                        raise
                    done.pop()
            stored = session.keep(device, kind, results, plan.due, plan.who)
        identity = device.identity
        when = "" if asked.restart else "; in force after the next start (--restart restarts the device now)"
        out.say(f"stored and read back, due on {stored.due}{when}")
        paper = certificate.Certificate(
            kind.title, identity, *_table(kind, read, taken, left), tuple(left), results, kind.acceptance,
            stored.date, plan.due, *plan.who, tuple(notes),
        )  # fmt: skip
        for (
            target
        ) in plan.targets:  # before the restart, which may fail: a stored calibration must have its certificate
            _write(out, paper, target)
        if asked.restart:
            _restarted(out, device)
    return {"kind": kind.code, "serial": identity.serial} | _record(plan, stored.date, results, read, left, notes)


def _record(plan, day, results, read, left, notes):
    """Return the rest of what --json prints."""
    return {
        "date": str(day),
        "due": str(plan.due),
        "technician": plan.who[0],
        "instrument": plan.who[1],
        "results": results,
        "points": [
            {"reference": p.reference, "reading": p.reading, "deviation": round(o.deviation, 4), "unit": o.unit}
            for p, o in zip(read, left, strict=True)
        ],
        "notes": notes,
        "certificates": [str(target) for target in plan.targets],
    }


def _restarted(out, device):
    """Restart the device. Raises Problem that says what is stored although the restart failed."""
    try:
        config.restart(device, config.stored(device))
    except Problem as problem:
        if isinstance(problem, NotVerified):
            said = "the calibration is stored, but whether it is in force is not known"
        else:
            said = "the calibration is stored, and in force after the next start; the restart failed"
        problem.args = (f"{said}: {problem}",)
        raise
    out.say("the calibration is in force")


def _taken(out, device, kind, asked, plan, done) -> list[Point]:
    while True:
        try:
            taken = _points(out, device, kind, asked, plan, done)
        except asking.Back:
            _back(plan, done)
            continue
        if not taken:
            raise NotAccepted("no point was taken", "the old calibration stays")
        return taken


def _back(plan, done):
    """Go back to the last point, or, without points, to the questions before the first point."""
    if done:
        done.pop()
    else:
        plan.back()


def _points(out, device, kind, asked, plan, done):
    if plan.given is not None:
        ask = asking.terminal() and not asked.yes
        return wizard.completed(out, device, kind, plan.given.points, asked.patience_s, ask, done, plan.asked)
    if kind.criteria:
        return wizard.guided(out, device, kind, asked.patience_s, done, plan.asked)
    return wizard.typed(out, kind, done, plan.asked)


def _notes(out, device, kind, read, taken, offset_c) -> list[str]:
    """Return the certificate's notes. Raises NotAccepted for a likely mistake with the probe."""
    notes = [f"{p.reference:g} {kind.unit}: {p.note}." for p in read if p.note]
    if any(p.note and p.note != points.FROM_FILE for p in read):
        notes.append(f"A reading was taken at rest: {kind.criteria}.")
    if device.identity.board == "virtual":
        notes.append("The device is a simulation: no real device was calibrated.")
    if offset_c:
        said = f"The device adds {signed(offset_c)} degC to each reading, by the previous calibration"
        notes.append(f"{said}. The readings are judged without it.")
        out.say(f"{said}; the readings are judged without it")
    return [*notes, *_probe(out, device, kind, read, taken)] if kind is THERMOCOUPLE else notes


def _probe(out, device, kind, read, taken):
    kind_set = session.thermocouple_type(device)
    found = mistakes.verdict(kind_set, read)
    if found.suspicious:
        _shown(out, kind, read, taken)
        raise NotAccepted(
            f"most likely {found.cause.said(kind_set)}: it explains the points to {found.fit_c:.2g} degC (root mean "
            f"square); if nothing were wrong, {found.right_c:.2g} degC would remain",
            "nothing was stored; correct the cause, then measure again",
        )
    other = "T" if kind_set == "K" else "K"
    said = f"a probe of type {other} would read at most {found.told_apart_c:.2g} degC differently at these points"
    if found.told_apart_c < mistakes.APART_C:
        said += f": the points do not show that the probe is type {kind_set}; a dry-ice point would show it"
        out.warn(said)
    return [f"The device is set to type {kind_set}; {said}."]


def _shown(out, kind, read, taken) -> list[Left]:
    left = points.left(kind, read)
    columns, rows = _table(kind, read, taken, left)
    if not out.quiet:
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        for row in (columns, *rows):
            out.say("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    return left


def _table(kind, read, taken, left) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return columns and rows. read: the points as they are judged; taken: the points as the device showed them."""
    if kind is JET:
        columns = ("flow us", "fall degC", "K mdegC/rt s", "from the strongest %")
        rows = [(f"{p.reference:g}", f"{p.reading:g}", o.label.split()[1], f"{o.deviation:+.1f}")
                for p, o in zip(read, left, strict=True)]  # fmt: skip
    elif kind.error is None:
        columns = ("delay us", "from the one that counts us")
        rows = [(f"{p.reading:g}", f"{o.deviation:+.0f}") for p, o in zip(read, left, strict=True)]
    elif kind is THERMOCOUPLE:
        names = ("reference", "shown", "reading without offset", "error", "off the line", "cold junction")
        columns = tuple(f"{name} degC" for name in names)
        rows = [(f"{p.reference:g}", f"{shown.reading:g}", f"{p.reading:g}", signed(o.deviation),
                 _given(o.fit, "+.3f"), _given(p.cold_junction_c, "g"))
                for p, shown, o in zip(read, taken, left, strict=True)]  # fmt: skip
    else:
        columns = tuple(f"{name} {kind.unit}" for name in ("reference", "reading", "error"))
        rows = [(f"{p.reference:g}", f"{p.reading:g}", signed(o.deviation)) for p, o in zip(read, left, strict=True)]
    return columns, tuple(rows)


def _given(value, form):
    return "-" if value is None else format(value, form)


def _write(out, paper, target):
    data = certificate.made(paper, target)
    try:
        files.replace(target, data)
        out.say(f"certificate: {target}")
    except Problem as problem:  # the calibration is stored, so its certificate must not be lost
        number, other = tempfile.mkstemp(prefix="cryoctl-", suffix=target.suffix)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(data)
        except OSError:
            raise Problem(
                f"the calibration is stored, its certificate is not: {problem.text}", "write down the figures above"
            ) from None
        raise Problem(f"the calibration is stored, but {problem.text}", f"its certificate is in {other}") from None


def status(device: Device) -> tuple[dict[str, str], dict[str, session.Stored | None]]:
    """Return the fields of CAL?, and the newest record of each kind."""
    from host_tools.cryoctl import wire

    return wire.fields(device.ask("CAL?")), session.listed(device.ask("CAL:LIST?"))
