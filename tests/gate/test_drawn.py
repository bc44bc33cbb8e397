"""Hypothesis draws the same examples, whatever was imported before."""

import importlib.util
import sys

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tests import drawn

OTHERS = range(70_001, 70_101)


def examples():
    """Return the examples that a test with a fixed seed gets."""
    found = []

    @seed(1)
    @settings(max_examples=300, database=None)
    @given(st.integers(0, 1 << 17), st.floats(0, 1e6))
    def test(number, fraction):
        found.append((number, fraction))

    test()
    return found


def test_what_another_module_holds_changes_no_example(tmp_path):
    before = examples()
    path = tmp_path / "loaded_later.py"
    path.write_text("".join(f"A{number} = {number}\nB{number} = {number}.5\n" for number in OTHERS))
    spec = importlib.util.spec_from_file_location("loaded_later", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["loaded_later"] = module
    try:
        assert examples() == before
    finally:
        del sys.modules["loaded_later"]


def test_the_firmware_s_own_limits_are_among_what_is_drawn():
    assert {4_000, 500_000} <= set(drawn.constants().integers)
