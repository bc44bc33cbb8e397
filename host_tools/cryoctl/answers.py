"""Keeps earlier answers for the arrow keys: a short list for each kind of question, in a user's file. Never a PIN."""

import contextlib
import json
from pathlib import Path

from platformdirs import user_data_path

from host_tools.cryoctl import files
from host_tools.cryoctl.problems import Problem

MOST = 50  # answers of one kind


def path() -> Path:
    """Return the file of the answers."""
    return user_data_path("cryo", appauthor=False) / "answers.json"


def earlier(kind: str) -> list[str]:
    """Return the answers to questions of a kind, the newest last; none if the file cannot be read."""
    found = _read().get(kind)
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def keep(kind: str, text: str) -> None:
    """Keep an answer for later. If the file cannot be written, the answer still counts; it is only not kept."""
    kept = {**_read(), kind: [*(old for old in earlier(kind) if old != text), text][-MOST:]}
    with contextlib.suppress(OSError, Problem):
        path().parent.mkdir(parents=True, exist_ok=True)
        path().touch(0o600)  # it holds names of people
        files.replace(path(), json.dumps(kept, indent=1).encode())


def _read():
    with contextlib.suppress(OSError, Problem, ValueError):
        found = json.loads(files.text_of(path())) if path().exists() else {}
        return found if isinstance(found, dict) else {}
    return {}
