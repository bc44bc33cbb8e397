"""Records are only added; damaged ones are skipped and counted; the oldest are removed together."""

from cryo.store.history import LONGEST, SEGMENT, History
from storage import RamFiles
from store_rig import FailingFiles, always, flipped


def history(files, may_write=always, name="calibration"):
    return History("/", name, files, may_write)


def filled(count, files=None):
    files = files or RamFiles()
    for n in range(count):
        assert history(files).add("record {}".format(n)) is None
    return files


def test_records_come_back_in_their_order():
    assert history(RamFiles()).read() == []
    files = filled(5)
    assert history(files).read() == [(n + 1, "record {}".format(n)) for n in range(5)]
    assert history(files).damaged == 0


def test_it_stays_bounded_and_keeps_the_newest():
    files = RamFiles()
    text = "x" * 100
    for n in range(200):
        assert history(files).add(text) is None
        records = history(files).read()
        assert [number for number, _ in records] == list(range(records[0][0], n + 2))
        assert n < 30 or len(records) >= 30
    for data in files.files.values():
        assert len(data) <= SEGMENT
    assert len(files.files) == 2 and records[0][0] > 100


def test_the_last_line_torn_anywhere_loses_that_line_only():
    files = filled(3)
    whole = files.files["/calibration.log.0"]
    start = whole[:-1].rfind(b"\n") + 1
    for length in range(start, len(whole)):
        files.files["/calibration.log.0"] = whole[:length]
        log = history(files)
        kept = [(1, "record 0"), (2, "record 1"), (3, "record 2")][: 3 if length == len(whole) - 1 else 2]
        assert log.read() == kept
        assert log.damaged == (1 if start < length < len(whole) - 1 else 0)
        assert log.add("after") is None
        assert log.read() == kept + [(len(kept) + 1, "after")]


def test_a_flipped_bit_loses_at_most_two_lines_and_is_counted():
    files = filled(4)
    whole = files.files["/calibration.log.0"]
    good = history(files).read()
    for bit in range(len(whole) * 8):
        files.files["/calibration.log.0"] = flipped(whole, bit)
        log = history(files)
        records = log.read()
        assert len(records) >= 2 and log.damaged >= 1, bit
        for record in records:
            assert record in good


def test_records_of_another_name_are_none():
    files = filled(2)
    files.files["/pin.log.0"] = files.files["/calibration.log.0"]
    log = history(files, name="pin")
    assert log.read() == [] and log.damaged == 2


def test_nothing_is_added_while_gas_may_flow():
    files = filled(2)
    before = dict(files.files)
    for may_write in (None, lambda: False):
        assert "gas" in history(files, may_write).add("third")
    assert files.files == before


def test_what_is_no_line_is_refused():
    files = filled(1)
    assert str(LONGEST) in history(files).add("x" * (LONGEST + 1))
    assert "line" in history(files).add("two\nlines")
    assert history(files).read() == [(1, "record 0")]
    assert history(files).add("x" * LONGEST) is None


def test_a_file_system_that_fails_is_told():
    for fails in ("open", "write", "half"):
        files = FailingFiles()
        filled(2, files)
        files.fails = fails
        assert "not stored" in history(files).add("third"), fails


def test_no_file_is_ever_larger_than_what_is_read():
    files = RamFiles()
    files.files["/calibration.log.0"] = b"1 0 x\n" * 10_000
    log = history(files)
    assert log.read() == [] and log.damaged < 2_000
