"""A run of the campaign on the emulated RP2040, beside the same run in CPython."""

import pytest

from host_tools.evidence.campaign import crosscheck


@pytest.mark.long
def test_the_campaign_s_case_is_the_same_on_the_emulated_chip(uf2):
    found = crosscheck.on_chip(crosscheck.ON_CHIP)
    assert found["apart"] == "" and found["events"] > 12
    assert found["burst_us"] < 100 and found["time_us"] < 20_000
