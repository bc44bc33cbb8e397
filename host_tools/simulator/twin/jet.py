"""Virtual jet: heat transfer of the reference diffuser nozzle over distance and bottle pressure.

All laws here are engineering judgement [E], never measured on a nozzle.
"""

import math

T_JET_C = -78.5  # [K] CO2 snow at 1 atm; gas drawn from above the liquid carries little snow and is warmer
REFERENCE_BAR = 57.3  # [C] CO2 vapour pressure at 20 degC
REFERENCE_H_W_M2K = 150.0  # [E] diffuser nozzle at 80 mm
REFERENCE_MM = 80.0
DISTANCE_EXPONENT = 1.5  # [E]
REFERENCE_FLOW_G_S = 1.0  # [E] at 57.3 bar
FLOW_EXPONENT = 0.6  # [E] Nusselt number of impinging gas jets goes with Reynolds to the power 0.5 to 0.8 [K]

SKIN_EFFUSIVITY = 1100.0  # W*sqrt(s)/(m2*K), [C] between epidermis 950 and dermis 1210
JET_TO_SKIN_K = 106.0  # [C] skin before treatment minus the jet, mean over a burst


def mass_flow_g_s(bar):
    """Mass flow (g/s) of the open valve at an absolute bottle pressure (bar), 0 at 0 bar or below.

    Proportional to pressure [E]: a choked orifice passes gas in proportion to the pressure upstream.
    """
    return REFERENCE_FLOW_G_S * max(bar, 0.0) / REFERENCE_BAR


def h_at(distance_mm, *, bar=REFERENCE_BAR, strength=1.0):
    """Heat transfer coefficient (W/m2K) on skin at a distance (mm, > 0) and absolute pressure (bar).

    150*(80 mm/d)^1.5 times (mass flow/reference flow)^0.6 [E]; `strength` (>= 0) scales the result, for a
    wrong or half-blocked nozzle. Raises ValueError outside these ranges.
    """
    if not distance_mm > 0:
        raise ValueError(f"distance {distance_mm} mm: give more than 0")
    if strength < 0:
        raise ValueError(f"strength {strength}: give 0 or more")
    flow = mass_flow_g_s(bar) / REFERENCE_FLOW_G_S
    geometry = (REFERENCE_MM / distance_mm) ** DISTANCE_EXPONENT
    return strength * REFERENCE_H_W_M2K * geometry * flow**FLOW_EXPONENT


def k_mdegc_per_sqrt_s(h_w_m2k):
    """Fall of a semi-infinite solid's surface under a jet, K = 2*h*dT/(e*sqrt(pi)), in mdegC per sqrt(s).

    With e = 1100 and dT = 106 [C]. An integer, rounded to the nearest.
    """
    return round(1000.0 * 2.0 * h_w_m2k * JET_TO_SKIN_K / (SKIN_EFFUSIVITY * math.sqrt(math.pi)))
