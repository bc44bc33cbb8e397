"""The bench's frame: what makes it fail, its JSON's content, a run without an image. No figure is measured here."""

import io
import json
import re
from dataclasses import replace

import pytest
from rich.console import Console

from host_tools.evidence.bench import __main__ as bench
from host_tools.evidence.bench import application, deploy, figures, guests, hosts, report
from host_tools.evidence.bench import rows as table
from host_tools.evidence.bench.rows import Row
from host_tools.places import ROOT
from host_tools.toolchain.uf2 import download, image

NAMES = (
    "burst_error_us_max",
    "eye_latency_us_max",
    "overcool_latency_ms_max",
    "trigger_latency_ms_max",
    "tick_us_median",
    "tick_us_max",
    "tick_alloc_bytes",
    "tick_late_ms_max",
    "gc_runs_while_gas",
    "boot_safe_ms",
    "boot_standby_ms",
    "free_heap_bytes",
    "app_bytes",
)
KEYS = ["name", "value", "unit", "how", "peer", "peer_value", "goal", "met"]
DEPLOY = {"flash": deploy.Cost(4.0, 150_000), "cp": deploy.Cost(16.0, 450_000)}
DEPLOY |= {"flash again": deploy.Cost(3.0, 20_000), "cp again": deploy.Cost(4.0, 60_000)}
HOST = {"pio": (0.4, 0.0, 1.008), "app_bytes": 60_000, "deploy": DEPLOY}
WIDTHS = {
    "least": -300.0,
    "most": 200.0,
    "bursts": 9,
    "late_ms": 7.5,
    "collections": 8,
    "collections_open": 6,
    "longest_ms": 12.0,
}


EVENTS = ("eye", "threshold", "sample", "trigger", "sample while talking", "trigger while talking")


def latencies(**worst):
    """Return good cut-offs, and a bad one if given, us."""
    return {event: [0.5, worst.get(event, 1.0)] for event in EVENTS}


def found():
    """A treatment whose figures all meet their goals."""
    return application.Found(
        boot_safe_ms=7.0,
        first_tick_ms=300.0,
        boot_standby_ms=900.0,
        ticks_us={"STANDBY": [1500.0, 1600.0], "DELIVERING": [2000.0, 2400.0, 3000.0]},
        late_ms=0.5,
        alloc_bytes=0,
        gc_runs_while_gas=0,
        collections=3,
        latencies_us=latencies(sample=11_000.0, trigger=15_000.0, eye=1.1, threshold=55.0),
        free_heap_bytes=100_000,
    )


def load(**changed):
    """The results of a host that changed nothing."""
    values = {"widths_us": [60_000.0, 150_000.0], "start_to_start_us": [700_000.0], "alloc_bytes_s": 100.0}
    values |= {"kept_bytes_s": 20.0}
    values |= {"late_us": 500.0, "collections": 0, "sent_bytes": 0, "taken_bytes": 0}
    return hosts.Load(**(values | changed))


