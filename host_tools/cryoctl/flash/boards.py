"""Finds out which board it is, from what its interpreter says, and what belongs on it."""

import importlib
import subprocess
import threading

from host_tools.cryoctl.flash import folder, names
from host_tools.cryoctl.problems import Problem
from host_tools.places import REPAIR
from host_tools.toolchain.board_check.board import BoardError, Chip, load
from host_tools.toolchain.packing import application

OLDEST = (1, 27, 0)  # of MicroPython, that the firmware is written for
MPY = 6  # version of what mpy-cross makes
MICROPYTHON = "micropython"
_compiling = threading.Lock()
Who = tuple[str, str, tuple[int, int, int], int] | tuple[str, str, tuple[int, int, int], int, str]  # .., name


def chip(board: str) -> Chip:
    """Return a board's chip. Raises Problem for an unknown board."""
    if board not in names():
        raise Problem(f"there is no board {board}", f"the boards are {', '.join(names())}")
    try:
        return load(folder(board)).chip
    except BoardError as error:
        raise Problem(str(error)) from None


def expected(found: str, wanted: str | None) -> str:
    """Return the board that was found. Raises Problem when the user asked for another one."""
    if wanted and found != wanted:
        raise Problem(
            f"the board is {found}, not {wanted}: nothing was written",
            "name the right port with --port, or leave --board out",
        )
    return found


def of_interpreter(who: Who, wanted: str | None) -> str:
    """Return the board, from what its interpreter says. Raises Problem: unknown, no MicroPython, too old, too new."""
    platform, machine, version, mpy, *name = who
    if name and name[0] != MICROPYTHON:
        said = {"circuitpython": "CircuitPython"}.get(str(name[0]), str(name[0]))
        raise Problem(
            f"{said} {dotted(version)} runs there, not MicroPython: the application needs MicroPython",
            "put MicroPython onto the board: --image official with --board, or --image FILE",
        )
    fits = []
    for name in names():
        known = chip(name).micropython
        if known.get("platform") == platform and machine.endswith(known["machine"]):
            fits.append(name)
    said = machine or platform
    if not fits:
        raise Problem(f"unknown board: MicroPython there runs on {said!r}", f"the boards are {', '.join(names())}")
    if wanted in fits:
        fits = [str(wanted)]
    if len(fits) > 1:
        raise Problem(f"{said!r} can be {' or '.join(fits)}", "name it with --board")
    board = expected(fits[0], wanted)
    if mpy & 0xFF > MPY:
        raise Problem(
            f"MicroPython {dotted(version)} there is newer than this cryoctl: it loads modules of version "
            f"{mpy & 0xFF}, and cryoctl makes version {MPY}",
            "update cryoctl, or give the pinned image with --image official",
        )
    if tuple(version) < OLDEST or mpy & 0xFF != MPY:
        raise Problem(
            f"MicroPython {dotted(version)} there is too old: {dotted(OLDEST)} is the oldest",
            "give a newer image with --image",
        )
    return board


def dotted(version) -> str:
    """Return a version as text, such as 1.27.0."""
    return ".".join(map(str, version))


def compiled(board: str) -> dict[str, bytes]:
    """Return path -> bytes of the application for a board. Raises Problem when it cannot be made."""
    chip(board)
    try:
        with _compiling:  # once for all boards of a kind
            return application(folder(board))
    except subprocess.CalledProcessError as error:
        raise Problem(
            f"mpy-cross: {error.stderr.strip() or error}", "correct the source file that is named there"
        ) from None
    except OSError as error:
        raise Problem(f"mpy-cross does not run ({error.strerror})", f"{REPAIR} installs it") from None


def version() -> str:
    """Return the version of this tree's application, as *IDN? says it."""
    importlib.import_module("host_tools.toolchain.settings")  # this import puts the firmware on the import path
    return importlib.import_module("cryo").__version__
