"""Settings come from slots. Missing, damaged, incomplete or wrong ones count as none, and a sentence says why."""

import settings_table
from cryo import config
from cryo.store import migration
from cryo.store.writing import save, slot
from storage import RamFiles
from store_rig import flipped, record

GIVEN = {"serial": 7, "jet_k_mdegc": 16_000, "calibration_due_d": 9_900}
TEXT = settings_table.text(GIVEN)
# Records as devices of these versions wrote them, typed here: do not change them.
TEXT_4 = (
    b'{"simulated":0,"serial":7,"tc_type":0,"skin_offset_mdegc":0,"trip_mdegc":4000,"trip_reduced_mdegc":8000,"burst_max_us":500000,'
    b'"jet_k_mdegc":16000,"valve_open_delay_us":15000,"valve_close_delay_us":25000,"room_m3":30,'
    b'"calibration_due_d":9900,"infrared_fitted":1,"line_fitted":1,"co2_fitted":0}'
)
TEXT_3 = TEXT_4.replace(b',"infrared_fitted":1,"line_fitted":1,"co2_fitted":0', b"")
TEXT_2 = TEXT_3.replace(b'"skin_offset_mdegc":0,', b"")
TEXT_1 = TEXT_2.replace(b',"calibration_due_d":9900', b"")
TYPED = (TEXT_1, TEXT_2, TEXT_3, TEXT_4)
OLDER = tuple([(settings_table.text(GIVEN, version), version) for version in range(1, config.VERSION)])

SIMULATED = TEXT.replace(b'"simulated":0', b'"simulated":1')


def stored(payload, version=config.VERSION):
    """Files whose newest settings are that payload."""
    files = RamFiles()
    files.files["/settings.0"] = slot("settings", version, 3, payload)
    return files


def refused(payload, *words, version=config.VERSION):
    settings, sentence = config.load(stored(payload, version))
    assert settings is None, payload
    for word in words:
        assert word in sentence, sentence


def test_without_slots_there_are_no_settings_and_no_defaults():
    assert config.load(RamFiles()) == (None, "no settings on this board: provision it")


def test_slots_give_a_validated_record():
    settings, problem = config.load(stored(TEXT))
    assert problem is None
    assert settings == config.build(GIVEN)[0]
    assert (settings.serial, settings.jet_k_mdegc, settings.calibration_due_d) == (7, 16_000, 9_900)


def test_the_record_s_one_form():
    assert config.encode(config.build(GIVEN)[0]) == TEXT
    assert config.decode(TEXT) == (config.build(GIVEN)[0], None)


def test_the_older_versions_records_stay_as_they_were_written():
    for version, typed in enumerate(TYPED, 1):
        assert settings_table.text(GIVEN, version) == typed


def test_every_value_at_both_ends_comes_back():
    for key, _, _, low, high, _, _, _, _ in config.FIELDS:
        for value in (low, high):
            made = config.build(dict(GIVEN, **{key: value}))[0]
            assert config.load(stored(config.encode(made)), True) == (made, None)


def test_a_value_outside_its_range_is_no_settings():
    refused(TEXT.replace(b":4000", b":1000"), "trip_mdegc", "limit 1")


def test_a_virtual_board_s_record_is_taken_by_a_virtual_board_alone():
    refused(SIMULATED, "simulated", "provision this board")
    refused(SIMULATED.replace(b"9900", b"0"), "simulated", "provision this board")  # it would not even age
    made, problem = config.load(stored(SIMULATED), True)
    assert problem is None and made == config.build(dict(GIVEN, simulated=1))[0]
    assert config.load(stored(TEXT), True) == (config.build(GIVEN)[0], None)
    for older, version in OLDER:
        refused(older.replace(b'"simulated":0', b'"simulated":1'), "simulated", version=version)


def test_an_unknown_key_is_no_settings_and_the_nearest_is_named():
    refused(TEXT.replace(b'"room_m3":30', b'"room_m3":30,"rooms":1'), "rooms", "nearest is room_m3")


def test_a_key_left_out_is_not_filled_with_its_default():
    for key in config.KEYS:
        start = TEXT.index(b'"' + key.encode() + b'"')
        end = TEXT.find(b",", start) + 1
        without = TEXT[:start] + TEXT[end:] if end else TEXT[: start - 1] + b"}"
        refused(without, key, "missing")


def test_slots_that_cannot_be_read_are_told_and_start_nothing():
    files = stored(TEXT)
    files.files["/settings.0"] = flipped(files.files["/settings.0"], 400)
    settings, sentence = config.load(files)
    assert settings is None and "no copy can be read" in sentence and "provision" in sentence


