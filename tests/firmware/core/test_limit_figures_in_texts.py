"""Texts for people take a limit's figure from limits.py: a changed limit changes the text. No figure is typed there."""

import ast
import re
import runpy
import sys

import pytest

from cryo import limits
from host_tools.evidence.safety import code, pages
from host_tools.places import FIRMWARE, ROOT

REMEDIES = "host_tools/toolchain/remedies.py"
TOLD = sorted([*(FIRMWARE / "cryo/core").glob("*.py"), *(FIRMWARE / "cryo/console").glob("*.py"), ROOT / REMEDIES])
_UNITS = {"seconds": "s", "second": "s", "minutes": "min", "minute": "min", "times": "", "bursts": ""}
_WORDS = {"two": "2", "three": "3", "five": "5", "eight": "8", "ten": "10", "twenty": "20"}
_FIGURE = re.compile(
    rf"(?<![\w.{{])(?P<low>\d[\d ]*|{'|'.join(_WORDS)})(?:-(?P<high>\d+))? ?"
    rf"(?P<unit>mm|bar|mbar|ppm|ms|s|degC|{'|'.join(_UNITS)})\b"
)
# the same figure, but not a limit: the text, and its meaning
OTHERS = {
    "wait 10 s, then": "a CO2 sensor's first sample",
    "STRM 500 ms": "telemetry's own interval",
    "every 500 ms, or at the time given, up to 10 s": "telemetry's own interval",
    "as 500 ms or 2 s": "telemetry's own interval",
    "allowed 500 ms to 10 s": "telemetry's own interval",
    "SKIN=32.00,100ms": "an age, as an example",
}


def shown():
    """Return every limit's figure as people write it: {(figure, unit)}."""
    found = set()
    for constant in code.read().constants:
        figure, _, unit = pages.value(constant).partition(" ")
        found.add((figure, unit if unit in ("ms", "s", "mm", "bar", "ppm", "degC") else ""))
        if unit == "ms":
            found.add((f"{constant.value / 1e6:g}", "s"))
        if unit == "s":
            found.add((f"{float(figure) / 60:g}", "min"))
        if unit == "bar":
            found.add((str(constant.value), "mbar"))
    return found


def typed(source):
    """Yield (line, text) of every string, not a docstring, with each figure of a limit that is typed into it."""
    tree = ast.parse(source)
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    figures = shown()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in described:
            continue
        text = node.value
        for other in OTHERS:
            text = text.replace(other, "")
        for found in _FIGURE.finditer(text):
            unit = _UNITS.get(found["unit"], found["unit"])
            for figure in filter(None, (found["low"], found["high"])):
                if (_WORDS.get(figure, figure.replace(" ", "")), unit) in figures:
                    yield node.lineno, node.value


@pytest.mark.parametrize("file", TOLD, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_no_text_has_the_figure_of_a_limit_typed_into_it(file):
    assert list(typed(file.read_text(encoding="utf-8"))) == [], "take it from limits.py"


@pytest.mark.parametrize(
    "text",
    [
        "80-200 mm from the skin", "outside 35-70 bar", "5 000 ppm of CO2", "wait for two seconds", "300 s",
        "in 20 minutes", "35000 mbar", "restarted three times",
    ],
)  # fmt: skip
def test_such_a_figure_is_found(text):
    assert set(typed(f"WORDS = {text!r}\n")) == {(1, text)}


def test_what_is_no_limit_s_figure_is_still_said():
    texts = "".join(file.read_text(encoding="utf-8") for file in TOLD)
    assert [other for other in OTHERS if other not in texts] == []


@pytest.mark.parametrize(
    ("name", "value", "module", "told"),
    [
        ("START_MIN_MM", 91, REMEDIES, "hold the applicator 91-200 mm"),
        ("START_MAX_MM", 191, REMEDIES, "hold the applicator 80-191 mm"),
        ("BOTTLE_ARM_MIN_MBAR", 41_000, REMEDIES, "outside 41-70 bar"),
        ("BOTTLE_ARM_MAX_MBAR", 61_000, REMEDIES, "outside 35-61 bar"),
        ("ROOM_WARN_PPM", 4_100, REMEDIES, "'4100 ppm of CO2"),
        ("SAME_POINT_S", 410, REMEDIES, "this point needs 410 s"),
        ("INDICATION_MS", 7_000, REMEDIES, "wait for 7 s of light"),
        ("ROOM_WARN_PPM", 4_100, REMEDIES, "acknowledge below 4100 ppm"),
        ("LOOP_RESETS_S", 1_200, REMEDIES, "repeatedly in 20 minutes"),
        ("INDICATION_MS", 7_000, "firmware/cryo/console/sentences.py", "have come for 7 s"),
        ("CONFIRM_MS", 7_000, "firmware/cryo/console/table.py", "second step, within 7 s"),
        ("SAME_POINT_S", 410, "firmware/cryo/console/table.py", "this point needs 410 s"),
    ],
)
def test_a_changed_limit_changes_the_text(monkeypatch, name, value, module, told):
    source = str(ROOT / module)
    assert told not in str(list(runpy.run_path(source).values()))
    monkeypatch.setattr(limits, name, value)
    assert "cryo.limits" in sys.modules and told in str(list(runpy.run_path(source).values()))
