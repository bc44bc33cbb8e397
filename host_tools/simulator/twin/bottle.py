"""Virtual CO2 bottle: saturated liquid and vapour in a steel bottle that cools as gas is drawn.

The equation of state is CoolProp's (Span and Wagner). Its tables are kept between processes; no step calls it.
Pressures are absolute. Contents and steel share one temperature [E]: well mixed, no gradient in the wall.

Drawing mass dm of density rho frees the volume dm/rho, and what stays behind expands into it. The heat this
takes is T*(dp/dT)*dm/rho, which for a boiling liquid equals the latent heat of what evaporates
(Clapeyron), and holds as well for vapour alone.
"""

import math
from functools import lru_cache
from pathlib import Path

from host_tools.simulator.twin.kept import kept

KELVIN = 273.15
ATMOSPHERE_BAR = 1.01325
FILL_KG_PER_L = 0.50  # [E] under the 0.66-0.75 permitted [K], so a bottle at 30 degC still holds vapour
STEEL_KG_PER_L = 1.2  # [K] steel cylinders weigh 1.0 to 1.4 kg per litre
STEEL_C_J_KGK = 490.0  # [K]
SINGLE_PHASE_C_J_KGK = 900.0  # [K] isochoric heat capacity of dense CO2 gas
AIR_W_M2K = 8.0  # [E] free convection and radiation of a standing bottle
AREA_M2_PER_L23 = 0.065  # [E] slender cylinder: surface over volume (in litres) to the power 2/3
HOTTEST_C = 60.0  # the tables end here
DENSITY_STEP = 10  # kg/m3
DENSEST = 1200
SUBLIMATION_J_KG = 571e3  # [K] CO2 at 1 atm
SUBLIMATION_C = -78.46  # [K]


class _Table:
    """Saturation curve every 0.1 degC from the triple to the critical point, and p(T, density) off it."""

    def __init__(self):
        vars(self).update(kept(self._computed, Path(__file__), "CoolProp"))

    def _computed(self):
        from CoolProp import CoolProp

        eos = CoolProp.AbstractState("HEOS", "CO2")
        self.triple_c = eos.trivial_keyed_output(CoolProp.iT_triple) - KELVIN
        self.critical_c = eos.T_critical() - KELVIN
        self.critical_bar = eos.p_critical() / 1e5
        self.first_c, self.step_c = math.ceil(self.triple_c * 10) / 10, 0.1
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

    def at(self, column, celsius):
        """A saturation column at a temperature, held at the ends of the curve."""
        index, share = self.place(celsius)
        low = column[index]
        return low + (column[index + 1] - low) * share

    def place(self, celsius):
        """Return (row, share of the way to the next) of a temperature on the saturation curve."""
        place = min(max((celsius - self.first_c) / self.step_c, 0.0), self.count - 1.000001)
        index = int(place)
        return index, place - index

    def densities(self, celsius):
        """Return those of boiling liquid and of its vapour, kg/m3."""
        index, share = self.place(celsius)
        liquid, vapour = self.liquid_rho[index], self.vapour_rho[index]
        return (
            liquid + (self.liquid_rho[index + 1] - liquid) * share,
            vapour + (self.vapour_rho[index + 1] - vapour) * share,
        )

    def homogeneous_bar(self, celsius, rho):
        """Pressure of one phase at a temperature and density (kg/m3), by bilinear interpolation."""
        row = min(max(celsius - self.plane_first_c, 0.0), len(self.plane) - 1.000001)
        column = min(max(rho / DENSITY_STEP, 0.0), DENSEST / DENSITY_STEP - 0.000001)
        i, j = int(row), int(column)
        f, g = row - i, column - j
        top, bottom = self.plane[i], self.plane[i + 1]
        return ((top[j] * (1 - g) + top[j + 1] * g) * (1 - f)
                + (bottom[j] * (1 - g) + bottom[j + 1] * g) * f)


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
    return table.at(table.bar, t_c)


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
    return (_cold_vapour_h() - _table().at(_table().liquid_h, t_c)) / SUBLIMATION_J_KG


