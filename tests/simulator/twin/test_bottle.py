"""The bottle, compared with its equation of state and the conservation of mass and energy."""

import pytest
from CoolProp.CoolProp import PropsSI

from host_tools.simulator.twin import bottle
from host_tools.simulator.twin.bottle import Bottle

AIR_BAR = 1.01325


@pytest.mark.parametrize(("t_c", "bar"), [(0.0, 34.9), (20.0, 57.3), (30.0, 72.1)])
def test_vapour_pressure(t_c, bar):
    assert bottle.saturation_bar(t_c) == pytest.approx(bar, rel=0.01)
    assert Bottle(400.0, t_c).bar == pytest.approx(bar, rel=0.01)


def test_triple_and_critical_point():
    t_c, bar = bottle.triple_point()
    assert t_c == pytest.approx(-56.56, abs=0.02)
    assert bar == pytest.approx(5.18, abs=0.01)
    t_c, bar = bottle.critical_point()
    assert t_c == pytest.approx(30.98, abs=0.02)
    assert bar == pytest.approx(73.8, abs=0.1)


@pytest.mark.parametrize("t_c", [-57.0, 31.2])
def test_no_saturation_outside_the_curve(t_c):
    with pytest.raises(ValueError, match="boils only between"):
        bottle.saturation_bar(t_c)


@pytest.mark.parametrize(("t_c", "rho"), [
    (20.0, 60.0), (-20.0, 40.0), (20.0, 850.0), (45.0, 300.0), (45.0, 600.0), (10.0, 134.0), (33.0, 470.0),
])
def test_one_phase_matches_the_equation_of_state(t_c, rho):
    exact = PropsSI("P", "T", t_c + 273.15, "D", rho, "CO2") / 1e5
    assert Bottle(rho, t_c, volume_l=1.0).bar == pytest.approx(exact, abs=0.3)


def test_a_filled_bottle_in_the_sun_exceeds_the_stop_limit():
    assert Bottle(670.0, 40.0, volume_l=1.0).bar > 75.0


def test_run_down_is_monotone_through_20_bar_and_keeps_the_mass():
    used = Bottle(100.0, 20.0)
    taken, last, liquid_gone_bar = 0.0, used.bar, None
    while (left := used.draw(0.05)) > 0.0:
        taken += left
        used.advance(0.5)
        assert used.bar <= last + 1e-9
        last = used.bar
        assert used.grams_left + taken == pytest.approx(100.0, abs=1e-6)
        if liquid_gone_bar is None and used.liquid_g == 0.0:
            liquid_gone_bar = last
    assert liquid_gone_bar > 20.0
    assert last == pytest.approx(AIR_BAR, abs=0.05)
    assert used.grams_left == pytest.approx(0.2 * 1.85, rel=0.1)  # 0.2 L of CO2 gas at 1 atm


def test_liquid_drawn_without_air_keeps_the_energy():
    used = Bottle(500.0, 20.0, volume_l=1.0)

    def energy(grams, t_c):
        inner = PropsSI("U", "T", t_c + 273.15, "D", grams, "CO2") * grams / 1000.0
        return inner + used.steel_j_k * t_c

    before, carried = energy(500.0, 20.0), 0.0
    for _ in range(200):
        kelvin = used.temperature_c + 273.15
        carried += PropsSI("H", "T", kelvin, "Q", 0, "CO2") * used.draw(1.0) / 1000.0
    # 200 g carry about 51 kJ; the bottle cools by several degrees of about 1.7 kJ each.
    assert used.temperature_c < 16.0
    assert energy(used.grams_left, used.temperature_c) + carried == pytest.approx(before, abs=100.0)


def test_drawing_vapour_cools_more_than_drawing_liquid():
    liquid, vapour = Bottle(400.0), Bottle(400.0, dip_tube=False)
    for _ in range(50):
        liquid.draw(1.0)
        vapour.draw(1.0)
    assert 20.0 - vapour.temperature_c > 2.0 * (20.0 - liquid.temperature_c) > 0.0


def test_a_cold_bottle_recovers_in_the_air():
    used = Bottle(400.0, 20.0)
    for _ in range(100):
        used.draw(1.0)
    cold = used.bar
    used.advance(600.0)
    assert cold < used.bar < 57.29
    used.advance(1e6)
    assert used.bar == pytest.approx(57.29, abs=0.05)


def test_contents_can_be_replaced_and_never_go_negative():
    used = Bottle(400.0)
    used.set_contents(10.0)
    assert used.bar < 20.0
    used.set_contents(0.0)
    assert used.bar == pytest.approx(AIR_BAR)
    assert used.draw(5.0) == 0.0
    assert used.grams_left == 0.0


@pytest.mark.parametrize(("t_c", "fraction"), [(20.0, 0.29), (0.0, 0.39)])
def test_snow_of_a_liquid_feed(t_c, fraction):
    assert bottle.snow_fraction_liquid_feed(t_c) == pytest.approx(fraction, abs=0.01)


@pytest.mark.parametrize("call", [
    lambda: Bottle(0.0),
    lambda: Bottle(400.0, 90.0),
    lambda: Bottle(400.0).set_contents(-1.0),
    lambda: Bottle(400.0).set_contents(2000.0),
    lambda: Bottle(400.0).draw(-0.1),
])
def test_impossible_requests_are_refused(call):
    with pytest.raises(ValueError, match="give"):
        call()
