"""Finds names in backticks on a page that the project does not have: files, symbols in them, targets, commands.

A page writes `folder/file.py`, `folder/`, `file.py:symbol`, `file.py:Class.member`, `file.py::test` (as pytest takes
it), `make target`, `python -m module` or another command line that names files. A * stands for anything in a file's
name. A symbol without its file could belong to any file, so it is written without backticks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_SPAN = re.compile(r"`([^`]+)`")
_FILE = re.compile(r"[\w*./-]+/[\w*./-]*|[\w-]+\.(?:py|md|toml|mjs)|Makefile")
_INSTALLED = (".venv/",)  # `make setup` makes these: a clone does not have them


def missing(text: str, root: Path) -> Iterator[str]:
    """Yield a sentence for each name in a page's text that the project below `root` does not have."""
    for span in dict.fromkeys(" ".join(found.split()) for found in _SPAN.findall(re.sub(r"(?s)```.*?```", "", text))):
        yield from (f"`{span}`: {problem}" for problem in _problems(span, root))


def _problems(span: str, root: Path) -> Iterator[str]:
    words = span.split()
    if words[0] == "make":
        yield from (f"no target {word}" for word in words[1:] if "=" not in word and word not in _targets(root))
    elif words[:2] == ["python", "-m"]:
        if not any((root / f"{words[2].replace('.', '/')}{end}").exists() for end in (".py", "/__main__.py")):
            yield f"no module {words[2]}"
    elif len(words) > 1:
        yield from (f"no file {word}" for word in words if _FILE.fullmatch(word) and not _found(word, root))
    elif _FILE.fullmatch(span.partition(":")[0]):
        name, _, symbol = span.replace("::", ":").partition(":")
        if not _found(name, root):
            yield f"no file {name}"
        elif symbol and symbol not in symbols(root / name):
            yield f"no {symbol} in {name}"
    else:
        yield "neither a file, nor a symbol in one, nor a command"


def _found(name: str, root: Path) -> bool:
    return name.startswith(_INSTALLED) or any(root.glob(name.rstrip("/")))


@cache
def _targets(root: Path) -> set[str]:
    return set(re.findall(r"^([\w-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def symbols(file: Path) -> set[str]:
    """Return what a module defines: its names, Class.member, and what methods set on self as Class.name."""
    if file.suffix != ".py":
        return set()
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8"), str(file)).body:
        found |= _defined(node)
        if isinstance(node, ast.ClassDef):
            members = {name for inner in node.body for name in _defined(inner)} | set(_set_on_self(node))
            found |= {f"{node.name}.{name}" for name in members}
    return found


def _defined(node: ast.AST) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return set()


def _set_on_self(node: ast.ClassDef) -> Iterator[str]:
    stored = (part for part in ast.walk(node) if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store))
    return (part.attr for part in stored if isinstance(part.value, ast.Name) and part.value.id == "self")
