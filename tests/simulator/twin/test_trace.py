"""trace.vcd: complete, in order, and equal to what the plant recorded."""

from types import SimpleNamespace

import pytest
from vcd.reader import TokenKind, tokenize

from boards.virtual import pins
from host_tools.simulator.twin import trace
from host_tools.simulator.twin.session import run
from host_tools.simulator.twin.treatment import Plan


class Trace:
    """A VCD file read back: names of its variables, initial values, changes in the file's order."""

    def __init__(self, path):
        self.kinds = {}
        self.initial = {}
        self.changes = {}  # name -> [(time, value)]
        self.times = []
        self.timescale = None
        names = {}
        dumping = False
        now = 0
        with path.open("rb") as file:
            for token in tokenize(file):
                if token.kind is TokenKind.TIMESCALE:
                    self.timescale = str(token.timescale)
                elif token.kind is TokenKind.VAR:
                    names[token.var.id_code] = token.var.reference
                    self.kinds[token.var.reference] = token.var.type_.value
                elif token.kind is TokenKind.CHANGE_TIME:
                    now = token.time_change
                    self.times.append(now)
                elif token.kind is TokenKind.DUMPVARS:
                    dumping = True
                elif token.kind is TokenKind.END:
                    dumping = False
                elif token.kind in (TokenKind.CHANGE_SCALAR, TokenKind.CHANGE_REAL):
                    change = token.data
                    value = int(change.value) if token.kind is TokenKind.CHANGE_SCALAR else change.value
                    name = names[change.id_code]
                    if dumping:
                        self.initial[name] = value
                    else:
                        self.changes.setdefault(name, []).append((now, value))


@pytest.fixture(scope="module")
def session():
    return run("eye", "cpython", plan=Plan(points=(1,), warm_up=False))


@pytest.fixture(scope="module")
def read(session, tmp_path_factory):
    path = tmp_path_factory.mktemp("trace") / "trace.vcd"
    trace.write(session, path)
    return Trace(path)


def test_every_pin_valve_flow_and_analogue_value_is_there(read):
    assert read.timescale == "1 us"
    for name in (*pins.NAMES.values(), "dose_open", "shutoff_open", "flow", "injected"):
        assert read.kinds[name] == "wire"
    for name in ("skin_degc", "bead_degc", "distance_mm", "bottle_bar"):
        assert read.kinds[name] == "real"


def test_every_signal_has_an_initial_value_and_time_never_goes_back(read):
    assert set(read.initial) == set(read.kinds)
    assert read.initial["loop_a"] == 1 and read.initial["loop_b"] == 0  # the shield is closed at power-on
    assert read.initial["trigger"] == 1 and read.initial["estop"] == 0
    assert read.times == sorted(read.times) and read.times


@pytest.mark.parametrize("name", ["dose", "lease", "flow", "dose_open", "shutoff_open", "alarm", "loop_a", "cs_skin"])
def test_the_edges_are_those_of_the_plant(session, read, name):
    assert read.changes[name] == [(at, level) for at, signal, level in session.plant.record.edges if signal == name]
    assert read.changes[name]


def test_gas_flows_only_while_both_valves_are_open(read):
    level = {name: read.initial[name] for name in ("dose_open", "shutoff_open", "flow")}
    moments = sorted({at for name in level for at, _ in read.changes[name]})
    moved = {name: dict(read.changes[name]) for name in level}
    for at in moments:
        level = {name: moved[name].get(at, now) for name, now in level.items()}
        assert level["flow"] == (level["dose_open"] and level["shutoff_open"])


def test_a_valve_opens_after_its_command(session, read):
    commands = [at for at, level in read.changes["dose"] if level]
    openings = [at for at, level in read.changes["dose_open"] if level]
    assert [b - a for a, b in zip(commands, openings, strict=True)] == [session.plant.dose.open_delay_us] * len(
        commands
    )


def test_the_analogue_values_are_the_truth(session, read):
    truth = {sample[0]: sample[1] for sample in session.plant.record.samples}
    assert len(read.changes["skin_degc"]) > 300
    for at, celsius in read.changes["skin_degc"]:
        assert celsius == pytest.approx(truth[at], abs=0.001)


def test_the_injected_event_is_marked(session, read):
    assert read.changes["injected"] == [(session.plant.record.injected_us[0], 1)]


def _bare(**of_record):
    record = SimpleNamespace(edges=[], samples=[], resets=[], injected_us=[])
    record.__dict__.update(of_record)
    plant = SimpleNamespace(record=record, now_us=60_000_000)
    return SimpleNamespace(plant=plant, operator=SimpleNamespace(sent=[(50_000_000, "ARM:REQ")]))


def test_a_chip_reset_lets_the_outputs_fall_and_a_soft_reset_does_not(tmp_path):
    edges = [(10, "led", 1), (10, "alarm", 1)]
    trace.write(_bare(edges=edges, resets=[(500, "watchdog")]), tmp_path / "hard.vcd")
    assert Trace(tmp_path / "hard.vcd").changes["led"] == [(10, 1), (500, 0)]
    trace.write(_bare(edges=edges, resets=[(500, "soft_reset")]), tmp_path / "soft.vcd")
    assert Trace(tmp_path / "soft.vcd").changes["led"] == [(10, 1)]


def test_analogue_values_are_thinned_before_the_arming_only(tmp_path):
    samples = [(at, at / 1e6, 0.0, 0.0, 0.0, False) for at in range(10_000, 60_000_001, 10_000)]
    trace.write(_bare(samples=samples), tmp_path / "t.vcd")
    times = [at for at, _ in Trace(tmp_path / "t.vcd").changes["skin_degc"]]
    assert sum(at < 45_000_000 for at in times) == 44
    assert sum(at >= 45_000_000 for at in times) == 1501
