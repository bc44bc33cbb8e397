"""Prints results on standard output and everything else on standard error; tables for people, or JSON."""

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
    """Discard standard output from now on, because its reader has stopped. The command continues to its own end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # not a file: in a test
        pass
    finally:
        os.close(nowhere)


class _Console(Console):
    """Rich's console, for a pipe whose reader may stop early."""

    def on_broken_pipe(self) -> None:
        """Discard the output. Rich would end the command with exit code 1, which means that something is wrong."""
        unread()


@dataclass
class Output:
    """Prints as the command line's options say. Rich switches colours off for NO_COLOR or a pipe."""

    quiet: bool = False
    verbose: bool = False
    console: Console = field(default_factory=lambda: _Console(soft_wrap=True, highlight=False))
    errors: Console = field(default_factory=lambda: _Console(stderr=True, soft_wrap=True, highlight=False))

    def result(self, text: str) -> None:
        """Print a result."""
        self.console.print(clean(text), markup=False)

    def say(self, text: str) -> None:
        """Print what the command does; not with --quiet."""
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
        """Print lines for programs unchanged; on a terminal they are made safe."""
        try:
            print(clean(text) if self.console.is_terminal else text, end="", file=self.console.file)
        except BrokenPipeError:
            unread()

    def table(self, columns: list[str], rows: list[list[str]]) -> None:
        """Print rows for people; without a terminal, plain columns."""
        if not self.console.is_terminal:
            rows = [[clean(cell) for cell in row] for row in rows]
            widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
            for row in [columns, *rows]:
                self.result("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
            return
        table = Table(*columns, box=None, header_style="bold")
        for row in rows:
            table.add_row(
                *(Text(clean(cell)) for cell in row)
            )  # a name may hold characters that Rich takes for its markup
        self.console.print(table)
