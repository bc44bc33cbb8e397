"""The text beside the curve, and the temperatures across it."""

from rich.text import Text

from host_tools.cryoctl import names
from host_tools.cryoctl.monitor.plot import Mark
from host_tools.cryoctl.monitor.seen import Seen, choice_line, waits_line

_L = names.limits
# in place of a level that is not chosen: the hard limits of both kinds of patients
_TRIP_C = _L.SKIN_TRIP_MDEGC / 1000
_LOCKOUT_C = _L.SKIN_LOCKOUT_MDEGC / 1000


def marks(seen: Seen) -> list[Mark]:
    """Return target, floor and the bands below for the chosen level; without a level, only trip and lockout."""
    choice = seen.choice
    found = []
    if choice.target_mdegc is not None and choice.floor_mdegc is not None:
        found.append(Mark("target", choice.target_mdegc / 1000, "green", "#003300"))
        found.append(Mark("floor", choice.floor_mdegc / 1000, "yellow", "#333300"))
    trip_c = _TRIP_C if choice.trip_mdegc is None else choice.trip_mdegc / 1000
    lockout_c = _LOCKOUT_C if choice.lockout_mdegc is None else choice.lockout_mdegc / 1000
    return [*found, Mark("trip", trip_c, "red", "#440000"), Mark("lockout", lockout_c, "bold red", "#660000")]


def panel(seen: Seen) -> Text:
    """Return everything that is known, most important first."""
    out = Text()
    sample = seen.sample
    if sample is None:
        out.append("no values yet\n", "dim")
        return out
    since_ms = round(seen.age_s * 1000)
    if seen.old:
        out.append(f" {sample.state}, {seen.age_s:.0f} s ago: these values are old ", "dim reverse")
    else:
        out.append(f" {sample.state} ", "bold reverse")
    out.append("\n")
    if sample.fault:
        out.append(f"FAULT {sample.fault_name}\n", "bold red")
        out.append(f"{seen.remedy or 'unknown to this tool: update cryoctl to the version of the device'}\n", "red")
    for name in sample.blockers:
        if name != "FAULT":
            out.append(name, "bold yellow")
            out.append(f" {names.BLOCKERS[name]}\n")
    _row(out, "skin", _degc(sample.skin_mdegc) + _age(sample.skin_age_ms, since_ms))
    _row(out, "surface", "-" if sample.surface_mdegc is None else f"{_degc(sample.surface_mdegc)}, predicted")
    _row(out, "infrared", _degc(sample.infrared_mdegc))
    _choice(out, seen)
    _counters(out, seen)
    if seen.status and seen.status.hold_mm:
        out.append(f"hold at {seen.status.hold_mm} mm", "bold yellow")
        out.append(" thick skin or a strong jet\n")
    near, far = _L.START_MIN_MM, _L.START_MAX_MM
    _row(out, "distance", f"{'-' if sample.distance_mm is None else f'{sample.distance_mm} mm'} ({near} to {far})")
    _row(out, "bottle", f"{_bar(sample.bottle_mbar)}, {names.bottle(sample.bottle_mbar)}")
    _row(out, "line", _bar(sample.line_mbar))
    if seen.gas:
        _row(out, "gas", f"{seen.gas.gas_s:.1f} s of flow, about {seen.gas.gas_s * _L.GAS_MG_PER_S / 1000:.0f} g")
        _row(out, "", f"in {seen.gas.bursts} bursts since switch-on")
    if sample.seq is None:
        _row(out, "telemetry", "off: it can start only before arming; values are asked for")
    else:
        _row(out, "telemetry", f"{sample.seq}, lost {sample.lost}, missing {seen.missing}")
    if seen.old:
        out.stylize("dim")
    return out


def _choice(out, seen):
    choice = seen.choice
    _row(out, "chosen", choice_line(choice))
    if seen.attestation and choice.preset:
        missing = seen.attestation.missing
        _row(out, "attested", f"missing {', '.join(missing)}" if missing else "complete")


def _counters(out, seen):
    sample, status = seen.sample, seen.status
    on = "-" if sample.on_us is None else f"{sample.on_us / 1e6:.2f}"
    _row(out, "bursts", f"{sample.bursts}, valve on {on} of {_L.POINT_VALVE_ON_MAX_US / 1e6:.0f} s")
    if status:
        _row(out, "point", f"{status.point or '-'}, pass {status.passes} of {_L.PASSES_MAX}")
        _row(out, "target", "reached" if status.reached else "not reached")
        _row(out, "rest", f"{status.rest_s} s, cool-down {status.cool_s} s")
    if seen.waits and sample.state in names.QUIET:
        _row(out, "points", waits_line(seen.waits))


def _row(out, name, text):
    out.append(f"{name:<9} ", "dim")
    out.append(f"{text}\n")


def _degc(mdegc):
    return "-" if mdegc is None else f"{mdegc / 1000:.2f} degC"


def _age(age_ms, since_ms):
    return "" if age_ms is None else f", {age_ms + since_ms} ms ago"


def _bar(mbar):
    return "-" if mbar is None else f"{mbar / 1000:.1f} bar"
