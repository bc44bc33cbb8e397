"""Shows a run in the terminal while it goes on: a panel that is redrawn, or lines where there is no terminal."""

import time
from itertools import groupby

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from host_tools.simulator.twin.people import fields
from host_tools.simulator.twin.timeline import BOOT_TEXT, clock, degc, told_state
from host_tools.simulator.twin.treatment import BOOT_COOL_DOWN_US

REDRAW_S = 0.15
LINE_S = 3.0
FRESH_US = 1_000_000
COLUMN_US = 500_000  # virtual time of one column of the chart
ROWS = 9
TOP_C = 36.0
BLOCKS = " ▁▂▃▄▅▆▇█"
STATE_STYLE = {"DELIVERING": "bold cyan", "FAULT": "bold red", "COMPLETE": "bold green", "ARMED": "bold yellow"}


def band(celsius):
    """Return a skin temperature's colour in a comparable device's bands: green > 4, blue 2-4, red < 2 degC [S]."""
    if celsius is None:
        return "dim"
    return "green" if celsius > 4.0 else "blue" if celsius >= 2.0 else "red"


def pace(speed, from_us=0):
    """Return a function of the virtual time (us) that waits until the wall clock is there; speed 0 never waits.

    Before from_us it does not wait either, and the wall clock counts from there on.
    """
    start = None

    def wait(now_us):
        nonlocal start
        if now_us < from_us:
            return
        if start is None:
            start = time.monotonic() - (now_us - from_us) / 1e6 / speed
        ahead = (now_us - from_us) / 1e6 / speed - (time.monotonic() - start)
        if ahead > 0:
            time.sleep(ahead)

    return wait if speed else lambda now_us: None


