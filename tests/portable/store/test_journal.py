"""The log's files: appended, torn, damaged, full, dropped one after the other, wrapped sequence. No more is lost."""

from cryo.store import journal
from cryo.store.notes import CLEARED, FAULT, START
from store_rig import FailingFiles, flipped

PATHS = ("/journal.0", "/journal.1")


def note(n, kind=FAULT):
    return [kind, 9_862, 3_600, n, n, 2, 3, 4, 5, -6, 7, 8]


def add(files, n, kind=FAULT):
    """Write one note to its end; return the steps."""
    writer = journal.Writer(files, note(n, kind))
    for step in range(1, 20):
        if writer.poll():
            return step
    raise AssertionError("never done")


def fails(files, n):
    writer = journal.Writer(files, note(n))
    try:
        for _ in range(20):
            assert not writer.poll()
    except OSError:
        return
    raise AssertionError("it did not fail")


def uptimes(files):
    """Return the figures that distinguish the records, oldest first."""
    found = journal.Journal(files)
    first = found.first()
    return [] if first is None else [record[4] for record in found.since(first, 10_000)]


def full(files, n, sequence, kind=FAULT):
    """Fill file n, from that sequence on; the uptimes equal the sequences."""
    data = b""
    for k in range(journal.PER_FILE):
        at = sequence + k & journal.MASK
        data += journal.packed(at, note(at, kind if not k else FAULT))
    files.files[PATHS[n]] = data


def test_a_record_keeps_every_figure():
    data = journal.packed(77, [FAULT, 9_862, 86_399, 1 << 29, -0x3FFFFFFF, 0x3FFFFFFF, 0, 1, -1, 5, 6, 7])
    assert len(data) == journal.RECORD
    assert journal.unpacked(data) == (
        77, FAULT, 9_862, 86_399, 1 << 29, -0x3FFFFFFF, 0x3FFFFFFF, 0, 1, -1, 5, 6, 7,
    )  # fmt: skip
    unknown = journal.unpacked(journal.packed(0, [FAULT, -1, -1, 0] + [0] * 8))
    assert unknown[2] == unknown[3] == -1
    assert journal.unpacked(data, 77) and not journal.unpacked(data, 78)


def test_any_single_wrong_bit_is_seen():
    data = journal.packed(1, note(1))
    for bit in range(8 * len(data)):
        assert journal.unpacked(flipped(data, bit)) is None, bit
    assert journal.unpacked(data[:-1]) is None and journal.unpacked(data + b"\0") is None and not journal.unpacked(b"")


def test_records_come_back_in_order_with_their_numbers():
    files = FailingFiles()
    assert journal.Journal(files).since(0, 5) == [] and journal.Journal(files).first() is None
    for n in range(5):
        add(files, n)
    found = journal.Journal(files)
    assert uptimes(files) == [0, 1, 2, 3, 4] and (found.first(), found.next()) == (1, 6)
    assert [r[0] for r in found.since(3, 2)] == [3, 4] and found.since(6, 2) == []


def test_each_step_does_one_thing_and_the_files_open_once():
    assert 4 <= add(FailingFiles(), 1) <= 6


def test_a_start_is_given_the_version():
    files = FailingFiles()
    add(files, 1, START)
    assert journal.Journal(files).since(1, 1)[0][5 + 5] == journal.version() >= 1 << 10


def test_the_older_file_goes_when_the_newer_is_full():
    files = FailingFiles()
    full(files, 0, 1)
    add(files, 1_000)
    assert uptimes(files) == list(range(1, 316)) + [1_000]
    full(files, 1, 316)
    assert len(uptimes(files)) == 630
    add(files, 2_000)
    assert uptimes(files) == list(range(316, 631)) + [2_000]
    assert len(files.files[PATHS[0]]) == journal.RECORD
    for path in PATHS:
        assert len(files.files[path]) <= 16 * 1024


