"""A run over time, in the forms that its report, trace and session file share. Times in us since power-on."""

from bisect import bisect_left
from importlib import import_module

from host_tools.simulator.twin import jet, lanes
from host_tools.simulator.twin.people import fields
from host_tools.toolchain import remedies

BOOT_TEXT = "the cool-down that every point has after switch-on (300 s)"


def intervals(edges, name, end_us):
    """Return [(from us, to us)] during which the signal `name` was high; one that never fell ends at end_us."""
    out = []
    since_us = None
    for time_us, signal, level in edges:
        if signal != name:
            continue
        if level and since_us is None:
            since_us = time_us
        elif not level and since_us is not None:
            out.append((since_us, time_us))
            since_us = None
    if since_us is not None:
        out.append((since_us, end_us))
    return out


def lasted_ms(spans, from_us, to_us):
    """Return how long after from_us the last of the spans (from us, to us) ended, at most at to_us, ms; 0: none."""
    return max((min(end, to_us) - from_us for since, end in spans if end > from_us and since < to_us), default=0) / 1000


def last_after(edges, from_us, end_us):
    """Return how long after from_us gas flowed, the dose valve was driven and the lease ran, ms; the last two at the
    pins.

    Gas alone is not enough: while one of the two valves obeys, gas does not show that the other one does not.
    """
    return {
        name: lasted_ms(intervals(edges, signal, end_us), from_us, end_us)
        for name, signal in (("gas", "flow"), ("dose", "dose"), ("lease", "lease"))
    }


def withdrawn(edges):
    """Return when the alarm ended, us, or None: without an acknowledgement it must not. A reset makes no such edge."""
    return next((at for at, name, level in edges if name == "alarm" and not level), None)


def degc(answer, name):
    """Return the temperature NAME=21.94,180ms of the device's answer in degC, or None when it is not a number."""
    try:
        return float(fields(answer).get(name, "").partition(",")[0])
    except ValueError:
        return None


def readings(lines):
    """Return [(time us, reading degC, predicted surface degC)] from the device's answers; None where it had no value.

    A row of None means that nobody asked for more than a second.
    """
    out = []
    for at, text in lines:
        if text.startswith("SKIN="):
            if out and at - out[-1][0] > 1_000_000:
                out.append((out[-1][0] + 1, None, None))
            out.append((at, degc(text, "SKIN"), degc(text, "PREDICTED")))
    return out


def told_state(answer):
    """Return the state in one line of the device, or None. STAT? and the two steps of arming give a state."""
    if answer.startswith("STATE="):
        return fields(answer).get("STATE")
    word = answer.partition(" ")[0]
    return word if word in ("READY", "ARMED") else None


def states(lines, end_us):
    """Return [(from us, to us, state)] from the device's answers. Times are exact to the time between two questions."""
    out = []
    for at, text in lines:
        state = told_state(text)
        if state is not None and (not out or out[-1][1] != state):
            out.append((at, state))
    ends = [at for at, _ in out[1:]] + [end_us]
    return [(at, to, state) for (at, state), to in zip(out, ends, strict=True)]


def first_armed_us(session):
    """Return when the operator first asked to arm, or None."""
    return next((at for at, command in session.operator.sent if command == "ARM:REQ"), None)


def shown_from_us(session):
    """Return where pictures begin: 5 s before the first arming, or 30 s before the end of a run that never armed."""
    armed_us = first_armed_us(session)
    return max(0, session.plant.now_us - 30_000_000 if armed_us is None else armed_us - 5_000_000)


def thinned(session, from_us, idle_us=100_000):
    """Return the samples from from_us on: all samples within 1.5 s of a gas flow, one every idle_us elsewhere."""
    record = session.plant.record
    flows = intervals(record.edges, "flow", session.plant.now_us)
    ends = [to for _, to in flows]
    out = []
    for sample in record.samples[bisect_left(record.samples, from_us, key=lambda s: s[0]) :]:
        at = sample[0]
        k = bisect_left(ends, at - 1_500_000)
        near = k < len(flows) and flows[k][0] <= at + 20_000
        if near or at % idle_us == 0:
            out.append(sample)
    return out


def held_back(session):
    """Return what kept an armed device from the first burst and what to do about it, or an empty string."""
    if session.plant.record.bursts:
        return ""
    armed = [text for _, text in session.operator.lines if text.startswith("STATE=ARMED")]
    names = fields(armed[-1])["BLOCKERS"].split(",") if armed else []
    return "; ".join(f"{name}: {remedies.BLOCKERS[name]}" for name in names if name in remedies.BLOCKERS)


def gas_g(session):
    """Return the grams of CO2 that flowed: the flow's intervals times the jet's mass flow at the bottle's pressure."""
    samples = session.plant.record.samples
    grams = 0.0
    for since_us, to_us in intervals(session.plant.record.edges, "flow", session.plant.now_us):
        at = min(bisect_left(samples, since_us, key=lambda s: s[0]), len(samples) - 1)
        grams += jet.mass_flow_g_s(samples[at][4]) * (to_us - since_us) / 1e6
    return grams


def _level(presets, preset, level):
    """Return the row of a level in the firmware's table, or None."""
    rows = {row[presets.NAME]: row[presets.LEVELS] for row in presets.PRESETS}.get(str(preset).upper(), ())
    number = int(level) if str(level).isdigit() else 0
    return rows[number - 1] if 0 < number <= len(rows) else None


def level_figures(preset, level, firmware=None):
    """Return (target degC, floor degC) of a level by the firmware's own table, or None if it has no such level.

    firmware is the folder that holds it, normally the project's own.
    """
    with lanes.firmware_imports(lanes.import_folders(firmware)):
        presets = import_module("cryo.core.presets")
    row = _level(presets, preset, level)
    return None if row is None else (row[presets.TARGET_MDEGC] / 1000, row[presets.FLOOR_MDEGC] / 1000)


def window_mm(preset, level):
    """Return (least, most) of the distances to which the hand is guided in a level, mm; None without such a level."""
    with lanes.firmware_imports():
        presets, guidance = (import_module(f"cryo.core.{name}") for name in ("presets", "guidance"))
    row = _level(presets, preset, level)
    return row and [row[presets.BEST_MM] + side * guidance.WINDOW_MM for side in (-1, 1)]


def clock(us):
    """Return virtual time as m:ss.t."""
    tenths = us // 100_000
    return f"{tenths // 600:2}:{tenths // 10 % 60:02}.{tenths % 10}"
