"""Figures that decide, changed in memory behind the program's back: each is noticed."""

import micropython
from bench import Bench
from cryo import config
from cryo.core import faults, presets
from cryo.core.kept import Kept


def differs(kept):
    micropython.heap_lock()
    try:
        return bool(kept.differ())
    finally:
        micropython.heap_unlock()


def treated():
    bench = Bench().deliver().to_burst(3)
    return bench, Kept(bench.sup)


def test_nothing_differs_in_a_sound_treatment():
    bench = Bench()
    kept = Kept(bench.sup)
    bench.deliver()
    for _ in range(900):
        bench.tick()
        assert not differs(kept) and not bench.sup.observer.torn
    assert len(bench.fired) > 5 and not bench.sup.faults.first
    assert not differs(Kept(Bench(provisioned=False).sup))


def test_a_figure_that_changed_by_itself_differs():
    for number in range(len(config.KEYS)):
        bench, kept = treated()
        values = list(bench.sup.config)
        values[number] ^= 1
        bench.sup.config = config.Config(*values)
        assert differs(kept), config.KEYS[number]
    for name, change in (("target_mdegc", 1), ("floor_mdegc", -1), ("trip_mdegc", -1)):
        bench, kept = treated()
        holder = bench.sup if name == "trip_mdegc" else bench.sup.point
        setattr(holder, name, getattr(holder, name) + change)
        assert differs(kept), name
    for ratio, least, most in ((999, 999, 3_125), (3_126, 1_000, 3_125), (1_000, 1_001, 3_125), (1_000, 1_000, 3_126)):
        bench, kept = treated()
        bench.sup.jet.ratio, bench.sup.jet.kept, bench.sup.jet.most = ratio, least, most
        assert differs(kept), (ratio, least, most)
    bench, kept = treated()
    bench.sup.config = None
    assert differs(Kept(Bench().sup)) is False and not differs(Kept(bench.sup))


def test_a_level_that_changed_by_itself_differs():
    bench, kept = treated()
    row = bench.sup.session.row()
    for column in range(len(row)):
        changed = list(row)
        changed[column] ^= 4
        bench.sup.session.row = lambda changed=changed: changed
        bench.sup.point.target_mdegc = changed[presets.TARGET_MDEGC]
        bench.sup.point.floor_mdegc = changed[presets.FLOOR_MDEGC]
        assert differs(kept), column


def test_a_state_of_the_observer_that_changed_by_itself_is_a_fault_in_the_next_tick():
    for number in range(7):
        bench, _ = treated()
        bench.sup.observer._x[number] += 256
        bench.tick(2)
        assert bench.sup.faults.latched.has(faults.MEMORY), number
    bench, _ = treated()
    bench.sup.observer.baseline_mdegc += 1
    bench.tick(2)
    assert bench.sup.faults.latched.has(faults.MEMORY)
