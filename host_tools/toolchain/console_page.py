"""Makes docs/console.md and the parser's words (firmware/cryo/console/words.py) from the one table of commands.

    python -m host_tools.toolchain.console_page            writes both
    python -m host_tools.toolchain.console_page --check    exit status 1 when one is not what the table gives
"""

from __future__ import annotations

import argparse
import importlib
import runpy
import sys
from pathlib import Path
from typing import Any

from host_tools.places import DOCS, FIRMWARE, ROOT

importlib.import_module("host_tools.toolchain.settings")  # puts the firmware on the import path

CONSOLE = FIRMWARE / "cryo/console"
TABLE = CONSOLE / "table.py"
WORDS = CONSOLE / "words.py"
PAGE = DOCS / "console.md"
TEXT = Path(__file__).with_name("console_page.md")  # the text above the commands
COMMAND = "python -m host_tools.toolchain.console_page"
RESIDENT = "live"  # the module whose functions are found without loading a topic


def load(path: Path = TABLE) -> dict[str, Any]:
    """Return the names in the module of the table."""
    return runpy.run_path(str(path))


def nodes(table: dict[str, Any]) -> dict[str, str]:
    """Return long form -> short form of each word of a header that has two. ValueError where one word has two."""
    found: dict[str, str] = {}
    for topic in table["TOPICS"]:
        for header, _, _ in topic[4]:
            for node in header.removesuffix("[?]").removesuffix("?").split(":"):
                short = table["short"](node)
                if found.setdefault(node.upper(), short) != short:
                    raise ValueError(f"{header}: {node.upper()} is short for {found[node.upper()]} elsewhere")
    return {long: short for long, short in found.items() if long != short}


def roots(table: dict[str, Any]) -> dict[str, str]:
    """Return first word of a header -> module, for the modules that are loaded on demand."""
    found: dict[str, str] = {}
    for _, module, _, _, rows in table["TOPICS"]:
        for header, _, _ in rows:
            root = table["short"](header).removesuffix("[?]").removesuffix("?").split(":")[0]
            if module != RESIDENT and found.setdefault(root, module) != module:
                raise ValueError(f"{header}: {root} is a word of {found[root]} and of {module}: one module a word")
    return found


def arguments(table: dict[str, Any]) -> dict[str, str]:
    """Return short header -> hint, of the commands that take an argument."""
    return {
        table["short"](table["spoken"](header)[0]): hint
        for topic in table["TOPICS"]
        for header, hint, _ in topic[4]
        if hint
    }


def words(table: dict[str, Any]) -> str:
    """Return the source of words.py."""

    def entries(name: str, what: str, found: dict[str, str]) -> str:
        rows = "".join(f'    "{key}": "{value}",\n' for key, value in found.items())
        return f"# {what}\n{name} = {{\n{rows}}}\n"

    return (
        f'"""The parser\'s words, from table.py by `{COMMAND}`: not to be edited."""\n\n'
        + entries("NODES", "long form -> short form", nodes(table))
        + "\n"
        + entries("ROOTS", "first word -> module that is loaded for it", roots(table))
        + "\n"
        + entries("ARGUMENTS", "command -> what it takes; in brackets: or nothing", arguments(table))
    )


def page(table: dict[str, Any]) -> str:
    """Return the text of docs/console.md."""
    lines = [TEXT.read_text(encoding="utf-8").rstrip(), "", "## Commands", ""]
    lines += [f"Generated from firmware/cryo/console/table.py by `{COMMAND}`.", ""]
    for name, module, title, (example, answer), rows in table["TOPICS"]:
        lines += [f"### {name}: {title}", ""]
        if module not in (RESIDENT, "setup"):
            lines += ["Not while armed or treating.", ""]
        lines += [f"    {example}", f"    -> {answer}", "", "| command | takes | what it does |", "|---|---|---|"]
        lines += [f"| `{header}` | {_cell(hint)} | {_cell(what)} |" for header, hint, what in rows]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="console_page", description="Parser's words and docs/console.md.")
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args(argv).check
    table = load()
    status = 0
    for path, text in ((WORDS, words(table)), (PAGE, page(table))):
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.relative_to(ROOT)} is not what the table gives: run {COMMAND}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
