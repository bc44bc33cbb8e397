"""Runs a monitor: feed, what is seen, recorder, and the way to show it."""

import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from host_tools.cryoctl.monitor.feed import Feed
from host_tools.cryoctl.monitor.seen import Recorder, Seen, json_line, plain
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.recording_file import Row


@dataclass(frozen=True)
class Options:
    """The options of `cryoctl monitor`."""

    port: str | None = None
    record: Path | None = None
    seconds: float | None = None
    period_ms: int = 500


def begun(feed: Feed, record: Path | None) -> tuple[Seen, Recorder]:
    """Connect; return what is seen, and its recorder, which records if a file is named. Raises Problem, NoDevice."""
    seen = Seen(feed.connect(), feed.every_s)
    recorder = Recorder(seen)
    if record:
        if record.exists():
            raise Problem(f"{record} exists already", "name another file with --record")
        recorder.start(record)
        if recorder.problem:
            raise Problem(recorder.problem, "name another file with --record")
    return seen, recorder


def lines(options: Options, output: Output, as_json: bool) -> None:
    """Print a line for each row until the time is over or somebody ends it. Raises Problem."""
    feed = Feed(options.port, options.period_ms)
    seen, recorder = begun(feed, options.record)
    header = seen.header
    output.say(f"{header.board}, serial number {header.serial}, version {header.version}, on {header.port}")
    if as_json:
        output.result(header.model_dump_json())  # so the printed lines are a recording, too
    stop = threading.Event()
    told = {"": ""}

    def sink(row: Row) -> None:
        seen.add(row)
        recorder.add(row)
        if recorder.problem not in told:
            told[recorder.problem] = ""
            output.warn(recorder.problem)
        text = json_line(row) if as_json else plain(row)
        if not text:
            return
        try:
            print(text, flush=True, file=output.console.file)
        except BrokenPipeError:  # the reader of this output has stopped
            stop.set()

    was = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        feed.run(sink, stop, options.seconds)
    finally:
        signal.signal(signal.SIGTERM, was)
        recorder.stop()
    if feed.left:
        output.warn(feed.left)


def screen(options: Options, output: Output) -> None:
    """Show the screen until q. Raises Problem."""
    from host_tools.cryoctl.monitor.screen import MonitorApp  # Textual takes half a second to load

    feed = Feed(options.port, options.period_ms)
    seen, recorder = begun(feed, options.record)
    try:
        MonitorApp(seen, recorder, feed.run, options.seconds).run()
    finally:
        recorder.stop()
    if feed.left:
        output.warn(feed.left)
