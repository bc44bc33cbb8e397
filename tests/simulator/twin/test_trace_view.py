"""trace.gtkw: GTKWave opens trace.vcd on the treatment, with every signal in a group and under a name for people."""

import re

import pytest
from vcd.reader import TokenKind, tokenize

from host_tools.simulator.twin import timeline, trace, trace_view
from host_tools.simulator.twin.session import run
from host_tools.simulator.twin.treatment import Plan


@pytest.fixture(scope="module")
def session():
    return run("eye", "cpython", plan=Plan(points=(1,), warm_up=False))


@pytest.fixture(scope="module")
def lines(session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("view")
    trace.write(session, folder / "trace.vcd")
    trace_view.write(session, folder / "trace.gtkw", folder / "trace.vcd")
    return (folder / "trace.gtkw").read_text().splitlines()


def named(lines, key):
    (line,) = [line for line in lines if line.startswith(key)]
    return line[len(key) :].strip()


def test_it_names_the_trace_that_lies_beside_it(lines):
    vcd, own = (named(lines, key).strip('"') for key in ("[dumpfile]", "[savefile]"))
    assert vcd.endswith("/trace.vcd") and own.endswith("/trace.gtkw")
    assert vcd.rpartition("/")[0] == own.rpartition("/")[0]


def test_it_opens_on_the_treatment_and_not_beyond_the_end(session, lines):
    start = int(named(lines, "[timestart]"))
    zoom, marker, event = named(lines, "*").split()[:3]
    shown_us = 2 ** -float(zoom) / 200 * (trace_view._WAVES_PX - 100)  # the width without the window's frames
    bursts = session.plant.record.bursts
    assert start == timeline.shown_from_us(session) < bursts[0].time_us
    assert bursts[-1].time_us < start + shown_us < session.plant.now_us  # a window beyond the end begins at 0
    assert shown_us > 0.85 * (session.plant.now_us - start)
    assert int(marker) == bursts[0].time_us and int(event) == session.plant.record.injected_us[0]


def test_every_signal_of_the_trace_stands_in_a_group_once_with_a_name_of_its_own(session, lines, tmp_path):
    trace.write(session, tmp_path / "t.vcd")
    with (tmp_path / "t.vcd").open("rb") as file:
        recorded, scope = set(), []
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scope.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scope.pop()
            elif token.kind is TokenKind.VAR:
                recorded.add(".".join([*scope, token.var.reference]))
            elif token.kind is TokenKind.ENDDEFINITIONS:
                break
    shown = re.findall(r"^\+\{(.+)\} (\S+)$", "\n".join(lines), re.MULTILINE)
    assert sorted(signal for _, signal in shown) == sorted(recorded)
    assert len({name for name, _ in shown}) == len(shown)
    assert sum(line.startswith("-") and len(line) > 1 for line in lines) == 2 * len(trace_view.GROUPS)
