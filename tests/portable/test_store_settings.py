"""A console changes one setting, or gives a whole record: checked as at a start, stored, and nothing else touched."""

from cryo import config
from cryo.store import settings
from cryo.store.slots import Slots
from storage import RamFiles
from store_rig import always

GIVEN = {"serial": 7, "jet_k_mdegc": 16_000, "calibration_due_d": 9_900}


def board(may_write=always):
    """Return (files, Slots) of a provisioned board."""
    files = RamFiles()
    made = config.build(GIVEN)[0]
    assert settings.provision(slots(files), dict(zip(config.KEYS, made))) == (made, None)
    return files, slots(files, may_write)


def slots(files, may_write=always):
    return Slots("/", config.NAME, config.VERSION, files, may_write)


def refused(answer, *words):
    assert answer[0] is None
    for word in words:
        assert word in answer[1], answer


def test_a_change_is_stored_and_leaves_the_others():
    files, where = board()
    made, problem = settings.change(where, "room_m3", 25)
    assert problem is None and made == config.build(dict(GIVEN, room_m3=25))[0]
    assert config.load(files) == (made, None)
    made, _ = settings.change(where, "trip_mdegc", 5_000)
    assert config.load(files)[0] == made == config.build(dict(GIVEN, room_m3=25, trip_mdegc=5_000))[0]


def test_what_is_refused_changes_nothing():
    files, where = board()
    before = dict(files.files)
    refused(settings.change(where, "trip_mdegc", 3_999), "limit 1")
    refused(settings.change(where, "trip_mdeg", 5_000), "nearest is trip_mdegc")
    refused(settings.change(where, "room_m3", "25"), "whole number")
    refused(settings.change(where, "simulated", 1), "virtual board")
    for key in settings.BY_CALIBRATION:
        refused(settings.change(where, key, 20_000), key, "calibration")
    assert files.files == before


def test_nothing_is_changed_while_gas_may_flow():
    files, _ = board()
    before = dict(files.files)
    refused(settings.change(slots(files, lambda: False), "room_m3", 25), "gas")
    refused(settings.provision(slots(files, None), dict(zip(config.KEYS, config.load(files)[0]))), "gas")
    assert files.files == before


def test_a_board_without_settings_takes_a_whole_record_only():
    files = RamFiles()
    refused(settings.change(slots(files), "room_m3", 25), "provision")
    refused(settings.provision(slots(files), {"room_m3": 25}), "missing")
    assert files.files == {}
    values = dict(zip(config.KEYS, config.build(GIVEN)[0]))
    refused(settings.provision(slots(files), dict(values, rooms=1)), "nearest is room_m3")
    assert settings.provision(slots(files), values)[1] is None
    assert config.load(files) == (config.build(GIVEN)[0], None)
