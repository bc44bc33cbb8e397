"""Virtual CO2 bottle: saturated liquid and vapour in a steel bottle that cools as gas is drawn.

The equation of state is CoolProp's (Span and Wagner). Its tables are kept between processes; no step calls it.
Pressures are absolute. Contents and steel share one temperature [E]: well mixed, no gradient in the wall.

When a mass dm of density rho leaves, the volume dm/rho becomes free and the rest expands into it. This takes the heat
T*(dp/dT)*dm/rho. For a boiling liquid that equals the latent heat of the part that evaporates (Clapeyron); it also
holds for vapour alone.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.simulator.twin import co2
from host_tools.simulator.twin.co2 import ATMOSPHERE_BAR, DENSEST, DENSITY_STEP, HOTTEST_C, KELVIN
from host_tools.simulator.twin.kept import kept

FILL_KG_PER_L = 0.50  # [E] under the 0.66-0.75 permitted [K], so a bottle at 30 degC still holds vapour
STEEL_KG_PER_L = 1.2  # [K] steel cylinders weigh 1.0 to 1.4 kg per litre
STEEL_C_J_KGK = 490.0  # [K]
AIR_W_M2K = 8.0  # [E] free convection and radiation of a standing bottle
AREA_M2_PER_L23 = 0.065  # [E] slender cylinder: surface over volume (in litres) to the power 2/3
SUBLIMATION_J_KG = 571e3  # [K] CO2 at 1 atm
SUBLIMATION_C = -78.46  # [K]


class _Table:
    """Saturation curve every 0.1 degC from the triple to the critical point, and p(T, density) away from the curve."""

    def __init__(self):
        vars(self).update(kept(self._computed, "CoolProp", Path(__file__), Path(co2.__file__)))
        self.marks = (self.first_c, self.triple_c, self.critical_c, float(self.plane_first_c))
        self._curve = [self.bar, self.liquid_rho, self.vapour_rho, self.liquid_u, self.vapour_u]
        self._arrays = np.array(self._curve), np.array(self.plane)

    def form(self) -> tuple[tuple, Any, Any]:
        """Return (marks, curve, plane) in the form that the functions of co2.py read fastest."""
        curve, plane = self._arrays if co2.form_is_arrays() else (self._curve, self.plane)
        return self.marks, curve, plane

    def _computed(self):
        from CoolProp import CoolProp

        eos = CoolProp.AbstractState("HEOS", "CO2")
        self.triple_c = eos.trivial_keyed_output(CoolProp.iT_triple) - KELVIN
        self.critical_c = eos.T_critical() - KELVIN
        self.critical_bar = eos.p_critical() / 1e5
        self.first_c, self.step_c = math.ceil(self.triple_c * 10) / 10, co2.STEP_C
        self.count = int((self.critical_c - self.first_c) / self.step_c) + 1
        rows = []
        for index in range(self.count):
            kelvin = self.first_c + index * self.step_c + KELVIN
            row = []
            for quality in (0, 1):
                eos.update(CoolProp.QT_INPUTS, quality, kelvin)
                row += [eos.p() / 1e5, eos.rhomass(), eos.umass(), eos.hmass()]
            rows.append(row)
        eos.update(CoolProp.QT_INPUTS, 0, self.triple_c + KELVIN)
        self.triple_bar = eos.p() / 1e5
        columns = list(zip(*rows, strict=True))
        self.bar, self.liquid_rho, self.liquid_u, self.liquid_h = columns[:4]
        _, self.vapour_rho, self.vapour_u, self.vapour_h = columns[4:]
        self.plane = self._plane(CoolProp)
        return vars(self)

    def _plane(self, coolprop):
        """p in bar on 1 degC x 10 kg/m3, the homogeneous branch also inside the two-phase dome."""
        eos = coolprop.AbstractState("HEOS", "CO2")
        eos.specify_phase(coolprop.iphase_gas)
        self.plane_first_c = math.ceil(self.triple_c)
        plane = []
        for celsius in range(self.plane_first_c, int(HOTTEST_C) + 2):
            row = [0.0]
            for rho in range(DENSITY_STEP, DENSEST + 1, DENSITY_STEP):
                eos.update(coolprop.DmassT_INPUTS, rho, celsius + KELVIN)
                row.append(eos.p() / 1e5)
            plane.append(row)
        return plane

    def enthalpy_j_kg(self, celsius):
        """Return the enthalpy of boiling liquid."""
        return float(co2.at(self.marks, np.array([self.liquid_h]), 0, celsius))


@lru_cache(maxsize=1)
def _table():
    return _Table()


def saturation_bar(t_c):
    """Vapour pressure of CO2 (bar, absolute) from the triple point (-56.6 degC) to the critical point (31.0).

    Raises ValueError outside.
    """
    table = _table()
    if not table.triple_c - 0.05 <= t_c <= table.critical_c + 0.05:
        raise ValueError(f"{t_c} degC: CO2 boils only between its triple and critical points: "
                         f"give {table.triple_c:.1f} to {table.critical_c:.1f}")
    marks, curve, _ = table.form()
    return float(co2.at(marks, curve, co2.BAR, t_c))


def triple_point():
    """(degC, bar) of the equation of state's triple point."""
    return _table().triple_c, _table().triple_bar


