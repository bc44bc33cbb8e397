"""cryoctl flash: MicroPython, the application, settings and PIN onto a board, verified there."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from host_tools.cryoctl import found
from host_tools.cryoctl.commands import JsonOption, boards_known, ports_there
from host_tools.cryoctl.flash import Report, Request, Watch, names
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import NoDevice, Problem


def flash(
    ctx: typer.Context,
    port: Annotated[
        list[str] | None,
        typer.Option(
            "--port",
            "-p",
            envvar="CRYO_PORT",
            help="Port of a board, more than once for several.",
            autocompletion=ports_there,
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every board found, at once; virtual ones with --virtual.")
    ] = False,
    virtual: Annotated[bool, typer.Option("--virtual", help="With --all: virtual boards too.")] = False,
    board: Annotated[
        str | None,
        typer.Option(help=f"Refuse any other board: {', '.join(names())}.", autocompletion=boards_known),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="MicroPython for it: .uf2 or .bin; `official`: the pinned one of --board."),
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="Refuse an --image with another SHA-256 before anything is done.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="Settings (TOML), laid over those on the board; without it they stay.")
    ] = None,
    replace_settings: Annotated[
        bool, typer.Option("--replace-settings", help="Also values that were calibrated, or cannot be read.")
    ] = False,
    serial: Annotated[int | None, typer.Option(min=1, help="Serial number of the device.")] = None,
    pin_file: Annotated[
        Path | None, typer.Option(help="File with the PIN: to leave the application, or as a new board's first.")
    ] = None,
    new_pin_file: Annotated[
        Path | None, typer.Option(help="File with a PIN that replaces the one on the board.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")] = False,
    record: Annotated[
        Path | None, typer.Option(help="Append what was flashed where (JSON lines).", show_default="user's data")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a board run this tree's application: image, files, settings, PIN; compared there by hash, then started.

    What is on it already is not sent again, so an interrupted run is gone on with by running it again.
    """
    from host_tools.cryoctl import config_file
    from host_tools.cryoctl.adapters import uf2
    from host_tools.cryoctl.flash import boards, many, run
    from host_tools.cryoctl.flash import image as micropython
    from host_tools.cryoctl.flash import record as written
    from host_tools.cryoctl.service import VARIABLE, pin

    out: Output = ctx.obj
    if serial is not None and (every or len(port or []) > 1):
        raise Problem("one serial number for several boards", "flash them one at a time, or leave --serial out")
    if board:
        boards.chip(board)
    if sha256 is not None and not image:
        raise Problem("--sha256 is that of an image", "name the file with --image, or leave --sha256 out")
    request = Request(
        board=board,
        image=micropython.given(image, board, sha256) if image else None,
        image_name=image or "",
        settings=config_file.read(settings) if settings else None,
        replace_settings=replace_settings,
        serial=serial,
        pin=pin(pin_file) if pin_file or VARIABLE in os.environ else None,
        new_pin=pin(new_pin_file) if new_pin_file else None,
        dry_run=dry_run,
    )
    book = record or written.default_path()
    if not dry_run:
        written.ready(book)
    named = TextColumn("{task.fields[port]}", markup=False)
    columns = (named, TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    hidden = out.quiet or not out.errors.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=out.errors, disable=hidden, transient=True) as progress:

        def watch_of(name):
            return _Bar(progress, name, out)

        if request.image and not (port or every) and (uf2.volumes() or not found.ports()):
            ports = [run.by_volume(request, watch_of("volume"))]
        else:
            ports = _targets(port, every, virtual)
        reports, code, problems = many.flash(ports, request, watch_of, book)
    if json:
        out.json([report.as_json() for report in reports])
    else:
        _show(out, reports, dry_run)
    if not dry_run:
        out.say(f"written down in {book}")
    for problem in problems:
        out.errors.print(str(problem), markup=False)
    if code:
        raise typer.Exit(code)


def _targets(port, every, virtual):
    there = found.ports()
    if every:
        if port:
            raise Problem("--all and --port exclude each other", "name the ports, or take them all")
        out = [at for at in there if virtual or at.kind != found.VIRTUAL]
        if not out:
            raise NoDevice("no board found", "plug one in; virtual boards are taken with --virtual")
        return out
    names = port or [found.chosen(None)]
    known = {at.name: at for at in there}
    return [known.get(name, found.Found(name, "")) for name in dict.fromkeys(names)]


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
