"""Writes the page: one HTML file that contains everything, loads nothing, and can be printed."""

from collections import Counter
from html import escape

from host_tools.cryoctl import meant
from host_tools.cryoctl.log import Record, degc
from host_tools.cryoctl.names import KINDS, limits
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.report import plots
from host_tools.cryoctl.report.gather import Calibration, Course, Found
from host_tools.toolchain import webpage

NOTICE = (
    "The device is not certified: not for treating people or animals. This page repeats what the device recorded;"
    " it is not a medical record, and says nothing about efficacy."
)
COURSES_MAX = 40
SOON_D = 30

_TITLE = "Applicator, serial "
START = webpage.start(_TITLE)  # the beginning of each page


def page(found: Found) -> str:
    """Return the page's HTML."""
    title = f"{_TITLE}{found.serial or 'unknown'}"
    sub = f"{found.board or 'board unknown'}, version {found.version or 'unknown'}; made {found.made}"
    treated = [record for record in found.records if record.kind == "POINT"]
    parts = [
        f"<h1>{escape(title)}</h1><p class='sub'>{escape(sub)} from {escape(', '.join(found.sources))}</p>",
        f"<p class='notice'>{escape(NOTICE)}</p>",
        _now(found),
        _gaps(found),
        webpage.cards(_cards(found, treated)),
        _months(found.records),
        _section("Treatments", _treatments(treated), found.logged),
        _section("Coldest of each point against its floor", webpage.plot(plots.points(treated), "points"), treated),
        _courses(found.courses),
        _section("Faults, and what to do", _faults(found.records), found.records),
        _section("Starts and changes", _events(found), found.records),
        _section("Calibrations", _calibrations(found.calibrations, found.due), found.calibrations),
        _section("Settings in force", _meant(found.settings), found.settings),
        _section("The device's counters since switch-on", _meant(found.counts), found.counts),
    ]
    try:
        return webpage.document(title, "".join(parts))
    except FileNotFoundError as error:
        raise Problem(str(error)) from None


def _section(title: str, body: str, when: object = True) -> str:
    return webpage.section(title, body) if when else ""


def _when(record: Record) -> str:
    if record.when is None:
        return f"unknown, {record.uptime_s} s after switch-on"
    return record.when.replace("T", " ") + (" (derived)" if record.when_is == "derived" else "")


def _now(found):
    if not found.latched:
        return ""
    return f"<p class='fault'><b>latched now</b> {escape(found.latched)}</p>"


def _cards(found: Found, treated: list[Record]) -> list[tuple[str, str]]:
    on_s = sum(record.valve_on_ms or 0 for record in treated) / 1000
    kinds = Counter(record.kind for record in found.records)
    crashes = sum(record.last_run_ended in ("CRASHED", "UNREADABLE") for record in found.records)
    missing = sum(end - begin + 1 for begin, end in found.missing)
    cards = [
        ("points treated", str(len(treated))),
        ("target reached", f"{sum(bool(record.reached) for record in treated)} of {len(treated)}"),
        ("bursts", str(sum(record.bursts or 0 for record in treated))),
        ("valve on", f"{on_s:.1f} s"),
        ("gas, estimated", f"{on_s * limits.GAS_MG_PER_S / 1000:.0f} g"),
        ("coldest skin of all", f"{degc(min(_known(treated), default=None))} °C"),
        ("faults", str(kinds["FAULT"])),
        ("starts", str(kinds["START"])),
        ("restarts unasked for", str(crashes)),
        ("records", f"{len(found.records)}, {missing} missing" if missing else str(len(found.records))),
    ]
    if not found.logged:
        cards = [("log", "not given")]  # without a log, a count of 0 would look like a fact about the device
    if found.state:
        cards.append(("state when asked", found.state))
    return cards


def _known(treated):
    return [record.coldest_skin_mdegc for record in treated if record.coldest_skin_mdegc is not None]


def _meant(settings: dict[str, str]) -> str:
    rows = [(key.lower(), _shown(meant.told(key, text)), text) for key, text in settings.items()]
    return webpage.pairs((key, said if said == text else f"{said} ({text})") for key, said, text in rows)


def _shown(text):
    return text.replace("degC/rt s", "°C/√s").replace("degC", "°C")


def _measured(calibration):
    """Return a calibration's values with their meaning, or as the device gave them if it has other values."""
    names = KINDS.get(calibration.kind, ())
    try:
        values = dict(zip(names, map(int, calibration.values.split(",")), strict=True))
    except ValueError:
        return calibration.values
    return _shown(meant.listed(values))


