"""What a person must do about each fault and blocker: its text, and the lines of the display."""

import micropython
from cryo import limits, remedies
from cryo.core import blockers, faults


class Broken:
    """A file that cannot be read, or that ends too early."""

    def __init__(self, seek_fails):
        self._seek_fails = seek_fails

    def seek(self, place):
        if self._seek_fails:
            raise OSError(5)

    def readinto(self, into):
        return len(into) - 1


def numbers():
    """Return all numbers that have a sentence."""
    return [row[0] for row in faults.REGISTRY] + [remedies.BLOCKERS + bit for bit in range(len(blockers.NAMES))]


def lines(number):
    """Return the lines of a sentence; each is read with the heap locked."""
    found = []
    into = bytearray(remedies.COLUMNS)
    at = 0
    while True:
        micropython.heap_lock()
        try:
            there = remedies.line(number, at, into)
        finally:
            micropython.heap_unlock()
        if not there:
            return found
        found.append(bytes(into).decode())
        at += 1


def test_every_fault_and_every_blocker_has_its_own_sentence():
    for row in faults.REGISTRY:
        said = remedies.sentence(row[0])
        assert len(said) > 20 and said.endswith(".") and said[0].isupper(), row[1]
    for bit in range(len(blockers.NAMES)):
        said = remedies.sentence(remedies.BLOCKERS + bit)
        assert len(said) > 10 and not said.endswith(".") and not "A" <= said[0] <= "Z", blockers.NAMES[bit]
    assert len(set([remedies.sentence(number) for number in numbers()])) == len(faults.REGISTRY) + len(blockers.NAMES)


def test_no_code_of_a_fault_is_a_blocker_s_number_and_others_have_no_sentence():
    codes = [row[0] for row in faults.REGISTRY]
    assert max(codes) < remedies.BLOCKERS
    for number in range(remedies.BLOCKERS + len(blockers.NAMES) + 2):
        assert bool(remedies.sentence(number)) == bool(lines(number)) == (number in numbers()), number


def test_people_are_told_the_figures_of_the_limits():
    assert "in {} minutes:".format(limits.LOOP_RESETS_S // 60) in remedies.sentence(faults.RESET_LOOP)
    assert "below {} ppm.".format(limits.ROOM_WARN_PPM) in remedies.sentence(faults.ROOM_CO2)
    told = {}
    for bit, name in enumerate(blockers.NAMES):
        told[name] = remedies.sentence(remedies.BLOCKERS + bit)
    bar = (limits.BOTTLE_ARM_MIN_MBAR // 1000, limits.BOTTLE_ARM_MAX_MBAR // 1000)
    assert "outside {}-{} bar:".format(*bar) in told["BOTTLE"]
    assert "needs {} s since".format(limits.SAME_POINT_S) in told["COOL_DOWN"]
    assert "applicator {}-{} mm".format(limits.START_MIN_MM, limits.START_MAX_MM) in told["DISTANCE"]
    assert "wait for {} s of".format(limits.INDICATION_MS // 1000) in told["INDICATION"]
    assert told["ROOM_AIR"].startswith("{} ppm of CO2".format(limits.ROOM_WARN_PPM))


def test_the_display_s_lines_are_the_sentence_and_reading_one_takes_no_heap():
    for number in numbers():
        found = lines(number)
        assert 1 <= len(found) <= remedies.LINES
        assert " ".join([line.strip() for line in found]) == remedies.sentence(number)
        assert all([len(line) == remedies.COLUMNS for line in found])


def test_a_file_that_cannot_be_read_gives_no_sentence_and_stops_nothing():
    mine = remedies._file
    try:
        for broken in (None, Broken(True), Broken(False)):
            remedies._file = broken
            assert remedies.sentence(faults.ESTOP) == "" and lines(faults.ESTOP) == []
    finally:
        remedies._file = mine
