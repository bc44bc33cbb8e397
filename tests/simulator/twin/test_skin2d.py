"""The skin with a radius, compared with the skin of one column, analytic solutions, a finer grid and its own heat."""

import math

import numpy as np
import pytest

from host_tools.simulator.twin import film, skin2d, stack
from host_tools.simulator.twin.skin import LAYERS, Layer, Skin
from host_tools.simulator.twin.skin2d import Skin2D

JET_C = -78.5
BLOCK = (Layer("block", 30.0, 0.21, 1200.0, 3600.0, 0.0),)  # so deep that a short cooling does not reach its back
DIFFUSIVITY = 0.21 / (1200.0 * 3600.0)
SPOT_MM = 9.0


def pulsed(skin, seconds=20, h=110.0):
    """Treat for a while: 300 ms of gas each second; yields the surface at each end of gas and of rest."""
    for _ in range(seconds):
        yield skin.advance(0.3, h, JET_C)
        yield skin.advance(0.7)


def callused(thick_mm, k_w_mk, heat_j_m3k):
    return (Layer("callus", thick_mm, k_w_mk, 1100.0, heat_j_m3k / 1100.0, 0.0), *LAYERS)


def test_under_a_wide_jet_it_is_the_skin_of_one_column():
    column, wide = Skin(), Skin2D()
    assert wide.surface_c == pytest.approx(column.surface_c, abs=1e-6)
    for one, two in zip(pulsed(column, 20, 150.0), pulsed(wide, 20, 150.0), strict=True):
        assert two == pytest.approx(one, abs=0.05)
    assert wide.idle(5.0) == pytest.approx(column.idle(5.0), abs=0.05)
    assert wide.top_c == pytest.approx(np.full(12, wide.surface_c), abs=1e-5)  # nothing flows sideways
    assert [wide.temperature_at(mm) for mm in (0.5, 3.0, 20.0)] == pytest.approx(
        [column.temperature_at(mm) for mm in (0.5, 3.0, 20.0)], abs=0.05
    )


@pytest.mark.parametrize("half_mm", [7.0, 12.0])
def test_a_grid_twice_as_fine_finds_the_same_axis(half_mm):
    edges = tuple(stack.ring_edges_mm(0.58, 1.175**0.5, 24))
    used, fine = Skin2D(half_mm=half_mm), Skin2D(half_mm=half_mm, edges_mm=edges, grid=(0.006, 1.045, 0.5))
    for coarse_c, fine_c in zip(pulsed(used), pulsed(fine), strict=True):
        assert coarse_c == pytest.approx(fine_c, abs=0.1)


def test_the_heat_that_left_is_the_heat_that_is_missing():
    skin = Skin2D(layers=BLOCK, half_mm=SPOT_MM)
    area, capacity = skin.modes.rings.area_m2, skin.modes.stack.capacity

    def heat_j():
        return float(area @ skin.temperatures() @ capacity)

    before_j, left_j = heat_j(), 0.0
    for k in range(4_000):
        h_jet = 110.0 if k % 1_000 < 300 else 0.0
        skin.step(h_jet, JET_C)
        at_jet = h_jet * skin.shape[0]
        at_air = np.maximum(10.0 - at_jet, 0.0)
        left_j -= float(area @ (at_air * (22.0 - skin.top_c) + at_jet * (JET_C - skin.top_c))) * 0.001
    # The block's back is as warm as at rest: what enters there flows as it did.
    depth = skin.modes.stack
    rest_flux = (37.0 - Skin2D(layers=BLOCK).surface_c) / (0.030 / 0.21)
    entered_j = float(area.sum()) * rest_flux * 4.0
    assert depth.deep_c == 37.0
    assert before_j - heat_j() == pytest.approx(left_j - entered_j, rel=1e-3)


@pytest.mark.parametrize("seconds", [0.06, 0.3, 2.0])
def test_a_block_follows_the_analytic_convective_solution(seconds):
    skin = Skin2D(layers=BLOCK, h_ambient_w_m2k=0.0)
    skin.advance(seconds, 150.0, JET_C)
    x = 150.0 * math.sqrt(seconds) / math.sqrt(0.21 * 1200.0 * 3600.0)
    fall = (37.0 - JET_C) * (1.0 - math.exp(x * x) * math.erfc(x))
    assert 37.0 - skin.surface_c == pytest.approx(fall, rel=0.012)


def test_heat_spreads_sideways_as_in_a_cylinder():
    # An insulated cylinder's slowest uneven mode goes with the first root of J1 over its radius.
    rings = stack.Rings(stack.ring_edges_mm(0.4, 1.0, 100))
    assert rings.waves[1:3] * 0.040 == pytest.approx([3.8317, 7.0156], rel=1e-3)
    used = stack.Rings(skin2d.EDGES_MM)
    assert used.waves[1] * used.edges_m[-1] == pytest.approx(3.8317, rel=0.02)
    assert used.spread @ used.gather == pytest.approx(np.eye(12), abs=1e-12)


