"""The record of flashed boards, as JSON lines: one line for each board that was tried. No line is changed later."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_data_path

from host_tools.cryoctl.flash import Report
from host_tools.cryoctl.problems import Problem

_lock = threading.Lock()


def default_path() -> Path:
    """Return the record's usual place, for when the user names no other."""
    return user_data_path("cryo", appauthor=False) / "flashed.jsonl"


def ready(path: Path) -> None:
    """Make sure, before a board is touched, that the file can be appended to. Raises Problem."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise Problem(f"record {path}: {error.strerror}", "name another file with --record") from None


def append(path: Path, report: Report) -> None:
    """Add a line. Raises Problem when it cannot be written."""
    line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="seconds")} | report.as_json()) + "\n"
    try:
        with _lock, path.open("a", encoding="utf-8") as file:
            file.write(line)
    except OSError as error:
        raise Problem(
            f"record {path}: {error.strerror}: the board is flashed, but this is not recorded",
            "write down what was flashed; next time name another file with --record",
        ) from None
