"""What coverage counts in a run of all tests: what the core's own tests do in CPython, and their imports.

The other rooms pass through the core too, but do not look at each line's effect: they do not count, and counting makes
a test up to seven times as slow.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage

TOWARDS = "firmware"  # has a room that counts


def counts(path: Path) -> bool:
    """Return whether the tests of this file or folder count."""
    rooms = path.as_posix().rpartition("/tests/")[2].split("/")
    return rooms[0] in ("portable", "firmware") and rooms[1:2] == ["core"]


def first(nodes: list) -> None:
    """Sort the rooms so that those that count come first: an import counts only for who imports first."""
    nodes.sort(key=lambda node: 0 if counts(node.path) else 1 if node.path.name == TOWARDS else 2)


def pause(config: pytest.Config) -> None:
    """Count nothing from now on. In a worker two have begun: the plugin's own at its start, and the worker's."""
    if _coverage(config):
        while running := Coverage.current():
            running.stop()  # each goes on tracing when the one above it stops, and makes every test three times as slow


@contextlib.contextmanager
def counting(config: pytest.Config, wanted: bool) -> Iterator[None]:
    """Within, coverage counts if wanted and if this run measures it."""
    coverage = _coverage(config) if wanted else None
    if coverage is None:
        yield
        return
    coverage.start()
    try:
        yield
    finally:
        coverage.stop()


def _coverage(config: pytest.Config):
    plugin = config.pluginmanager.getplugin("_cov")
    controller = getattr(plugin, "cov_controller", None)
    return getattr(controller, "cov", None)
