"""How cryoctl speaks: results on standard output, all else on standard error; tables for people, or JSON."""

import json as json_module
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.cryoctl.shown import clean


def unread() -> None:
    """Discard standard output from now on, because its reader has stopped. The command goes on to its own end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # no file: a test's
        pass
    finally:
        os.close(nowhere)


class _Console(Console):
    """Rich's, on a pipe that nobody need read to its end."""

    def on_broken_pipe(self) -> None:
        """Rich would end the command with exit code 1, which says that something is not as it should be."""
        unread()


@dataclass
class Output:
    """What the command line asked for. NO_COLOR and a pipe switch colours off by themselves (Rich)."""

    quiet: bool = False
    verbose: bool = False
    console: Console = field(default_factory=lambda: _Console(soft_wrap=True, highlight=False))
    errors: Console = field(default_factory=lambda: _Console(stderr=True, soft_wrap=True, highlight=False))

    def result(self, text: str) -> None:
        """Print what was asked for."""
        self.console.print(clean(text), markup=False)

    def say(self, text: str) -> None:
        """Print what is being done; not with --quiet."""
        if not self.quiet:
            self.error(text)

    def error(self, text: str, style: str | None = None) -> None:
        """Print what went wrong, always."""
        self.errors.print(clean(text), markup=False, style=style)

    def detail(self, text: str) -> None:
        """Print more, with --verbose."""
        if self.verbose:
            self.error(text, "dim")

    def warn(self, text: str) -> None:
        """Print what the user should know, always."""
        self.error(f"warning: {text}", "yellow")

    def json(self, value: Any) -> None:
        """Print a value as JSON, one document."""
        self.raw(clean(json_module.dumps(value, indent=2, ensure_ascii=False)) + "\n")

    def raw(self, text: str) -> None:
        """Print lines of a form for programs, as they are. On a terminal they are clean, too."""
        try:
            print(clean(text) if self.console.is_terminal else text, end="", file=self.console.file)
        except BrokenPipeError:
            unread()

    def table(self, columns: list[str], rows: list[list[str]]) -> None:
        """Print rows for people; plain columns where there is no terminal."""
        if not self.console.is_terminal:
            rows = [[clean(cell) for cell in row] for row in rows]
            widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
            for row in [columns, *rows]:
                self.result("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
            return
        table = Table(*columns, box=None, header_style="bold")
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))  # a name may hold what Rich takes for its own
        self.console.print(table)