def test_the_sequence_wraps():
    files = FailingFiles()
    last = journal.MASK
    full(files, 0, last - 400)
    full(files, 1, last - 400 + 315)
    assert uptimes(files)[0] == last - 400 and uptimes(files)[-1] == 228
    add(files, 5_000)
    found = journal.Journal(files)
    assert found.next() == 230 and uptimes(files)[-1] == 5_000 and len(uptimes(files)) == 316
    assert [r[0] for r in found.since(last, 2)] == [last, 0]
    files = FailingFiles()
    full(files, 1, last - 314)  # the next one is 0, in the other file
    add(files, 6_000)
    assert [r[0] for r in journal.Journal(files).since(last, 9)] == [last, 0] and uptimes(files)[-1] == 6_000


def test_a_torn_last_record_is_a_gap_and_nothing_else_is_lost():
    for lost in range(1, journal.RECORD):
        files = FailingFiles()
        for n in range(3):
            add(files, n)
        files.files[PATHS[0]] = files.files[PATHS[0]][:-lost]
        assert uptimes(files) == [0, 1]
        add(files, 3)
        found = journal.Journal(files)
        assert uptimes(files) == [0, 1, 3] and found.next() == 5
        assert [r[0] for r in found.since(3, 2)] == [4]


def test_a_torn_record_at_the_end_of_a_full_file():
    files = FailingFiles()
    full(files, 0, 1)
    files.files[PATHS[0]] = files.files[PATHS[0]][:-3]
    add(files, 9)
    assert uptimes(files) == list(range(1, 315)) + [9] and journal.Journal(files).next() == 317


def test_damaged_records_take_nothing_with_them():
    files = FailingFiles()
    for n in range(6):
        add(files, n)
    data = files.files[PATHS[0]]
    for k in (0, 3):
        data = flipped(data, (k * journal.RECORD + 9) * 8)
    files.files[PATHS[0]] = data
    assert uptimes(files) == [1, 2, 4, 5]
    add(files, 6)
    assert uptimes(files) == [1, 2, 4, 5, 6] and journal.Journal(files).next() == 8


def test_a_record_that_is_not_of_its_place_does_not_count():
    files = FailingFiles()
    add(files, 0)
    files.files[PATHS[0]] += journal.packed(7, note(7)) + journal.packed(3, note(3))
    assert uptimes(files) == [0, 3]


def test_a_file_of_rubbish_is_written_over_and_the_other_stays():
    files = FailingFiles()
    full(files, 0, 1)
    files.files[PATHS[1]] = b"rubbish " * 999
    assert len(uptimes(files)) == 315
    add(files, 9)
    assert uptimes(files) == list(range(1, 316)) + [9]
    files = FailingFiles()
    files.files[PATHS[0]] = files.files[PATHS[1]] = b"\xff" * 500
    add(files, 9)
    assert uptimes(files) == [9]


def test_clearing_keeps_the_numbers_and_is_done_even_if_the_old_file_stays():
    files = FailingFiles()
    for n in range(3):
        add(files, n)
    before = files.files[PATHS[0]]
    add(files, 50, CLEARED)
    assert uptimes(files) == [50] and PATHS[0] not in files.files
    files.files[PATHS[0]] = before  # the power went before it was removed
    found = journal.Journal(files)
    assert uptimes(files) == [50] and (found.first(), found.next()) == (4, 5)
    add(files, 51)
    assert uptimes(files) == [50, 51]
    files = FailingFiles()
    add(files, 1, CLEARED)
    assert uptimes(files) == [1]


def test_whatever_fails_leaves_the_records_before_and_the_next_write_holds():
    for what, left in (("open", [0, 1, 2]), ("write", [0, 1, 2]), ("half", [0, 1])):
        files = FailingFiles()
        for n in range(3):
            add(files, n)
        files.fails = what
        fails(files, 3)
        files.fails = ""
        assert uptimes(files) == left, what
        add(files, 4)
        assert uptimes(files) == left + [4], what
    files = FailingFiles()
    files.fails = "flip"
    fails(files, 0)
    files.fails = ""
    add(files, 1)
    assert uptimes(files) == [1]


def test_what_cannot_be_read_is_said():
    files = FailingFiles()
    add(files, 0)
    files.fails = "read"
    fails(files, 1)
    files.fails = ""
    assert uptimes(files) == [0]
