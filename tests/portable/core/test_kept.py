"""Figures that decide are changed in memory without the program: each change is noticed."""

import micropython
from cryo import config
from cryo.core import faults, presets
from cryo.core.kept import Kept
from supervisor_rig import Rig


def differs(kept):
    micropython.heap_lock()
    try:
        return bool(kept.differ())
    finally:
        micropython.heap_unlock()


def treated():
    rig = Rig().deliver().to_burst(3)
    return rig, Kept(rig.sup)


def test_nothing_differs_in_a_sound_treatment():
    rig = Rig()
    kept = Kept(rig.sup)
    rig.deliver()
    for _ in range(900):
        rig.tick()
        assert not differs(kept) and not rig.sup.observer.torn
    assert len(rig.fired) > 5 and not rig.sup.faults.first
    assert not differs(Kept(Rig(provisioned=False).sup))


def test_a_figure_that_changed_by_itself_differs():
    for number in range(len(config.KEYS)):
        rig, kept = treated()
        values = list(rig.sup.config)
        values[number] ^= 1
        rig.sup.config = config.Config(*values)
        assert differs(kept), config.KEYS[number]
    for name, change in (("target_mdegc", 1), ("floor_mdegc", -1), ("trip_mdegc", -1)):
        rig, kept = treated()
        holder = rig.sup if name == "trip_mdegc" else rig.sup.point
        setattr(holder, name, getattr(holder, name) + change)
        assert differs(kept), name
    for ratio, least, most in ((999, 999, 3_125), (3_126, 1_000, 3_125), (1_000, 1_001, 3_125), (1_000, 1_000, 3_126)):
        rig, kept = treated()
        rig.sup.jet.ratio, rig.sup.jet.kept, rig.sup.jet.most = ratio, least, most
        rig.sup.jet.dip = ratio if ratio > 1_000 else 1_000
        assert differs(kept), (ratio, least, most)
    for dip, so in ((999, True), (1_199, True), (1_200, False), (3_125, False), (3_126, True)):
        rig, kept = treated()
        rig.sup.jet.ratio, rig.sup.jet.dip = 1_000 if dip < 1_000 else 1_200, dip
        assert differs(kept) == so, dip
    rig, kept = treated()
    rig.sup.config = None
    assert differs(Kept(Rig().sup)) is False and not differs(Kept(rig.sup))


def test_a_level_that_changed_by_itself_differs():
    rig, kept = treated()
    row = rig.sup.session.row()
    for column in range(len(row)):
        changed = list(row)
        changed[column] ^= 4
        rig.sup.session.row = lambda changed=changed: changed
        rig.sup.point.target_mdegc = changed[presets.TARGET_MDEGC]
        rig.sup.point.floor_mdegc = changed[presets.FLOOR_MDEGC]
        assert differs(kept), column


def test_a_state_of_the_observer_that_changed_by_itself_is_a_fault_in_the_next_tick():
    for number in range(7):
        rig, _ = treated()
        rig.sup.observer._x[number] += 256
        rig.tick(2)
        assert rig.sup.faults.latched.has(faults.MEMORY), number
    rig, _ = treated()
    rig.sup.observer.baseline_mdegc += 1
    rig.tick(2)
    assert rig.sup.faults.latched.has(faults.MEMORY)