class View:
    """Watches a run: give it to session.run as `watch`, within `with`. figures: (target, floor) in degC, or None."""

    def __init__(self, console, scenario, plan, figures, speed=0.0):
        self._console = console
        self._title = f"{scenario.name}: {scenario.title}"
        self._plan = plan
        self._figures = figures
        self._wait = pace(speed, BOOT_COOL_DOWN_US if plan.warm_up else 0)
        self._due = 0.0
        self._seen = 0
        self._status = {}
        self._read = (0, None)
        self._fault = ""
        self._said = None
        self._plant = None
        full = console.is_terminal and not console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop") if full else None

    def __enter__(self):
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_):
        if self._live:
            if self._plant is not None:
                self._live.update(self.panel(self._plant), refresh=True)
            self._live.stop()

    def __call__(self, plant, operator):
        """Called at every exchange. Draws every REDRAW_S, or prints a line at a change and every LINE_S (wall time)."""
        self._plant = plant
        self._wait(plant.now_us)
        self._listen(operator)
        now = time.monotonic()
        if self._live is None:
            self._line(plant, now)
        elif now >= self._due:
            self._due = now + REDRAW_S
            self._live.update(self.panel(plant), refresh=True)

    def _listen(self, operator):
        if len(operator.lines) == self._seen:
            return
        for at, text in operator.lines[self._seen :]:
            state = told_state(text)
            if text.startswith("STATE="):
                self._status = fields(text)
            elif state is not None:
                self._status = {**self._status, "STATE": state, "BLOCKERS": "NONE"}
            elif text.startswith("SKIN="):
                self._read = (at, degc(text, "SKIN"))
            elif ";REMEDY=" in text:
                self._fault = text.partition(";")[0] + ": " + text.partition("REMEDY=")[2]
        self._seen = len(operator.lines)

    def _line(self, plant, now):
        key = (self._status.get("STATE"), self._status.get("POINT"), self._status.get("FAULT"))
        if self._said is not None and key == self._said[0] and now < self._said[1] + LINE_S:
            return
        self._said = (key, now)
        record = plant.record
        reading = self._reading(plant.now_us)
        reading = "--" if reading is None else f"{reading:.2f}"
        self._console.print(
            f"{clock(plant.now_us)} {self._status.get('STATE', 'BOOT'):<10} point {self._point()}"
            f" skin reads {reading:>5}, true {plant.skin.surface_c:6.2f} degC, bursts {len(record.bursts):3}"
            f" {self._blockers()}".rstrip(),
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip

    def _reading(self, now_us):
        """Return the device's last reading, degC; None when the operator has not asked for some time."""
        return self._read[1] if now_us - self._read[0] <= FRESH_US else None

    def _point(self):
        return "-" if self._plant is None else f"{self._plant.record.point + 1}/{len(self._plan.points)}"

    def _blockers(self):
        """Return which blockers there are, as text."""
        names = self._status.get("BLOCKERS", "NONE")
        cooling = self._plant is not None and self._plant.now_us <= BOOT_COOL_DOWN_US
        if self._status.get("STATE") == "STANDBY" and cooling and self._plan.warm_up:
            return BOOT_TEXT
        return "" if names == "NONE" else names

    # --- the panel ------------------------------------------------------------------------------------------------
    def panel(self, plant):
        """Return what the terminal shows now."""
        record = plant.record
        state = self._status.get("STATE", "BOOT")
        facts = Table.grid(padding=(0, 2))
        facts.add_column(style="dim", no_wrap=True)
        facts.add_column(no_wrap=True)
        facts.add_column(style="dim", no_wrap=True)
        facts.add_column(no_wrap=True)
        surface = plant.skin.surface_c
        last = record.bursts[-1] if record.bursts else None
        delivered = ""
        if last is not None:
            delivered = f"{last.commanded_us / 1000:.0f} ms commanded, {last.delivered_us / 1000:.0f} delivered"
        facts.add_row(
            "time", clock(plant.now_us), "state", Text(state, style=STATE_STYLE.get(state, "bold")),
        )  # fmt: skip
        facts.add_row("point", self._point(), "pass", self._status.get("PASS", "-"))
        facts.add_row("device reads", _degrees(self._reading(plant.now_us)), "true surface", _degrees(surface))
        facts.add_row("bursts", str(len(record.bursts)), "last burst", delivered or "-")
        facts.add_row("distance", f"{plant.hand.mm:.0f} mm", "bottle", f"{plant.bar:.1f} bar")
        parts = [facts, Text(), self._chart(plant)]
        blockers = self._blockers()
        waiting = f"blockers   {blockers}" if blockers else " "
        parts.append(Text(waiting, style="yellow", overflow="ellipsis", no_wrap=True))
        fault = self._status.get("FAULT", "NONE")
        parts.append(Text(f"FAULT  {self._fault or fault}" if fault != "NONE" else " ", style="bold red"))
        subtitle = Text("simulation - not for treating people")
        return Panel(Group(*parts), title=Text(self._title), subtitle=subtitle, width=self._width() + 14)

    def _width(self):
        return max(20, min(80, self._console.width - 14))

    def _chart(self, plant):
        columns = self._width() - 3
        lows, gas = _columns(plant.record.samples, plant.now_us, columns)
        ascii_only = self._console.options.ascii_only
        marks = {}
        if self._figures:
            target_c, floor_c = self._figures
            marks[int(floor_c / TOP_C * ROWS)] = f"{floor_c:4.1f} floor"
            marks[int(target_c / TOP_C * ROWS)] = f"{target_c:4.1f} target"
        chart = Text()
        for row in reversed(range(ROWS)):
            chart.append(f"{marks.get(row, ''):<12}", style="bold" if row in marks else "dim")
            cells = (_cell(low, row, row in marks, ascii_only) for low in lows)
            for style, run in groupby(cells, key=lambda cell: cell[1]):
                chart.append("".join(char for char, _ in run), style=style)
            chart.append("\n")
        chart.append(f"{'gas':<12}", style="dim")
        chart.append("".join(("=" if ascii_only else "▀") if on else " " for on in gas), style="bold cyan")
        return chart


def _cell(low_c, row, marked, ascii_only):
    """Return (character, style) of one cell: part of a column's bar, or of a mark's line across the bars."""
    fill = 0.0 if low_c is None else max(0.0, min(1.0, low_c / TOP_C * ROWS - row))
    line = "-" if ascii_only else "┄"
    if marked and (fill == 0.0 or fill > 0.9):
        return line, f"black on {band(low_c)}" if fill else "dim"
    if ascii_only:
        return "#" if fill > 0.5 else " ", band(low_c)
    return BLOCKS[round(fill * 8)], band(low_c)


def _degrees(celsius):
    return Text("--" if celsius is None else f"{celsius:.2f} degC", style=f"bold {band(celsius)}")


def _columns(samples, now_us, count):
    """Return the lowest true surface, and whether gas flowed, in each of the last `count` columns of time."""
    lows = [None] * count
    gas = [False] * count
    last = now_us // COLUMN_US
    for k in range(len(samples) - 1, -1, -1):
        at, surface, _, _, _, flowing = samples[k]
        place = count - 1 - (last - at // COLUMN_US)
        if place < 0:
            break
        low = lows[place]
        lows[place] = surface if low is None or surface < low else low
        gas[place] = gas[place] or flowing
    return lows, gas
