"""cryoctl flash: puts MicroPython, the application, settings and PIN onto a board, and verifies them there."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from host_tools.cryoctl import found
from host_tools.cryoctl.commands import JsonOption, boards_known, ports_there
from host_tools.cryoctl.flash import Report, Watch, names
from host_tools.cryoctl.output import Output

PortsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--port",
        "-p",
        help="Port of a board; repeat it for several boards. Without it, CRYO_PORT names one port.",
        autocompletion=ports_there,
    ),
]
EveryOption = Annotated[
    bool, typer.Option("--all", help="Flash all boards found, at the same time; virtual ones with --virtual.")
]
VirtualOption = Annotated[bool, typer.Option("--virtual", help="With --all: virtual boards too.")]
BoardOption = Annotated[
    str | None, typer.Option(help=f"Refuse any other board: {', '.join(names())}.", autocompletion=boards_known)
]
ImageOption = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="MicroPython image, .uf2 or .bin; `official`: the pinned image of --board."),
]
HashOption = Annotated[
    str | None, typer.Option(metavar="HEX", help="Refuse an --image with another SHA-256 before anything is done.")
]
SettingsOption = Annotated[
    Path | None, typer.Option(help="Settings file (TOML): its values replace those on the board, all others stay.")
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace-settings", help="Also replace calibrated values, and settings that cannot be read.")
]
SerialOption = Annotated[int | None, typer.Option(min=1, help="Serial number of the device.")]
PinOption = Annotated[
    Path | None, typer.Option(help="File with the PIN: it ends the application, or becomes a new board's first PIN.")
]
NewPinOption = Annotated[Path | None, typer.Option(help="File with a PIN that replaces the one on the board.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print what would be written; write nothing.")]
RecordOption = Annotated[
    Path | None,
    typer.Option(help="Append a line for each board to this file (JSON lines).", show_default="user's data"),
]


def flash(
    ctx: typer.Context,
    port: PortsOption = None,
    every: EveryOption = False,
    virtual: VirtualOption = False,
    board: BoardOption = None,
    image: ImageOption = None,
    sha256: HashOption = None,
    settings: SettingsOption = None,
    replace_settings: ReplaceOption = False,
    serial: SerialOption = None,
    pin_file: PinOption = None,
    new_pin_file: NewPinOption = None,
    dry_run: DryRunOption = False,
    record: RecordOption = None,
    json: JsonOption = False,
) -> None:
    """Put this tree's application onto a board: image, files, settings, PIN. Compare them there by hash, then start it.

    What the board holds already is not sent again. To continue an interrupted run, run the same command again.
    """
    from host_tools.cryoctl.adapters import uf2
    from host_tools.cryoctl.flash import flashed, many, plan

    out: Output = ctx.obj
    options = plan.Options(
        port or _named(), every, virtual, board, image or "", sha256, settings, replace_settings, serial, pin_file,
        new_pin_file, dry_run, record,
    )  # fmt: skip
    run = plan.of_run(options, found.ports(), volumes=bool(image and uf2.volumes()))
    if run.record:
        flashed.ready(run.record)
    with _bars(out) as watch_of:
        reports, code, problems = many.flash(run, watch_of)
    if json:
        out.json([report.as_json() for report in reports])
    else:
        _show(out, reports, dry_run)
    if run.record:
        out.say(f"recorded in {run.record}")
    for problem in problems:
        out.error(str(problem))
    if code:
        raise typer.Exit(code)


def _named() -> list[str]:
    """Return the port in CRYO_PORT, if it is set. Its name may hold a space; Typer would divide the name there."""
    name = os.environ.get("CRYO_PORT", "").strip()
    return [name] if name else []


def _show(out: Output, reports: list[Report], dry_run: bool) -> None:
    rows = []
    for report in reports:
        what = ", ".join(report.written) or "nothing: all is there already"
        if not report.files:
            what = ""
        kept = [report.port, report.board, report.serial, report.version, what, report.self_test, report.result]
        rows.append(kept)
    out.table(
        ["port", "board", "serial", "version", "would write" if dry_run else "written", "self-test", "result"], rows
    )


@contextlib.contextmanager
def _bars(out: Output) -> Iterator[Callable[[str], Watch]]:
    """A context: yield a function that makes the line of progress for the board on a port."""
    named = TextColumn("{task.fields[port]}", markup=False)
    columns = (named, TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    hidden = out.quiet or not out.errors.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=out.errors, disable=hidden, transient=True) as progress:
        yield lambda name: _Bar(progress, name, out)


class _Bar(Watch):
    """One line of progress."""

    def __init__(self, progress: Progress, name: str, out: Output):
        self._progress = progress
        self._name = name
        self._out = out
        self._task = progress.add_task("find", total=None, port=name)

    def part(self, name, total=0):
        self._progress.update(self._task, description=name, total=total or None, completed=0)
        self._out.detail(f"{self._name}: {name}{f' {total} bytes' if total else ''}")

    def at(self, done):
        self._progress.update(self._task, completed=done)

    def warn(self, text):
        self._out.warn(f"{self._name}: {text}")
