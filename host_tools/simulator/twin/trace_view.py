"""trace.gtkw: how GTKWave shows trace.vcd: zoomed on the treatment, its signals in groups with names for people."""

import math

from vcd.gtkw import GTKWColor, GTKWFlag, GTKWSave

from host_tools.simulator.twin.timeline import shown_from_us

# Group, and in it (signal of trace.vcd, name that is shown, colour).
_R, _G, _B, _Y, _O, _V = (
    GTKWColor.red, GTKWColor.normal, GTKWColor.green, GTKWColor.yellow, GTKWColor.orange, GTKWColor.violet,
)  # fmt: skip
GROUPS = (
    ("Skin and gas", (
        ("truth.skin_degc", "true surface, degC", _R),
        ("truth.bead_degc", "probe bead, degC", _O),
        ("truth.flow", "gas flows", _B),
        ("truth.injected", "event", _R),
    )),
    ("What people do", (
        ("pins.trigger", "trigger, low = pressed", _Y),
        ("pins.key", "key, low = on", _Y),
        ("pins.estop", "emergency stop, high = pressed", _R),
        ("pins.loop_a", "eye shield A, high = closed", _G),
        ("pins.loop_b", "eye shield B, low = closed", _G),
        ("pins.loop_test", "eye shield, test pulse", _G),
    )),
    ("What they see and hear", (
        ("pins.led", "light: gas may come", _Y),
        ("pins.buzzer", "buzzer", _Y),
        ("pins.alarm", "alarm", _R),
    )),
    ("Valves", (
        ("pins.dose", "dose valve, drive", _B),
        ("truth.dose_open", "dose valve is open", _B),
        ("pins.lease", "shut-off valve, edges of its lease", _V),
        ("truth.shutoff_open", "shut-off valve is open", _V),
    )),
    ("Surroundings", (
        ("truth.distance_mm", "distance, mm", _G),
        ("truth.bottle_bar", "bottle, bar", _G),
    )),
    ("Chip selects", (
        ("pins.cs_skin", "skin converter", _G),
        ("pins.cs_nozzle", "nozzle converter", _G),
    )),
)  # fmt: skip
CLOSED = ("Chip selects",)
_ANALOGUE = GTKWFlag.analog_interpolated | GTKWFlag.real | GTKWFlag.rjustify
_HIGH = {"truth.skin_degc": 4, "truth.bead_degc": 4, "truth.distance_mm": 1, "truth.bottle_bar": 1}  # rows more
_WINDOW = (1500, 1000)  # pixels
_NAMES_PX = 260
# What the waves would have without the window's frames, some 100 pixels more than they get: GTKWave takes no start
# from which the window would reach beyond the trace's end.
_WAVES_PX = _WINDOW[0] - _NAMES_PX
_FRAME_PX = 200  # GTKWave's zoom is the logarithm to base 2 of a frame of so many pixels, in units of the trace


def span_us(session):
    """Return (from us, to us) of what is shown: the treatment with some seconds around it, as in report.html."""
    return shown_from_us(session), session.plant.now_us


def zoom(us):
    """Return GTKWave's zoom at which nearly so much time fills the window; the trace's unit is 1 us."""
    return -math.log2(us * _FRAME_PX / _WAVES_PX)


def write(session, path, trace):
    """Write the view of the file `trace`; GTKWave finds that beside it, wherever both are moved together."""
    from_us, to_us = span_us(session)
    record = session.plant.record
    burst_us = record.bursts[0].time_us if record.bursts else -1
    with path.open("w", encoding="ascii") as file:
        view = GTKWSave(file)
        view.dumpfile(str(trace))
        view.savefile(str(path))
        view.timestart(from_us)
        view.size(*_WINDOW)
        events = dict(zip("abcdefghij", record.injected_us, strict=False))
        view.zoom_markers(zoom(to_us - from_us), burst_us, **events)
        view.sst_expanded(False)
        view.signals_width(_NAMES_PX)
        for name, signals in GROUPS:
            with view.group(name, closed=name in CLOSED):
                for signal, alias, colour in signals:
                    more = _HIGH.get(signal, 0)
                    view.trace(
                        signal, alias=alias, color=colour, datafmt="real" if more else "bin",
                        extraflags=_ANALOGUE if more else GTKWFlag.none,
                    )  # fmt: skip
                    for _ in range(more):
                        view.blank(analog_extend=True)
