"""Each page is legible on a phone, at a desk, in the dark and on paper, and small enough to send.

The tests check overflow, overlap, sizes and contrast; they do not compare pictures. Screenshots and PDF pages stay in
out/pages, for people. `make pages` checks more pages.
"""

import re
from pathlib import Path

import pypdfium2
import pytest

from host_tools.places import ROOT
from host_tools.toolchain import webpage
from tests.cryoctl.conftest import PATIENCE_S
from tests.evidence.pages.examples import MORE, PAGES
from tests.support.chromium import browsing

OUT = ROOT / "out/pages"
LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 900)}
SHEET_PX = 688  # A4 less the page's margins of 14 mm, at 96 pixels an inch
EDGE_PT = 14 / 25.4 * 72
SMALLEST_PX, SMALLEST_PRINT_PX = 12, 10.5  # on paper 96 of them are an inch: 8 points
names = pytest.mark.parametrize("name", [*PAGES, *(pytest.param(name, marks=pytest.mark.long) for name in MORE)])


@pytest.fixture(scope="module")
def browser():
    with browsing("pages on a phone and on paper") as found:
        yield found


@pytest.fixture(scope="module")
def file():
    """Return a function: page's name -> its file, which is made once."""
    made = {}

    def of(name):
        if name not in made:
            OUT.mkdir(parents=True, exist_ok=True)
            for old in [*OUT.glob(f"{name}.*"), *OUT.glob(f"{name}-p*.png")]:
                old.unlink()  # one page of paper more than now
            made[name] = OUT / f"{name}.html"
            made[name].write_text((PAGES | MORE)[name](), encoding="utf-8")
        return made[name]

    return of


def opened(browser, path, size=(1280, 900), **named):
    """Return the drawn page; page.tried has its requests and its error messages."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, **named)
    page.set_default_timeout(PATIENCE_S * 1000)
    page.tried = []
    page.on("request", lambda request: page.tried.append(request.url))
    page.on("pageerror", lambda error: page.tried.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_function("[...document.querySelectorAll('.chart')].every(one => one.querySelector('.main-svg'))")
    return page


def looked(page, smallest=SMALLEST_PX, dark=None):
    return page.evaluate(f"given => {{ {LOOK} return look(given); }}", {"smallest": smallest, "dark": dark})


@names
def test_a_page_is_small_enough_to_send(file, name):
    assert file(name).stat().st_size <= webpage.SIZE_MAX


@names
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_page_is_legible_at_each_size_by_day_and_night(browser, file, name, size, scheme):
    page = opened(browser, file(name), SIZES[size], color_scheme=scheme)
    try:
        page.screenshot(path=str(OUT / f"{name}-{size}-{scheme}.png"), full_page=True)
        assert looked(page, dark=scheme == "dark") == []
        assert page.tried == [file(name).as_uri()]
    finally:
        page.close()


@names
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_it_is_light_without_a_toolbar_and_nothing_is_cut(browser, file, name, scheme):
    page = opened(browser, file(name), (SHEET_PX, 1000), color_scheme=scheme)
    try:
        page.emulate_media(media="print", color_scheme=scheme)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.wait_for_function(
            f"[...document.querySelectorAll('.main-svg')].every(one => one.getBoundingClientRect().width <= {SHEET_PX})"
        )
        assert looked(page, SMALLEST_PRINT_PX, dark=False) == []
        assert page.locator(".modebar:visible").count() == page.locator(".key input:visible").count() == 0
        assert page.locator("details:not([open])").count() == 0
    finally:
        page.close()


@names
def test_in_the_pdf_each_chart_is_whole_on_one_page_and_no_text_leaves_it(browser, file, name):
    page = opened(browser, file(name))
    try:
        charts = page.evaluate(
            """[...document.querySelectorAll('.chart, svg.residuals')].map(chart => [...chart.querySelectorAll(
            '.annotation text, .xtitle, .ytitle, :scope > text')].map(one => one.textContent))"""
        )
        path = OUT / f"{name}.pdf"
        page.pdf(path=str(path), prefer_css_page_size=True)
    finally:
        page.close()
    paper = pypdfium2.PdfDocument(path)
    said, last_pt = [], []
    for number, sheet in enumerate(paper, 1):
        sheet.render(scale=1.5).to_pil().save(OUT / f"{name}-page{number}.png")
        text = sheet.get_textpage()
        said.append(re.sub(r"\s+", "", text.get_text_range()))
        boxes = [text.get_rect(n) for n in range(text.count_rects())]
        last_pt.append(min(bottom for _, bottom, _, _ in boxes))
        for left, bottom, right, top in boxes:
            inside = left >= EDGE_PT - 3 and right <= sheet.get_width() - EDGE_PT + 3
            assert inside and bottom >= EDGE_PT - 6 and top <= sheet.get_height() - EDGE_PT + 6, (
                number, text.get_text_bounded(left, bottom, right, top)
            )  # fmt: skip
    assert all(said), "a page is empty"
    assert all(low < sheet.get_height() * 0.5 for low in last_pt[:-1]), "a page is half empty"
    for words in charts:
        own = {re.sub(r"\s+", "", word) for word in words} - {""}
        assert any(all(word in sheet for word in own) for sheet in said), own


def test_the_eye_that_looks_finds_what_is_wrong(browser, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text(
        "<!doctype html><body style='background:#fff'><main style='width:700px'><p style='color:#aaa'>pale</p>"
        "<p style='font-size:6px'>tiny</p><div style='position:relative;height:60px'><b style='position:absolute'>one"
        "</b><i style='position:absolute'>other</i></div></main>"
    )
    page = opened(browser, path, SIZES["phone"], color_scheme="dark")
    wrong = " ".join(looked(page, dark=True))
    page.close()
    for said in ("708 px wide", "light in the dark", '"pale" has a contrast', '"tiny" is 6 px', '"one" stands on'):
        assert said in wrong, wrong


def test_the_plots_library_is_the_version_that_python_draws_for():
    from plotly.offline import get_plotlyjs

    own, theirs = (re.search(r"v(\d+\.\d+\.\d+)", text[:200])[1] for text in (webpage.library(), get_plotlyjs()))
    assert own == theirs


def test_each_colour_of_a_line_is_seen_on_the_light_and_on_the_dark_page():
    def light(colour):
        parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
        return sum(
            weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
            for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    style = (webpage.HERE / "page.css").read_text()
    sheets = [light(colour) for colour in re.findall(r"--sheet:(#\w{6})", style)] + [1.0]
    assert len(sheets) == 2 and min(sheets) < 0.05
    for colour in webpage.COLOURS:
        for sheet in sheets:
            high, low = sorted((light(colour), sheet), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 3, (colour, sheet)