def chip(treatment=None):
    """Return the results of all jobs on the chip."""
    jobs = {"treatment": treatment or found(), "modules": {"cryo.app": 3000, "cryo": 100}, "ours": WIDTHS}
    jobs |= {"interrupt": 40_000.0, "no boot.py": 400.0, "hosts": {name: load() for name in hosts.HOSTS}}
    for name in guests.PEERS:
        jobs[f"widths {name}"] = WIDTHS
        jobs[f"latencies {name}"] = {"eye": 9000.0, "sample": 12_000.0, "trigger": 13_000.0}
    return jobs


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs the command with given results instead of measurements: (exit code, rows of its JSON, what it said)."""

    def go(on_the_chip):
        said = io.StringIO()
        uf2 = tmp_path / "image.uf2"
        uf2.write_bytes(b"")
        monkeypatch.setattr(bench, "Console", lambda **_: Console(file=said, width=200))
        monkeypatch.setattr(bench.image, "find_image", lambda: uf2 if on_the_chip else None)
        monkeypatch.setattr(bench.figures, "without_image", lambda: HOST)
        monkeypatch.setattr(bench.figures, "on_the_chip", lambda *_: on_the_chip)
        code = bench.main(["--json", str(tmp_path / "o" / "bench.json"), "--page", str(tmp_path / "bench.md")])
        return code, json.loads((tmp_path / "o" / "bench.json").read_text()), said.getvalue()

    return go


def test_every_goal_that_was_asked_for_is_a_row_and_the_json_has_its_shape(run):
    code, rows, _ = run(chip())
    assert code == 0
    assert [list(row) for row in rows] == [KEYS] * len(rows)
    assert set(NAMES) == set(table.GOALS) <= {row["name"] for row in rows}
    assert len({(row["name"], row["peer"]) for row in rows}) == len(rows)
    for name in ("burst_error_us_max", "eye_latency_us_max", "overcool_latency_ms_max", "trigger_latency_ms_max"):
        beside = {row["peer"]: row["peer_value"] for row in rows if row["name"] == name}
        assert set(guests.PEERS) <= set(beside) and None not in beside.values()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"latencies_us": latencies(eye=1.6)}, "eye_latency_us_max"),
        ({"latencies_us": latencies(sample=12_001.0)}, "overcool_latency_ms_max"),
        ({"latencies_us": latencies(trigger=16_001.0)}, "trigger_latency_ms_max"),
        ({"latencies_us": latencies(**{"sample while talking": 12_001.0})}, "overcool_latency_ms_max"),
        ({"ticks_us": {"DELIVERING": [2501.0]}}, "tick_us_median"),
        ({"ticks_us": {"DELIVERING": [2000.0], "STANDBY": [4001.0]}}, "tick_us_max"),
        ({"alloc_bytes": 16}, "tick_alloc_bytes"),
        ({"late_ms": 2.1}, "tick_late_ms_max"),
        ({"gc_runs_while_gas": 1}, "gc_runs_while_gas"),
        ({"boot_safe_ms": 8.1}, "boot_safe_ms"),
        ({"boot_standby_ms": 1000.5}, "boot_standby_ms"),
        ({"free_heap_bytes": 71_679}, "free_heap_bytes"),
    ],
)
def test_a_missed_goal_fails_and_is_named_unless_it_is_listed(run, monkeypatch, change, name):
    worse = found()
    for key, value in change.items():
        setattr(worse, key, value)
    monkeypatch.delitem(table.ACCEPTED, name, raising=False)
    code, _, said = run(chip(worse))
    assert code == 1
    assert f"missed: {name} = " in said
    monkeypatch.setitem(table.ACCEPTED, name, "known and stated")
    code, _, said = run(chip(worse))
    assert code == 0
    assert f"accepted: {name} = " in said and "known and stated" in said


def test_what_a_host_changes_is_told_against_the_same_treatment_without_one(run):
    loads = {name: load() for name in hosts.HOSTS}
    loads["garbage"] = load(widths_us=[60_000.0, 150_000.5, 90_000.0], alloc_bytes_s=1_500.4)
    _, rows, _ = run(chip() | {"hosts": loads})
    values = {row["name"]: row["value"] for row in rows}
    assert values["host_width_change_us_max.alone"] == values["host_width_change_us_max.unread"] == 0
    assert values["host_width_change_us_max.garbage"] == 0.5
    assert values["breathe_alloc_bytes_s.garbage"] == 1_500 and values["breathe_kept_bytes_s.garbage"] == 20
    assert {f"host_late_ms_max.{name}" for name in hosts.HOSTS} <= set(values)
    assert set(hosts.WHAT) == set(hosts.HOSTS)
    assert not [name for name in values if name.startswith("guard_")]


def test_how_a_pass_keeps_the_rest_of_its_heap_is_told(run):
    guard = hosts.Guard(3_500_000.0, 19_500, 18_000, 6_000, 120_000.0, 300_000.0, "STANDBY", 0)
    loads = {name: load() for name in hosts.HOSTS} | {hosts.GARBAGE: load(guard=guard)}
    _, rows, _ = run(chip() | {"hosts": loads})
    found = {row["name"]: row for row in rows}
    free, stop = found["guard_free_bytes"], found["guard_stop_ms"]
    assert (free["value"], stop["value"]) == (18_000, 120.0)
    assert "after 3500 ms" in free["how"] and "0 collections" in free["how"]
    assert "burst of 300.0 ms" in stop["how"] and "STANDBY" in stop["how"]


def test_garbage_is_the_same_in_every_run_and_of_every_kind():
    data = hosts.garbage(5_000, 1)
    assert data == hosts.garbage(5_000, 1) and len(data) == 5_000
    assert len(set(data)) == 256 and b"NOTHING" in data and b"TREAT:LEV " in data


def test_each_row_carries_its_goal_and_whether_it_is_met(run):
    worse = found()
    worse.ticks_us = {"DELIVERING": [2600.0, 2700.0]}
    rows = {row["name"]: row for row in run(chip(worse))[1]}
    assert (rows["tick_us_median"]["goal"], rows["tick_us_median"]["met"]) == ("<= 2500", False)
    assert (rows["tick_us_max"]["goal"], rows["tick_us_max"]["met"]) == ("<= 4000", True)
    assert (rows["boot_first_tick_ms"]["goal"], rows["boot_first_tick_ms"]["met"]) == (None, None)
    assert {name for name, row in rows.items() if row["goal"]} == set(table.GOALS)
    unmeasured = {row["name"]: row for row in run({})[1]}["tick_us_max"]
    assert (unmeasured["goal"], unmeasured["met"]) == ("<= 4000", None)


def test_the_page_lists_as_missed_exactly_what_is_missed(run, tmp_path):
    run(chip())
    assert "Missed goals that stand" not in (tmp_path / "bench.md").read_text()
    worse = found()
    worse.latencies_us = latencies(sample=12_001.0)
    run(chip(worse))
    behind = (tmp_path / "bench.md").read_text().partition("## Missed goals that stand")[2]
    assert [name for name in table.ACCEPTED if f"`{name}`" in behind] == ["overcool_latency_ms_max"]


def test_a_job_that_failed_fails_the_bench_and_says_why(run):
    code, rows, said = run(chip() | {"treatment": RuntimeError("ARM:REQ: REFUSED")})
    assert code == 1
    assert "ARM:REQ: REFUSED" in said
    assert {row["name"]: row["value"] for row in rows}["tick_us_max"] is None


def test_a_peer_that_failed_fails_the_bench_too(run):
    code, rows, said = run(chip() | {"ours": RuntimeError("no prompt")})
    assert code == 1
    assert "failed: ours" in said and "no prompt" in said
    assert "burst_error_emulated_us_max" not in {row["name"] for row in rows}


def test_without_an_image_it_gives_what_it_can_and_says_what_not(run, tmp_path):
    code, rows, said = run({})
    values = {row["name"]: row["value"] for row in rows}
    assert code == 0
    assert set(table.GOALS) <= set(values)
    measured = {name for name, value in values.items() if value is not None}
    assert measured >= {"burst_error_us_max", "eye_latency_us_max", "app_bytes"}
    assert not measured & {name for name, _ in figures.TREATMENT}
    assert "tick_us_median" in said.partition("not measured:")[2]
    assert image.MISSING in " ".join(said.split())  # wherever the console ends a line
    assert not (tmp_path / "bench.md").exists()  # the page keeps the figures of the last full run


def test_without_an_image_a_missed_goal_still_fails(run, monkeypatch):
    monkeypatch.setitem(HOST, "app_bytes", 80 * 1024 + 1)
    monkeypatch.delitem(table.ACCEPTED, "app_bytes", raising=False)
    assert run({})[0] == 1


def test_the_page_has_every_figure_its_way_of_measuring_and_the_emulators_limits(run, tmp_path):
    _, rows, said = run(chip())
    page = (tmp_path / "bench.md").read_text()
    for row in rows:
        assert row["name"] in page
    for row in rows:
        if not row["name"].startswith("heap_bytes."):
            assert row["how"] in page
    for text in (page, " ".join(said.split())):
        assert "lower bounds" in text
    assert report.NOT_CERTIFIED in page


@pytest.mark.parametrize("name", NAMES)
def test_the_bound_itself_meets_the_goal_and_the_next_figure_does_not(name):
    relation, bound = table.GOALS[name]
    worse = bound + 1 if relation == "<=" else bound - 1
    assert table.met(Row(name, bound, "", "")) is True
    assert table.met(Row(name, worse, "", "")) is False


def test_an_accepted_goal_is_one_that_exists():
    assert set(table.ACCEPTED) <= set(table.GOALS)


def test_a_figure_is_shown_with_three_digits_and_spaced_thousands():
    shown = [report.figure(value) for value in (None, 0, 1.008, 42_924.0, 2.0004, 81_920)]
    assert shown == ["-", "0", "1.008", "42 924", "2", "81 920"]


def test_a_row_without_goal_or_value_is_neither_met_nor_missed():
    assert table.met(Row("boot_first_tick_ms", 1.0, "ms", "")) is None
    assert table.met(Row("tick_us_max", None, "us", "")) is None


# --- the page that is kept --------------------------------------------------------------------------------------------
KEPT = ROOT / "docs/bench.md"


def value(text):
    """Return the figure that a cell shows."""
    number = text.replace(" ", "")
    return None if number in ("", "-") else float(number) if "." in number else int(number)


def kept(page):
    """Return (rows of a page, the sentence on its image and code)."""
    measured = page.partition("## How")[2].partition("## Missed")[0]
    hows = dict(re.findall(r"^- `(\w[\w.]*)`: (.*)\.$", measured, re.MULTILINE))
    module = next(how for name, how in hows.items() if name.startswith(report.MODULE))
    rows = []
    for line in re.findall(r"^\| (.*) \|$", page.partition("---:|\n")[2], re.MULTILINE):
        name, own, unit, _, peer, its = (cell.strip() for cell in line.split("|"))
        before = rows[-1] if not name else Row(name, value(own), unit, hows.get(name, module))
        rows.append(replace(before, peer=peer, peer_value=value(its)))
    return rows, re.search(r"with (.*)\.$", page, re.MULTILINE)[1]


def test_the_kept_page_has_the_goals_the_verdicts_and_the_reasons_of_this_code():
    page = KEPT.read_text(encoding="utf-8")
    rows, on = kept(page)
    assert report.markdown(rows, on) == page
    assert set(table.GOALS) <= {row.name for row in rows if row.value is not None}
    assert table.missed(rows) == []


def test_the_kept_page_names_its_image_and_whether_make_uf2_downloads_it():
    _, on = kept(KEPT.read_text(encoding="utf-8"))
    digest = re.search("`([0-9a-f]{64})`", on)[1]
    assert on.startswith(f"{bench.named(digest)}, on the code of digest `")
    assert bench.named(download.SHA256) == f"{download.NAME} of SHA-256 `{download.SHA256}`"
    assert "not the one that `make uf2` downloads" in bench.named("0" * 64)
