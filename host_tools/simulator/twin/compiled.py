"""Machine code for cells.py: `use()` asks for it, once a process. Without Numba nothing changes but the speed.

The code is kept in the user's cache folder, under a name made of the sources and Numba's version, so only the first
process after a change compiles (half a minute). It needs no compiler of the machine's own.
"""

import contextlib
import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from host_tools.simulator.twin import cells, co2, jet, motion
from host_tools.simulator.twin.guest import chip_vl53l0x

_state = {"used": False}

flux_w_m2 = cells.flux_w_m2


def decayed(theta, decay, weights, sums):
    """Let the modes decay; sums receives what each row of them adds to the surface."""
    for j in range(theta.shape[0]):
        total = 0.0
        for k in range(theta.shape[1]):
            theta[j, k] *= decay[j, k]
            total += weights[j, k] * theta[j, k]
        sums[j] = total


def driven(theta, drive, flux):
    """Add to each row of modes what its flux does within the step."""
    for j in range(theta.shape[0]):
        for k in range(theta.shape[1]):
            theta[j, k] += drive[j, k] * flux[j]


def _skin_step(
    theta, decay, drive, weights, response, spread, gather, room, shape, looks,
    rest_c, h_ambient, ambient_c, h_jet, jet_c,
):  # fmt: skip
    """As cells.skin_step."""
    rings, sums, flux = room[0], room[1], room[2]
    decayed(theta, decay, weights, sums)
    count = len(shape)
    flux[:] = 0.0
    for i in range(count):
        before_c = rest_c
        for j in range(count):
            before_c += spread[i, j] * sums[j]
        rings[i] = before_c
        q = flux_w_m2(before_c, response[count], h_ambient, ambient_c, h_jet * shape[i], jet_c)
        for j in range(count):
            flux[j] += gather[j, i] * q
    driven(theta, drive, flux)
    coldest_c = 1e9
    under_probe_c = 0.0
    under_eye_c = 0.0
    for i in range(count):
        for j in range(count):
            rings[i] += spread[i, j] * response[j] * flux[j]
        coldest_c = min(coldest_c, rings[i])
        under_probe_c += looks[0, i] * rings[i]
        under_eye_c += looks[1, i] * rings[i]
    return coldest_c, under_probe_c, under_eye_c


def _source_key() -> str:
    whole = hashlib.sha256()
    for module in (cells, co2, jet, motion, chip_vl53l0x):
        whole.update(Path(str(module.__file__)).read_bytes())
    whole.update(Path(__file__).read_bytes())
    whole.update(version("numba").encode())
    return whole.hexdigest()[:16]


def _made(folder: Path) -> bool:
    """Return whether the folder is there for us to write to."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)


def use() -> bool:
    """Let the plant run machine code from now on; returns whether it does: not without Numba."""
    if _state["used"]:
        return True
    try:
        import numba
        import numba.core.config
    except ImportError:
        return False
    folder = user_cache_path("cryo", appauthor=False) / f"cells-{_source_key()}"
    keeps = _made(folder)
    settings: Any = numba.core.config
    settings.CACHE_DIR = str(folder)
    # A sum may be taken in any order: that is what makes it short. Nothing else about numbers is loosened.
    sums = numba.njit(cache=keeps, fastmath={"reassoc", "contract"})
    this = globals()
    this["decayed"], this["driven"] = sums(decayed), sums(driven)
    plain = numba.njit(cache=keeps)
    for name in ("moved_mm", "trembling_mm", "toward", "felt_c", "aimed_c", "flux_w_m2"):
        this[name] = plain(getattr(cells, name))
        setattr(cells, name, this[name])
    cells.skin_step = plain(_skin_step)
    cells.advance = plain(cells.advance)
    for name, function in list(vars(co2).items()):
        if callable(function):
            setattr(co2, name, plain(function))
    for name in ("gauss", "word", "counted", "drawn"):
        setattr(chip_vl53l0x, name, plain(getattr(chip_vl53l0x, name)))
    co2.form_is_arrays = lambda: True
    cells.reached = lambda part: part.array
    _state["used"] = True
    return True
