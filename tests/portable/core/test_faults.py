"""The fault registry and its latches."""

import micropython
from cryo.core import faults
from cryo.core.faults import ACK, HIGH, LOW, MEDIUM, REGISTRY, RESET, Codes, Faults, entry
from support import mask


class Panel:
    """Faults called with the heap locked."""

    def __init__(self):
        self.faults = Faults()

    def update(self, *present):
        micropython.heap_lock()
        try:
            for code in present:
                self.faults.causes.add(code)
            self.faults.update()
        finally:
            micropython.heap_unlock()
        return self

    @property
    def latched(self):
        return mask(self.faults.latched)

    @property
    def first(self):
        return self.faults.first

    def acknowledge(self):
        micropython.heap_lock()
        try:
            left = self.faults.acknowledge()
        finally:
            micropython.heap_unlock()
        return mask(left)


def codes(latch):
    return [row[0] for row in REGISTRY if row[3] == latch]


def test_codes_and_names_are_unique_and_fit_two_words():
    numbers = [row[0] for row in REGISTRY]
    names = [row[1] for row in REGISTRY]
    assert len(set(numbers)) == len(numbers) > 0
    assert len(set(names)) == len(names)
    for code in numbers:
        assert 0 < code < 30 or 32 <= code < 62
    for name in names:
        assert name == name.upper() and " " not in name


def test_every_code_of_the_module_has_its_row():
    for row in REGISTRY:
        assert getattr(faults, row[1]) == row[0]
        assert entry(row[0]) == row
    others = ("HIGH", "MEDIUM", "LOW", "ACK", "RESET", "REGISTRY", "NAMES", "EVER", "AFTER_GAS", "KEPT")
    for name in dir(faults):
        value = getattr(faults, name)
        if name.upper() == name and not name.startswith("_") and type(value) is int and name not in others:
            assert entry(value)[1] == name
    assert entry(0) is None and entry(63) is None


def test_every_fault_has_a_priority_and_a_latch():
    assert (HIGH, MEDIUM, LOW, ACK, RESET) == (3, 2, 1, 1, 2)
    for _code, name, priority, latch in REGISTRY:
        assert priority in (HIGH, MEDIUM, LOW), name
        assert latch in (ACK, RESET), name


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
        assert panel.update().latched == 0
        panel.update(code)
        for _ in range(3):
            assert panel.update().latched == 1 << code
        assert panel.first == code
        assert not panel.faults.present


def test_the_first_cause_is_kept():
    panel = Panel()
    panel.update(faults.SKIN_TRIP)
    panel.update(faults.SKIN_TRIP, faults.ESTOP)
    panel.update(faults.LOOP_OPEN)
    assert panel.first == faults.SKIN_TRIP
    assert panel.latched == 1 << faults.SKIN_TRIP | 1 << faults.ESTOP | 1 << faults.LOOP_OPEN


def test_of_causes_in_one_tick_the_most_urgent_is_first():
    order = [row[0] for row in REGISTRY]
    for n, code in enumerate(order[1:]):
        assert Panel().update(code, *order[: n + 1]).first == order[0]
        assert Panel().update(code, order[n]).first == order[n]


def test_the_order_of_rows_decides_and_not_the_code():
    mine = faults.REGISTRY
    faults.REGISTRY = ((61, "B", HIGH, ACK), (32, "A", HIGH, ACK), (1, "C", HIGH, ACK))
    try:
        assert Panel().update(1, 32, 61).first == 61
        assert Panel().update(1, 32).first == 32
    finally:
        faults.REGISTRY = mine


def test_a_cause_without_a_row_is_an_error_of_the_program():
    assert entry(61) is None
    panel = Panel().update(61)
    assert panel.first == faults.PROGRAM_FLOW
    assert panel.latched == 1 << 61 | 1 << faults.PROGRAM_FLOW


# --- sets of codes ----------------------------------------------------------------------------------------------------
FREE = [code for code in range(1, 62) if code != 30 and code != 31]


