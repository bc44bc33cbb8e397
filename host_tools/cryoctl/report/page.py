"""The page: one HTML file with everything in it, that loads nothing, and prints."""

from collections import Counter
from collections.abc import Iterable
from html import escape

from plotly.graph_objects import Figure
from plotly.offline import get_plotlyjs

from host_tools.cryoctl.log import Record, degc
from host_tools.cryoctl.names import limits
from host_tools.cryoctl.report import plots
from host_tools.cryoctl.report.gather import Calibration, Course, Found

NOTICE = (
    "The device is not certified: not for treating people or animals. This page repeats what the device recorded;"
    " it is no medical record, and says nothing about efficacy."
)
COURSES_MAX = 40
_SOON_D = 30
_BUTTONS = ["zoom2d", "pan2d", "resetScale2d", "toImage"]  # none that leads elsewhere
# No address may be loaded, whatever the plotting library would do: only what stands in the page runs.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2933;background:#f3f5f7;margin:0}
main{max-width:1180px;margin:0 auto;padding:24px}
h1{font-size:24px;margin:0}h2{font-size:18px;margin:28px 0 8px}h3{font-size:15px;margin:18px 0 4px}
.sub{color:#5b6570;margin:2px 0 16px}
.notice{background:#fff4d6;border-left:4px solid #e0a526;padding:8px 14px;margin:0 0 16px}
.fault{background:#fde8e6;border-left:4px solid #c8372d;padding:8px 14px;margin:0 0 16px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px}
.card{background:#fff;border:1px solid #dde2e7;border-radius:6px;padding:8px 14px}
.card b{display:block;font-size:18px;font-weight:600;overflow-wrap:anywhere}.card span{color:#5b6570;font-size:13px}
.box{background:#fff;border:1px solid #dde2e7;border-radius:6px;padding:6px 10px;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:3px 12px 3px 0;border-bottom:1px solid #eceff2;vertical-align:top}
th{color:#5b6570;font-weight:500;font-size:13px}.bad{color:#b3261e;font-weight:600}
@media print{
 @page{size:A4;margin:14mm}
 body{background:#fff;font-size:11px}main{max-width:none;padding:0}
 .box,.card{border-color:#bbb;overflow:visible}.plot,.card,tr,.notice,.fault{break-inside:avoid}
 h2,h3{break-after:avoid}thead{display:table-header-group}.modebar{display:none!important}
 th,td{padding-right:8px}.notice,.fault{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""
# Plots are as wide as the window; on paper as wide as the sheet, and back.
_PRINT = """
(function(){
 function all(width){document.querySelectorAll('.js-plotly-plot').forEach(function(plot){
  Plotly.relayout(plot,width?{width:width,autosize:false}:{width:null,autosize:true});});}
 window.addEventListener('beforeprint',function(){all(660)});
 window.addEventListener('afterprint',function(){all(0)});
})();
"""

_TITLE = "Applicator, serial "
START = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_TITLE}'  # how each page begins


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
        f"<div class='cards'>{_cards(found, treated)}</div>",
        _section("Treatments", _treatments(treated), found.logged),
        _section("Coldest of each point against its floor", _plot(plots.points(treated), "points"), treated),
        _courses(found.courses),
        _section("Faults, and what to do", _faults(found.records), found.records),
        _section("Starts and changes", _events(found), found.records),
        _section("Calibrations", _calibrations(found.calibrations, found.due), found.calibrations),
        _section("Settings in force", _pairs(found.settings), found.settings),
        _section("The device's counters since switch-on", _pairs(found.counts), found.counts),
    ]
    return (
        f"{START}{escape(title[len(_TITLE) :])}</title>"
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body><main>"
        f"{''.join(parts)}</main><script>{_PRINT}</script></body></html>\n"
    )


def _section(title: str, body: str, when: object = True) -> str:
    return f"<h2>{escape(title)}</h2><div class='box'>{body}</div>" if when else ""


def _plot(figure: Figure, name: str) -> str:
    html = figure.to_html(
        full_html=False, include_plotlyjs=False, include_mathjax=False, div_id=name,
        config={"displaylogo": False, "responsive": True, "modeBarButtons": [_BUTTONS]},
    )  # fmt: skip
    return f"<div class='plot'>{html}</div>"


def _rows(header: Iterable[str], rows: Iterable[Iterable[object]], none: str = "none") -> str:
    """Return a table; a cell that is a tuple is (text, class)."""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if not body:
        return f"<p>{escape(none)}</p>"
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(cell):
    if isinstance(cell, tuple):
        return f"<td class='{cell[1]}'>{escape(str(cell[0]))}</td>"
    return f"<td>{'-' if cell is None else escape(str(cell))}</td>"


def _when(record: Record) -> str:
    if record.when is None:
        return f"unknown, {record.uptime_s} s after switch-on"
    return record.when.replace("T", " ") + (" (derived)" if record.when_is == "derived" else "")


def _now(found):
    if not found.latched:
        return ""
    return f"<p class='fault'><b>latched now</b> {escape(found.latched)}</p>"


def _cards(found: Found, treated: list[Record]) -> str:
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
        cards = [("log", "not given")]  # a count of nothing would read as a fact about the device
    if found.state:
        cards.append(("state when asked", found.state))
    return "".join(f"<div class='card'><b>{escape(b)}</b><span>{escape(name)}</span></div>" for name, b in cards)


def _known(treated):
    return [record.coldest_skin_mdegc for record in treated if record.coldest_skin_mdegc is not None]


def _treatments(treated: list[Record]) -> str:
    return _rows(
        ("no.", "when", "preset, level", "site, point", "target", "ended by", "passes", "bursts", "valve on s",
         "coldest skin °C", "coldest predicted °C", "floor °C"),
        [
            (
                r.number, _when(r), f"{r.preset} {r.level}", f"{r.site} {r.point}",
                "reached" if r.reached else "not reached", r.ended_by, r.passes, r.bursts,
                f"{(r.valve_on_ms or 0) / 1000:.2f}", _against(r.coldest_skin_mdegc, r.floor_mdegc),
                _against(r.coldest_predicted_surface_mdegc, r.floor_mdegc), degc(r.floor_mdegc),
            )
            for r in treated
        ],
        "no treated point is in the log",
    )  # fmt: skip


def _against(mdegc, floor_mdegc):
    below = mdegc is not None and floor_mdegc is not None and mdegc < floor_mdegc
    return (degc(mdegc) + " below the floor", "bad") if below else degc(mdegc)


def _courses(courses: list[Course]) -> str:
    out = []
    for number, course in enumerate(courses[:COURSES_MAX]):
        c = course.choice
        what = f"{c.preset} level {c.level}, {c.site} point {c.point}" if c.preset else "nothing chosen"
        title = f"{what}; {course.recording}, begun {course.started.replace('T', ' ')}"
        out.append(f"<h3>{escape(title)}</h3>{_plot(plots.course(course), f'course{number}')}")
    if len(courses) > COURSES_MAX:
        out.append(f"<p>{len(courses) - COURSES_MAX} more points are recorded: give fewer recordings at a time.</p>")
    return _section("Recorded points", "".join(out), courses)


def _faults(records: list[Record]) -> str:
    rows = [
        (r.number, _when(r), r.fault, r.mode, r.other_faults, r.remedy or "see the manual of its version")
        for r in records
        if r.kind == "FAULT"
    ]
    counted = Counter(r.fault for r in records if r.kind == "FAULT").most_common()
    summary = f"<p>{escape(', '.join(f'{name} {n} times' for name, n in counted))}</p>" if len(counted) > 1 else ""
    return summary + _rows(("no.", "when", "fault", "in state", "others", "what to do"), rows, "no fault is in the log")


def _events(found: Found) -> str:
    rows = [(r.number, _when(r), r.kind, r.sentence()) for r in found.records if r.kind not in ("POINT", "FAULT")]
    return _rows(("no.", "when", "kind", "what"), rows)


def _gaps(found: Found) -> str:
    """Return what is not in the log or cannot be, seen before what is: it may have been anything, a fault too."""
    return "".join(
        f"<p class='fault'>numbers {begin} to {end} are not in the log: damaged, taken out, or dropped before they "
        "were read. What they told, a fault too, stands nowhere in this report.</p>"
        for begin, end in found.missing
    ) + "".join(f"<p class='fault'>The log: {escape(said)}.</p>" for said in found.strange)


def _calibrations(calibrations: list[Calibration], due: str) -> str:
    rows = [(c.kind, c.day or ("never", "bad"), _due(c), c.technician, c.instrument, c.values) for c in calibrations]
    table = _rows(("kind", "done", "due", "technician", "instrument", "values"), rows)
    missing = [c.kind for c in calibrations if not c.day]
    if missing:
        said = f"Never calibrated: {', '.join(missing)}."
        if due and due != "NONE":
            said += f" The due date in force, {due}, is a setting, and no calibration stands behind it."
        return f"{table}<p class='bad'>{escape(said)}</p>"
    late = [c.kind for c in calibrations if c.left_d is not None and c.left_d < 0]
    if late:
        return f"{table}<p class='bad'>Overdue: {escape(', '.join(late))}.</p>"
    first = min((c.due for c in calibrations), default="")
    if due and due != first:
        said = f"The first of them is due on {first}, and the date in force is {due}: calibrate anew."
        return f"{table}<p class='bad'>{escape(said)}</p>"
    return table + (f"<p>All of them hold until {escape(due)}.</p>" if due else "")


def _due(c: Calibration):
    if c.left_d is None:
        return ""
    if c.left_d < 0:
        return f"{c.due}, overdue", "bad"
    return f"{c.due}, in {c.left_d} days", "bad" if c.left_d <= _SOON_D else ""


def _pairs(pairs: dict[str, str]) -> str:
    return _rows(("name", "value"), pairs.items())
