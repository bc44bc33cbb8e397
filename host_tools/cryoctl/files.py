"""Reads users' files completely, and replaces them completely or not at all, in the form that they had.

A text may begin with a byte order mark, end its lines in CR LF, or be UTF-16: editors and spreadsheets write these.
"""

import codecs
import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from host_tools.cryoctl.problems import Problem

TEXT_MOST = 1 << 20  # bytes
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Form:
    """The form of a text in its file: its encoding, the mark before it, and its line ends."""

    code: str = "utf-8"
    mark: bytes = b""
    end: str = "\n"

    def bytes_of(self, text: str, begin: bool = True) -> bytes:
        """Return the file's bytes for a text whose lines end in LF. begin: the text is the beginning of the file."""
        return (self.mark if begin else b"") + text.replace("\n", self.end).encode(self.code)


def form_of(data: bytes) -> Form:
    """Return the form of a text's bytes."""
    mark, code = next(((mark, code) for mark, code in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    if (
        not mark and data[:4].count(0) == 2 and len(data) >= 4
    ):  # UTF-16 without its mark: characters and zeros alternate
        code = "utf-16-be" if data[0] == data[2] == 0 else "utf-16-le" if data[1] == data[3] == 0 else code
    first = data.find("\n".encode(code))
    before = "\r".encode(code)
    return Form(code, mark, "\r\n" if first > 0 and data[:first].endswith(before) else "\n")


def decoded(data: bytes, name: str, then: str = "save it as UTF-8") -> str:
    """Return the text of bytes in any of these forms, with LF at line ends. Raises Problem if they are not text."""
    form = form_of(data)
    try:
        text = data[len(form.mark) :].decode(form.code)
    except UnicodeDecodeError as error:
        said = f"{name}: not {form.code.upper()}, byte {len(form.mark) + error.start + 1} is the first wrong one"
        raise Problem(said, then) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def content(path: Path, most: int, then: str = "give a file that can be read") -> bytes:
    """Return a file's bytes, at most `most`. Raises Problem when it cannot be read, or is longer (/dev/zero is)."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: the name has a zero byte
        raise Problem(f"{path}: {getattr(error, 'strerror', None) or error}", then) from None
    if len(data) > most:
        raise Problem(f"{path} is longer than {most} bytes", then)
    return data


def text_of(path: Path) -> str:
    """Return a text file's content, with LF at line ends. Raises Problem when it cannot be read or is not text."""
    return decoded(content(path, TEXT_MOST), str(path))


def replace(path: Path, data: bytes) -> None:
    """Write a whole file, or leave it as it was. Raises Problem: disk full, no permission, no such folder.

    A link stays, and its target is replaced. A path that is not a regular file, such as /dev/stdout, is written to.
    """
    made = None
    try:
        at = Path(os.path.realpath(path))
        if at.exists() and not stat.S_ISREG(at.stat().st_mode):
            at.write_bytes(data)
            return
        if at.exists() and not os.access(at, os.W_OK):
            raise PermissionError(13, "no permission to write the file")
        number, made = tempfile.mkstemp(dir=at.parent, prefix=f".{at.name}.")
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(made, at.stat().st_mode & 0o777 if at.exists() else 0o666 & ~_umask())
        os.replace(made, at)
    except (OSError, ValueError) as error:
        if made:
            with contextlib.suppress(OSError):
                os.unlink(made)
        why = getattr(error, "strerror", None) or error
        raise Problem(f"{path}: not written, {why}", "name a file that can be written") from None


def rewrite(path: Path, text: str) -> None:
    """Replace a text file, in the form that it has. Raises Problem."""
    form = form_of(content(path, TEXT_MOST)) if path.exists() else Form()
    replace(path, form.bytes_of(text))


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def page_may_replace(to: Path, start: str, what: str, read: Iterable[Path] = ()) -> None:
    """Raise Problem where a page would overwrite a file that it is made from, or a file that is not such a page.

    start: how each such page begins; what: what it is called; read: the files that it is made from.
    """
    then = "name another file with -o"
    try:
        if not to.exists():
            return
        if not to.is_file():
            raise Problem(f"{to} is not a file", then)
        if any(path.exists() and to.samefile(path) for path in read):  # by a link, too
            raise Problem(f"{to} is one of the files that the {what} is made from", then)
        with to.open("rb") as file:
            begins = file.read(len(start))
    except OSError as error:  # also a folder that may not be entered, or a name that is too long
        raise Problem(f"{to}: {error.strerror}", then) from None
    if begins and begins != start.encode():
        raise Problem(f"{to} exists and is not a {what}: it is not overwritten", then)