def test_a_set_holds_what_was_put_into_it_and_nothing_else_and_allocates_nothing():
    one = Codes()
    for code in FREE:
        one.low = one.high = 0
        micropython.heap_lock()
        try:
            one.add(code)
            held = one.has(code)
            some = bool(one)
        finally:
            micropython.heap_unlock()
        assert held and some and mask(one) == 1 << code
        for other in FREE:
            assert one.has(other) == (other == code)
            assert bool(one.meets(Codes(other))) == (other == code)
    assert not Codes() and not Codes().meets(Codes(*FREE)) and Codes(*FREE).meets(Codes(61))
    assert mask(Codes(*FREE)) == sum([1 << code for code in FREE])


def test_the_others_of_a_set_are_named_without_the_first_and_the_most_urgent_before():
    rows = REGISTRY
    some = Codes(rows[5][0], rows[0][0], rows[2][0])
    assert faults.others(some, rows[2][0]) == rows[0][1] + "," + rows[5][1]
    assert faults.others(some, 0) == rows[0][1] + "," + rows[2][1] + "," + rows[5][1]
    assert faults.others(Codes(rows[2][0]), rows[2][0]) == faults.others(Codes(), 0) == "NONE"


def test_faults_of_both_words_latch_and_are_acknowledged_each_by_its_rule():
    lasting, rows = faults._LASTING, faults.REGISTRY
    faults._LASTING = Codes(29, 61)
    faults.REGISTRY = [(code, "", HIGH, ACK) for code in FREE]
    try:
        for code in FREE:
            panel = Panel()
            panel.update(code)
            assert panel.latched == 1 << code and panel.acknowledge() == 1 << code
            panel.update()
            assert panel.latched == 1 << code and not panel.faults.present
            assert panel.acknowledge() == (1 << code if code in (29, 61) else 0)
    finally:
        faults._LASTING, faults.REGISTRY = lasting, rows


def test_codes_of_the_second_word_are_kept_beside_each_other():
    rows = faults.REGISTRY
    faults.REGISTRY = [(code, "", HIGH, ACK) for code in FREE]
    try:
        panel = Panel().update(40)
        assert panel.update(61).latched == 1 << 40 | 1 << 61 and panel.first == 40
    finally:
        faults.REGISTRY = rows


def test_what_lasts_is_what_asks_for_a_reset():
    assert mask(faults._LASTING) == sum([1 << code for code in codes(RESET)])


def test_an_acknowledge_clears_only_what_is_gone():
    for code in codes(ACK):
        panel = Panel()
        panel.update(code)
        assert panel.acknowledge() == 1 << code
        assert panel.first == code
        panel.update()
        assert panel.acknowledge() == 0
        assert panel.first == 0 and panel.latched == 0


def test_an_acknowledge_never_clears_what_asks_for_a_reset():
    for code in codes(RESET):
        panel = Panel()
        panel.update(code)
        panel.update()
        for _ in range(3):
            assert panel.acknowledge() == 1 << code
        assert panel.first == code


def test_of_two_faults_the_one_that_stands_remains():
    panel = Panel()
    panel.update(faults.ESTOP, faults.LOOP_OPEN)
    panel.update(faults.LOOP_OPEN)
    assert panel.acknowledge() == 1 << faults.LOOP_OPEN
    panel.update()
    assert panel.acknowledge() == 0


def test_a_fault_that_comes_back_latches_anew():
    panel = Panel()
    panel.update(faults.ESTOP)
    panel.update()
    panel.acknowledge()
    assert panel.update(faults.LOOP_OPEN).first == faults.LOOP_OPEN
    assert panel.latched == 1 << faults.LOOP_OPEN


def test_an_acknowledge_without_a_fault_is_harmless():
    panel = Panel()
    assert panel.acknowledge() == 0
    assert panel.first == 0


def test_a_cause_found_after_the_update_latches_beside_the_others():
    panel = Panel()
    panel.faults.add(faults.PROGRAM_FLOW)
    assert panel.latched == 1 << faults.PROGRAM_FLOW and panel.first == faults.PROGRAM_FLOW
    panel.faults.add(faults.ESTOP)
    assert panel.latched == 1 << faults.PROGRAM_FLOW | 1 << faults.ESTOP
    assert panel.first == faults.PROGRAM_FLOW