class Bottle:
    """A bottle holding `contents_g` grams of CO2 at `ambient_c` degC (-56 to 60).

    `volume_l` litres default to the volume that `contents_g` fill to 0.5 kg/L; give it for a bottle that
    starts partly used or filled to its limit. `dip_tube`: liquid is drawn as long as there is any, else
    vapour. Raises ValueError for contents or temperatures out of range.
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

    def _saturation(self):
        """(liquid, vapour) density, or None where one phase fills the bottle."""
        table = self._table
        if self.temperature_c >= table.critical_c:
            return None
        liquid, vapour = table.densities(self.temperature_c)
        return (liquid, vapour) if vapour < self._rho() < liquid else None

    def _rho(self):
        return self.grams_left / self.volume_l  # g/L is kg/m3

    @property
    def liquid_g(self):
        """Grams of liquid; 0 once only vapour is left or above the critical point."""
        phases = self._saturation()
        if phases is None:
            is_liquid = (self.temperature_c < self._table.critical_c
                         and self._rho() >= self._table.at(self._table.liquid_rho, self.temperature_c))
            return self.grams_left if is_liquid else 0.0
        liquid, vapour = phases
        return (self._rho() - vapour) / (liquid - vapour) * liquid * self.volume_l

    @property
    def bar(self):
        """Absolute pressure in bar; an empty bottle is open to the air at 1.01 bar."""
        return max(self._bar_at(self.temperature_c), ATMOSPHERE_BAR)

    def _bar_at(self, celsius):
        table = self._table
        rho = self._rho()
        if celsius >= table.critical_c:
            return table.homogeneous_bar(celsius, rho)
        saturated = table.at(table.bar, celsius)
        liquid, vapour = table.densities(celsius)
        if rho <= vapour:
            return min(table.homogeneous_bar(celsius, rho), saturated)
        if rho >= liquid:
            return max(table.homogeneous_bar(celsius, rho), saturated)
        return saturated

    def _heat_capacity_j_k(self, phases):
        """Steel and contents at constant volume; boiling on warming included."""
        if phases is None:
            return self.steel_j_k + self.grams_left / 1000.0 * SINGLE_PHASE_C_J_KGK
        rise = (self._energy_j(self.temperature_c + 0.25) - self._energy_j(self.temperature_c - 0.25)) / 0.5
        return self.steel_j_k + rise

    def _energy_j(self, celsius):
        table = self._table
        liquid, vapour = table.densities(celsius)
        share = (self._rho() - vapour) / (liquid - vapour)  # of the volume that is liquid
        u = share * liquid * table.at(table.liquid_u, celsius)
        u += (1.0 - share) * vapour * table.at(table.vapour_u, celsius)
        return u * self.volume_l / 1000.0

    def draw(self, grams):
        """Take `grams` (>= 0) out at once; cools what stays. Returns the grams that left.

        Less leaves when the bottle reaches ambient pressure. Keep one draw under a hundredth of the
        contents: temperature and density are taken as constant during it. Raises ValueError for a negative
        amount.
        """
        if grams < 0:
            raise ValueError(f"draw of {grams} g: give 0 or more")
        air_g = ATMOSPHERE_BAR * 1e5 * self.volume_l / (188.9 * (self.temperature_c + KELVIN))  # ideal gas
        grams = min(grams, max(self.grams_left - air_g, 0.0))
        if grams == 0.0:
            return 0.0
        phases = self._saturation()
        rho = self._rho() if phases is None else phases[0 if self.dip_tube else 1]
        slope = (self._bar_at(self.temperature_c + 0.2) - self._bar_at(self.temperature_c - 0.2)) / 0.4
        freed_m3 = grams / 1000.0 / rho
        heat_j = (self.temperature_c + KELVIN) * slope * 1e5 * freed_m3
        self._warm(-heat_j / self._heat_capacity_j_k(phases))
        self.grams_left -= grams
        return grams

    def _warm(self, kelvin):
        # Dry ice forms at the triple point; the model stops there instead of freezing.
        self.temperature_c = min(max(self.temperature_c + kelvin, self._table.triple_c), HOTTEST_C)

    def advance(self, seconds):
        """Exchange heat with the air for `seconds` (>= 0): relax exponentially toward `ambient_c`."""
        rate = self._air_w_k / self._heat_capacity_j_k(self._saturation())
        self._warm((self.ambient_c - self.temperature_c) * -math.expm1(-rate * seconds))
