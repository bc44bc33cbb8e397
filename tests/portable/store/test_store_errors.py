"""An error of the flash at each operation of each load and save: the error is named, and the valid record stays.

Each case is run with the error once and with the error from then on; afterwards the flash works again.
"""

from cryo import config
from cryo.store import calibration, journal
from cryo.store.history import History
from cryo.store.slots import Slots
from cryo.store.writing import save, slot
from storage import RamFiles
from store_rig import always

OLDER, OLD, NEW, NEXT = b"older", b"old", b"new", b"next"
ERRORS = (5, 19, 84)  # EIO, ENODEV, EILSEQ: littlefs gives it for a block with a wrong check sum
ONCE, STAYS = 0, 1


class Erring(RamFiles):
    """Files whose operation number `at` fails; count: the number of operations."""

    def __init__(self, files):
        RamFiles.__init__(self)
        self.files = dict(files)
        self.count = 0
        self.at = -1
        self.way = ONCE
        self.number = 5

    def step(self):
        self.count += 1
        if self.count == self.at or (self.way == STAYS and self.count > self.at > 0):
            raise OSError(self.number)

    def works(self):
        self.at = -1
        return self

    def open(self, path, mode):
        if mode != "rb" or path in self.files:
            self.step()
        return _File(self, RamFiles.open(self, path, mode))

    def remove(self, path):
        if path in self.files:
            self.step()
        RamFiles.remove(self, path)


class _File:
    def __init__(self, files, file):
        self._files = files
        self._file = file

    def read(self, n):
        self._files.step()
        return self._file.read(n)

    def readline(self):
        self._files.step()
        return self._file.readline()

    def seek(self, *where):
        self._files.step()
        return self._file.seek(*where)

    def write(self, data):
        self._files.step()
        return self._file.write(data)

    def flush(self):
        self._files.step()
        return self._file.flush()

    def close(self):
        self._files.step()
        return self._file.close()


def cases(before, do):
    """Yield Erring files for each operation of do(files), each way and each error; there must be operations."""
    counted = Erring(before)
    do(counted)
    assert counted.count > 0
    for at in range(1, counted.count + 1):
        for way in (ONCE, STAYS):
            for number in ERRORS:
                files = Erring(before)
                files.at = at
                files.way = way
                files.number = number
                yield files


def record(files, name="settings"):
    return Slots("/", name, 1, files, always)


def boards():
    """Return (files, payload in force) of boards: the newer slot in either place, with any sequence."""
    out = [({"/settings.0": slot("settings", 1, 0, OLD)}, OLD), ({"/settings.1": slot("settings", 1, 9, OLD)}, OLD)]
    for sequence in (0, 1, 6, 0x7FFE, 0x7FFF, 0x8000, 0xFFFD, 0xFFFE, 0xFFFF):
        for newer in (0, 1):
            out.append(
                (
                    {
                        "/settings.%d" % (1 - newer): slot("settings", 1, sequence, OLDER),
                        "/settings.%d" % newer: slot("settings", 1, sequence + 1 & 0xFFFF, OLD),
                    },
                    OLD,
                )
            )
    damaged = dict(out[-1][0])
    damaged["/settings.0"] = b"half of"
    out.append((damaged, OLD))
    return out


def test_an_older_copy_never_stands_in_for_one_that_cannot_be_read():
    for before, counts in boards():
        for files in cases(before, lambda files: record(files).load()):
            payload, sentence = record(files).load()
            if payload is None:
                assert "settings" in sentence and "OSError %d" % files.number in sentence, sentence
            else:
                assert payload == counts and sentence is None
            assert not record(files).blank()
            assert record(files.works()).load() == (counts, None)


def test_a_save_is_done_only_when_its_record_is_in_force():
    for before, counts in [({}, None)] + boards():
        for files in cases(before, lambda files: save(record(files), NEW)):
            problem = save(record(files), NEW)
            found, _ = record(files.works()).load()
            if problem is None:
                assert found == NEW
            else:
                assert "settings" in problem and "OSError %d" % files.number in problem, problem
                assert found in ((counts, NEW) if "not known" in problem else (counts,)), problem
            assert save(record(files), NEXT) is None and record(files).load() == (NEXT, None)


