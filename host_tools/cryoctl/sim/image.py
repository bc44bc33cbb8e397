"""The virtual board's flash as a file: a littlefs that stays between runs. One simulator at a time uses it."""

import contextlib
import logging
from pathlib import Path

from littlefs import LittleFS, LittleFSError, UserContextFile
from platformdirs import user_data_path

from boards.virtual.settings import SETTINGS
from host_tools.cryoctl.sim import SimError
from host_tools.places import VIRTUAL
from host_tools.simulator.twin.guest.flash import BLOCK_SIZE
from host_tools.toolchain.packing import application
from host_tools.toolchain.settings import PATHS, provision

BLOCKS = 352  # as much as a Raspberry Pi Pico's: 1408 KiB
SIZE = BLOCK_SIZE * BLOCKS
_PROG_SIZE = 256

logging.getLogger("littlefs.context").setLevel(logging.WARNING)


def default_path() -> Path:
    """Return the image's usual place, for when the user names no other."""
    return user_data_path("cryo", appauthor=False) / "virtual-board.img"


@contextlib.contextmanager
def locked(path: Path):
    """A context in which only this process uses the image at `path`. A missing image is made: empty, a bare board.

    Raises SimError when another simulator uses it, and for a file that is not an image.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise SimError(f"image {path}: {error.strerror}; name another with --image") from None
    with file:
        if not _lock(file):
            raise SimError(
                f"image {path} is in use by another simulator: end that simulator, or name another file with --image"
            )
        size = file.seek(0, 2)
        if size == 0:
            _format(path)
        elif size != SIZE:
            raise SimError(
                f"{path} is not an image of the virtual board ({size} bytes, not {SIZE}): name another with --image"
            )
        yield path


def deploy(path: Path, board: Path = VIRTUAL) -> dict[str, int]:
    """Write the application as packed for the board onto the image; other files stay. Returns path -> bytes.

    A board without settings gets those of the virtual board; existing settings stay. The caller must hold the image
    (see locked). Raises SimError when it has no readable file system or is full.
    """
    files = application(board)
    if not set(PATHS) & set(read(path)):
        files |= provision(SETTINGS)
    write(path, files)
    return {name: len(data) for name, data in files.items()}


def write(path: Path, files: dict[str, bytes]) -> None:
    """Write files (path on the board -> bytes) onto the image. Raises SimError."""
    with _mounted(path) as fs:
        for name, data in files.items():
            folder = name.rpartition("/")[0]
            if folder:
                fs.makedirs(folder, exist_ok=True)
            with fs.open(name, "wb") as file:
                file.write(data)


def read(path: Path) -> dict[str, bytes]:
    """Return every file of the image, by its path on the board. Raises SimError."""
    found = {}
    with _mounted(path) as fs:
        for root, _, names in fs.walk("/"):
            for name in names:
                with fs.open(f"{root.rstrip('/')}/{name}", "rb") as file:
                    found[f"{root.strip('/')}/{name}".lstrip("/")] = file.read()
    return found


@contextlib.contextmanager
def _mounted(path: Path):
    context = UserContextFile(str(path))
    try:
        fs = _filesystem(context)
        fs.mount()
        yield fs
        fs.unmount()
    except LittleFSError as error:
        raise SimError(
            f"image {path}: {error}; name another file with --image, or remove this one for a new image"
        ) from None
    finally:
        context.close()


def _format(path):
    path.write_bytes(b"\xff" * SIZE)
    context = UserContextFile(str(path))
    try:
        _filesystem(context).format()
    finally:
        context.close()


def _filesystem(context):
    return LittleFS(
        context,
        mount=False,
        block_size=BLOCK_SIZE,
        block_count=BLOCKS,
        prog_size=_PROG_SIZE,
    )


def _lock(file) -> bool:
    """Lock the file for this process until it is closed. Return False when another process has it."""
    try:
        import fcntl
    except ImportError:
        return True  # a platform without file locks: the virtual board does not run there at all
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
