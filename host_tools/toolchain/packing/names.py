"""Gives private names of a module short names, the same few in every module.

MicroPython keeps each name of an application once, and compares every name that it loads with all of them: on an RP2040
500 private names take 11 KB of the heap and a tenth of the boot. Lines stay where they are, so that tracebacks name the
line of the source; a private function's name in a traceback is a short one.
"""

import ast
import io
import re
import string
import tokenize
from collections.abc import Iterator
from itertools import product

_PRIVATE = re.compile(r"_[A-Za-z0-9]\w*")


def shortened(modules: dict[str, str]) -> dict[str, str]:
    """Return name -> source of the same modules with short private names.

    A private name begins with one underscore. In all modules it stays as it is if one module imports it, has it in a
    text, uses it without binding it, or reads it from an object other than self. All names of two modules stay if one
    derives a class from a class of the other.
    """
    trees = {name: ast.parse(text) for name, text in modules.items()}
    bound = {name: set(_bound(tree)) for name, tree in trees.items()}
    kept = {found for name, tree in trees.items() for found in _kept(tree, bound[name])}
    families = {name for tree in trees.values() for name in _derived(tree)}
    short = {}
    for name, text in modules.items():
        own = bound[name] - kept
        if {name.rpartition(".")[2]} & families or any(_derived(trees[name])):
            own = set()
        short[name] = _renamed(text, own)
    return short


def _names(tree) -> Iterator[tuple[str, bool]]:
    """Yield every name in a module, and whether it is bound there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id, not isinstance(node.ctx, ast.Load)
        elif isinstance(node, ast.Attribute):
            yield node.attr, not isinstance(node.ctx, ast.Load)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, True
        elif isinstance(node, ast.arg):
            yield node.arg, True
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, False


def _bound(tree) -> Iterator[str]:
    return (name for name, binds in _names(tree) if binds and _PRIVATE.fullmatch(name))


def _kept(tree, bound: set[str]) -> Iterator[str]:
    """Yield every name that must stay as it is, in all modules, because of this one."""
    yield from (name for name, _ in _names(tree) if name not in bound)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
            yield node.attr  # it is not known to which module it belongs
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _PRIVATE.findall(node.value)
        elif isinstance(node, ast.JoinedStr):  # the parts of an f-string have no reliable positions
            yield from (name for name, _ in _names(node))


def _derived(tree) -> Iterator[str]:
    """Yield the modules, by their own name, of imported classes that a module derives a class from."""
    origins = {
        alias.asname or alias.name: (node.module or "").rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from (origins[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in origins)


def _short() -> Iterator[str]:
    for length in (1, 2):
        yield from ("_" + "".join(letters) for letters in product(string.ascii_lowercase, repeat=length))


def _renamed(text: str, names: set[str]) -> str:
    used = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.NAME]
    taken = {token.string for token in used} - names
    free = (name for name in _short() if name not in taken)
    order = dict.fromkeys(token.string for token in used if token.string in names)
    new = dict(zip(order, free, strict=False))
    lines = text.splitlines(keepends=True)
    for token in reversed(used):
        if token.string in new:
            (row, start), (_, end) = token.start, token.end
            line = lines[row - 1]
            lines[row - 1] = line[:start] + new[token.string] + line[end:]
    return "".join(lines)