def test_a_payload_in_any_other_form_is_refused():
    for payload in (
        b"",
        b"{}",
        b"[]",
        b"7",
        b"null",
        b"{" + TEXT,
        TEXT[:-1],
        b"\xff" * 40,
        TEXT + b"\n",
        TEXT.replace(b":30", b": 30"),
        TEXT.replace(b":30", b":30.0"),
        TEXT.replace(b":30", b":true"),
        TEXT.replace(b":30", b':"30"'),
        TEXT.replace(b":30", b":030"),
        TEXT.replace(b'"serial":7', b'"serial":8,"serial":7'),
        TEXT.replace(b'"simulated":0,"serial":7', b'"serial":7,"simulated":0'),
    ):
        refused(payload)


def test_an_older_record_is_read_with_what_its_row_says_and_not_written():
    for text, version in OLDER:
        files = stored(text, version)
        before = dict(files.files)
        settings, problem = config.load(files)
        assert problem is None and files.files == before
        assert settings == config.build(settings_table.read_as(GIVEN, version))[0]
        assert settings.skin_offset_mdegc == 0
        assert settings.calibration_due_d == (9_900 if version > 1 else 0)


def test_what_an_older_record_cannot_know_is_not_taken_from_it():
    """Version 1 had no due date: a value at that place in its record has no meaning."""
    for version in range(1, config.VERSION):
        settings, _ = config.load(stored(TEXT, version))
        assert settings == config.build(settings_table.read_as(GIVEN, version))[0]


def test_an_older_record_gets_the_value_for_older_ones_not_the_default_nor_what_it_says():
    rows = (("a", "", 1, 0, 9, 0, 0, 1, None), ("b", "", 2, 0, 9, 0, 0, 2, 5), ("c", "", 3, 0, 9, 0, 0, 3, 6))
    for version, read in ((1, {"a": 7, "b": 5, "c": 6}), (2, {"a": 7, "b": 7, "c": 6})):
        values = {"a": 7, "b": 7, "c": 7}
        assert migration.migrated(values, version, 3, rows) is None and values == read
    values = {"a": 7, "b": 7}
    assert migration.migrated(values, 2, 3, rows, {"a": 8, "b": 8, "c": 8}) is None  # the bill of materials
    assert values == {"a": 7, "b": 7, "c": 8}


def test_what_an_older_record_leaves_out_of_the_parts_is_as_the_board_s_bill_of_materials_has_it():
    fitted = {"infrared_fitted": 0, "line_fitted": 1, "co2_fitted": 1}
    for text, version in ((TEXT_1, 1), (TEXT_2, 2), (TEXT_3, 3)):
        settings, problem = config.load(stored(text, version), fitted=fitted)
        assert problem is None
        assert (settings.infrared_fitted, settings.line_fitted, settings.co2_fitted) == (0, 1, 1)
    settings, _ = config.load(stored(TEXT), fitted=fitted)  # a record that has the value keeps it
    assert (settings.infrared_fitted, settings.line_fitted, settings.co2_fitted) == (1, 1, 0)


def test_a_migrated_record_is_stored_in_the_present_form_by_the_next_change():
    files = stored(TEXT_1, 1)
    changed = config.build(dict(GIVEN, serial=8))[0]
    assert save(record(files, version=config.VERSION), config.encode(changed)) is None
    assert config.load(files) == (changed, None)
    assert files.files["/settings.1"][3] == config.VERSION


def test_an_older_record_is_held_by_the_same_ranges():
    refused(TEXT_1.replace(b":4000", b":1000"), "limit 1", version=1)
    refused(TEXT, "", version=0)


def test_a_version_that_never_was_is_refused():
    refused(TEXT, "version 0", "provision", version=0)
    for version in (-1, 0, config.VERSION + 1):
        settings, sentence = config.decode(TEXT, version)
        assert settings is None and "version {}, which is not read".format(version) in sentence


def test_a_newer_record_is_refused():
    refused(TEXT, "newer version", version=config.VERSION + 1)


def test_a_calibration_holds_to_the_end_of_its_day_and_not_when_the_day_is_unknown():
    for today_d, due_d, gone in (
        (9_900, 9_901, False),
        (9_900, 9_900, False),
        (9_901, 9_900, True),
        (None, 9_900, True),
        (9_900, 0, True),
        (None, 0, True),
        (9_799, 9_900, True),  # a clock that was never set
        (9_800, 9_900, False),
        (0, 9_900, True),
    ):
        assert config.expired(today_d, due_d) == gone, (today_d, due_d)


def test_only_a_simulated_device_without_a_due_date_does_not_age():
    for simulated, due_d, today_d, gone in (
        (1, 0, None, False),
        (1, 9_900, None, True),
        (1, 9_900, 9_901, True),
        (1, 9_900, 9_900, False),
        (0, 0, 9_900, True),
        (0, 9_900, None, True),
        (0, 9_900, 9_900, False),
    ):
        made = config.build({"simulated": simulated, "calibration_due_d": due_d})[0]
        assert config.overdue(made, today_d) == gone
