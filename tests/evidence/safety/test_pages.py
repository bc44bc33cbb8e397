"""The committed pages agree with the code, have every limit, fault and blocker, and make no claims."""

import re

import pytest

from host_tools.evidence.safety import code, pages
from host_tools.evidence.safety.code import Constant

PAGES = pages.pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_the_generated_one(name):
    assert (pages.FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run: make safety"


def test_nothing_is_left_over_from_an_earlier_generation():
    assert {file.name for file in pages.FOLDER.iterdir() if file.suffix in (".md", ".svg")} >= set(PAGES)


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith(".md")])
def test_each_page_says_that_nothing_is_certified(name):
    assert "not certified" in PAGES[name]
    assert not re.search(r"\b(is|are|fully) (certified|compliant|approved)|complies with|conforms to", PAGES[name])


def test_every_limit_fault_and_blocker_stands_on_its_page():
    firmware = code.read()
    for constant in firmware.constants:
        assert PAGES["limits.md"].count(f"| `{constant.name}` |") == 1
    for number in firmware.numbers:
        assert len(re.findall(rf"^## {number}\. \S", PAGES["limits.md"], re.M)) == 1
    for fault in firmware.faults:
        row = pages.line(str(fault.code), f"`{fault.name}`", fault.remedy, fault.priority, fault.latch)
        assert row in PAGES["faults.md"]
    order = [PAGES["blockers.md"].index(f"| `{blocker.name}` |") for blocker in firmware.blockers]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("name", "figure", "shown"),
    [
        ("SKIN_TRIP_MDEGC", 4_000, "4 degC"),
        ("BURST_MAX_US", 500_000, "500 ms"),
        ("POINT_MAX_MS", 60_000, "60 s"),
        ("SAME_POINT_S", 300, "300 s"),
        ("DOSE_POINT_DEGC_S", 400, "400 degC s"),
        ("BOTTLE_ARM_MIN_MBAR", 35_000, "35 bar"),
        ("ROOM_PPM_M3_PER_G", 540, "540 ppm m3/g"),
        ("GAS_MG_PER_S", 1_000, "1000 mg/s"),
        ("JET_K_MIN_MDEGC", 8_000, "8 degC/√s"),
        ("START_MIN_MM", 80, "80 mm"),
        ("PASSES_MAX", 8, "8 passes"),
    ],
)
def test_a_value_is_shown_with_its_unit(name, figure, shown):
    assert pages.value(Constant(name, figure, 1, "E", "", "higher")) == shown


def test_a_comment_is_taken_apart():
    source = "A_MS = const(1_000)  # 7 higher [S] seen; [E] chosen\n"
    source += "B_S = const(2)  # lower [C] without\nC_MM = const(3)  # 14\n"
    values = type("Limits", (), {"A_MS": 1_000, "B_S": 2, "C_MM": 3})
    assert code.constants(source, values) == (
        Constant("A_MS", 1_000, 7, "SE", "[S] seen; [E] chosen", "higher"),
        Constant("B_S", 2, None, "C", "[C] without", "lower"),
        Constant("C_MM", 3, 14, "", "", ""),
    )


def test_a_constant_that_is_not_on_one_line_is_told():
    with pytest.raises(ValueError, match="write A_MS as"):
        code.constants("A_MS = const(\n    1_000\n)  # 7 [S]\n", type("Limits", (), {"A_MS": 1_000}))
