"""A file of the talk that only the user can read: one line each, with time, `>` typed, `<` answered; never a PIN."""

import datetime
import os
from pathlib import Path

from host_tools.cryoctl.console.secret import masked
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.shown import clean


class Transcript:
    """path None: nothing is written. Raises Problem when the file cannot be written."""

    def __init__(self, path: Path | None):
        self._path = path
        self._file = None
        if path:
            try:
                self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w")
            except OSError as error:
                raise Problem(f"{path}: {error.strerror}", "name another file with --log") from None

    def typed(self, line: str) -> None:
        """Write down what a person typed."""
        self._keep(">", masked(line))

    def said(self, line: str) -> None:
        """Write down what the device answered."""
        self._keep("<", line)

    def _keep(self, mark, line):
        if self._file is None:
            return
        at = datetime.datetime.now().astimezone().isoformat(timespec="milliseconds")
        try:
            self._file.write(f"{at} {mark} {clean(line)}\n")
            self._file.flush()
        except OSError as error:
            raise Problem(
                f"{self._path}: {error.strerror}", "free some disk space, then start the console again"
            ) from None

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
