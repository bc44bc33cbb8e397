"""How long something continued after a moment: every judgement of gas depends on this."""

import pytest

from host_tools.simulator.twin import timeline

SPANS = [(1_000, 2_000), (5_000, 9_000)]


@pytest.mark.parametrize(
    ("from_us", "to_us", "ms"),
    [
        (0, 20_000, 9.0),
        (5_000, 20_000, 4.0),
        (8_999, 20_000, 0.001),
        (9_000, 20_000, 0.0),
        (9_001, 20_000, 0.0),
        (0, 5_000, 2.0),  # an interval that begins later belongs to a later event
        (0, 5_001, 5.001),
        (1_500, 1_700, 0.2),
        (2_000, 5_000, 0.0),
    ],
)
def test_what_went_on_last_counts_from_the_moment_on(from_us, to_us, ms):
    assert timeline.lasted_ms(SPANS, from_us, to_us) == ms


def test_nothing_lasts_nothing():
    assert timeline.lasted_ms([], 0, 10_000) == 0.0


def test_gas_dose_and_lease_are_told_apart():
    edges = [
        (1_000, "dose", 1), (1_000, "lease", 1), (2_000, "flow", 1), (5_000, "alarm", 1), (5_500, "dose", 0),
        (6_000, "flow", 0), (9_000, "lease", 0),
    ]  # fmt: skip
    assert timeline.last_after(edges, 5_000, 50_000) == {"gas": 1.0, "dose": 0.5, "lease": 4.0}
    assert timeline.last_after(edges[:4], 5_000, 50_000) == {"gas": 45.0, "dose": 45.0, "lease": 45.0}  # it never fell
    assert timeline.last_after(edges, 10_000, 50_000) == {"gas": 0.0, "dose": 0.0, "lease": 0.0}


def test_an_alarm_that_ends_is_withdrawn():
    stays = [(1_000, "led", 1), (2_000, "alarm", 1), (3_000, "led", 0)]
    assert timeline.withdrawn(stays) is None
    assert timeline.withdrawn([*stays, (4_000, "alarm", 0), (5_000, "alarm", 1)]) == 4_000
