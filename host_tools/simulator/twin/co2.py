"""The behaviour of the CO2 in a bottle, as functions of numbers and tables: compiled.py makes machine code of them.

`marks`, `curve` and `plane` are a table of bottle.py: temperatures, saturation columns, p(T, density) off the curve.
A bottle is its temperature (degC), grams, litres, and its steel's heat capacity (J/K).
"""

import math

KELVIN = 273.15
ATMOSPHERE_BAR = 1.01325
STEP_C = 0.1  # of the curve's rows
DENSITY_STEP = 10  # kg/m3, of the plane's columns
DENSEST = 1200
HOTTEST_C = 60.0  # the tables end here
GAS_CONSTANT_J_KGK = 188.9  # of CO2 as an ideal gas
SINGLE_PHASE_C_J_KGK = 900.0  # [K] isochoric heat capacity of dense CO2 gas

FIRST_C, TRIPLE_C, CRITICAL_C, PLANE_FIRST_C = range(4)  # places of marks
BAR, LIQUID_RHO, VAPOUR_RHO, LIQUID_U, VAPOUR_U = range(5)  # columns of curve


def form_is_arrays():
    """Return whether these functions take arrays. Without machine code they take lists, which Python reads faster."""
    return False


def at(marks, curve, column, celsius):
    """Return a saturation column at a temperature, held at the ends of the curve."""
    values = curve[column]
    place = min(max((celsius - marks[FIRST_C]) / STEP_C, 0.0), len(values) - 1.000001)
    index = int(place)
    low = values[index]
    return low + (values[index + 1] - low) * (place - index)


def homogeneous_bar(marks, plane, celsius, rho):
    """Return the pressure of one phase at a temperature and density (kg/m3), by bilinear interpolation."""
    row = min(max(celsius - marks[PLANE_FIRST_C], 0.0), len(plane) - 1.000001)
    column = min(max(rho / DENSITY_STEP, 0.0), DENSEST / DENSITY_STEP - 0.000001)
    i, j = int(row), int(column)
    f, g = row - i, column - j
    top, bottom = plane[i], plane[i + 1]
    return (top[j] * (1 - g) + top[j + 1] * g) * (1 - f) + (bottom[j] * (1 - g) + bottom[j + 1] * g) * f


def bar_at(marks, curve, plane, celsius, rho):
    """Return the pressure in a bottle of this density."""
    if celsius >= marks[CRITICAL_C]:
        return homogeneous_bar(marks, plane, celsius, rho)
    saturated = at(marks, curve, BAR, celsius)
    if rho <= at(marks, curve, VAPOUR_RHO, celsius):
        return min(homogeneous_bar(marks, plane, celsius, rho), saturated)
    if rho >= at(marks, curve, LIQUID_RHO, celsius):
        return max(homogeneous_bar(marks, plane, celsius, rho), saturated)
    return saturated


def boils(marks, curve, celsius, rho):
    """Return True where liquid and vapour fill the bottle together."""
    if celsius >= marks[CRITICAL_C]:
        return False
    return at(marks, curve, VAPOUR_RHO, celsius) < rho < at(marks, curve, LIQUID_RHO, celsius)


def liquid_share(marks, curve, celsius, rho):
    """Return the share of the volume that is liquid, in a bottle that boils."""
    liquid, vapour = at(marks, curve, LIQUID_RHO, celsius), at(marks, curve, VAPOUR_RHO, celsius)
    return (rho - vapour) / (liquid - vapour)


def _energy_j(marks, curve, celsius, rho, litres):
    share = liquid_share(marks, curve, celsius, rho)
    u = share * at(marks, curve, LIQUID_RHO, celsius) * at(marks, curve, LIQUID_U, celsius)
    u += (1.0 - share) * at(marks, curve, VAPOUR_RHO, celsius) * at(marks, curve, VAPOUR_U, celsius)
    return u * litres / 1000.0


def _heat_capacity_j_k(marks, curve, celsius, grams, litres, steel_j_k):
    """Steel and contents at constant volume; boiling on warming included."""
    rho = grams / litres  # g/L is kg/m3
    if not boils(marks, curve, celsius, rho):
        return steel_j_k + grams / 1000.0 * SINGLE_PHASE_C_J_KGK
    warmer = _energy_j(marks, curve, celsius + 0.25, rho, litres)
    return steel_j_k + (warmer - _energy_j(marks, curve, celsius - 0.25, rho, litres)) / 0.5


def _held_c(marks, celsius):
    # Dry ice forms at the triple point; the model stops there instead of freezing.
    return min(max(celsius, marks[TRIPLE_C]), HOTTEST_C)


def drawn(marks, curve, plane, celsius, grams_left, litres, steel_j_k, dip_tube, grams):
    """Return (degC, grams that stay, grams that left) after up to so many grams were let out."""
    air_g = ATMOSPHERE_BAR * 1e5 * litres / (GAS_CONSTANT_J_KGK * (celsius + KELVIN))
    grams = min(grams, max(grams_left - air_g, 0.0))
    if grams == 0.0:
        return celsius, grams_left, 0.0
    rho = inside = grams_left / litres
    if boils(marks, curve, celsius, inside):
        rho = at(marks, curve, LIQUID_RHO if dip_tube else VAPOUR_RHO, celsius)
    warmer_bar = bar_at(marks, curve, plane, celsius + 0.2, inside)
    slope = (warmer_bar - bar_at(marks, curve, plane, celsius - 0.2, inside)) / 0.4
    freed_m3 = grams / 1000.0 / rho
    heat_j = (celsius + KELVIN) * slope * 1e5 * freed_m3
    cooled_c = celsius + -heat_j / _heat_capacity_j_k(marks, curve, celsius, grams_left, litres, steel_j_k)
    return _held_c(marks, cooled_c), grams_left - grams, grams


def relaxed_c(marks, curve, celsius, grams, litres, steel_j_k, air_w_k, ambient_c, seconds):
    """Return the temperature after some seconds in the room's air."""
    rate = air_w_k / _heat_capacity_j_k(marks, curve, celsius, grams, litres, steel_j_k)
    return _held_c(marks, celsius + (ambient_c - celsius) * -math.expm1(-rate * seconds))
