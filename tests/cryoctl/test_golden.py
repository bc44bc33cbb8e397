"""One treatment with all different values: each place that shows it agrees with the others and with the plant."""

import pytest

from tests.cryoctl import golden


@pytest.fixture(scope="module")
def chapters(packed, tmp_path_factory):
    return golden.values(golden.treated(packed, tmp_path_factory.mktemp("golden")))


def test_each_place_says_what_the_plant_was(chapters):
    assert golden.wrong(chapters) == []
    assert sum(len(value.places) for values in chapters.values() for value in values.values()) > 150


def test_no_two_values_are_so_alike_that_one_may_stand_for_the_other(chapters):
    assert golden.alike(chapters) == []


def test_the_page_names_the_values_and_places_of_today(chapters):
    """The page has the figures of one treatment; another treatment has others."""
    page = golden.PAGE.read_text(encoding="utf-8")
    for chapter, values in chapters.items():
        body = page.split(f"## {chapter[0].upper()}{chapter[1:]}\n")[1].split("\n## ")[0]
        rows = [line.strip("| ").split(" | ") for line in body.splitlines() if line.startswith("| ")][1:]
        said = {row[0]: [part.split(": ")[0] for part in row[3].split("; ")] for row in rows}
        assert said == {name: list(value.places) for name, value in values.items()}, "python -m tests.cryoctl.golden"
