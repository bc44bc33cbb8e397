"""The search for the worst case: its names, its budgets, and that it finds firmware that does not protect."""

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from host_tools.evidence.campaign import population
from host_tools.evidence.campaign.body import Body
from host_tools.evidence.campaign.run import Case, run
from host_tools.evidence.safety import provoked
from host_tools.evidence.search import page, row, schedule, table
from host_tools.evidence.search.row import Base, Row, draw, find
from host_tools.evidence.search.schedule import ANCHORS, SCALE, Schedule, by, parse
from host_tools.places import ROOT
from tests.support import flaws

NO = {"move": 1000, "release": 1000, "drift": 0}
BESIDE = {"probe_off_mm": 1000, "half_mm": 0}
CLOSE = {"level": 1000, "strength": 1000, "distance_mm": 100, "epidermis_mm": 100} | NO | BESIDE


@pytest.mark.parametrize("faults", [(), ("draught",), ("probe-half", "infrared-aside", "jet-strong")])
def test_a_name_is_the_whole_schedule(faults):
    drawn = draw(faults, True, 3, 1)
    assert parse(drawn.name) == drawn
    assert len(drawn.chosen) == len(schedule.variables(faults))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("jet-strong/normal/1", "write FAULT"),
        ("jet-strong/some/1/", "write FAULT"),
        ("nonsense/normal/1/", "no fault nonsense"),
        ("jet-strong/normal/1/size1=1001", "none of"),
        ("jet-strong/normal/1/gap2=1", "none of"),
    ],
)
def test_a_name_that_is_none_says_what_is_wrong(name, told):
    with pytest.raises(ValueError, match=told):
        parse(name)


def test_the_ends_of_a_variable_are_the_ends_of_its_range():
    known = schedule.variables(("jet-strong",))
    assert [known["speed"].value(n) for n in (0, SCALE, None)] == pytest.approx([5.0, 300.0, 300.0])
    assert [known["dose_close_ms"].value(n) for n in (0, SCALE, None)] == [12.0, 22.0, 20.0]


def test_a_variable_of_the_body_gives_the_patient_its_body_and_a_name_without_one_is_skin_of_one_column():
    def patient(words):
        return schedule._Plan(parse(f"healthy/normal/1/{words}")).patient()

    assert patient("fat_mm=500").body is None
    body = patient("probe_off_mm=750").body
    assert body == Body(probe_off_mm=2.4)  # aimed: 3.2 mm at most
    dry = patient("callus=250,film=250,cold=250,callus_mm=0,film_s=0,baseline_c=0")
    assert (dry.body.callus, dry.body.film, dry.body.cold) == (None, None, None)
    assert (dry.perfusion, dry.probe_tau_s) == (1.0, 0.25)
    wet = patient("callus=249,film=249,cold=249,callus_mm=1000,film_s=0,baseline_c=1000,perfusion=1000,probe_tau_s=0")
    assert wet.body.callus == (1.5, 0.12, 2.9) and wet.body.film == (0.05, 10.0) and wet.body.cold == (30.0, 3.0)
    assert (wet.perfusion, wet.probe_tau_s) == (0.15, 0.05)
    assert patient("bottle_c=1000").bottle_room_c == 28.0
    for name in ("half_mm", "eye_half_mm", "ambient_c", "humidity", "box_k", "q10"):
        assert getattr(patient(f"{name}=1000").body, name) == population.WIDE[name].high
    words = schedule.told(parse("healthy/normal/1/callus=0,callus_mm=1000,film_s=0"))
    assert words == "CHRONIC L4, callus, callus_mm 1.5 mm"


class _Kept:
    """Keeps the course of a run, to see what happened at which time."""

    def __init__(self, name):
        self.plan = schedule._Plan(parse(name))
        self.out = run(Case("single/estop/0", self.plan.patient(), ("estop",)), arrange=self._arrange)

    def _arrange(self, course):
        self.plan.arrange(course)
        self.course = course
        self.hand = []
        move = course.plant.hand.move

        def moved(*to):
            self.hand.append(course.plant.now_us)
            move(*to)

        course.plant.hand.move = moved

    @property
    def released(self):
        return [at for at, name, level in self.course.plant.record.edges if name == "trigger" and level]


