"""The ice pack, compared with the published point that it is fitted to."""

import itertools

import pytest

from host_tools.simulator.twin import icepack


def test_constant_is_the_fit_of_the_published_point():
    assert icepack.fit_h() == pytest.approx(icepack.H_CONTACT_W_M2K, abs=0.1)
    assert icepack.curve(1200.0, 1200.0)[-1][1] == pytest.approx(10.8, abs=0.02)


def test_published_spread_is_covered_by_plausible_contact():
    firm, loose = icepack.fit_h(end_c=8.5), icepack.fit_h(end_c=13.1)
    assert loose < icepack.H_CONTACT_W_M2K < firm


def test_curve_starts_at_rest_and_falls_steadily():
    points = icepack.curve(300.0, 30.0)
    assert [s for s, _ in points] == pytest.approx([30.0 * n for n in range(11)])
    values = [c for _, c in points]
    assert values[0] == pytest.approx(32.8, abs=0.15)
    assert all(b < a for a, b in itertools.pairwise(values))


def test_steps_off_the_grid_do_not_lose_time():
    fine = icepack.curve(60.0, 0.25)[-1][1]
    assert fine == pytest.approx(icepack.curve(60.0, 60.0)[-1][1], abs=1e-6)


def test_seconds_to_agrees_with_the_curve():
    seconds = icepack.seconds_to(13.6)
    assert 60.0 < seconds < 1200.0
    assert icepack.curve(seconds, seconds)[-1][1] == pytest.approx(13.6, abs=0.02)
    assert icepack.seconds_to(35.0) == 0.0


def test_a_target_never_reached_is_none():
    assert icepack.seconds_to(2.0, limit_s=900.0) is None


def test_a_colder_pack_is_faster():
    assert icepack.seconds_to(13.6, t_pack_c=-10.0) < icepack.seconds_to(13.6)


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="give a target"):
        icepack.fit_h(end_c=-5.0)
    with pytest.raises(ValueError, match="give"):
        icepack.curve(10.0, 0.01)