# --- calibrations -----------------------------------------------------------------------------------------------------
def calibrated(kinds):
    """Return files of a board with settings and a record of each of these kinds."""
    files = RamFiles()
    made = config.build({"jet_k_mdegc": 16_000, "calibration_due_d": 9_900})[0]
    assert save(Slots("/", config.NAME, config.VERSION, files, always), config.encode(made)) is None
    for kind in kinds:
        assert calibrate(files, kind, 9_900)[1] is None
    return files.files


def calibrate(files, kind, due_d):
    values = [9_000] * len(calibration.KINDS[kind])
    if kind == "JET":
        values = [1, 80, 16_000, 16_000]
    elif kind == "TC":
        values = [9_000, -500, 300, 90, -400]
    text, problem = calibration.encode(kind, values, 9_850, due_d, "N. N.", "reference 7")
    assert problem is None
    return calibration.put_in_force(calibration.Store(files, always), text)


def test_a_calibration_loses_neither_settings_nor_the_other_kinds():
    kinds = sorted(calibration.KINDS)
    for before in (calibrated(kinds), calibrated(kinds[:2])):
        store = calibration.Store(RamFiles())
        store = calibration.Store(Erring(before))
        old = config.load(store.settings.files)[0]
        had = calibration.newest(store.newest)
        history = store.history.read()
        for files in cases(before, lambda files: calibrate(files, "OPEN", 9_950)):
            made, problem = calibrate(files, "OPEN", 9_950)
            store = calibration.Store(files.works(), always)
            now = config.load(files)[0]
            found = calibration.newest(store.newest)
            assert set(had) <= set(found) and now is not None
            if problem is None:
                assert now == made and found["OPEN"][2] == 9_950
            elif made is None and "not known" not in problem:
                assert now == old and found == had
            elif made is not None:
                assert now == made
            lines = store.history.read()
            assert lines[: len(history)] == history and len(lines) <= len(history) + 1
            assert [number for number, _ in lines] == list(range(1, len(lines) + 1))
            assert calibrate(files, "OPEN", 9_960)[1] is None


def test_a_history_grows_by_what_it_says_and_keeps_what_it_has():
    before = RamFiles()
    for n in range(60):  # both files
        assert History("/", "calibration", before, always).add("x" * 90 + str(n)) is None
    had = History("/", "calibration", before).read()
    for files in cases(before.files, lambda files: History("/", "calibration", files, always).add("new")):
        problem = History("/", "calibration", files, always).add("new")
        log = History("/", "calibration", files.works())
        found = [text for _, text in log.read()]
        if problem is None:
            assert found[-1] == "new"
        else:
            assert "calibration" in problem and "OSError %d" % files.number in problem, problem
            assert "may be there" in problem or found[-1] != "new"
        assert found[: len(had)] == [text for _, text in had] and log.damaged == 0
    for files in cases(before.files, lambda files: History("/", "calibration", files).read()):
        log = History("/", "calibration", files)
        assert log.read() == had or log.unread == files.number


# --- log --------------------------------------------------------------------------------------------------------------
def test_a_note_of_the_log_is_written_or_the_error_is_raised():
    def wrote(files, n):
        writer = journal.Writer(files, [2, -1, -1, n] + [0] * 8)
        while not writer.poll():
            pass

    def read(files):
        found = journal.Journal(files)
        return [row[4] for row in found.since(found.first(), 100)]

    before = RamFiles()
    for n in range(3):
        wrote(before, n)
    for files in cases(before.files, lambda files: wrote(files, 7)):
        try:
            wrote(files, 7)
            done = True
        except OSError as error:
            done = error.args[0] != files.number
        found = read(files.works())
        assert found[:3] == [0, 1, 2] and found[3:] in (([7],) if done else ([], [7]))
    for files in cases(before.files, read):
        try:
            assert read(files) == [0, 1, 2]
        except OSError as error:
            assert error.args[0] == files.number
