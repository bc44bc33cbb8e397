"""The reference nozzle's laws."""

import pytest

from host_tools.simulator.twin import jet


@pytest.mark.parametrize(("mm", "h"), [(80, 150), (100, 107), (120, 82), (150, 58), (200, 38)])
def test_reference_nozzle_over_distance(mm, h):
    assert jet.h_at(mm) == pytest.approx(h, rel=0.01)


@pytest.mark.parametrize(("h", "k_degc"), [(75, 8), (150, 16), (300, 32), (500, 53)])
def test_k_of_a_jet(h, k_degc):
    k = jet.k_mdegc_per_sqrt_s(h)
    assert isinstance(k, int)
    assert k == pytest.approx(k_degc * 1000, rel=0.04)


def test_flow_goes_with_pressure_and_h_less_than_that():
    assert jet.mass_flow_g_s(57.3) == pytest.approx(1.0)
    assert jet.mass_flow_g_s(20.0) == pytest.approx(20.0 / 57.3)
    assert jet.mass_flow_g_s(-1.0) == 0.0
    weak = jet.h_at(80, bar=57.3 / 2)
    assert 150 * 0.5**0.8 <= weak <= 150 * 0.5**0.5
    assert jet.h_at(80, bar=0.0) == 0.0


def test_strength_scales_the_result():
    assert jet.h_at(100, strength=2.0) == pytest.approx(2 * jet.h_at(100))
    assert jet.h_at(100, strength=0.0) == 0.0


@pytest.mark.parametrize("call", [
    lambda: jet.h_at(0), lambda: jet.h_at(-5), lambda: jet.h_at(80, strength=-1),
])
def test_impossible_requests_are_refused(call):
    with pytest.raises(ValueError, match="give"):
        call()
