"""Decides what `flash` will do before anything is touched: a run by its options, a board by what answers there."""

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
    """What the command line says; each is described there, in commands/flash.py."""

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
    ports       those of the boards
    by_volume   there is a boot ROM's volume in their place: its board has a port once it has the image
    record      where it is written down; None: nowhere, nothing is done
    """

    request: Request
    ports: tuple[found.Found, ...]
    by_volume: bool
    record: Path | None


def of_run(options: Options, there: Sequence[found.Found], volumes: bool) -> Run:
    """Return the run; files that the options name are read. Raises Problem, NoDevice for what cannot be done.

    there     the ports there are
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
    """What is done with one board, in this order; then it restarts, unless nothing is written.

    leave     its application is ended
    image     MicroPython is put there
    compare   what it holds is compared with what it is to hold
    write     what differs is sent
    """

    leave: bool
    image: bool
    compare: bool
    write: bool


def of_board(name: str, state: str, who: Identity | None, request: Request) -> Steps:
    """Return the steps for a board by what answers on its port. Raises Problem, NoDevice where none is possible."""
    if state == SILENT and not _boot_rom(request):
        then = "press its reset button; a board without MicroPython needs --image, an ESP32 also --board"
        if (request.image is not None and request.board is None) or _by_volume(request):
            then = "press its reset button; where its image is half written: hold BOOTSEL while plugging it in, then "
            then += "run the same without --port (an ESP32: with --board)"
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
    """Return the PIN that ends an application. Raises Problem without one."""
    if request.pin is None:
        raise Problem(
            f"{name}: the application runs there, and ending it takes the device's PIN",
            "give it in a file (--pin-file), or in the variable CRYO_PIN",
        )
    return request.pin


def _consistent(options):
    if options.every and options.ports:
        raise Problem("--all and --port exclude each other", "name the ports, or take them all")
    if options.serial is not None and (options.every or len(options.ports) > 1):
        raise Problem("one serial number for several boards", "flash them one at a time, or leave --serial out")
    if options.board:
        boards.chip(options.board)
    if options.sha256 is not None and not options.image:
        raise Problem("--sha256 is that of an image", "name the file with --image, or leave --sha256 out")


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
            raise NoDevice("no board found", "plug one in; virtual boards are taken with --virtual")
        return out
    known = {at.name: at for at in there}
    names = options.ports or [found.chosen(None, there)]
    return tuple(known.get(name, found.Found(name, "")) for name in dict.fromkeys(names))


def _by_volume(request):
    """Return whether an image is given for a board whose boot ROM shows a volume."""
    return request.image is not None and boards.chip(request.board).micropython.get("image") == "uf2"


def _boot_rom(request):
    """Return whether a port that does not answer may be a chip without an interpreter."""
    if request.image is None or request.board is None or request.dry_run:
        return False
    return boards.chip(request.board).micropython.get("image") == "esptool"