def test_a_warm_middle_fades_as_in_a_cylinder():
    # Alike in depth, uneven along the radius as the slowest mode, sealed: exp(-a k^2 t), k the first root of J1 over R.
    skin = Skin2D(layers=BLOCK, h_ambient_w_m2k=0.0, edges_mm=tuple(stack.ring_edges_mm(0.4, 1.0, 100)))
    depth, rings = skin.modes.stack, skin.modes.rings
    uneven = rings.spread[:, 1] / rings.spread[0, 1]
    skin.theta[:] = skin.modes.of(np.tile((10.0 * uneven)[:, None], (1, len(depth.capacity))))
    skin.rest(600.0, 1.0)
    left = (skin.top_c[0] - 37.0) / 10.0
    assert left == pytest.approx(math.exp(-DIFFUSIVITY * (3.8317 / 0.040) ** 2 * 600.0), rel=0.005)


def test_the_profile_has_half_its_height_where_it_says_and_widens_with_the_distance():
    edges = np.linspace(0.0, 40.0, 401)
    shape = skin2d.profile(edges, SPOT_MM)
    assert shape[0] == pytest.approx(1.0, abs=1e-3)
    assert shape[89:91].mean() == pytest.approx(0.5, abs=0.005)
    assert shape[300] == pytest.approx(0.01, abs=0.005)
    areas = np.diff(edges**2)
    rings = np.array(skin2d.EDGES_MM)
    within = edges[1:] <= rings[5]
    one = (shape * areas)[within].sum()
    whole = (skin2d.profile(rings, SPOT_MM) * np.diff(rings**2))[:5].sum()
    assert whole == pytest.approx(one, rel=0.02)  # of the same gas, whatever the rings

    near, far = Skin2D(half_mm=SPOT_MM), Skin2D(half_mm=SPOT_MM)
    near.nozzle_mm, far.nozzle_mm = lambda: 80.0, lambda: 130.0
    near.step(100.0, JET_C)
    far.step(100.0, JET_C)
    assert near.shape[0] == pytest.approx(skin2d.profile(rings, 7.2))
    assert far.shape[0] == pytest.approx(skin2d.profile(rings, 11.7))


def test_probe_and_infrared_see_where_they_look():
    on, off = Skin2D(half_mm=SPOT_MM), Skin2D(half_mm=SPOT_MM, probe_off_mm=6.0)
    for skin in (on, off):
        list(pulsed(skin, 5))
    assert on.surface_c == off.surface_c == on.probe_c < on.top_c[0]
    fine = Skin2D(half_mm=SPOT_MM, edges_mm=tuple(stack.ring_edges_mm(0.4, 1.0, 100)))
    list(pulsed(fine, 5))
    assert on.surface_c == pytest.approx(fine.top_c[0], abs=0.03)
    assert off.probe_c == pytest.approx(float(fine.top_c[14:16].mean()), abs=0.05)  # 5.6 to 6.4 mm
    assert off.probe_c > on.probe_c + 1.0
    assert on.probe_c < on.seen_c < on.top_c[6]


def test_thirty_millimetres_away_a_minute_is_hardly_felt():
    skin = Skin2D(half_mm=SPOT_MM)
    rest_c = skin.surface_c
    for _ in range(60):
        skin.advance(0.5, 110.0, JET_C)
        skin.advance(0.5)
    away_c = float(np.interp(30.0, skin.modes.rings.middle_mm, skin.top_c))
    assert rest_c - away_c == pytest.approx(0.4, abs=0.2)  # [C] an independent two-dimensional model


@pytest.mark.parametrize(("layers", "ratio"), [
    (callused(0.6, 0.15, 3.6e6), 1.3), (callused(1.5, 0.15, 3.6e6), 1.3),
    (callused(0.6, 0.10, 2.2e6), 2.0), (callused(1.5, 0.10, 2.2e6), 2.0),
])  # fmt: skip
def test_callus_answers_a_first_burst_like_a_jet_of_up_to_twice(layers, ratio):
    fall = []
    for skin in (Skin2D(half_mm=SPOT_MM), Skin2D(half_mm=SPOT_MM, layers=layers)):
        rest_c = skin.surface_c
        fall.append((rest_c - skin.advance(0.06, 110.0, JET_C)) / (rest_c - JET_C))
    assert fall[1] / fall[0] == pytest.approx(ratio, abs=0.05)  # [C] 1.3 to 2.0


