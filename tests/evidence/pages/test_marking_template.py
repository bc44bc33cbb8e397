"""The marking template: true size, points far enough apart, and the sites that it names are those of the firmware."""

import re
from itertools import combinations
from math import dist
from xml.etree import ElementTree

from cryo.core import presets
from host_tools.evidence.pages import marking_template
from host_tools.places import ROOT

SVG = "{http://www.w3.org/2000/svg}"
SHEET = ElementTree.fromstring(marking_template.FILE.read_text(encoding="utf-8"))
PARTS = ("wrist", "ankle", "knee", "shoulder", "hand", "foot", "forearm", "leg", "back")


def test_the_sheet_is_the_generated_one():
    assert marking_template.FILE.read_text(encoding="utf-8") == marking_template.drawn()


def test_a_unit_of_the_sheet_is_a_millimetre():
    _, _, width, height = map(float, SHEET.get("viewBox").split())
    assert (SHEET.get("width"), SHEET.get("height")) == (f"{width:g}mm", f"{height:g}mm") == ("210mm", "297mm")
    bars = [rect for rect in SHEET.iter(SVG + "rect") if rect.get("height") == "3"]
    assert [float(bar.get("width")) for bar in bars] == [50.0]


def test_any_two_points_are_30_mm_apart_even_when_each_is_marked_2_mm_beside_its_place():
    circles = [(float(circle.get("cx")), float(circle.get("cy"))) for circle in SHEET.iter(SVG + "circle")]
    assert len(circles) == presets.POINTS_PER_SITE
    assert min(dist(*pair) for pair in combinations(circles, 2)) - 2 * 2.0 >= 30.0
    numbers = [text for text in SHEET.iter(SVG + "text") if re.fullmatch(r"\d", text.text)]
    for (x, y), text, number in zip(circles, numbers, range(1, 9), strict=True):
        assert text.text == str(number)
        assert dist((x, y), (float(text.get("x")), float(text.get("y")))) < 10.0


def told(text):
    """Return site parts by how many points of the template they have, from a text of sheet or guide."""
    found = {}
    for count, parts in re.findall(r"1 to (\d)(?:: | \|)([^|.]*)", text):
        found |= {part: int(count) for part in re.findall(r"\w+", parts)}
    return found


def test_sheet_and_guide_name_the_sites_of_the_firmware():
    sheet = told(" ".join(text.text for text in SHEET.iter(SVG + "text")))
    guide = (ROOT / "docs/operator.md").read_text(encoding="utf-8").partition("## Several points")[2]
    rows = re.findall(r"^\| ([a-z(), ]+) \| 1 to (\d) \|$", guide.partition("\n## ")[0], flags=re.M)
    table = {part: int(count) for parts, count in rows for part in re.findall(r"\w+", parts)}
    for words in (sheet, table):
        for site, count in zip(presets.SITES, presets.APART, strict=True):
            part = next(part for part in PARTS if site.split("-")[0].lower() in (part, f"l{part}", f"r{part}"))
            if count:
                assert words[part] == count, site
            else:
                assert site.split("-")[-1].lower() not in words
