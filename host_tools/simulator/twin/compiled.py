"""Machine code for cells.py: each process calls `use()` once. Without Numba only the speed differs.

The code is kept in the user's cache folder, under a name made of the sources and Numba's version, so only the first
process after a change compiles (half a minute). No other compiler is needed.
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


def decayed(theta, decay, weights, sums):
    """Let the modes decay; `sums` receives what each row of them adds to the surface."""
    for j in range(theta.shape[0]):
        total = 0.0
        for k in range(theta.shape[1]):
            theta[j, k] *= decay[j, k]
            total += weights[j, k] * theta[j, k]
        sums[j] = total


def driven(theta, drive, flux):
    """Add to each row of modes the effect of its flux in this step."""
    for j in range(theta.shape[0]):
        for k in range(theta.shape[1]):
            theta[j, k] += drive[j, k] * flux[j]


def summed(theta, weights, sums):
    """Put into `sums` what each row of modes adds to a node."""
    for j in range(theta.shape[0]):
        total = 0.0
        for k in range(theta.shape[1]):
            total += weights[j, k] * theta[j, k]
        sums[j] = total


def _skin_step(
    theta, decay, drive, weights, response, spread, gather, room, shape, looks, under,
    rest_c, h_ambient, ambient_c, top_rest_c, h_jet, jet_c,
):  # fmt: skip
    """As cells.skin_step."""
    rings, sums, flux, tops = room[0], room[1], room[2], room[4]
    decayed(theta, decay, weights, sums)
    count = shape.shape[1]
    flux[:] = 0.0
    for i in range(count):
        before_c = rest_c
        for j in range(count):
            before_c += spread[i, j] * sums[j]
        rings[i] = before_c
        at_jet = h_jet * shape[0, i]
        at_air = max(h_ambient - at_jet, 0.0)
        room[3, i] += at_air * shape[1, i] + at_jet * shape[2, i]
        h = at_air + at_jet
        push = at_air * (ambient_c - shape[1, i]) + at_jet * (jet_c - shape[2, i])
        q = (push - h * before_c) / (1.0 + response[count] * h)
        for j in range(count):
            flux[j] += gather[j, i] * q
    driven(theta, drive, flux)
    wet = len(under) > 0
    if wet:
        summed(theta, under, sums)
    coldest_c = 1e9
    under_probe_c = 0.0
    under_eye_c = 0.0
    axis_c = 0.0
    for i in range(count):
        for j in range(count):
            rings[i] += spread[i, j] * response[j] * flux[j]
        top_c = rings[i]
        if wet:
            top_c = top_rest_c
            for j in range(count):
                top_c += spread[i, j] * sums[j]
        tops[i] = top_c
        coldest_c = min(coldest_c, top_c)
        under_probe_c += looks[0, i] * top_c
        under_eye_c += looks[1, i] * rings[i]
        axis_c += looks[2, i] * top_c
    return min(coldest_c, axis_c), under_probe_c, under_eye_c


def _source_key() -> str:
    whole = hashlib.sha256()
    for module in (cells, co2, jet, motion, chip_vl53l0x):
        whole.update(Path(str(module.__file__)).read_bytes())
    whole.update(Path(__file__).read_bytes())
    whole.update(version("numba").encode())
    return whole.hexdigest()[:16]


def _made(folder: Path) -> bool:
    """Return whether the folder exists and this process may write to it."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)


def used() -> bool:
    """Return whether the plant runs machine code."""
    return _state["used"]


def use() -> bool:
    """Let the plant run machine code from now on. Return whether it does; without Numba it does not."""
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
    # A sum may be taken in any order: that makes it fast. No other rule for numbers is relaxed.
    sums = numba.njit(cache=keeps, fastmath={"reassoc", "contract"})
    this = globals()
    this["decayed"], this["driven"], this["summed"] = sums(decayed), sums(driven), sums(summed)
    plain = numba.njit(cache=keeps)
    for name in ("moved_mm", "trembling_mm", "toward", "felt_c", "aimed_c", "flux_w_m2", "leaked_bar"):
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
