"""Puts constants of one module into the others as numbers, as mpy-cross does within one module, and into texts.

A name that is looked up at run time costs an RP2040 microseconds at every use, bytes in every module that imports it,
and time at every boot. A text that gets its figures with format() at run time stays on the heap twice, without and with
them. A board's name, the only text in its board_name.py, is put in like a number. A table that no module of the
application reads is left out: tests and tools read it from the source. Lines stay where they are, so that tracebacks
name the line of the source.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

BOARD_NAME = "board_name"
_FIELD = re.compile(r"\{(:0?\d*d)?\}")  # literals that CPython and MicroPython write in the same way
Edit = tuple[tuple[int, int], tuple[int, int], str]  # from and to (line from 1, byte column), replaced by


@dataclass
class Module:
    """One module: its dotted name, its source, and facts about it."""

    name: str
    source: str
    tree: ast.Module = field(init=False)
    values: dict[str, int | str] = field(default_factory=dict)  # names with one meaning in this module
    own: dict[str, ast.stmt] = field(default_factory=dict)  # constants that are defined here, and its tables of figures
    modules: dict[str, str] = field(default_factory=dict)  # local name -> dotted name of an imported module

    def __post_init__(self):
        self.tree = ast.parse(self.source)


def _bindings(tree) -> Counter[str]:
    """Return how often each name is bound in a module. A name that is bound twice may mean two things."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):  # =, for, with, del, walrus
            names.append(node.id)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.ExceptHandler):
            names.append(node.name or "")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names += [_local(alias) for alias in node.names]
        elif isinstance(node, ast.Global | ast.Nonlocal):
            names += node.names
    return Counter(names)