def test_a_film_evaporates_what_its_heat_says():
    still = {"layers": BLOCK, "h_ambient_w_m2k": 10.0, "film_mm": 0.1}
    wet, damp = Skin2D(humidity=0.4, **still), Skin2D(humidity=1.0, t_ambient_c=45.0, **still)
    rest_c = wet.surface_c
    capacity = wet.modes.stack.capacity
    before = wet.temperatures()[0] @ capacity
    dry = 0.0
    wet.rest(1.0, 0.01)
    before = wet.temperatures()[0] @ capacity
    gone = wet.gone[0]
    flux_in = (37.0 - wet.temperatures()[0][-1]) / (wet.modes.stack.nodes_mm[-1] - wet.modes.stack.nodes_mm[-2]) * 210.0
    for _ in range(2_000):
        wet.step(0.0, 0.0)
        dry += 10.0 * (22.0 - wet.outer_c[0]) * 0.001
    evaporated = wet.gone[0] - gone
    lost = before - wet.temperatures()[0] @ capacity
    assert lost == pytest.approx(evaporated * film.LATENT_J_KG - dry - flux_in * 2.0, rel=2e-3)
    assert evaporated * film.LATENT_J_KG / 2.0 == pytest.approx(200.0, rel=0.3)  # W/m2, wet skin in a room [K]
    assert wet.surface_c < rest_c - 0.25
    damp.rest(1.0, 0.01)
    assert damp.gone[0] < 0.0  # air with more vapour than the skin's own bedews it


def test_a_dry_jet_takes_water_and_its_heat():
    skin = Skin2D(layers=BLOCK, h_ambient_w_m2k=0.0, film_mm=0.05)
    depth = skin.modes.stack
    before = skin.temperatures()[0] @ depth.capacity
    dry = 0.0
    for _ in range(1_000):
        skin.step(100.0, JET_C)
        dry += 100.0 * (skin.outer_c[0] - JET_C) * 0.001
    lost = before - skin.temperatures()[0] @ depth.capacity
    assert lost == pytest.approx(dry + skin.gone[0] * film.LATENT_J_KG, rel=1e-4)
    assert 0.1 < skin.gone[0] * film.LATENT_J_KG / dry < 0.4  # half of what Lewis gives, at 20 to 37 degC


def test_a_film_that_is_gone_takes_no_more():
    skin = Skin2D(film_mm=0.001, humidity=0.2)  # 1 g/m2
    skin.rest(60.0, 0.1)
    gone = skin.gone.copy()
    assert gone == pytest.approx(np.full(12, 0.001), rel=0.1)
    skin.rest(60.0, 0.1)
    assert skin.gone == pytest.approx(gone)


def test_freezing_gives_back_its_heat_to_the_joule():
    skin = Skin2D(layers=BLOCK, h_ambient_w_m2k=0.0, film_mm=0.1, humidity=0.5, half_mm=math.inf, rest_c=2.0)
    depth = skin.modes.stack
    skin._evaporate = lambda: None  # freezing alone
    before = skin.temperatures()[0] @ depth.capacity
    taken, frozen = 0.0, []
    rest_flux = (37.0 - skin.temperatures()[0][-1]) / (depth.nodes_mm[-1] - depth.nodes_mm[-2]) * 210.0
    for _ in range(1_500):
        skin.step(200.0, JET_C)
        frozen.append(float(skin.ice[0].sum()))
    # What the jet took is known from the drive of the modes: the sum over all nodes of heat and of ice.
    after = skin.temperatures()[0] @ depth.capacity
    assert 0.01 < frozen[-1] < depth.water_kg_m2.sum()
    dry = Skin2D(layers=BLOCK, h_ambient_w_m2k=0.0, film_mm=0.1, rest_c=2.0)
    dry._evaporate = lambda: None
    dry._freeze = lambda: None
    for _ in range(1_500):
        dry.step(200.0, JET_C)
    assert dry.surface_c < skin.surface_c - 3.0
    assert skin.surface_c > -1.0  # under freezing water nothing gets colder
    taken = before - after + frozen[-1] * film.FUSION_J_KG + rest_flux * 1.5
    assert taken == pytest.approx(200.0 * (0.0 - JET_C) * 1.5, rel=0.05)
    # and it melts again, to the last crystal
    for _ in range(200):
        skin.rest(1.0, 0.01)
    assert skin.ice.max() == pytest.approx(0.0, abs=1e-12)


def test_blood_gives_way_as_the_dermis_cools():
    skins = [Skin2D(half_mm=SPOT_MM, q10=q10) for q10 in (1.0, 2.0, 3.0)]
    rest = [skin.idle(30.0) for skin in skins]
    assert rest == pytest.approx([rest[0]] * 3, abs=0.01)  # at rest all have the layers' own flow
    cold = [list(pulsed(skin, 30, 150.0))[-1] for skin in skins]
    assert cold[0] > cold[1] + 0.03 > cold[2] + 0.04
    # What blood brought at half its flow: the dermis 10 K colder than at rest, one tenth of a second.
    skin = Skin2D(q10=2.0)
    depth = skin.modes.stack
    skin.theta[:] = skin.modes.of(np.tile(skin.temperatures()[0] - 10.0 - depth.sealed_c, (12, 1)))
    before = skin.temperatures()[0]
    skin._bleed(0.1)
    gone = (before - skin.temperatures()[0]) @ depth.capacity
    assert gone == pytest.approx(0.5 * 0.1 * float(depth.dermis @ (37.0 - before)), rel=1e-6)
    assert depth.dermis.sum() == pytest.approx(1060.0 * 3770.0 * 1.25e-3 * 1.5e-3)