@pytest.mark.parametrize("anchor", ANCHORS)
def test_a_fault_comes_with_the_event_that_its_beginning_goes_by(anchor):
    when = {"burst": 57, "motion": 57, "release": 57, "pass": 0, "time": 40, "switch-on": 0}[anchor]
    name = f"estop/normal/1/anchor={by(anchor)},when={when},offset=100,lag=500,release=1000,move=1000"
    seen = _Kept(name)
    (came_us,) = seen.course.came_us
    bursts = [burst.time_us for burst in seen.course.plant.record.bursts]
    edges = seen.course.plant.record.edges
    pressed_us = next((at for at, pin, level in edges if pin == "trigger" and not level), None)
    lag_us = 200_000
    if anchor == "burst":
        assert came_us == bursts[2] + 70_000
    elif anchor == "motion":
        assert came_us == seen.hand[0] + lag_us and seen.hand[0] == bursts[2] + 70_000
    elif anchor == "release":
        assert came_us == seen.released[0] + lag_us and seen.released[0] == bursts[2] + 70_000
    elif anchor == "pass":
        assert lag_us <= came_us - pressed_us <= lag_us + 100_000
    elif anchor == "time":
        assert 1_800_000 <= came_us - pressed_us <= 1_900_000
    else:
        assert came_us <= 10_000 and pressed_us is None


def test_the_second_fault_comes_its_gap_after_the_first():
    given = parse("loop-a-stuck+estop/normal/1/when=0,gap2=100")
    plan = schedule._Plan(given)
    courses = []
    run(Case("x", plan.patient(), given.faults), arrange=lambda course: (plan.arrange(course), courses.append(course)))
    first_us, second_us = courses[0].came_us
    assert second_us - first_us == 1_200_000


def bowl(given):
    """Return a stand-in for an outcome: the nearer to one corner, the colder."""
    far = sum((n / SCALE - 0.9) ** 2 for n in given.chosen.values())
    return SimpleNamespace(lowest_c=far, came=True, reduced=False, floor_c=5.5, bursts=9, problems=[])


@pytest.mark.parametrize("budget", [3, 12, 60])
def test_drawing_and_searching_simulate_equally_many_and_searching_finds_colder(monkeypatch, budget):
    asked = []
    monkeypatch.setattr(row, "simulate", lambda given, firmware=None: asked.append(given.name) or bowl(given))
    base = Base(draw((), False, 1, 0).having(dict.fromkeys(draw((), False, 1, 0).chosen, 800)), 9)
    found = find(("jet-strong",), False, 1, budget, base)
    assert len(asked) == budget + budget - budget // row.FIRST_SHARE
    assert found.treatments == budget
    assert found.searched_mdegc <= found.drawn_mdegc


@pytest.mark.parametrize(("colder", "floor_mdegc"), [("searched", 8_500), ("drawn", 4_500)])
def test_each_figure_of_a_row_is_of_what_it_says(monkeypatch, colder, floor_mdegc):
    """In two of six drawn treatments the fault comes. The search begins with the first two, and adds four: it comes."""
    asked = []

    def simulate(given, firmware=None):
        n = len(asked)
        asked.append(given.name)
        drawn = n < 6
        cold_c = (5.0 if (colder == "drawn") == drawn else 9.0) - (n in (4, 8)) / 8  # the coldest of each
        odd = ["odd"] if n == 9 else []
        came = not drawn or n in (0, 4)
        return SimpleNamespace(lowest_c=cold_c, came=came, reduced=False, floor_c=n + 0.5, bursts=n, problems=odd)

    monkeypatch.setattr(row, "simulate", simulate)
    found = find(("jet-strong",), False, 1, 6)
    assert len(asked) == 10
    assert (found.drawn, found.searched) == (asked[4], asked[0] if colder == "drawn" else asked[8])
    warm, cold = (9_000, 8_875), (5_000, 4_875)
    drawn, searched = (cold, warm) if colder == "drawn" else (warm, cold)
    assert (found.drawn_mdegc, found.searched_mdegc) == (drawn[1], drawn[0] if colder == "drawn" else searched[1])
    assert (found.came, found.floor_mdegc) == ([2, 5], floor_mdegc)
    assert found.bursts == (0 if colder == "drawn" else 8) and found.other == [f"{asked[9]}: odd"]


def test_cma_es_goes_down_far_below_what_was_drawn(monkeypatch):
    monkeypatch.setattr(row, "simulate", lambda given, firmware=None: bowl(given))
    found = find((), False, 1, 480)
    assert found.searched_mdegc < found.drawn_mdegc / 4


def test_a_run_in_which_the_fault_never_came_counts_as_warm():
    out = SimpleNamespace(lowest_c=-9.0, came=False)
    assert row.lowest_c(out) == row.NOT_COME


def test_a_counter_example_keeps_only_the_parts_that_it_needs():
    given = draw(("jet-strong",), False, 1, 0)

    def simulate(tried):
        cold = {"size1", "speed", "epidermis_mm"} <= set(tried.chosen)
        return SimpleNamespace(lowest_c=-1.0 if cold else 3.0, came=True, reduced=False, floor_c=5.5)

    small, out = row.shrink(given, simulate(given), simulate)
    assert set(small.chosen) == {"size1", "speed", "epidermis_mm"} and out.lowest_c == -1.0


