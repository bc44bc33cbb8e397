"""Thermocouple bead and MAX31855: real voltages, the chip's straight line, its clock and its faults."""

import math

import pytest
import thermocouple_its90

from host_tools.simulator.twin.probe import Max31855Chip, Probe, emf_mv, pack


def tc_of(frame):
    code = frame >> 18
    return (code - 0x4000 if code & 0x2000 else code) / 4


def cj_of(frame):
    code = frame >> 4 & 0xFFF
    return (code - 0x1000 if code & 0x800 else code) / 16


def quiet(**kwargs):
    return Max31855Chip(noise_c=0.0, cj_noise_c=0.0, **kwargs)


def read(chip, bead_c, to_us=100_000):
    chip.advance(to_us, bead_c)
    return chip.frame


# Published ITS-90 table values, mV.
@pytest.mark.parametrize(("kind", "t_c", "mv"), [
    ("K", -200, -5.891), ("K", -100, -3.554), ("K", -50, -1.889), ("K", 0, 0.0), ("K", 25, 1.000),
    ("K", 100, 4.096), ("K", 500, 20.644),
    ("T", -200, -5.603), ("T", -100, -3.379), ("T", -50, -1.819), ("T", 0, 0.0), ("T", 25, 0.992),
    ("T", 100, 4.279), ("T", 400, 20.872),
])
def test_reference_functions(kind, t_c, mv):
    assert emf_mv(kind, t_c) == pytest.approx(mv, abs=0.0006)


@pytest.mark.parametrize(("kind", "top_c"), [("K", 1372), ("T", 400)])
def test_reference_functions_agree_with_an_independent_package(kind, top_c):
    independent = thermocouple_its90.get(kind)
    for t_c in range(-270, top_c + 1):
        assert emf_mv(kind, t_c) == pytest.approx(independent.emf(float(t_c)), abs=1e-6)


@pytest.mark.parametrize(("t_c", "too_warm"), [(4, 0.60), (-20, 1.93), (-50, 4.99), (-78.5, 9.72)])
def test_straight_line_of_type_k_reads_too_warm(t_c, too_warm):
    assert tc_of(read(quiet(), t_c)) - t_c == pytest.approx(too_warm, abs=0.13)  # half a step of the chip


def test_straight_line_of_type_t_reads_high_temperatures_too_cold():
    reading = tc_of(read(quiet(kind="T"), 100.0))
    assert reading == pytest.approx(25.0 + (4.279 - 0.992) / 0.05218, abs=0.13)
    assert tc_of(read(quiet(kind="T"), 25.0)) == 25.0


def test_published_vector():
    assert pack(-275, 400) == 0xFBB41900
    assert read(quiet(), -78.5) == 0xFBB41900


def test_frame_layout():
    assert pack(-1, 0) == 0xFFFC0000
    assert pack(0, -1) == 0x0000FFF0
    assert pack(0, 0, 4) == 0x00010004
    for codes in ((8192, 0, 0), (0, 2048, 0), (0, 0, 8), (-8193, 0, 0), (0, -2049, 0)):
        with pytest.raises(ValueError, match="give"):
            pack(*codes)


def test_reading_saturates_below_and_the_cold_junction_is_signed():
    swapped = quiet()
    swapped.reversed = True
    assert tc_of(read(swapped, 500.0)) == -250.0
    frame = read(quiet(cold_junction_c=-10.5), -10.5)
    assert cj_of(frame) == -10.5
    assert tc_of(frame) == -10.5


def test_cold_junction_cancels_but_for_the_curvature():
    for junction in (0.0, 15.0, 40.0):
        assert tc_of(read(quiet(cold_junction_c=junction), junction)) == pytest.approx(junction, abs=0.125)


def test_conversions_follow_the_chips_own_clock():
    chip = quiet(phase_us=30_000)
    chip.advance(129_999, 30.0)
    assert chip.frame == 0
    chip.advance(130_000, 30.0)
    first = chip.frame
    assert tc_of(first) == pytest.approx(30.0, abs=0.3)
    chip.advance(229_999, 5.0)
    assert chip.frame == first
    chip.advance(230_000, 5.0)
    assert tc_of(chip.frame) < 7.0
    with pytest.raises(ValueError, match="never runs back"):
        chip.advance(0, 5.0)


def test_time_is_not_bounded_by_a_machine_word():
    chip = quiet(phase_us=2**40)
    chip.advance(2**40 + 100_000, 10.0)
    assert tc_of(chip.frame) == pytest.approx(10.5, abs=0.3)


