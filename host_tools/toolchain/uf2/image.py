"""Where the MicroPython image is."""

import os
from pathlib import Path

CACHE = Path.home() / ".cache" / "cryo" / "RPI_PICO.uf2"
MISSING = (
    "no RP2040 image: `make uf2` downloads one to ~/.cache/cryo/RPI_PICO.uf2; or set CRYO_UF2 to a MicroPython "
    "RPI_PICO .uf2 file of your own. Not tested without it: PIO, flash, resets and heap of a whole RP2040"
)


def find_image():
    """Return the path of the image, or None. CRYO_UF2 comes before the cache; set without that file it is an error."""
    given = os.environ.get("CRYO_UF2")
    if given:
        if not Path(given).is_file():
            raise FileNotFoundError(f"CRYO_UF2 names {given}, which is no file")
        return Path(given)
    return CACHE if CACHE.is_file() else None
