"""A record in two slots: whatever happens to a file, the old or the new one counts; a sentence when there is none."""

from cryo.store import slots as module
from cryo.store.slots import CONTRADICTION, DAMAGED, LONGEST, MISSING, current
from cryo.store.writing import save, slot
from storage import RamFiles
from store_rig import FailingFiles, flipped, record

OLD = b"old values"
NEW = b"the new values"


def two(sequence=0, new=NEW):
    """Files that hold OLD, and a newer payload unless it is None."""
    files = RamFiles()
    files.files["/settings.0"] = slot("settings", 1, sequence, OLD)
    if new is not None:
        files.files["/settings.1"] = slot("settings", 1, sequence + 1 & 0xFFFF, new)
    return files


def refused(files, *words):
    payload, sentence = record(files).load()
    assert payload is None
    for word in words:
        assert word in sentence, sentence


def test_the_bytes_of_a_slot():
    made = slot("settings", 3, 0x1234, b"abc")
    assert made[:-4] == b"cs\x01\x03\x34\x12\x03\x00abc"
    # CRC-32 of "settingscs..." computed elsewhere
    assert made[-4:] == b"\x91K_\x9f"


def test_a_first_record_and_one_after_the_other():
    files = RamFiles()
    assert record(files).load() == (None, "no settings on this board: provision it")
    for n in range(5):
        payload = b"record %d" % n
        assert save(record(files), payload) is None
        assert record(files).load() == (payload, None)
        assert len(files.files) == (1 if n == 0 else 2)


def test_the_record_that_counts_is_never_the_one_that_is_written():
    files = RamFiles()
    for n in range(6):
        before = dict(files.files)
        counts = current(record(files).read(0), record(files).read(1))
        assert save(record(files), b"%d" % n) is None
        if counts >= 0:
            path = "/settings.%d" % counts
            assert files.files[path] == before[path]


def test_the_sequence_wraps():
    for start in (0, 1, 0x7FFE, 0x7FFF, 0x8000, 0xFFFD, 0xFFFE, 0xFFFF):
        files = two(start)
        assert record(files).load() == (NEW, None)
        for n in range(4):
            assert save(record(files), b"%d" % n) is None
            assert record(files).load() == (b"%d" % n, None)


def test_the_order_of_two_sequences():
    def slots(a, b):
        return current((1, 1, a, b"a"), (1, 1, b, b"b"))

    assert slots(5, 6) == 1 and slots(6, 5) == 0
    assert slots(0xFFFF, 0) == 1 and slots(0, 0xFFFF) == 0
    assert slots(0, 0x7FFF) == 1 and slots(0, 0x8001) == 0
    assert slots(0, 0x8000) == CONTRADICTION and slots(0x8000, 0) == CONTRADICTION
    assert slots(7, 7) == CONTRADICTION
    assert current((1, 1, 7, b"a"), (1, 1, 7, b"a")) == 0  # the same record twice
    assert current(MISSING, DAMAGED) == -1
    assert current(DAMAGED, (1, 1, 7, b"a")) == 1 and current((1, 1, 7, b"a"), MISSING) == 0


def test_whatever_bit_of_the_newer_slot_is_flipped_the_older_one_counts():
    whole = two().files["/settings.1"]
    for bit in range(len(whole) * 8):
        files = two()
        files.files["/settings.1"] = flipped(whole, bit)
        assert record(files).load() == (OLD, None), bit


def test_wherever_the_newer_slot_ends_early_the_older_one_counts():
    whole = two().files["/settings.1"]
    for length in range(len(whole)):
        files = two()
        files.files["/settings.1"] = whole[:length]
        assert record(files).load() == (OLD, None), length
        files.files["/settings.1"] = whole[:length] + b"\xff" * (len(whole) - length)
        assert record(files).load() == (OLD, None), length
    files.files["/settings.1"] = whole + b"\x00"
    assert record(files).load() == (OLD, None)


def test_damage_to_the_only_slot_or_to_both_is_a_refusal():
    files = two(new=None)
    files.files["/settings.0"] = flipped(files.files["/settings.0"], 99)
    refused(files, "settings", "no copy can be read", "provision")
    files = two()
    for path in files.files:
        files.files[path] = files.files[path][:-1]
    refused(files, "no copy can be read")
    assert save(record(files), NEW) is None and record(files).load() == (NEW, None)


def test_a_damaged_slot_is_written_next():
    files = two()
    files.files["/settings.0"] = b""
    assert save(record(files), b"third") is None
    assert record(files).load() == (b"third", None)
    assert files.files["/settings.1"] == two().files["/settings.1"]


def test_a_slot_of_another_record_is_none():
    files = RamFiles()
    assert save(record(files, "pin"), b"secret") is None
    files.files["/settings.0"] = files.files["/pin.0"]
    refused(files, "no copy can be read")
    files.files["/settings.1"] = slot("settings", 1, 9, OLD)
    assert record(files).load() == (OLD, None)


def test_other_files_are_none():
    for data in (b"", b"cs", b"SETTINGS = {}\n", b"\x00" * 40, b"\xff" * 4096, b"cs\x01\x01" + b"\x00" * 8):
        files = RamFiles()
        files.files["/settings.0"] = data
        refused(files, "no copy can be read")


