"""A virtual foot: points that do not cool each other and re-warm by themselves, and an ice pack on the same skin."""

from itertools import pairwise

import numpy as np
import pytest

from host_tools.simulator.twin import icepack
from host_tools.simulator.twin.foot import APART_MM, HALF_MM, NEXT_K, NEXT_MM, PLACES_MM, REWARM_STEP_S, Foot
from host_tools.simulator.twin.jet import T_JET_C, h_at
from host_tools.simulator.twin.plant import Plant
from host_tools.simulator.twin.skin2d import Skin2D

BURST = (float(h_at(105.0)), T_JET_C)
PACK_C = 0.02  # [E] largest difference of a wide skin from one column, under a pack


def chill(foot):
    """Cool the point under the nozzle as a treatment of 20 s does; return its skin."""
    skin = foot.plant.skin
    for _ in range(20):
        skin.advance(0.43, *BURST)
        skin.idle(0.57)
    return skin


@pytest.fixture
def foot():
    """A foot before a plant whose time the test sets."""
    plant = Plant()
    made = Foot()
    made.before(plant)
    made.plant = plant
    return made


def go(foot, seconds, point):
    """Let time pass and go to another point."""
    plant = foot.plant
    plant.now_us += round(seconds * 1e6)
    plant.record.visit(point)
    plant.new_skin(seed=2)
    return plant.skin


def test_the_template_has_a_place_for_each_point_and_none_is_near_another():
    assert len(PLACES_MM) == 8
    assert NEXT_MM >= APART_MM
    with pytest.raises(ValueError, match="29 mm apart: give 30"):
        Foot(((0, 0), (0, 29)))


def test_a_point_takes_little_from_its_neighbours():
    skin = Foot.skin()
    at_rest_c = skin.top_c.copy()
    for _ in range(32):  # a point's gas: 43 % of half a minute, at 105 mm
        skin.advance(0.43, *BURST)
        skin.idle(0.57)
    fell_c = at_rest_c - skin.top_c
    middle_mm = (skin.edges_mm[1:] + skin.edges_mm[:-1]) / 2
    on_axis_c, at_limit_c, next_c = np.interp((0.0, APART_MM, NEXT_MM), middle_mm, fell_c)
    assert on_axis_c > 15.0
    assert 0.2 < at_limit_c < 0.5
    assert next_c == pytest.approx(NEXT_K, abs=0.05)  # of the outermost ring, a little nearer


def test_a_point_cools_alone_and_re_warms_while_another_one_is_treated(foot):
    rest_c = foot.plant.skin.surface_c
    first = chill(foot)
    cold_c = first.surface_c
    second = go(foot, 0.0, 1)
    assert second is not first and second.surface_c == pytest.approx(rest_c, abs=0.01) and cold_c < rest_c - 8.0
    chill(foot)
    back = go(foot, 60.0, 0)
    assert back is first and cold_c + 4.0 < back.surface_c < rest_c - 0.5
    assert foot.look()[2].surface_c == pytest.approx(rest_c, abs=0.01)
    assert foot.plant.probe.bead_c == pytest.approx(back.probe_c, abs=0.01)


def test_re_warming_in_coarse_steps_is_that_of_fine_ones(foot):
    coarse = chill(foot)
    fine = coarse.copy()
    for skin, step_s in ((coarse, REWARM_STEP_S), (fine, 0.001)):
        skin.rest(30.0, step_s)
    assert coarse.surface_c == pytest.approx(fine.surface_c, abs=0.02)


def test_a_course_goes_on_while_the_hand_is_elsewhere(foot):
    chill(foot)
    go(foot, 0.0, 1)
    go(foot, 10.0, 2)
    first, second, third = foot.courses()[:3]
    assert [at for at, _ in first] == [s * 1_000_000 for s in range(1, 11)]
    assert all(a < b for (_, a), (_, b) in pairwise(first))
    assert second == third == []


@pytest.mark.parametrize("seconds", [120.0, 1200.0])
def test_a_wide_pack_cools_skin_with_a_radius_as_it_cools_one_column(seconds):
    wide = Skin2D(dt_s=icepack.STEP_S, half_mm=HALF_MM)
    column, found = (icepack.curve(seconds, seconds / 4, skin=skin) for skin in (None, wide))
    assert [c for _, c in found] == pytest.approx([c for _, c in column], abs=PACK_C)
    assert found[-1][1] < found[0][1] - 14.0


def test_the_foot_s_blood_flow_falls_under_the_pack_so_it_is_cold_sooner():
    assert icepack.seconds_to(18.0, skin=Foot.skin(icepack.STEP_S)) < icepack.seconds_to(18.0) - 3.0
    falls = [icepack.curve(60.0, 60.0, h=h, skin=Foot.skin(icepack.STEP_S))[-1][1] for h in (30.0, 63.8)]
    assert falls[0] > falls[1] + 2.0