def critical_point():
    """(degC, bar) of the equation of state's critical point."""
    return _table().critical_c, _table().critical_bar


@lru_cache(maxsize=1)
def _cold_vapour_h():
    """Enthalpy (J/kg) of CO2 vapour over snow at 1 atm; the gas branch extended below the triple point."""
    from CoolProp import CoolProp

    eos = CoolProp.AbstractState("HEOS", "CO2")
    eos.specify_phase(CoolProp.iphase_gas)
    eos.update(CoolProp.PT_INPUTS, ATMOSPHERE_BAR * 1e5, SUBLIMATION_C + KELVIN)
    return eos.hmass()


def snow_fraction_liquid_feed(t_c):
    """Mass fraction of snow after isenthalpic expansion of saturated liquid at `t_c` (degC) to 1 atm [C]."""
    saturation_bar(t_c)
    return (_cold_vapour_h() - _table().enthalpy_j_kg(t_c)) / SUBLIMATION_J_KG


class Bottle:
    """A bottle holding `contents_g` grams of CO2 at `ambient_c` degC (-56 to 60).

    `volume_l` litres default to the volume that `contents_g` fill to 0.5 kg/L; give it for a bottle that
    starts partly used or filled to its limit. `dip_tube`: liquid is drawn while there is any, then vapour. Raises
    ValueError for contents or temperatures out of range.
    """

    def __init__(self, contents_g, ambient_c=20.0, *, volume_l=None, dip_tube=True):
        if contents_g <= 0 and volume_l is None:
            raise ValueError("an empty bottle has no volume of its own: give volume_l")
        if not -56.0 <= ambient_c <= HOTTEST_C:
            raise ValueError(f"ambient {ambient_c} degC: give -56 to {HOTTEST_C:.0f}")
        self._table = _table()
        self.volume_l = contents_g / 1000.0 / FILL_KG_PER_L if volume_l is None else volume_l
        self.ambient_c = ambient_c
        self.temperature_c = ambient_c
        self.dip_tube = dip_tube
        self.steel_j_k = self.volume_l * STEEL_KG_PER_L * STEEL_C_J_KGK
        self._air_w_k = AIR_W_M2K * AREA_M2_PER_L23 * self.volume_l ** (2.0 / 3.0)
        self.set_contents(contents_g)

    def set_contents(self, grams):
        """Put a new mass in at the present temperature (fault injection); 0 to 1.1 kg per litre."""
        if not 0 <= grams <= 1100.0 * self.volume_l:
            raise ValueError(f"{grams} g in {self.volume_l:.2f} L: give 0 to {1100.0 * self.volume_l:.0f} g")
        self.grams_left = float(grams)

    def _rho(self):
        return self.grams_left / self.volume_l  # g/L is kg/m3

    @property
    def has_liquid(self):
        """Whether there is any liquid, as liquid_g defines it."""
        marks, curve, _ = self._table.form()
        celsius = self.temperature_c
        return celsius < self._table.critical_c and self._rho() > co2.at(marks, curve, co2.VAPOUR_RHO, celsius)

    @property
    def liquid_g(self):
        """Grams of liquid; 0 once only vapour is left or above the critical point."""
        marks, curve, _ = self._table.form()
        celsius, rho = self.temperature_c, self._rho()
        if celsius >= self._table.critical_c:
            return 0.0
        liquid_rho = co2.at(marks, curve, co2.LIQUID_RHO, celsius)
        if rho >= liquid_rho:
            return self.grams_left
        if not co2.boils(marks, curve, celsius, rho):
            return 0.0
        return co2.liquid_share(marks, curve, celsius, rho) * liquid_rho * self.volume_l

    @property
    def bar(self):
        """Absolute pressure in bar; an empty bottle is open to the air at 1.01 bar."""
        return max(co2.bar_at(*self._table.form(), self.temperature_c, self._rho()), ATMOSPHERE_BAR)

    def draw(self, grams):
        """Take `grams` (>= 0) out at once; this cools the rest. Return the grams that left.

        Less gas leaves when the bottle reaches ambient pressure. Keep one draw under a hundredth of the
        contents: temperature and density are taken as constant during it. Raises ValueError for a negative
        amount.
        """
        if grams < 0:
            raise ValueError(f"draw of {grams} g: give 0 or more")
        self.temperature_c, self.grams_left, taken_g = co2.drawn(
            *self._table.form(), self.temperature_c, self.grams_left, self.volume_l, self.steel_j_k, self.dip_tube,
            float(grams),
        )  # fmt: skip
        return taken_g

    def advance(self, seconds):
        """Exchange heat with the air for `seconds` (>= 0): relax exponentially toward `ambient_c`."""
        marks, curve, _ = self._table.form()
        self.temperature_c = co2.relaxed_c(
            marks, curve, float(self.temperature_c), self.grams_left, self.volume_l, self.steel_j_k, self._air_w_k,
            float(self.ambient_c), seconds,
        )  # fmt: skip
