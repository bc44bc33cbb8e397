"""Opens settings in the user's editor until they are valid or the user gives up. The typed text is never lost."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from host_tools.cryoctl.config_file import listed, parsed, wrong
from host_tools.cryoctl.files import text_of
from host_tools.cryoctl.problems import Problem

_USUAL = ("sensible-editor", "nano", "vi", "notepad")


def command() -> list[str]:
    """Return the user's editor: $VISUAL, $EDITOR, or a usual one. Raises Problem when there is none."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    words = shlex.split(named, posix=os.name != "nt") if named else [next(filter(shutil.which, _USUAL), "")]
    if not words or not shutil.which(words[0]):
        raise Problem(
            f"no editor{f' {words[0]}' if words and words[0] else ''} was found", "name one in the variable EDITOR"
        )
    return words


def edited(text: str, again: Callable[[Path, list[str]], bool]) -> tuple[dict[str, int] | None, Path]:
    """Return (values, file) after the user edited `text`; (None, file) when nothing was edited.

    again(file, complaints) returns whether to edit once more. Raises Problem that says where the text is kept.
    """
    words = command()
    folder = Path(tempfile.mkdtemp(prefix="cryoctl-"))
    path = folder / "settings.toml"
    path.write_bytes(text.encode())
    while True:
        try:
            status = subprocess.run([*words, str(path)], check=False).returncode
        except OSError as error:
            raise kept(path, f"{words[0]} could not be started: {error.strerror}") from None
        if status:
            raise kept(path, f"{words[0]} ended with {status}")
        values, complaints = _judged(path)
        if values is not None and not complaints:
            return (None if text_of(path) == text else values), path
        if not again(path, complaints):
            raise kept(path, "\n".join(complaints))


def _judged(path):
    try:
        text = text_of(path)
        values = parsed(text, str(path))
    except Problem as problem:
        return None, [problem.text]
    return values, listed(path, text, wrong(values))


def kept(path: Path, why: str) -> Problem:
    """Return the problem that ends an edit and says where the text is."""
    return Problem(
        why, f"nothing was changed; your text is in {path}: correct it there, then `cryoctl config import {path}`"
    )


def forget(path: Path) -> None:
    """Remove the file: its settings are stored, or nothing was edited."""
    shutil.rmtree(path.parent, ignore_errors=True)