def _local(alias: ast.alias) -> str:
    """Return the name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def _named_in(statement) -> Iterator[tuple[str, int]]:
    """Yield (name, number) of every `(NAME := number, ...)` in a statement of a module: tables name rows so."""
    for node in ast.walk(statement):
        if isinstance(node, ast.NamedExpr) and isinstance(node.value, ast.Constant) and type(node.value.value) is int:
            yield node.target.id, node.value.value


class _Number(ast.NodeVisitor):
    """Computes the number that an expression means; ValueError when it is no number."""

    def __init__(self, known: Callable[[ast.expr], int | str | None]):
        self._known = known

    def generic_visit(self, node):
        raise ValueError(node)

    def visit_Constant(self, node):
        if type(node.value) is not int:
            raise ValueError(node)
        return node.value

    def visit_Name(self, node):
        return self._looked_up(node)

    def visit_Attribute(self, node):
        return self._looked_up(node)

    def _looked_up(self, node):
        value = self._known(node)
        if type(value) is not int:
            raise ValueError(node)
        return value

    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id == "const" and len(node.args) == 1 and not node.keywords:
            return self.visit(node.args[0])
        raise ValueError(node)

    def visit_UnaryOp(self, node):
        return self._calculated(ast.UnaryOp(node.op, ast.Constant(self.visit(node.operand))))

    def visit_BinOp(self, node):
        return self._calculated(
            ast.BinOp(ast.Constant(self.visit(node.left)), node.op, ast.Constant(self.visit(node.right)))
        )

    def _calculated(self, node):
        value = eval(compile(ast.fix_missing_locations(ast.Expression(node)), "", "eval"))
        return self.visit(ast.Constant(value))


class Constants:
    """All modules of one application. `folded()` gives their sources with each other's numbers in them."""

    def __init__(self, sources: dict[str, str]):
        """Take dotted name -> source text of every module that may be imported; a package by its own name."""
        self.modules = {name: Module(name, source) for name, source in sources.items()}
        self._known: set[str] = set()
        for module in self.modules.values():
            self._learn(module)
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and self._value(module, node):
                    raise ValueError(f"{module.name} sets {ast.unparse(node)}, which is a constant of another module")

    def _learn(self, module):
        if module.name in self._known:
            return
        self._known.add(module.name)
        bound = _bindings(module.tree)
        if bound["*"]:
            raise ValueError(f"{module.name} imports *: which names that binds is not known here")
        for node in module.tree.body:
            if isinstance(node, ast.ImportFrom):
                self._imported(module, node, bound)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name in self.modules and "." not in alias.name:
                        self._learn(self.modules[alias.name])
                        module.modules[alias.asname or alias.name] = alias.name
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if bound[name] > 1:
                    continue
                text = node.value.value if isinstance(node.value, ast.Constant) else None
                if module.name == BOARD_NAME and isinstance(text, str):
                    module.values[name] = text
                    module.own[name] = node
                if isinstance(node.value, ast.Tuple) and all(
                    isinstance(part, ast.Constant) for part in node.value.elts
                ):
                    module.own[name] = node  # dropped where only tests and tools read it
                with suppress(ValueError):
                    module.values[name] = _Number(lambda node: self._value(module, node)).visit(node.value)
                    module.own[name] = node
            for name, value in _named_in(node):
                if bound[name] == 1:
                    module.values[name] = value
        for name in [name for name in module.modules if bound[name] > 1]:
            del module.modules[name]

    def _imported(self, module, node, bound):
        for alias in node.names:
            name = alias.asname or alias.name
            submodule = f"{node.module}.{alias.name}"
            if submodule in self.modules:
                self._learn(self.modules[submodule])
                module.modules[name] = submodule
            elif node.module in self.modules:
                source = self.modules[node.module]
                self._learn(source)
                if alias.name in source.values and bound[name] == 1:
                    module.values[name] = source.values[alias.name]

    def _value(self, module, node) -> int | str | None:
        """Return the number, or the board's name, that a name or an attribute of a module means, or None."""
        if isinstance(node, ast.Name):
            return module.values.get(node.id)
        if isinstance(node.value, ast.Name) and node.value.id in module.modules:
            return self.modules[module.modules[node.value.id]].values.get(node.attr)
        return None

    def _text(self, module, node) -> str | None:
        """Return the result of `"text".format(number, ...)` if a node is such a call."""
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "format"):
            return None
        text = node.func.value
        if node.keywords or not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
            return None
        try:
            number = _Number(lambda name: self._value(module, name))
            numbers = [number.visit(arg) for arg in node.args]
        except ValueError:
            return None
        around, count = _FIELD.subn("", text.value)
        if count != len(numbers) or "{" in around or "}" in around:
            return None
        return text.value.format(*numbers)

    def _uses(self, module) -> Iterator[tuple[ast.expr, int | str]]:
        """Yield every place where a number may replace a name, or a fixed text one that is formatted with numbers."""
        nodes: list[ast.AST] = [module.tree]
        while nodes:
            node = nodes.pop()
            if isinstance(node, ast.JoinedStr):
                continue  # the parts of an f-string have no reliable positions
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                value = self._value(module, node)
                if value is not None:
                    yield node, value
                    continue
            text = self._text(module, node) if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and text is not None:
                yield node, text
                continue
            nodes += ast.iter_child_nodes(node)

    def folded(self, drop: bool = True) -> dict[str, str]:
        """Return dotted name -> source with numbers for names, without names that nothing uses any more.

        drop=False leaves every name where it is.
        """
        edits: dict[str, list[Edit]] = {}
        left: dict[str, set[str]] = {}  # names that are still used in a module
        wanted: set[tuple[str, str]] = set()  # (module, name) pairs that another module still uses
        for module in self.modules.values():
            replaced = dict(self._uses(module))
            edits[module.name] = [_edit(node, value) for node, value in replaced.items()]
            inside = {id(part) for node in replaced for part in ast.walk(node)}
            names = left[module.name] = set()
            for node in ast.walk(module.tree):
                if id(node) in inside:
                    continue
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    names.add(node.id)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    wanted.add((module.modules.get(node.value.id, ""), node.attr))
        if drop:
            self._drop(edits, left, wanted)
        return {name: _edited(module.source, edits[name]) for name, module in self.modules.items()}

    def _drop(self, edits, left, wanted):
        """Add the edits that remove imports and constants that nothing uses."""
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ImportFrom):
                    kept = [alias for alias in node.names if (alias.asname or alias.name) in left[module.name]]
                    wanted |= {(node.module or "", alias.name) for alias in kept}
                    if len(kept) < len(node.names):
                        edits[module.name].append(_import(node, kept))
                elif isinstance(node, ast.Import) and not any(
                    (alias.asname or alias.name).partition(".")[0] in left[module.name] for alias in node.names
                ):
                    edits[module.name].append(_import(node, []))
        for module in self.modules.values():
            for name, node in module.own.items():
                if name not in left[module.name] and (module.name, name) not in wanted:
                    mine = edits[module.name]
                    start, end = _span(node)
                    edits[module.name] = [edit for edit in mine if not start <= edit[0] <= end]
                    edits[module.name].append((start, end, "pass" + "\n" * (end[0] - start[0])))


def _span(node) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _edit(node, value) -> Edit:
    start, end = _span(node)
    bare = isinstance(value, int) and value >= 0
    return start, end, str(value) if bare else f"({value!r}" + "\n" * (end[0] - start[0]) + ")"


def _import(node, kept) -> Edit:
    start, end = _span(node)
    text = "pass"
    if kept:
        names = (alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in kept)
        text = f"from {node.module} import {', '.join(names)}"
    return start, end, text + "\n" * (end[0] - start[0])


def _edited(source: str, edits: list[Edit]) -> str:
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    out = source.encode()
    for start, end, text in sorted(edits, reverse=True):
        first, last = (starts[line - 1] + column for line, column in (start, end))
        out = out[:first] + text.encode() + out[last:]
    return out.decode()
