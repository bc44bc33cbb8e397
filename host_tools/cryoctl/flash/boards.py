"""Which board it is, by what its interpreter says; and what goes onto it."""

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
    """Return a board's chip. Raises Problem for a board there is not."""
    if board not in names():
        raise Problem(f"no board {board}", f"the boards are {', '.join(names())}")
    try:
        return load(folder(board)).chip
    except BoardError as error:
        raise Problem(str(error)) from None


def expected(found: str, wanted: str | None) -> str:
    """Return the board that was found. Raises Problem when another was asked for."""
    if wanted and found != wanted:
        raise Problem(
            f"the board is {found}, not {wanted}: nothing was written",
            "name its port with --port, or leave --board out",
        )
    return found


def of_interpreter(who: Who, wanted: str | None) -> str:
    """Return the board by what its interpreter says. Raises Problem: none of ours, no MicroPython, too old, too new."""
    platform, machine, version, mpy, *name = who
    if name and name[0] != MICROPYTHON:
        said = {"circuitpython": "CircuitPython"}.get(str(name[0]), str(name[0]))
        raise Problem(
            f"{said} {dotted(version)} runs there, not MicroPython: the application does not run on it",
            "put MicroPython there: --image official with --board, or --image FILE",
        )
    fits = []
    for name in names():
        known = chip(name).micropython
        if known.get("platform") == platform and machine.endswith(known["machine"]):
            fits.append(name)
    said = machine or platform
    if not fits:
        raise Problem(f"no board of ours: MicroPython there runs on {said!r}", f"the boards are {', '.join(names())}")
    if wanted in fits:
        fits = [str(wanted)]
    if len(fits) > 1:
        raise Problem(f"{said!r} may be {' or '.join(fits)}", "name it with --board")
    board = expected(fits[0], wanted)
    if mpy & 0xFF > MPY:
        raise Problem(
            f"MicroPython {dotted(version)} there is newer than this cryoctl: its modules have version {mpy & 0xFF}, "
            f"those made here {MPY}",
            "update cryoctl, or give the pinned image with --image official",
        )
    if tuple(version) < OLDEST or mpy & 0xFF != MPY:
        raise Problem(
            f"MicroPython {dotted(version)} there is too old: {dotted(OLDEST)} is the oldest",
            "give a newer one with --image",
        )
    return board


def dotted(version) -> str:
    """Return a version as it is written."""
    return ".".join(map(str, version))


def compiled(board: str) -> dict[str, bytes]:
    """Return path -> bytes of the application for a board. Raises Problem when it cannot be made."""
    chip(board)
    try:
        with _compiling:  # once for all boards of a kind
            return application(folder(board))
    except subprocess.CalledProcessError as error:
        raise Problem(f"mpy-cross: {error.stderr.strip() or error}", "the source at fault is named there") from None
    except OSError as error:
        raise Problem(f"mpy-cross does not run ({error.strerror})", f"{REPAIR} installs it") from None


def version() -> str:
    """Return the version of this tree's application, as *IDN? says it."""
    importlib.import_module("host_tools.toolchain.settings")  # puts the firmware where modules are found
    return importlib.import_module("cryo").__version__