def test_a_length_that_is_not_the_payload_s_is_no_slot():
    for wrong in (0, len(NEW) - 1, len(NEW) + 1, 0xFFFF):
        files = two()
        made = bytearray(files.files["/settings.1"])[:-4]
        made[6] = wrong & 255
        made[7] = wrong >> 8
        files.files["/settings.1"] = bytes(made) + module.checksum("settings", bytes(made))
        assert record(files).load() == (OLD, None)


def test_what_a_newer_application_wrote_is_refused_and_not_replaced_by_the_older_copy():
    files = two()
    files.files["/settings.1"] = slot("settings", 2, 1, NEW)
    refused(files, "newer version", "(1.2)")
    assert record(files, version=2).load() == (NEW, None)
    # a later form of slot, same places and sum
    later = bytearray(slot("settings", 1, 1, NEW))
    later[2] = 2
    files.files["/settings.1"] = bytes(later[:-4]) + module.checksum("settings", bytes(later[:-4]))
    refused(files, "newer version", "(2.1)")


def test_an_older_version_is_read_and_told():
    files = two()
    slots = record(files, version=3)
    assert slots.load() == (NEW, None) and slots.found == 1


def test_two_slots_that_contradict_each_other_are_no_record_until_one_is_written():
    for sequence in (0, 0x8000):
        files = two()
        files.files["/settings.1"] = slot("settings", 1, sequence, NEW)
        refused(files, "contradict")
        assert save(record(files), b"third") is None
        assert record(files).load() == (b"third", None)


def test_nothing_is_written_while_gas_may_flow():
    for may_write in (None, lambda: False):
        files = two()
        before = dict(files.files)
        sentence = save(record(files, may_write=may_write), b"third")
        assert "gas" in sentence and "disarm" in sentence
        assert files.files == before
        assert record(files).load() == (NEW, None)


def test_a_file_system_that_fails_leaves_the_old_record_and_says_so():
    for fails, word in (("open", "28"), ("write", "5"), ("flip", "read back"), ("half", "read back")):
        files = FailingFiles()
        assert save(record(files), OLD) is None and save(record(files), NEW) is None
        files.fails = fails
        sentence = save(record(files), b"third")
        assert "settings" in sentence and word in sentence, sentence
        files.fails = ""
        assert record(files).load() == (NEW, None), fails
        assert save(record(files), b"third") is None and record(files).load() == (b"third", None)


def test_a_slot_that_did_not_read_back_is_taken_away():
    """It is newer than the record that counts: a later read without error would put it in force."""
    for fails in ("flip", "half", "tail", "misread"):
        files = FailingFiles()
        assert save(record(files), OLD) is None and save(record(files), NEW) is None
        files.fails = fails
        assert "read back" in save(record(files), b"third")
        files.fails = ""
        assert list(files.files) == ["/settings.1"], fails
        assert record(files).load() == (NEW, None)
        # without a record before it, nothing is left of it either
        files = FailingFiles()
        files.fails = fails
        assert "read back" in save(record(files), OLD)
        files.fails = ""
        assert record(files).load() == (None, "no settings on this board: provision it")


def test_a_slot_that_cannot_be_taken_away_is_told_all_the_same():
    files = FailingFiles()
    assert save(record(files), OLD) is None
    files.fails = "flip"
    files.remove = files.refuse
    assert "read back" in save(record(files), NEW)
    files.fails = ""
    assert record(files).load() == (OLD, None)


def test_what_cannot_be_read_is_no_record():
    files = FailingFiles()
    assert save(record(files), OLD) is None
    files.fails = "read"
    refused(files, "settings", "cannot be read, OSError 5", "switch off and on")


def test_a_board_whose_files_cannot_be_looked_at_is_not_blank():
    """If it counted as empty, a first record would overwrite the existing one."""
    files = FailingFiles()
    assert record(files).blank()
    assert save(record(files), OLD) is None
    files.fails = "seek"
    assert not record(files).blank()
    refused(files, "cannot be read, OSError 5")
    files.fails = ""
    assert record(files).load() == (OLD, None)


def test_no_file_stays_open_whatever_fails():
    """On littlefs a file is written only when it is closed, and a board can have few open files."""
    for fails in ("", "open", "seek", "write", "read", "flip", "half", "tail", "misread"):
        files = FailingFiles()
        assert save(record(files), OLD) is None
        files.fails = fails
        save(record(files), NEW)
        record(files).load()
        record(files).blank()
        assert files.opened == 0, fails


def test_a_file_that_is_too_short_for_a_slot_is_none_though_its_sum_fits():
    for head in (b"", b"c", b"cs", b"cs\x01\x01\x00\x00\x00"):
        files = RamFiles()
        files.files["/settings.0"] = head + module.checksum("settings", head)
        refused(files, "no copy can be read")


def test_the_longest_and_the_shortest_payload():
    for length in (0, 1, LONGEST):
        files = RamFiles()
        assert save(record(files), b"x" * length) is None
        assert record(files).load() == (b"x" * length, None)
    before = dict(files.files)
    assert "1024" in save(record(files), b"x" * (LONGEST + 1))
    assert files.files == before
    files.files["/settings.1"] = slot("settings", 1, 1, b"x" * (LONGEST + 1))
    assert record(files).load() == (b"x" * LONGEST, None)