@pytest.mark.parametrize(("name", "bit"), [("open", 1), ("short_gnd", 2), ("short_vcc", 4)])
def test_wire_faults_show_at_the_next_conversion(name, bit):
    chip = quiet()
    good = read(chip, 20.0)
    chip.fault = name
    assert chip.frame == good
    bad = read(chip, 20.0, 200_000)
    assert bad & 0x10007 == 0x10000 | bit
    assert cj_of(bad) == 25.0
    assert tc_of(bad) == (2047.75 if name == "open" else 25.0)
    chip.fault = None
    assert read(chip, 20.0, 300_000) == good


def test_dead_lines_show_at_once_and_pass():
    chip = quiet()
    good = read(chip, 20.0)
    chip.fault = "dead_low"
    assert chip.frame == 0
    chip.fault = "dead_high"
    assert chip.frame == 0xFFFFFFFF
    chip.fault = None
    assert chip.frame == good


def test_a_stuck_chip_keeps_its_frame_until_restarted():
    chip = quiet()
    good = read(chip, 20.0)
    chip.fault = "stuck"
    assert read(chip, 0.0, 530_000) == good
    chip.restart()
    assert chip.frame == 0
    chip.advance(629_999, 0.0)
    assert chip.frame == 0
    assert tc_of(read(chip, 0.0, 630_000)) < 1.5


def test_an_unknown_fault_lists_the_known_ones():
    with pytest.raises(ValueError, match="short_gnd"):
        quiet().fault = "melted"
    with pytest.raises(ValueError, match="'K' or 'T'"):
        Max31855Chip(kind="J")


def test_swapped_wires_move_the_reading_the_wrong_way():
    chip = quiet()
    chip.reversed = True
    assert tc_of(read(chip, 25.0)) == 25.0
    warm = tc_of(read(chip, 33.0, 200_000))
    cold = tc_of(read(chip, 10.0, 300_000))
    assert warm < 25.0 < cold


def test_noise_is_repeatable_by_seed_and_of_the_stated_size():
    def frames(seed):
        chip = Max31855Chip(noise_c=0.5, seed=seed)
        return [read(chip, 25.0, (n + 1) * 100_000) for n in range(400)]

    assert frames(1) == frames(1)
    assert frames(1) != frames(2)
    values = [tc_of(x) for x in frames(1)]
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((x - mean) ** 2 for x in values) / len(values))
    assert mean == pytest.approx(25.0, abs=0.1)
    assert spread == pytest.approx(0.5, rel=0.15)


def test_bead_lags_by_its_time_constant_whatever_the_step():
    for steps in (1, 250):
        probe = Probe(tau_s=0.25, t_c=32.0)
        for _ in range(steps):
            probe.step(0.25 / steps, 12.0, 22.0)
        assert probe.bead_c == pytest.approx(12.0 + 20.0 / math.e)


def test_half_detached_probe_follows_a_share_of_the_change():
    probe = Probe(t_c=30.0)
    probe.half_detach(0.5)
    probe.step(10.0, 10.0, 22.0)
    assert probe.bead_c == pytest.approx(20.0)
    probe.attach()
    probe.step(10.0, 10.0, 22.0)
    assert probe.bead_c == pytest.approx(10.0)


def test_detached_probe_follows_the_air():
    probe = Probe(t_c=30.0)
    probe.detach()
    probe.step(10.0, 5.0, 22.0)
    assert probe.bead_c == pytest.approx(22.0)


def test_probe_noise_does_not_feed_back_into_the_lag():
    noisy, clean = Probe(seed=3), Probe(seed=3)
    noisy.noise_c = 1.0
    seen = [noisy.step(0.01, 20.0, 22.0) - clean.step(0.01, 20.0, 22.0) for _ in range(200)]
    noisy.noise_c = 0.0
    assert noisy.step(0.01, 20.0, 22.0) == clean.step(0.01, 20.0, 22.0)
    assert 0.8 < math.sqrt(sum(x * x for x in seen) / len(seen)) < 1.2


@pytest.mark.parametrize("call", [
    lambda: Probe(tau_s=0.0), lambda: Probe().half_detach(1.5), lambda: Max31855Chip(conversion_us=0),
])
def test_impossible_requests_are_refused(call):
    with pytest.raises(ValueError, match="give"):
        call()
