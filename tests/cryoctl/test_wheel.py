"""The wheel on a technician's computer: no clone, no make, and only the packages that the wheel needs."""

import importlib.metadata
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

from host_tools import places
from host_tools.cryoctl.names import VERSION
from host_tools.cryoctl.sim import image
from host_tools.toolchain import packing
from tests.cryoctl.conftest import PATIENCE_S

PROJECT = "cryo-applicator"
IMPORTS = """import importlib, pkgutil, host_tools
for module in pkgutil.walk_packages(host_tools.__path__, "host_tools."):
    if ".carried" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""


class Installed:
    """A virtual environment with the wheel. The packages that it needs are links to those of this environment."""

    def __init__(self, folder, wheel):
        self.folder = folder
        venv.create(folder, symlinks=True)
        self.bin = folder / "bin"
        self.python = self.bin / "python"
        [self.site] = folder.glob("lib/python3*/site-packages")
        pip("--python", self.python, "install", "--no-deps", "--no-index", wheel)
        [own] = importlib.metadata.distributions(name=PROJECT, path=[str(self.site)])
        for name in needed(own.requires, set()):
            self._link(importlib.metadata.distribution(name))

    def _link(self, package):
        """Link a package's modules; this environment's Python runs its commands."""
        for file in package.files:
            there = Path(file.locate())
            if file.parts[0] != "..":
                link = self.site / file.parts[0]
                if file.suffix != ".pth" and not link.exists():
                    link.symlink_to(there.parents[len(file.parts) - 2] if len(file.parts) > 1 else there)
            elif there.parent.resolve() == Path(sys.executable).parent.resolve() and there.read_bytes()[:2] == b"#!":
                (self.bin / there.name).write_text(there.read_text().replace(sys.executable, str(self.python)))
                (self.bin / there.name).chmod(0o755)

    def files(self):
        """Return the files in the wheel, without bytecode."""
        return {file for file in self.folder.rglob("*") if "__pycache__" not in file.parts}


def needed(requirements, found):
    """Return the names of all packages that these need, directly or through others."""
    for requirement in map(Requirement, requirements or ()):
        name = requirement.name
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found.add(name)
            needed(importlib.metadata.requires(name), found)
            for extra in requirement.extras:
                lines = map(Requirement, importlib.metadata.requires(name) or ())
                chosen = [line for line in lines if line.marker and line.marker.evaluate({"extra": extra})]
                needed([f"{line.name}{line.specifier}" for line in chosen], found)
    return found


def pip(*words):
    """Run pip; if it fails, fail with its output."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--check-build-dependencies", "--wheel-dir", folder, places.ROOT)
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("installed") / "venv", wheel)


@pytest.fixture
def cryoctl(installed, tmp_path, monkeypatch):
    """Run the installed command in an empty folder, where it cannot find this project; return what it printed."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PATH", f"{installed.bin}{os.pathsep}{os.defpath}")

    def run(*words):
        done = subprocess.run(
            ["cryoctl", *map(str, words)], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_it_holds_one_package_and_nothing_that_only_a_clone_uses(wheel):
    names = [PurePosixPath(name) for name in zipfile.ZipFile(wheel).namelist()]
    tops = {name.parts[0] for name in names if not name.parts[0].endswith(".dist-info")}
    assert tops == {"host_tools"}
    assert not {part for name in names for part in name.parts} & {"tests", "node", "node_modules", "evidence"}


def test_every_module_can_be_imported_with_the_packages_it_asks_for(installed, tmp_path):
    command = [installed.python, "-I", "-c", IMPORTS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert {"host_tools.cryoctl.commands.flash", "host_tools.simulator.twin.plant"} <= set(done.stdout.split())


def test_from_an_empty_folder_a_board_is_flashed_set_up_and_reported_on(cryoctl, installed, start, tmp_path):
    before = installed.files()
    assert cryoctl("--version") == f"cryoctl {VERSION}, with the application {VERSION}\n"
    sim = start("--speed", "10", program=installed.bin / "cryoctl")
    (tmp_path / "pin").write_text("4711\n")
    (tmp_path / "board.toml").write_text("serial = 42\ntrip_mdegc = 5000\n")
    (tmp_path / "ruler.csv").write_text("reference_mm,reading_mm\n80,81\n140,139\n200,202\n")
    way = ("--port", sim.link)
    secret = ("--pin-file", "pin")
    assert "verified" in cryoctl("flash", *way, *secret, "--settings", "board.toml", "--record", "flashed.jsonl")
    assert image.read(sim.image).items() >= packing.application(places.VIRTUAL).items()
    assert cryoctl("config", "get", "trip_mdegc", *way) == "5000\n"
    cryoctl("config", "set", "trip_mdegc", "5500", *way, *secret)
    cryoctl("config", "export", "stored.toml", *way)
    stored = (tmp_path / "stored.toml").read_text()
    assert "\ntrip_mdegc = 5500\n" in stored
    assert stored.startswith(f"#:schema {(installed.site / 'host_tools/carried/docs/settings.schema.json').as_uri()}\n")
    who = ("--technician", "A. Fitter", "--instrument", "ruler 7", "--yes")
    cryoctl("calibrate", "distance", *way, *secret, "--points", "ruler.csv", "--certificate", "c.pdf", *who)
    cryoctl("monitor", *way, "--plain", "--seconds", "1", "--record", "seen.jsonl")
    cryoctl("report", *way, "--recording", "seen.jsonl", "-o", "report.html")
    assert cryoctl("doctor").count("as pinned") == 1
    made = {"board.img", "flashed.jsonl", "stored.toml", "c.pdf", "seen.jsonl", "report.html"}
    assert made <= {path.name for path in tmp_path.iterdir()}
    assert installed.files() == before
