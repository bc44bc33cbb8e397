"""Decides what `flash` will do before it changes anything: from the options, and from what answers on each board."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.cryoctl import config_file, found
from host_tools.cryoctl.device import SILENT, Identity
from host_tools.cryoctl.flash import Request, boards, flashed, image
from host_tools.cryoctl.problems import NoDevice, Problem
from host_tools.cryoctl.service import VARIABLE, pin


@dataclass(frozen=True)
class Options:
    """The options of the command line; commands/flash.py describes each."""

    ports: Sequence[str] = ()
    every: bool = False
    virtual: bool = False
    board: str | None = None
    image: str = ""
    sha256: str | None = None
    settings: Path | None = None
    replace_settings: bool = False
    serial: int | None = None
    pin_file: Path | None = None
    new_pin_file: Path | None = None
    dry_run: bool = False
    record: Path | None = None


@dataclass(frozen=True)
class Run:
    """A run of the command.

    request     the same for each board
    ports       the boards' ports
    by_volume   there is no port, but a boot ROM's volume: its board gets a port with the image
    record      the file that records the run; None: no record, because nothing is written
    """

    request: Request
    ports: tuple[found.Found, ...]
    by_volume: bool
    record: Path | None


def of_run(options: Options, there: Sequence[found.Found], volumes: bool) -> Run:
    """Return the run, and read the files that the options name. Raises Problem, NoDevice if it is not possible.

    there     all ports that were found
    volumes   whether a boot ROM shows its volume
    """
    _consistent(options)
    request = _request(options)
    named = bool(options.ports or options.every)
    by_volume = request.image is not None and not named and (volumes or not there)
    return Run(
        request,
        () if by_volume else _ports(options, there),
        by_volume,
        None if options.dry_run else options.record or flashed.default_path(),
    )


@dataclass(frozen=True)
class Steps:
    """The steps for one board, in this order; then it restarts, unless nothing is written.

    leave     end its application
    image     put MicroPython onto it
    compare   compare the files that it holds with the wanted ones
    write     send the files that differ
    """

    leave: bool
    image: bool
    compare: bool
    write: bool


def of_board(name: str, state: str, who: Identity | None, request: Request) -> Steps:
    """Return the steps for a board, from what answers on its port. Raises Problem, NoDevice if nothing is possible."""
    if state == SILENT and not _boot_rom(request):
        then = "press its reset button; a board without MicroPython needs --image, an ESP32 also --board"
        if (request.image is not None and request.board is None) or _by_volume(request):
            then = "press its reset button; if its image is half written: hold BOOTSEL while plugging it in, then "
            then += "run the same command without --port (for an ESP32: with --board)"
        raise NoDevice(f"{name} does not answer", then)
    if who is not None:
        if request.image is not None:
            image.fits(request.image, request.image_name, who.board)
        boards.compiled(who.board)
        if not request.dry_run:
            pin_for_leaving(name, request)
    write = not request.dry_run
    return Steps(
        leave=who is not None and write,
        image=request.image is not None and write,
        compare=who is None or write,  # at the prompt only
        write=write,
    )


def pin_for_leaving(name: str, request: Request) -> str:
    """Return the PIN that ends an application. Raises Problem when no PIN was given."""
    if request.pin is None:
        raise Problem(
            f"{name}: the application runs there; to end it, the device's PIN is needed",
            "give it in a file (--pin-file), or in the variable CRYO_PIN",
        )
    return request.pin


def _consistent(options):
    if options.every and options.ports:
        raise Problem("--all and --port exclude each other", "give only one of them")
    if options.serial is not None and (options.every or len(options.ports) > 1):
        raise Problem("one serial number for several boards", "flash them one at a time, or leave --serial out")
    if options.board:
        boards.chip(options.board)
    if options.sha256 is not None and not options.image:
        raise Problem("--sha256 belongs to an image", "name the file with --image, or leave --sha256 out")


def _request(options):
    return Request(
        board=options.board,
        image=image.given(options.image, options.board, options.sha256) if options.image else None,
        image_name=options.image,
        settings=config_file.read(options.settings) if options.settings else None,
        replace_settings=options.replace_settings,
        serial=options.serial,
        pin=pin(options.pin_file) if options.pin_file or VARIABLE in os.environ else None,
        new_pin=pin(options.new_pin_file) if options.new_pin_file else None,
        dry_run=options.dry_run,
    )


def _ports(options, there):
    if options.every:
        out = tuple(at for at in there if options.virtual or at.kind != found.VIRTUAL)
        if not out:
            raise NoDevice("no board found", "plug one in; --virtual includes virtual boards")
        return out
    known = {at.name: at for at in there}
    names = options.ports or [found.chosen(None, there)]
    return tuple(known.get(name, found.Found(name, "")) for name in dict.fromkeys(names))


def _by_volume(request):
    """Return whether the given image is for a board whose boot ROM shows a volume."""
    return request.image is not None and boards.chip(request.board).micropython.get("image") == "uf2"


def _boot_rom(request):
    """Return whether a port that does not answer can be a chip without an interpreter."""
    if request.image is None or request.board is None or request.dry_run:
        return False
    return boards.chip(request.board).micropython.get("image") == "esptool"
