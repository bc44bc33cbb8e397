"""The fault registry and its latches."""

import micropython
from cryo.core import faults
from cryo.core.faults import ACK, HIGH, LOW, MEDIUM, REGISTRY, RESET, Faults, entry


class Panel:
    """Faults called with the heap locked."""

    def __init__(self):
        self.faults = Faults()

    def update(self, present):
        micropython.heap_lock()
        try:
            self.faults.update(present)
        finally:
            micropython.heap_unlock()
        return self.faults

    def acknowledge(self):
        micropython.heap_lock()
        try:
            return self.faults.acknowledge()
        finally:
            micropython.heap_unlock()


def codes(latch):
    return [row[0] for row in REGISTRY if row[3] == latch]


def test_codes_and_names_are_unique_and_fit_a_mask():
    numbers = [row[0] for row in REGISTRY]
    names = [row[1] for row in REGISTRY]
    assert len(set(numbers)) == len(numbers) > 0
    assert len(set(names)) == len(names)
    for code in numbers:
        assert 0 < code < 30
    for name in names:
        assert name == name.upper() and " " not in name


def test_every_code_of_the_module_has_its_row():
    for row in REGISTRY:
        assert getattr(faults, row[1]) == row[0]
        assert entry(row[0]) == row
    others = ("HIGH", "MEDIUM", "LOW", "ACK", "RESET", "REGISTRY", "NAMES")
    for name in dir(faults):
        value = getattr(faults, name)
        if name.upper() == name and not name.startswith("_") and type(value) is int and name not in others:
            assert entry(value)[1] == name
    assert entry(0) is None and entry(30) is None


def test_every_fault_has_a_priority_a_latch_and_a_remedy_sentence():
    assert (HIGH, MEDIUM, LOW, ACK, RESET) == (3, 2, 1, 1, 2)
    for _code, name, priority, latch, remedy in REGISTRY:
        assert priority in (HIGH, MEDIUM, LOW), name
        assert latch in (ACK, RESET), name
        assert len(remedy) > 20 and remedy.endswith(".") and remedy[0].isupper(), name


def test_what_must_not_be_acknowledged_away():
    # a lock-out latches (limit 3); hardware that does not answer must not be used again
    for code in (faults.SKIN_LOCKOUT, faults.VALVE_PORT, faults.SELF_TEST):
        assert entry(code)[3] == RESET
    for row in REGISTRY:
        if row[1].startswith("SKIN_") or row[1].startswith("LOOP_") or row[1] == "ESTOP":
            assert row[2] == HIGH


def test_a_cause_latches_and_stays_when_it_goes():
    for code in [row[0] for row in REGISTRY]:
        panel = Panel()
        assert panel.update(0).latched == 0
        panel.update(1 << code)
        for _ in range(3):
            assert panel.update(0).latched == 1 << code
        assert panel.faults.first == code
        assert panel.faults.present == 0


def test_the_first_cause_is_kept():
    panel = Panel()
    panel.update(1 << faults.SKIN_TRIP)
    panel.update(1 << faults.SKIN_TRIP | 1 << faults.ESTOP)
    panel.update(1 << faults.LOOP_OPEN)
    assert panel.faults.first == faults.SKIN_TRIP
    assert panel.faults.latched == 1 << faults.SKIN_TRIP | 1 << faults.ESTOP | 1 << faults.LOOP_OPEN


def test_of_causes_in_one_tick_the_lowest_code_is_first():
    panel = Panel()
    assert panel.update(1 << faults.LINE_SENSOR | 1 << faults.LOOP_OPEN).first == faults.LOOP_OPEN


def test_an_acknowledge_clears_only_what_is_gone():
    for code in codes(ACK):
        panel = Panel()
        panel.update(1 << code)
        assert panel.acknowledge() == 1 << code
        assert panel.faults.first == code
        panel.update(0)
        assert panel.acknowledge() == 0
        assert panel.faults.first == 0 and panel.faults.latched == 0


def test_an_acknowledge_never_clears_what_asks_for_a_reset():
    for code in codes(RESET):
        panel = Panel()
        panel.update(1 << code)
        panel.update(0)
        for _ in range(3):
            assert panel.acknowledge() == 1 << code
        assert panel.faults.first == code


def test_of_two_faults_the_one_that_stands_remains():
    panel = Panel()
    panel.update(1 << faults.ESTOP | 1 << faults.LOOP_OPEN)
    panel.update(1 << faults.LOOP_OPEN)
    assert panel.acknowledge() == 1 << faults.LOOP_OPEN
    panel.update(0)
    assert panel.acknowledge() == 0


def test_a_fault_that_comes_back_latches_anew():
    panel = Panel()
    panel.update(1 << faults.ESTOP)
    panel.update(0)
    panel.acknowledge()
    assert panel.update(1 << faults.LOOP_OPEN).first == faults.LOOP_OPEN
    assert panel.faults.latched == 1 << faults.LOOP_OPEN


def test_an_acknowledge_without_a_fault_is_harmless():
    panel = Panel()
    assert panel.acknowledge() == 0
    assert panel.faults.first == 0


def test_a_cause_found_after_the_update_latches_beside_the_others():
    panel = Panel()
    panel.faults.add(faults.PROGRAM_FLOW)
    assert panel.faults.latched == 1 << faults.PROGRAM_FLOW and panel.faults.first == faults.PROGRAM_FLOW
    panel.faults.add(faults.ESTOP)
    assert panel.faults.latched == 1 << faults.PROGRAM_FLOW | 1 << faults.ESTOP
    assert panel.faults.first == faults.PROGRAM_FLOW