def _treatments(treated: list[Record]) -> str:
    return webpage.table(
        ("no.", "when", "preset, site, point", "target", "passes, bursts", "valve on s", "coldest skin °C",
         "coldest predicted °C", "floor °C"),
        [
            (
                r.number, _when(r), f"{r.preset} {r.level}, {r.site} {r.point}",
                f"{'reached' if r.reached else 'not reached'}, ended by {r.ended_by}", f"{r.passes}, {r.bursts}",
                f"{(r.valve_on_ms or 0) / 1000:.2f}", _against(r.coldest_skin_mdegc, r.floor_mdegc),
                _against(r.coldest_predicted_surface_mdegc, r.floor_mdegc), degc(r.floor_mdegc),
            )
            for r in treated
        ],
        "the log has no treated point",
    )  # fmt: skip


def _against(mdegc, floor_mdegc):
    below = mdegc is not None and floor_mdegc is not None and mdegc < floor_mdegc
    return (degc(mdegc) + " below the floor", "bad") if below else degc(mdegc)


def _months(records: list[Record]) -> str:
    """Return the device's months, if the log has more than one."""
    if len(plots.by_month(records)) < 2:
        return ""
    undated = sum(record.when is None for record in records)
    left_out = f"<p>Records without a date are not included: {undated}.</p>" if undated else ""
    return _section("Month by month", webpage.plot(plots.months(records), "months") + left_out)


def _courses(courses: list[Course]) -> str:
    out = []
    for number, course in enumerate(courses[:COURSES_MAX]):
        c = course.choice
        what = f"{c.preset} level {c.level}, {c.site} point {c.point}" if c.preset else "nothing chosen"
        title = f"{what}; {course.recording}, begun {course.started.replace('T', ' ')}"
        out.append(f"<h3>{escape(title)}</h3>{webpage.plot(plots.course(course), f'course{number}')}")
    if len(courses) > COURSES_MAX:
        out.append(
            f"<p>{len(courses) - COURSES_MAX} recorded points are not shown: give fewer recordings at a time.</p>"
        )
    return _section("Recorded points", "".join(out), courses)


def _faults(records: list[Record]) -> str:
    rows = [
        (r.number, _when(r), r.fault, r.mode, r.other_faults, r.remedy or "see the manual of its version")
        for r in records
        if r.kind == "FAULT"
    ]
    counted = Counter(r.fault for r in records if r.kind == "FAULT").most_common()
    summary = f"<p>{escape(', '.join(f'{name} {n} times' for name, n in counted))}</p>" if len(counted) > 1 else ""
    header = ("no.", "when", "fault", "in state", "others", "what to do")
    return summary + webpage.table(header, rows, "the log has no fault")


def _events(found: Found) -> str:
    rows = [(r.number, _when(r), r.kind, r.sentence()) for r in found.records if r.kind not in ("POINT", "FAULT")]
    return webpage.table(("no.", "when", "kind", "what"), rows)


def _gaps(found: Found) -> str:
    """Return missing and impossible records, as the first part of the page: any of them may have been a fault."""
    return "".join(
        f"<p class='fault'>numbers {begin} to {end} are not in the log: damaged, removed, or dropped before they "
        "were read. This report lacks what they recorded; a fault may be among it.</p>"
        for begin, end in found.missing
    ) + "".join(f"<p class='fault'>The log: {escape(said)}.</p>" for said in found.strange)


def _calibrations(calibrations: list[Calibration], due: str) -> str:
    rows = [
        (c.kind, c.day or ("never", "bad"), _due(c), f"{c.technician}, {c.instrument}".strip(", "), _measured(c))
        for c in calibrations
    ]
    table = webpage.table(("kind", "done", "due", "technician, instrument", "values"), rows)
    missing = [c.kind for c in calibrations if not c.day]
    if missing:
        said = f"Never calibrated: {', '.join(missing)}."
        if due and due != "NONE":
            said += f" The due date in force, {due}, is only a setting: it comes from no calibration."
        return f"{table}<p class='bad'>{escape(said)}</p>"
    late = [c.kind for c in calibrations if c.left_d is not None and c.left_d < 0]
    if late:
        return f"{table}<p class='bad'>Overdue: {escape(', '.join(late))}.</p>"
    first = min((c.due for c in calibrations), default="")
    if due and due != first:
        said = f"The first of them is due on {first}, but the date in force is {due}: calibrate again."
        return f"{table}<p class='bad'>{escape(said)}</p>"
    return table + (f"<p>All of them are valid until {escape(due)}.</p>" if due else "")


def _due(c: Calibration):
    if c.left_d is None:
        return ""
    if c.left_d < 0:
        return f"{c.due}, overdue", "bad"
    return f"{c.due}, in {c.left_d} days", "bad" if c.left_d <= SOON_D else ""
