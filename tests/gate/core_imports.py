"""Finds imports by which `cryo.core` would reach a machine, a clock or I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator

CORE = "cryo.core"


def violations(source: str, package: str = CORE) -> Iterator[str]:
    """Yield one text per forbidden import in `source`, a module of `package`.

    Allowed: cryo.limits, modules of cryo.core, and `const` from micropython.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if not _is_core_or_limits(alias.name):
                    yield f"line {node.lineno}: import {alias.name}"
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            for alias in node.names:
                full = f"{module}.{alias.name}"
                if full != "micropython.const" and not any(map(_is_core_or_limits, (module, full))):
                    yield f"line {node.lineno}: from {module} import {alias.name}"
        elif isinstance(node, ast.Name) and node.id in ("__import__", "exec", "eval"):
            yield f"line {node.lineno}: {node.id}"


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    base = parents[: len(parents) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _is_core_or_limits(module: str) -> bool:
    return module in (CORE, "cryo.limits") or module.startswith((CORE + ".", "cryo.limits."))
