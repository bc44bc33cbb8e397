"""Every write of the store, cut at every operation of the flash. Prints one JSON line a row.

Arguments: short or long; the bytes of a program operation, several with commas; what is planted, to see it found.

A row: [write, bytes of a program, writes, programs, erases, cut points, {outcome: how many}, [violations]].
"""

import gc
import json
import sys

from cryo import config
from cryo.store import calibration, journal, writing
from cryo.store.history import LONGEST, SEGMENT
from cryo.store.notes import CLEARED, FAULT
from cryo.store.slots import Slots
from cryo.store.writing import slot
from flash import ALIVE, WAYS, Flash, formatted, mounted
from pins import Another, Right, Wrong, with_wrong

BASE = {"jet_k_mdegc": 16_000, "calibration_due_d": 9_900}
GIVEN = {"JET": (1, 80, 16_000, 16_000), "TC": (9_000, -500, 300, 90, -400)}  # and 9000 of the others
OTHERS = (("boot.py", 300), ("main.py", 400), ("archive.mpy", 1_400), ("application", 20_000))  # beside it on a board
SHOWN = 5  # violations of a row


def always():
    """No gas."""
    return True


def settings(files):
    """Return the Slots of the settings."""
    return Slots("/", config.NAME, config.VERSION, files, always)


def values(serial):
    """Return a payload."""
    return config.encode(config.build(dict(BASE, serial=serial))[0])


class Change:
    """One change of the settings: serial number n."""

    name = "settings"  # what a refusal has to name

    def __init__(self, n):
        self.n = n

    def __call__(self, files):
        return writing.save(settings(files), values(self.n))

    def seen(self, files):
        """Return (what is in force, a record beside it)."""
        return config.load(files), None

    def passed(self, old):
        """Return what may be in force between old and new."""
        return ()

    def after(self, seen, new):
        """Return what is in force after the next write of its kind, where `seen` is."""
        return new


class Calibrate(Change):
    """One calibration put in force; its history is the record beside the settings."""

    def __call__(self, files):
        text, problem = calibration.encode("OPEN", (9_000 + self.n,), 9_850, 9_950, "N. N.", "reference 7")
        return problem or calibration.put_in_force(calibration.Store(files, always), text)[1]

    def seen(self, files):
        """As Change.seen; a damaged line of the history counts as a separate record."""
        history = calibration.Store(files).history
        return config.load(files), (tuple(history.read()), history.damaged)


class Log(Change):
    """One record of the device's log, told by its uptime n; written once."""

    kind = FAULT

    def __call__(self, files):
        try:
            if self.seen(files)[0][0][-1:] == (self.n,):
                return None
            writer = journal.Writer(files, [self.kind, -1, -1, self.n] + [0] * 8)
            while not writer.poll():
                pass
        except OSError as error:
            return repr(error)
        return None

    def seen(self, files):
        """Return ((the uptimes of all records, None), None)."""
        found = journal.Journal(files)
        first = found.first()
        records = [] if first is None else found.since(first, 2 * journal.PER_FILE)
        return (tuple(record[4] for record in records), None), None


class Clear(Log):
    """The log is emptied."""

    kind = CLEARED


def logged(files):
    """A log with two records."""
    once(files)
    for n in range(1, 3):
        Log(n)(files)


def log_torn(files):
    """A log whose last record is incomplete."""
    logged(files)
    file = files.open("/journal.0", "ab")
    file.write(journal.packed(3, [FAULT, -1, -1, 3] + [0] * 8)[:20])
    file.close()


