"""The front panel in the terminal: the board's state in a few lines of 80 columns, and keys instead of hands."""

import time

from rich.live import Live
from rich.markup import escape
from rich.text import Text

from boards.virtual import pins
from host_tools.cryoctl.sim.panel import action, standing

REDRAW_S = 0.1
STEP_MM = 10
KEYS = (
    (
        ("space", "trigger"), ("e", "E-stop"), ("s", "shield"), ("k", "key"), ("r", "switch off and on"), ("q", "quit"),
    ),
    (("+ -", "distance"), ("p", "probe"), ("b", "baths for it"), ("g", "bottle: full, empty"), ("[ ]", "pressure")),
    (("1", "dose valve stuck open"), ("2", "shut-off stuck open"), ("3", "wire open"), ("4", "fog"), ("c", "clear")),
)  # fmt: skip
BATHS_C = (0, 20, 40)  # [E] ice water, and two other baths for a calibration; then the probe is on the skin again
STEP_BAR = 10
_FAULT_KEYS = {"1": "dose-stuck-open", "2": "shutoff-stuck-open", "3": "skin-wire-open", "4": "fog"}


class Front:
    """Draws the lines and reads the keys. Without `console` it does neither."""

    def __init__(self, plant, outlet, keyboard, console=None):
        self._plant = plant
        self._full_g = plant.bottle.grams_left
        self._outlet = outlet
        self._keyboard = keyboard
        self._due = 0.0
        self._live = Live(console=console, auto_refresh=False) if console else None
        if console:
            for row in KEYS:
                console.print("  ".join(f"[bold]{escape(key)}[/bold] {what}" for key, what in row), highlight=False)

    def __enter__(self):
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_):
        if self._live:
            self._live.stop()

    def watch(self):
        """Read the keys; draw the lines when it is time."""
        for key in self._keyboard.pressed():
            self.press(key)
        now = time.monotonic()
        if self._live and now >= self._due:
            self._due = now + REDRAW_S
            self._live.update(self.lines(), refresh=True)

    def press(self, key):
        """Do the action of a key. A key without an action does nothing."""
        plant = self._plant
        levels = plant.levels
        done = {
            " ": "trigger " + ("press" if levels[pins.TRIGGER] else "release"),
            "e": "estop " + ("release" if levels[pins.ESTOP] else "press"),
            "s": "shield " + ("open" if plant.shield_closed else "close"),
            "k": "key " + ("on" if levels[pins.KEY] else "off"),
            "p": "probe " + ("on" if plant.probe.detached else "off"),
            "+": f"distance {min(300, plant.hand.goal_mm + STEP_MM)}",
            "-": f"distance {max(5, plant.hand.goal_mm - STEP_MM)}",
            "b": self._next_bath(),
            "g": f"bottle {0 if plant.bottle.grams_left else self._full_g:g}",
            "]": f"pressure {min(60, plant.bottle.bar + STEP_BAR):.0f}",
            "[": f"pressure {max(1, plant.bottle.bar - STEP_BAR):.0f}",
            "c": "clear",
            "r": "power cycle",
            "q": "quit",
        }
        done |= {digit: f"fault {name}" for digit, name in _FAULT_KEYS.items()}
        if key in done:
            action(plant, done[key])()

    def _next_bath(self):
        probe = self._plant.probe
        warmer = [degc for degc in BATHS_C if not probe.bathed or degc > probe.bath_c]
        return f"bath {warmer[0]}" if warmer else "probe on"

    def lines(self):
        """Return the text of the panel: lamps, contacts, what the hands hold, and the faults, if there are any."""
        plant = self._plant
        levels = plant.levels
        seconds = plant.now_us / 1e6
        text = Text(f"{int(seconds // 60):3}:{seconds % 60:04.1f} ", no_wrap=True, overflow="ellipsis")
        for name, pin, style in (
            ("LED", pins.LED, "yellow"),
            ("ALARM", pins.ALARM, "red"),
            ("tone", pins.BUZZER, "cyan"),
        ):
            text.append(f" {name} ", style=f"bold black on {style}" if plant.pin_levels >> pin & 1 else "dim")
        text.append(" GAS ", style="bold black on blue" if plant.flowing() else "dim")
        text.append("\ntrigger " + ("up" if levels[pins.TRIGGER] else "PRESSED"))
        text.append("  shield " + ("closed" if plant.shield_closed else "OPEN"))
        text.append("  E-stop " + ("PRESSED" if levels[pins.ESTOP] else "out"))
        text.append("  key " + ("OFF" if levels[pins.KEY] else "on"))
        text.append(f"\n{plant.hand.mm:.0f} mm  skin {plant.skin.surface_c:.1f} degC  {self._where()}")
        text.append(f"  bottle {plant.bottle.bar:.1f} bar, {plant.bottle.grams_left:.0f} g")
        if faults := standing(plant):
            text.append(f"\nfault {', '.join(faults)}", style="red")
        if self._outlet.dropped:
            text.append(f"\n{self._outlet.dropped} bytes that nobody read", style="dim")
        return text

    def _where(self):
        """Return where the probe is."""
        probe = self._plant.probe
        if probe.bathed:
            return f"probe in a bath of {probe.bath_c:.0f} degC"
        if probe.detached:
            return "probe OFF"
        return "probe on" if probe.gain >= 1.0 else "probe HALF OFF"
