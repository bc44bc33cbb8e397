"""The monitor's screen, in Textual. A feed in its own thread gives what it shows; keys change what is shown."""

import queue
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Footer, Static

from host_tools.cryoctl.monitor import silence
from host_tools.cryoctl.monitor.panel import marks, panel
from host_tools.cryoctl.monitor.plot import drawn
from host_tools.cryoctl.monitor.seen import Recorder, Seen
from host_tools.cryoctl.recording_file import Row

DRAIN_S = 0.1
END_S = 8.0  # longer than a question that is not answered
HELP = """\
q   end, and set telemetry back to what it was
p   hold the picture, or continue; the recording goes on
r   begin or end recording to a file
?   show or hide this help

The line is the skin's temperature; single dots are the surface that the device predicts. The lines across are the
level's target and floor, the trip that cuts the gas, and the lockout. No key here commands the device. The
emergency stop is on the device.
"""
Run = Callable[[Callable[[Row], None], threading.Event, float | None], None]


class Plot(Widget):
    """The curve."""

    def __init__(self, seen: Seen):
        super().__init__(id="plot")
        self._seen = seen

    def render(self) -> Text:
        """Return the picture in the size that fits."""
        return drawn(self.size.width, self.size.height, self._seen.points, marks(self._seen))


class Help(ModalScreen[None]):
    """Shows what the keys do."""

    BINDINGS: ClassVar = [Binding("question_mark,escape,q,enter", "dismiss", "Back", key_display="?")]

    def compose(self) -> ComposeResult:
        """Return its parts."""
        yield Static(HELP, id="help", markup=False)


class MonitorApp(App[None]):
    """Shows the rows that `run` gives.

    run(sink, stop, seconds)    a feed's method; it is called in a thread
    """

    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS: ClassVar = [(0, "-narrow"), (100, "-wide")]
    CSS = """
    #top, #bottom { height: auto; max-height: 3; }
    #main { height: 1fr; layout: vertical; }
    .-wide #main { layout: horizontal; }
    #plot { width: 1fr; height: 3fr; }
    .-wide #plot { height: 1fr; }
    #side { width: 1fr; height: 4fr; padding: 0 1; }
    .-wide #side { width: 46; height: 1fr; }
    #help { width: 64; max-width: 95%; height: auto; max-height: 95%; border: round white; padding: 0 1; }
    Help { align: center middle; }
    """
    BINDINGS: ClassVar = [
        Binding("q", "quit", "Quit"),
        Binding("p", "pause", "Pause"),
        Binding("r", "record", "Record"),
        Binding("question_mark", "help", "Help", key_display="?"),
    ]

    def __init__(self, seen: Seen, recorder: Recorder, run: Run, seconds: float | None = None):
        super().__init__()
        self.seen = seen
        self.recorder = recorder
        self.paused = False
        self._rows: queue.SimpleQueue[Row] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=run, args=(self._rows.put, self._stop, seconds), daemon=True)

    def compose(self) -> ComposeResult:
        """Return its parts."""
        yield Static(id="top")
        with Container(id="main"):
            yield Plot(self.seen)
            with VerticalScroll(id="side"):
                yield Static(id="panel")
        yield Static(id="bottom")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self.set_interval(DRAIN_S, self.drain)
        self.show()

    def on_unmount(self) -> None:
        """End listening; record what came meanwhile."""
        self._stop.set()
        self._thread.join(END_S)
        self._take()

    def drain(self) -> None:
        """Take the rows that came; end when the feed has ended."""
        ended = not self._thread.is_alive()
        if (self._take() or self.seen.old) and not self.paused:
            self.show()
        elif self.seen.old:
            self._show_lines()  # a held picture must not hide that no values come
        if ended:
            self.exit()

    def _take(self):
        took = False
        while not self._rows.empty():
            row = self._rows.get()
            self.seen.add(row)
            self.recorder.add(row)
            took = True
        return took

    def show(self) -> None:
        """Draw everything again."""
        self._show_lines()
        self.query_one("#panel", Static).update(panel(self.seen))
        self.query_one(Plot).refresh()

    def _show_lines(self):
        header = self.seen.header
        top = Text(f"{header.board} {header.serial}  version {header.version}  {header.port}", no_wrap=True)
        if self.paused:
            top.append("  PAUSED", "bold reverse")
        if self.seen.gap or self.seen.old:
            top.append(f"\nNO DATA: {silence.counted(self.seen.gap, self.seen.age_s)}", "bold red")
        self.query_one("#top", Static).update(top)
        bottom = Text()
        if self.recorder.problem:
            bottom.append(self.recorder.problem, "bold red")
        elif self.recorder.on:
            bottom.append(f"REC {self.recorder.path}", "bold")
        self.query_one("#bottom", Static).update(bottom)

    # --- keys ---------------------------------------------------------------------------------------------------------
    def action_pause(self) -> None:
        """Hold the picture, or continue."""
        self.paused = not self.paused
        self.show()

    def action_record(self) -> None:
        """Begin or end recording."""
        if self.recorder.on:
            self.recorder.stop()
        else:
            self.recorder.start(self.recorder.path or _named(self.seen))
        self._show_lines()

    def action_help(self) -> None:
        """Show what the keys do."""
        self.push_screen(Help())


def _named(seen):
    """Return a file name for a recording, if the user gave none."""
    return Path(f"cryo-{seen.header.serial}-{datetime.now():%Y%m%d-%H%M%S}.jsonl")
