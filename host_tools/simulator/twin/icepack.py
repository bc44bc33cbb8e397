"""Virtual ice pack: slow cooling by contact, for comparison with a burst.

One contact coefficient stands for pack, cloth and air gaps. It is fitted to one published point, frozen peas
for 20 min leaving the skin at 10.8 +- 2.3 degC [S]; the pack stays at one temperature, as melting ice does.
"""

from host_tools.simulator.twin.skin import Skin

PACK_C = 0.0  # [K] melting ice
PEAS_SECONDS = 1200.0  # [S] frozen peas, 20 min
PEAS_END_C = 10.8  # [S] +- 2.3
H_CONTACT_W_M2K = 63.8  # [C] fit_h() of the point above
STEP_S = 0.1  # slow cooling over minutes needs no finer step


def _under_pack(h_w_m2k, t_pack_c, skin=None):
    skin = skin or Skin(dt_s=STEP_S)
    skin.set_ambient(h_w_m2k, t_pack_c)
    return skin


def fit_h(t_pack_c=PACK_C, seconds=PEAS_SECONDS, end_c=PEAS_END_C):
    """Contact coefficient (W/m2K) that leaves the resting skin at `end_c` after `seconds` under a pack.

    By bisection between 1 and 2000 W/m2K; raises ValueError if no coefficient in that range does it.
    """
    def excess(h):
        return _under_pack(h, t_pack_c).advance(seconds) - end_c

    low, high = 1.0, 2000.0
    if excess(low) < 0 or excess(high) > 0:
        raise ValueError(f"no contact reaches {end_c} degC in {seconds} s under a pack of {t_pack_c} degC: "
                         "give a target between the pack and the resting skin")
    while high - low > 1e-3:
        middle = (low + high) / 2
        if excess(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def curve(seconds, step_s, *, h=H_CONTACT_W_M2K, t_pack_c=PACK_C, skin=None):
    """Surface under the pack as [(s, degC)] from 0 to `seconds`, one point every `step_s` (>= 0.1 s).

    `skin` is another skin at rest than the usual one, with steps of STEP_S. The pack covers all of it.
    """
    if step_s < STEP_S:
        raise ValueError(f"step {step_s} s: give {STEP_S} s or more")
    skin = _under_pack(h, t_pack_c, skin)
    points = [(0.0, skin.surface_c)]
    done = 0
    for index in range(1, int(seconds / step_s + 1e-9) + 1):
        due = round(index * step_s / STEP_S)
        skin.advance((due - done) * STEP_S)
        done = due
        points.append((index * step_s, skin.surface_c))
    return points


def seconds_to(target_c, h=H_CONTACT_W_M2K, t_pack_c=PACK_C, *, limit_s=3600.0, skin=None):
    """Seconds until the surface is at or under `target_c` (degC), or None if not within `limit_s`; skin as in curve."""
    skin = _under_pack(h, t_pack_c, skin)
    for step in range(round(limit_s / STEP_S) + 1):
        if skin.surface_c <= target_c:
            return step * STEP_S
        skin.advance(STEP_S)
    return None
