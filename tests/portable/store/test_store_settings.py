"""A console's change begins with the stored record: it is checked as at a start, written whole; others stay."""

from cryo import config
from cryo.store import settings
from storage import RamFiles
from store_rig import always, record

GIVEN = {"serial": 7, "jet_k_mdegc": 16_000, "calibration_due_d": 9_900}


def slots(files, may_write=always):
    return record(files, config.NAME, config.VERSION, may_write)


def values(**changed):
    """Return a whole record as a dict."""
    found = settings.as_dict(config.build(GIVEN)[0])
    found.update(changed)
    return found


def board():
    """Return the files of a provisioned board."""
    files = RamFiles()
    made = config.build(GIVEN)[0]
    assert settings.save(slots(files), values()) == (made, None)
    return files


def refused(answer, *words):
    assert answer[0] is None
    for word in words:
        assert word in answer[1], answer


def test_what_is_saved_is_stored_and_read_back():
    files = board()
    assert settings.stored(slots(files)) == config.load(files) == config.build(GIVEN)
    made, problem = settings.save(slots(files), values(room_m3=25))
    assert problem is None and made == config.build(dict(GIVEN, room_m3=25))[0]
    assert settings.stored(slots(files)) == config.load(files) == (made, None)
    assert settings.as_dict(made) == values(room_m3=25)


def test_what_is_refused_changes_nothing():
    files = board()
    before = dict(files.files)
    refused(settings.save(slots(files), values(trip_mdegc=3_999)), "limit 1")
    refused(settings.save(slots(files), values(trip_mdeg=5_000)), "nearest is trip_mdegc")
    refused(settings.save(slots(files), values(room_m3="25")), "whole number")
    refused(settings.save(slots(files), {"room_m3": 25}), "missing")
    for may_write in (None, lambda: False):
        refused(settings.save(slots(files, may_write), values(room_m3=25)), "gas")
    assert files.files == before


def test_a_board_is_blank_until_something_was_written():
    files = RamFiles()
    assert slots(files).blank()
    refused(settings.stored(slots(files)), "provision")
    for path in slots(files).paths:
        files.files = {path: b"half of"}
        assert not slots(files).blank()
        refused(settings.stored(slots(files)), "no copy can be read")
    assert not slots(board()).blank()