def test_without_a_fault_the_floor_is_what_is_allowed():
    out = SimpleNamespace(reduced=False, floor_c=7.0)
    assert row.allowed_c((), out) == 6.5 and row.allowed_c(("estop",), out) == 0.0
    assert row.allowed_c(("estop",), SimpleNamespace(reduced=True, floor_c=7.0)) == 4.0


def test_the_same_seed_gives_the_same_row():
    first, second = (find(("estop",), False, 1, 2) for _ in range(2))
    assert first == second
    assert draw(("estop",), False, 2, 0) != draw(("estop",), False, 1, 0)


def test_firmware_without_a_budget_is_found_by_searching_and_not_by_drawing(monkeypatch, tmp_path):
    monkeypatch.setattr(row, "shrink", lambda given, out, run: (given, out))  # half a minute, and a test of its own
    firmware = provoked.firmware(flaws.NO_BUDGET, tmp_path)
    base = Base(Schedule((), False, 1, dict.fromkeys(schedule.variables(()), 500) | CLOSE), 12)
    found = find(("jet-strong",), False, 1, 6, base, firmware)
    assert found.drawn_mdegc > 0 > -1_500 > found.searched_mdegc
    assert found.residual and found.counter_example == found.searched
    again = schedule.simulate(parse(found.counter_example), firmware)
    assert round(again.lowest_c * 1000) == found.counter_mdegc == found.searched_mdegc


def some_row(**more):
    """Return a row without anything special."""
    return replace(Row("estop", False, 9_000, 8_000, 0, False, None, "a", "b", came=[1, 1]), **more)


def test_every_fault_is_searched_and_the_long_form_takes_both_sensations():
    assert {faults for faults, _ in table.kinds(both=False)} == {faults for faults, _ in table.kinds(both=True)}
    assert len(table.kinds(both=True)) == 2 * len(table.kinds(both=False)) >= 100
    assert {reduced for _, reduced in table.kinds(both=False)} == {False, True}


def test_a_residual_row_must_stand_in_the_hazard_table(monkeypatch, tmp_path):
    hazards = tmp_path / "hazards.toml"
    hazards.write_text('[[hazard]]\nleft = "What hides (jet-strong, -1.2 degC)."\n', encoding="utf-8")
    monkeypatch.setattr(table, "HAZARDS", hazards)
    rows = [asdict(some_row(fault=name, residual=True)) for name in ("jet-strong", "draught")]
    assert table.unnamed(rows) == ["draught"]
    assert table.unnamed([asdict(some_row(fault="draught"))]) == []


def test_rows_that_are_done_on_this_code_are_not_done_again(monkeypatch, tmp_path):
    monkeypatch.setattr(table, "DONE", tmp_path / "search.jsonl")
    done = []
    monkeypatch.setattr(table, "work", lambda job: done.append(job) or some_row(fault=job[0][0]))
    pool = SimpleNamespace(map=map)
    jobs = [((name,), False, 1, 3, None) for name in ("estop", "draught")]
    first = table.Bench(pool).do(jobs[:1])
    assert table.Bench(pool).do(jobs) == [*first, some_row(fault="draught")]
    assert done == jobs
    monkeypatch.setattr(table.outcomes, "measured", lambda *more: "another")
    table.Bench(pool).do(jobs)
    assert done == jobs * 2


def test_the_page_tells_each_row_and_how_many_searching_won():
    rows = [
        asdict(some_row()),
        asdict(some_row(fault="draught", reduced=True, drawn_mdegc=3_000, searched_mdegc=5_000, allowed_mdegc=4_000,
                        residual=True, counter_example="draught/reduced/1/", counter_mdegc=3_100)),
        asdict(some_row(fault="fog", drawn_mdegc=None)),
    ]  # fmt: skip
    made = {"code": "c0de", "treatments": 3, "base_treatments": 9, "seed": 1}
    text = page.page({"made": made, "rows": rows})
    assert "in 2 of 3 rows" in text and "`draught`, reduced sensation,\n3.00 degC (4.00 allowed)" in text
    assert "| **`draught`** | reduced | 3.00 | 5.00 | 4.00 |" in text and "`draught/reduced/1/` | 3.10" in text
    assert page.picture({"made": made, "rows": rows}).count("<circle") == 5


@pytest.mark.skipif(not (ROOT / page.DATA).exists(), reason="no search was committed")
def test_the_committed_page_is_made_from_its_data():
    data = json.loads((ROOT / page.DATA).read_text(encoding="utf-8"))
    again = "run: python -m host_tools.evidence.search --page"
    assert (ROOT / page.PAGE).read_text(encoding="utf-8") == page.page(data), again
    assert (ROOT / page.PICTURE).read_text(encoding="utf-8") == page.picture(data)
    assert table.unnamed(data["rows"]) == []
