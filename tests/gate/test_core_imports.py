"""`cryo.core` decides without a machine, a clock or I/O: it imports only cryo.limits, itself and const."""

import pytest

from tests.gate.core_imports import violations
from tests.lanes import ROOT

CORE_FOLDER = ROOT / "firmware" / "cryo" / "core"


def test_core_imports_only_limits_and_itself():
    files = sorted(CORE_FOLDER.rglob("*.py"))
    assert files, "no core files found"
    found = []
    for file in files:
        package = ".".join(file.parent.relative_to(ROOT / "firmware").parts)
        found += [f"{file.name}: {text}" for text in violations(file.read_text(encoding="utf-8"), package)]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "from micropython import const",
        "from cryo import limits",
        "from cryo.limits import TRIP_MDEGC",
        "import cryo.limits",
        "from cryo.core import faults",
        "from cryo.core.faults import CODE",
        "from . import faults",
        "from .faults import CODE",
        "from .. import limits",
    ],
)
def test_allowed_import(source):
    assert list(violations(source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "import machine",
        "import time",
        "import micropython",
        "import cryo",
        "from micropython import heap_lock",
        "from micropython import *",
        "from cryo import drivers",
        "from cryo import limits, drivers",
        "from cryo.drivers.max31855 import decode",
        "from .. import app",
        "from ..drivers import max31855",
        "import cryo.limits, cryo.core_tools",
        "def later():\n    import time",
        "__import__('machine')",
    ],
)
def test_forbidden_import(source):
    assert len(list(violations(source))) == 1
