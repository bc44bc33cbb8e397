"""The run in the terminal while it goes on: a panel that is redrawn, or a line now and then where there is no terminal."""

import time

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from host_tools.twin.people import fields
from host_tools.twin.timeline import BOOT_TEXT, clock, degc

REDRAW_S = 0.15
LINE_S = 3.0
COLUMN_US = 500_000  # virtual time of one column of the chart
ROWS = 9
TOP_C = 36.0
BLOCKS = " ▁▂▃▄▅▆▇█"
STATE_STYLE = {"DELIVERING": "bold cyan", "FAULT": "bold red", "COMPLETE": "bold green", "ARMED": "bold yellow"}


def band(celsius):
    """Return the colour of a skin temperature, as a peer's display bands it: green > 4, blue 2 to 4, red < 2 degC [S]."""
    if celsius is None:
        return "dim"
    return "green" if celsius > 4.0 else "blue" if celsius >= 2.0 else "red"


def pace(speed):
    """Return a function of the virtual time (us) that waits until the wall clock has got there; speed 0 never waits."""
    start = time.monotonic()

    def wait(now_us):
        ahead = now_us / 1e6 / speed - (time.monotonic() - start)
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
        self._wait = pace(speed)
        self._due = 0.0
        self._seen = 0
        self._status = {}
        self._reading = None
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
        """Called at every exchange; draws at most every REDRAW_S of wall time."""
        self._plant = plant
        self._wait(plant.now_us)
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + REDRAW_S
        self._listen(operator)
        if self._live:
            self._live.update(self.panel(plant), refresh=True)
        else:
            self._line(plant, now)

    def _listen(self, operator):
        for _, text in operator.lines[self._seen :]:
            if text.startswith("STATE="):
                self._status = fields(text)
            elif text.startswith("SKIN="):
                self._reading = degc(text, "SKIN")
            elif ";REMEDY=" in text:
                self._fault = text.partition(";")[0] + ": " + text.partition("REMEDY=")[2]
        self._seen = len(operator.lines)

    def _line(self, plant, now):
        key = (self._status.get("STATE"), self._status.get("POINT"), self._status.get("FAULT"))
        if self._said is not None and key == self._said[0] and now < self._said[1] + LINE_S:
            return
        self._said = (key, now)
        record = plant.record
        reading = "--" if self._reading is None else f"{self._reading:.2f}"
        self._console.print(
            f"{clock(plant.now_us)} {self._status.get('STATE', 'BOOT'):<10} point {self._point()}"
            f" skin reads {reading:>5}, true {plant.skin.surface_c:6.2f} degC, bursts {len(record.bursts):3}"
            f" {self._blockers()}".rstrip(),
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip

    def _point(self):
        return f"{self._plant.record.point + 1}/{len(self._plan.points)}" if self._plant else "-"

    def _blockers(self):
        """Say what stands against gas now, the wait after switch-on with what is left of it."""
        names = self._status.get("BLOCKERS", "NONE")
        if self._status.get("STATE") == "STANDBY" and not self._plant.record.bursts and self._plan.warm_up:
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
        delivered = "" if last is None else f"{last.commanded_us / 1000:.0f} ms commanded, {last.delivered_us / 1000:.0f} delivered"
        facts.add_row(
            "time", clock(plant.now_us), "state", Text(state, style=STATE_STYLE.get(state, "bold")),
        )  # fmt: skip
        facts.add_row("point", self._point(), "pass", self._status.get("PASS", "-"))
        facts.add_row("device reads", _degrees(self._reading), "true surface", _degrees(surface))
        facts.add_row("bursts", str(len(record.bursts)), "last burst", delivered or "-")
        facts.add_row("distance", f"{plant.hand.mm:.0f} mm", "bottle", f"{plant.bar:.1f} bar")
        parts = [facts, Text(), self._chart(plant)]
        blockers = self._blockers()
        parts.append(Text(f"waits for  {blockers}" if blockers else " ", style="yellow", overflow="ellipsis", no_wrap=True))
        fault = self._status.get("FAULT", "NONE")
        parts.append(Text(f"FAULT  {self._fault or fault}" if fault != "NONE" else " ", style="bold red"))
        return Panel(
            Group(*parts), title=Text(self._title), subtitle=Text("simulation - not for treating people"), width=self._width() + 14
        )

    def _width(self):
        return max(20, min(80, self._console.width - 14))

    def _chart(self, plant):
        columns = self._width() - 2
        lows, gas = _columns(plant.record.samples, plant.now_us, columns)
        ascii_only = self._console.options.ascii_only
        marks = {}
        if self._figures:
            target_c, floor_c = self._figures
            marks = {int(floor_c / TOP_C * ROWS): f"{floor_c:4.1f} floor ", int(target_c / TOP_C * ROWS): f"{target_c:4.1f} target"}
        chart = Text()
        for row in reversed(range(ROWS)):
            chart.append(f"{marks.get(row, ''):<11}", style="bold" if row in marks else "dim")
            for low in lows:
                fill = 0 if low is None else max(0.0, min(1.0, low / TOP_C * ROWS - row))
                if fill == 0 and row in marks:
                    chart.append("-" if ascii_only else "┄", style="dim")
                else:
                    block = "#" if fill > 0.5 else " "
                    chart.append(block if ascii_only else BLOCKS[round(fill * 8)], style=band(low))
            chart.append("\n")
        chart.append(f"{'gas':<11}", style="dim")
        for on in gas:
            chart.append(("=" if ascii_only else "▀") if on else " ", style="bold cyan")
        return chart


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