def log_long(files):
    """A log of one file half full, in several blocks of the flash."""
    once(files)
    file = files.open("/journal.0", "wb")
    for n in range(1, journal.PER_FILE // 2):
        file.write(journal.packed(n, [FAULT, -1, -1, n] + [0] * 8))
    file.close()


def log_full(files):
    """The next record of the log begins the other file, and drops what is in it."""
    once(files)
    for n in range(2):
        file = files.open("/journal.%d" % n, "wb")
        for k in range(journal.PER_FILE):
            uptime_s = n * journal.PER_FILE + k
            file.write(journal.packed(uptime_s + 1, [FAULT, -1, -1, uptime_s] + [0] * 8))
        file.close()


def nothing(files):
    """A board that was never provisioned."""


def once(files):
    """Provisioned by its own console: one slot."""
    writing.save(settings(files), values(1))


def at_sequence(sequence):
    """Return a function that prepares two slots, the newer with that sequence."""

    def prepare(files):
        for n in range(2):
            file = files.open("/settings.%d" % n, "wb")
            file.write(slot(config.NAME, config.VERSION, (sequence - 1 + n) & 0xFFFF, values(n + 1)))
            file.close()

    return prepare


def damaged(files):
    """A board with one damaged slot."""
    at_sequence(7)(files)
    file = files.open("/settings.0", "wb")
    file.write(b"\x00" * 100)
    file.close()


def older(files):
    """Both slots of version 1."""
    text = values(1).replace(b',"calibration_due_d":9900', b"").replace(b'"skin_offset_mdegc":0,', b"")
    for n in range(2):
        file = files.open("/settings.%d" % n, "wb")
        file.write(slot(config.NAME, 1, n, text))
        file.close()


def calibrated(files):
    """All kinds calibrated."""
    once(files)
    for kind in calibration.KINDS:
        given = GIVEN.get(kind, (9_000,))
        text, problem = calibration.encode(kind, given, 9_850, 9_950, "N. N.", "reference 7")
        assert not problem, problem
        _, problem = calibration.put_in_force(calibration.Store(files, always), text)
        assert not problem, problem


def full(files):
    """The next record begins the other file of the history, and drops what is in it."""
    calibrated(files)
    history = calibration.Store(files, always).history
    for n in range(2):
        while history.read()[0][0] == 1 and size(files, n) < SEGMENT - 60:
            if history.add("x" * max(1, min(LONGEST, SEGMENT - 60 - size(files, n)))):
                raise OSError("not prepared")


def size(files, n):
    """Return the bytes of one file of the history."""
    try:
        return files.stat("/calibration.log.%d" % n)[6]
    except OSError:
        return 0


def image(prepare, program):
    """Return the bytes of a flash after `prepare`, beside a board's other files."""
    flash = formatted(program)
    files = mounted(flash, program)
    for path, size in OTHERS:
        file = files.open("/" + path, "wb")
        file.write(b"\xa5" * size)
        file.close()
    prepare(files)
    return flash.data


class Row:
    """One write, cut everywhere."""

    def __init__(self, name, program):
        self.name = name
        self.program = program
        self.writes = self.programs = self.erases = self.points = 0
        self.outcomes = {"old": 0, "new": 0, "refused": 0}
        self.violations = []

    def cut_everywhere(self, before, write):
        """Cut one write at every operation in every way; return the image after it."""
        flash = Flash(self.program, before)
        files = mounted(flash, self.program)
        old = write.seen(files)
        flash.programs = flash.erases = 0
        problem = write(files)
        assert problem is None, problem
        new = write.seen(files)
        assert new[0][0] and new[0] != old[0] and (new[1] is None or new[1] != old[1]), new
        operations = flash.programs + flash.erases
        self.writes += 1
        self.programs += flash.programs
        self.erases += flash.erases
        for k in range(1, operations + 1):
            for way in range(len(WAYS)):
                self._cut(before, write, old, new, k, way)
            gc.collect()
        return flash.data

    def _cut(self, before, write, old, new, k, way):
        self.points += 1
        flash = Flash(self.program, before)
        files = mounted(flash, self.program)
        flash.cut(k, way)
        problem = write(files)
        where = "operation {} {}: ".format(k, WAYS[way])
        if problem is None and way != ALIVE:
            self._violates(where + "a write that was cut says it is done")
        try:
            flash = Flash(self.program, flash.data)
            files = mounted(flash, self.program)
            seen = write.seen(files)
        except OSError as error:
            self._violates(where + "no file system any more: " + repr(error))
            return
        (made, sentence), beside = seen
        if made is None and old[0][0] and write.name == "pin":
            self._violates(where + "the PIN is lost")
        elif made is None and seen[0] != old[0]:
            self.outcomes["refused"] += 1
            if not sentence or write.name not in sentence:
                self._violates(where + "a refusal that does not name itself: " + str(sentence))
        elif made == config.build({})[0]:
            self._violates(where + "defaults are in force")
        elif seen[0] == old[0] or seen[0] in write.passed(old[0]):
            self.outcomes["old"] += 1
        elif seen[0] == new[0]:
            self.outcomes["new"] += 1
        else:
            self._violates(where + "neither old nor new: " + str(made))
        if problem is None and seen != new:
            self._violates(where + "a write that says it is done is not")
        if beside != old[1] and beside != new[1]:
            self._violates(where + "the history is neither old nor new")
        if seen[0] == new[0] and beside != new[1]:
            self._violates(where + "in force without a record of it")
        problem = write(files)
        again = write.seen(files)
        if problem or again[0] != write.after(seen[0], new[0]):
            self._violates(where + "the next write does not hold: " + str(problem))

    def _violates(self, text):
        self.violations.append(self.name + ", " + text)

    def print_row(self):
        """Print it."""
        row = [self.name, self.program, self.writes, self.programs, self.erases, self.points]
        print(json.dumps(row + [self.outcomes, len(self.violations), self.violations[:SHOWN]]))


def rows(length):
    """Return (name, what prepares it, writes, the geometries) of every row."""
    chain = {"short": 2, "long": 26}[length]
    three = {"short": 1, "long": 3}[length]
    found = [
        ("settings, first of all", nothing, [Change(2)]),
        ("settings, second slot", once, [Change(2)]),
        ("settings, one change after the other", at_sequence(1), [Change(n) for n in range(3, 3 + chain)]),
        ("settings, sequence 65535 to 0", at_sequence(65_535), [Change(n) for n in range(3, 3 + three)]),
        ("settings, sequence 32767 to 32768", at_sequence(32_767), [Change(n) for n in range(3, 3 + three)]),
        ("settings, a slot is damaged", damaged, [Change(3)]),
        ("settings, from version 1", older, [Change(3), Change(4)]),
        ("PIN, first of all", nothing, [Another()]),
        ("PIN, another one", with_wrong(0), [Another()]),
        ("PIN, wrong ones", with_wrong(0), [Wrong() for _ in range({"short": 2, "long": 8}[length])]),
        ("PIN, wrong ones, sequence 65535 to 0", with_wrong(0, 65_535), [Wrong() for _ in range(three)]),
        ("PIN, the right one after wrong ones", with_wrong(3), [Right()]),
        ("PIN, the right one, from version 1", with_wrong(3, 7, 1), [Right()]),
        ("calibration, first of all", once, [Calibrate(1)]),
        ("calibration, one after the other", calibrated, [Calibrate(n) for n in range(3, 3 + chain // 2)]),
        ("calibration, the oldest are dropped", full, [Calibrate(3), Calibrate(4)]),
        ("log, first of all", once, [Log(1)]),
        ("log, one after the other", logged, [Log(n) for n in range(3, 3 + chain)]),
        ("log, a long file", log_long, [Log(n) for n in range(9_001, 9_002 + three)]),
        ("log, behind half a record", log_torn, [Log(4)]),
        ("log, the oldest are dropped", log_full, [Log(9_001), Log(9_002)]),
        ("log, cleared", logged, [Clear(3)]),
    ]
    return found


def plant(name):
    """Break the store: "defaults" where there are no settings, or "deaf" to errors."""
    if name == "defaults":
        load = config.load

        def loaded(files):
            made, _ = load(files)
            return made or config.build({})[0], None

        config.load = loaded
    else:
        save = writing.save

        def saved(slots, payload):
            save(slots, payload)

        writing.save = saved


def main(length, programs):
    """Run and print every row."""
    for program in programs:
        for name, prepare, writes in rows(length):
            row = Row(name, program)
            data = image(prepare, program)
            for write in writes:
                data = row.cut_everywhere(data, write)
            row.print_row()
            gc.collect()


if __name__ == "__main__":
    if len(sys.argv) > 3:
        plant(sys.argv[3])
    main(sys.argv[1], [int(word) for word in sys.argv[2].split(",")])
