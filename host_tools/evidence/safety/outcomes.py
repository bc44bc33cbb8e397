"""Knows which tests exist, and the outcome of each when it last ran on exactly this code.

A test run adds its outcomes to out/tests.json. The file belongs to one state of the code. A run on other code begins a
new file, so it never holds an outcome of older code.
"""

import ast
import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from host_tools.places import ROOT

RECORD = ROOT / "out/tests.json"
_FOLDERS = ("firmware", "boards", "host_tools", "tests")
MEASURED = ("firmware", "boards/virtual", "host_tools/simulator/twin")  # what a run of the twin depends on
_KINDS = (".py", ".toml", ".mjs", ".json")
_VERDICTS = {
    "failed": "failed",
    "error": "failed",
    "passed": "passed",
    "xpassed": "passed",
    "skipped": "skipped",
    "xfailed": "skipped",
}


def digest(root: Path = ROOT, folders: Iterable[str] = ()) -> str:
    """Return a digest of all code that a test's outcome depends on, or only of these folders and files."""
    whole = hashlib.sha256()
    files = [root / folder for folder in folders if (root / folder).is_file()]
    if not folders:
        files = [root / "pyproject.toml"]
    for folder in folders or _FOLDERS:
        files += (f for f in (root / folder).rglob("*") if f.suffix in _KINDS and "node_modules" not in f.parts)
    for file in sorted(files):
        whole.update(str(file.relative_to(root)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def measured(*more: str, root: Path = ROOT, packages: Iterable[str] = ()) -> str:
    """Return the name of a measurement's code for a page: a short digest of firmware, virtual board and twin.

    more: other folders and files that the measurement depends on. packages: packages whose versions count; Python's
    version then counts too.
    """
    code = digest(root, (*MEASURED, *more))
    versions = [f"{name} {version_of(name)}" for name in sorted(packages)]
    if versions:
        code = hashlib.sha256("\n".join((code, platform.python_version(), *versions)).encode()).hexdigest()
    return code[:12]


def file_digest(file: Path) -> str:
    """Return a short digest of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def version_of(package: str) -> str:
    """Return the installed version of a package; "none" when it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def verdicts(stats: Mapping[str, Iterable]) -> dict[str, str]:
    """Return node id -> passed, failed or skipped, from pytest's reports by category; the worst of a test counts."""
    found: dict[str, str] = {}
    for category in ("skipped", "xfailed", "passed", "xpassed", "failed", "error"):
        for report in stats.get(category, ()):
            if getattr(report, "nodeid", ""):
                found[report.nodeid] = _VERDICTS[category]
    return found


def save(code: str, found: dict[str, str], record: Path = RECORD, root: Path = ROOT) -> bool:
    """Add the outcomes of a run that began on the code of digest `code`; return False when the code has changed.

    Outcomes of a run during which the code changed belong to no single state, and are dropped.
    """
    if code != digest(root):
        return False
    record.parent.mkdir(exist_ok=True)
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps({"code": code, "outcomes": load(code, record) | found}, indent=0, sort_keys=True))
    fresh.replace(record)
    return True


def load(code: str, record: Path = RECORD) -> dict[str, str]:
    """Return the outcomes that are recorded for the code of this digest."""
    try:
        data = json.loads(record.read_text())
        return data["outcomes"] if data["code"] == code else {}
    except (OSError, ValueError, KeyError):
        return {}


def of(test: str, found: Mapping[str, str]) -> str:
    """Return the outcome of a test over all its parameters and lanes: failed, passed, skipped, or "" (did not run)."""
    mine = {verdict for node, verdict in found.items() if node == test or node.startswith(test + "[")}
    return next((verdict for verdict in ("failed", "passed", "skipped") if verdict in mine), "")


@cache
def functions(file: Path) -> frozenset[str]:
    """Return the test functions that a file defines, those of a class as Class::name; none if there is no file."""
    if not file.is_file():
        return frozenset()
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8"), str(file)).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return frozenset(name for name in found if name.split("::")[-1].startswith("test_"))


@cache
def mentions(file: Path) -> str:
    """Return the text of a test file, to find names in it."""
    return file.read_text(encoding="utf-8") if file.is_file() else ""
