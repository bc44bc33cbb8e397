"""How cryoctl speaks: results on standard output, all else on standard error; tables for people, or JSON."""

import json as json_module
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass
class Output:
    """What the command line asked for. NO_COLOR and a pipe switch colours off by themselves (Rich)."""

    quiet: bool = False
    verbose: bool = False
    console: Console = field(default_factory=lambda: Console(soft_wrap=True, highlight=False))
    errors: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True, highlight=False))

    def result(self, text: str) -> None:
        """Print what was asked for."""
        self.console.print(text, markup=False)

    def say(self, text: str) -> None:
        """Tell what is being done; not with --quiet."""
        if not self.quiet:
            self.errors.print(text, markup=False)

    def detail(self, text: str) -> None:
        """Tell more, with --verbose."""
        if self.verbose:
            self.errors.print(text, markup=False, style="dim")

    def warn(self, text: str) -> None:
        """Tell what the user should know, always."""
        self.errors.print(f"warning: {text}", markup=False, style="yellow")

    def json(self, value: Any) -> None:
        """Print a value as JSON, one document."""
        print(json_module.dumps(value, indent=2, ensure_ascii=False), file=self.console.file)

    def table(self, columns: list[str], rows: list[list[str]]) -> None:
        """Print rows for people; plain columns where there is no terminal."""
        if not self.console.is_terminal:
            widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
            for row in [columns, *rows]:
                self.result("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
            return
        table = Table(*columns, box=None, header_style="bold")
        for row in rows:
            table.add_row(*map(Text, row))  # a name may hold what Rich takes for its own
        self.console.print(table)
