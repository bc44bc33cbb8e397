"""Every file for the board compiles for every chip to the .mpy version that MicroPython >= 1.27 loads."""

import pytest

from tests.gate.mpy import ARCHITECTURES, MPY_VERSION, compile_one, sources


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_board_file_compiles(architecture):
    files = sources()
    assert files, "no firmware files found"
    results = [compile_one(source, architecture) for source in files]
    assert [f"{result.source}: {result.error}" for result in results if result.error] == []
    assert {result.data[:2] for result in results} == {bytes((ord("M"), MPY_VERSION))}


def test_a_file_outside_the_subset_is_refused(tmp_path):
    source = tmp_path / "bad.py"
    source.write_text("match 1:\n    case 1:\n        pass\n")
    assert "SyntaxError" in compile_one(source, "armv6m", tmp_path).error
