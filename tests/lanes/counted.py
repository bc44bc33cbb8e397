"""What coverage counts in a run of all tests: what the core's own tests do in CPython, and its imports.

The other rooms pass through the core too, but do not look at each line's effect: they do not count, and counting makes
a test up to seven times as slow.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage

CORE = "firmware/cryo/core"
ROOMS = ("portable/core", "firmware/core")


def counts(path: Path) -> bool:
    """Return whether the tests of this file or folder count."""
    return path.as_posix().rpartition("/tests/")[2].startswith(tuple(f"{room}/" for room in ROOMS))


def pause(config: pytest.Config) -> None:
    """Count nothing from now on. In a worker two have begun: the plugin's own at its start, and the worker's."""
    if _coverage(config):
        while running := Coverage.current():
            running.stop()  # each goes on tracing when the one above it stops, and makes every test three times as slow


def import_core(config: pytest.Config) -> None:
    """Import the core's modules: what runs at an import counts only for who imports first, and any test may."""
    if _coverage(config):
        with counting(config, True):
            for file in sorted((config.rootpath / CORE).glob("*.py")):
                importlib.import_module(f"cryo.core.{file.stem}")


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
