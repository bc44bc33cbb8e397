"""report.html: self-contained, honest, and drawn from the plant's truth; the picture of the documentation."""

import dataclasses
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from host_tools.evidence.pages import picture
from host_tools.simulator.twin import icepack, report, session_file, timeline
from host_tools.simulator.twin.session import run
from host_tools.simulator.twin.treatment import Plan
from host_tools.toolchain import webpage


class Page(HTMLParser):
    """Finds what a browser would load, and the text that a reader sees."""

    LOADS = ("src", "srcset", "href", "data", "poster", "action")

    def __init__(self, html):
        super().__init__()
        self.loads = []
        self.text = ""
        self.policy = None
        self._raw = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self._raw = tag if tag in ("script", "style") else None
        self.loads += [(tag, attrs[name]) for name in self.LOADS if name in attrs]
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]

    def handle_endtag(self, tag):
        self._raw = None

    def handle_data(self, data):
        if self._raw is None:
            self.text += data


@pytest.fixture(scope="module")
def session():
    return run("eye", "cpython", plan=Plan(points=(1,), warm_up=False))


@pytest.fixture(scope="module")
def description(session):
    return session_file.describe(session)


@pytest.fixture(scope="module")
def html(session, description):
    return report.page(session, description)


@pytest.fixture(scope="module")
def figure(session, description):
    return report.figure(session, description)


def test_the_page_loads_nothing(html):
    page = Page(html)
    assert page.loads == []
    assert page.policy is not None and page.policy.startswith("default-src 'none'")
    assert "http" not in page.policy and "*" not in page.policy
    assert not re.search(r"@import|url\(", html[: html.index("<script>")])
    assert webpage.library() in html


def test_the_page_says_what_it_is_and_what_happened(html, description):
    text = Page(html).text
    assert "Simulation." in text and "not certified" in text and "not for treating people" in text
    assert "no claim of efficacy" in text and "nothing about efficacy" in text
    assert "LOOP_OPEN" in text and description["faults"][0]["remedy"] in text
    assert description["interpreter"] in text
    assert f"{description['skin_min_mdegc'] / 1000:.2f} °C" in text


def test_the_table_of_bursts_has_commanded_and_delivered(html, description):
    text = Page(html).text
    last = description["bursts"][-1]
    assert last["delivered_us"] < last["commanded_us"]
    number, point = len(description["bursts"]), last["point"]
    since = (last["time_us"] - description["bursts"][0]["time_us"]) / 1e6
    row = f"{number}{point}{since:.2f}{last['commanded_us'] / 1000:.1f}{last['delivered_us'] / 1000:.1f}"
    assert row in text.replace(" ", "").replace("\n", "")


def test_a_text_of_the_device_cannot_become_markup(session, description):
    html = report.page(session, {**description, "interpreter": "<script src='x'></script>", "title": "<img src=x>"})
    assert Page(html).loads == []


def test_every_quantity_is_plotted(figure):
    names = {trace.name for trace in figure.data}
    assert {"true surface", "probe bead", "device's reading", "predicted surface", "distance", "bottle"} <= names
    assert {"ARMED", "DELIVERING", "FAULT"} <= names
    assert {"target 13.6 °C", "floor 7 °C"} <= names
    assert "event" in {line.text for line in figure.layout.annotations}


def test_the_plotted_surface_shows_the_lowest_value(figure, description):
    surface = next(trace for trace in figure.data if trace.name == "true surface")
    assert min(surface.y) == pytest.approx(description["skin_min_mdegc"] / 1000, abs=0.006)


def test_bands_are_the_gas_and_not_the_commands(session, figure):
    armed_us = timeline.first_armed_us(session)
    flows = timeline.intervals(session.plant.record.edges, "flow", session.plant.now_us)
    bands = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"]
    assert len(bands) == len(flows) > 3
    for band, flow in zip(bands, flows, strict=True):
        assert band == pytest.approx([(at - armed_us) / 1e6 for at in flow], abs=0.001)


def test_the_wait_before_the_arming_is_not_drawn(session, description):
    late = SimpleNamespace(lines=session.operator.lines, sent=[(6_000_000, "ARM:REQ")])
    drawn = report.figure(dataclasses.replace(session, operator=late), description)
    surface = next(trace for trace in drawn.data if trace.name == "true surface")
    assert surface.x[0] == -5.0 and surface.x[-1] > 0
    assert drawn.layout.xaxis.range[0] == -5.0
    assert drawn.layout.xaxis4.title.text == "s after the first arming, virtual"


def test_where_nobody_asked_to_arm_the_seconds_count_from_switch_on_and_the_axis_says_so(session, description):
    never = SimpleNamespace(lines=session.operator.lines, sent=[(6_000_000, "STAT?")])
    drawn = report.figure(dataclasses.replace(session, operator=never), description)
    end_s = session.plant.now_us / 1e6
    surface = next(trace for trace in drawn.data if trace.name == "true surface")
    assert drawn.layout.xaxis.range == pytest.approx((max(0.0, end_s - 30), end_s), abs=0.001)
    assert surface.x[-1] == pytest.approx(end_s, abs=0.2)
    assert drawn.layout.xaxis4.title.text == "s after switch-on, virtual"
    at_once = SimpleNamespace(lines=session.operator.lines, sent=[(0, "ARM:REQ")])
    assert "first arming" in report.figure(
        dataclasses.replace(session, operator=at_once), description
    ).layout.xaxis4.title.text


@pytest.mark.parametrize(("target_mdegc", "says"), [(13_600, "takes"), (-1_000, "does not reach it")])
def test_the_ice_pack_is_compared_on_time_only(target_mdegc, says):
    text = report.ice_pack_text(
        {"target_mdegc": target_mdegc, "ice_pack_s": icepack.seconds_to(target_mdegc / 1000, limit_s=600.0)}
    )
    assert says in text and "published" in text and "nothing about efficacy" in text


def test_the_picture_is_small_deterministic_and_vector_only(session, tmp_path):
    picture.draw(tmp_path / "a.svg", session)
    picture.draw(tmp_path / "b.svg", session)
    svg = (tmp_path / "a.svg").read_bytes()
    assert svg == (tmp_path / "b.svg").read_bytes()
    assert len(svg) < 200_000 and b"<image" not in svg and b"<dc:date>" not in svg
    for text in (b"target 13.6", b"floor 7", b"simulation", b"DELIVERING"):
        assert text in svg
