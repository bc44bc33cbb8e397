"""Text files of users: read whole, and replaced whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from host_tools.cryoctl.problems import Problem

TEXT_MOST = 1 << 20  # bytes


def content(path: Path, most: int, then: str = "give a file that can be read") -> bytes:
    """Return a file's bytes, `most` of them. Raises Problem when it cannot be read or is longer, as a device is."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise Problem(f"{path}: {error.strerror or error}", then) from None
    if len(data) > most:
        raise Problem(f"{path} is longer than {most} bytes", then)
    return data


def text_of(path: Path) -> str:
    """Return a text file's content. Raises Problem when it cannot be read, is too long for one, or is not UTF-8."""
    try:
        return content(path, TEXT_MOST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"{path}: not UTF-8, byte {error.start + 1} is the first wrong one", "save it as UTF-8") from None


def replace(path: Path, data: bytes) -> None:
    """Write a file: all of it, or it stays as it was. Raises Problem: no room, no permission, no such folder."""
    made = None
    try:
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "the file may not be written")
        number, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(made, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(made, path)
    except OSError as error:
        if made:
            with contextlib.suppress(OSError):
                os.unlink(made)
        raise Problem(f"{path}: not written, {error.strerror or error}", "name a file that can be written") from None


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
