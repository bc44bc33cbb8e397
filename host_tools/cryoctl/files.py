"""Text files of users: read whole, and replaced whole or not at all.

Every text that a person may have saved with another program is read here: with a byte order mark, with the line ends of
another system, or in UTF-16, as Windows writes it. A file that is written again keeps its form.
"""

import codecs
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
    """Return a text file's content, its lines ending in \\n. Raises Problem: not to be read, too long, no UTF-8."""
    return decoded(path, content(path, TEXT_MOST)).replace("\r\n", "\n")


def decoded(path: Path, data: bytes, then: str = "save it as UTF-8", wide: bool = True) -> str:
    """Return a file's bytes as text, without byte order mark. Raises Problem that names the first wrong byte.

    wide: UTF-16 is taken too; not where bytes are appended.
    """
    wide = wide and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # the mark leaves no doubt
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start + (len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0)
        raise Problem(f"{path}: not UTF-8, byte {at + 1} is the first wrong one", then) from None


def rewrite(path: Path, text: str) -> None:
    """Replace a text file; one that is there keeps byte order mark and line ends. Raises Problem as replace()."""
    before = content(path, TEXT_MOST) if path.exists() else b""
    if b"\r\n" in before or b"\r\0\n" in before:
        text = text.replace("\n", "\r\n")
    forms = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be", codecs.BOM_UTF8: "utf-8"}
    mark = next((mark for mark in forms if before.startswith(mark)), b"")
    replace(path, mark + text.encode(forms.get(mark, "utf-8")))


def replace(path: Path, data: bytes) -> None:
    """Write a file: all of it, or it stays as it was. Raises Problem: no room, no permission, no such folder.

    A link stays one: what it leads to is written.
    """
    made = None
    try:
        path = path.resolve()
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
