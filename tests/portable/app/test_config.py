"""Settings: validated, immutable, and never looser than a hard limit."""

from cryo import config, limits
from settings_table import NEWEST, ROWS
from support import raises


def built(values):
    settings, error = config.build(values)
    assert error is None, error
    return settings


def refused(values):
    settings, error = config.build(values)
    assert settings is None
    assert len(error) > 10
    return error


def test_the_defaults_are_valid_and_at_the_limits():
    settings = built({})
    assert settings.simulated == 0
    assert settings.trip_mdegc == limits.SKIN_TRIP_MDEGC
    assert settings.trip_reduced_mdegc == limits.SKIN_TRIP_REDUCED_MDEGC
    assert settings.burst_max_us == limits.BURST_MAX_US
    assert settings.jet_k_mdegc == 0  # not calibrated: such a device refuses to arm


def test_both_ends_of_every_range():
    for key, _, _, low, high, _, _, _, _ in ROWS:
        for value in (low, high):
            assert getattr(built({key: value}), key) == value
        for value in (low - 1, high + 1):
            error = refused({key: value})
            for part in (key, str(value), str(low), str(high)):
                assert part in error, (part, error)


def test_the_schema_is_the_table_that_is_typed_once_more():
    assert [row[0] for row in config.FIELDS] == [row[0] for row in ROWS]  # in this order they stand in a record
    for row, typed in zip(config.FIELDS, ROWS):
        assert row == typed, row[0]
    assert config.VERSION == NEWEST


def test_each_setting_that_is_new_has_a_version_of_its_own():
    """Otherwise a record of that version could lack it, and would be refused."""
    since = sorted([row[7] for row in ROWS])
    assert [version for version in since if 1 < version <= 4] == [2, 3, 4, 4, 4]
    later = [version for version in since if version > 4]
    assert later == list(range(5, NEWEST + 1))
    for row in ROWS:
        assert (row[8] is None) == (row[7] == 1), row[0]


def test_loosening_a_hard_limit_is_refused_with_its_name():
    for key, value, name in (
        ("trip_mdegc", 3_999, "limit 1"),
        ("trip_mdegc", 0, "limit 1"),
        ("trip_reduced_mdegc", 7_999, "limit 2"),
        ("trip_reduced_mdegc", 4_000, "limit 2"),
        ("burst_max_us", 500_001, "limit 4"),
        ("jet_k_mdegc", 50_001, "limit 7"),
        ("jet_k_mdegc", 7_999, "limit 7"),
        ("jet_k_mdegc", 1, "limit 7"),
        ("jet_k_mdegc", -16_000, "limit 7"),
    ):
        error = refused({key: value})
        assert key in error and name in error and ".." in error


def test_a_jet_constant_of_zero_means_not_calibrated():
    assert built({"jet_k_mdegc": 0}).jet_k_mdegc == 0


def test_zero_means_unknown_for_no_other_key():
    for key in ("burst_max_us", "valve_close_delay_us", "room_m3"):
        refused({key: 0})


def test_an_unknown_key_names_the_nearest():
    for key, nearest in (
        ("trip_mdeg", "trip_mdegc"),
        ("trip_reduced", "trip_reduced_mdegc"),
        ("TRIP_MDEGC", "trip_mdegc"),
        ("burst_max_ms", "burst_max_us"),
        ("jet_k", "jet_k_mdegc"),
        ("room", "room_m3"),
        ("close_delay_us", "valve_close_delay_us"),
        ("tctype", "tc_type"),
    ):
        error = refused({key: 1})
        assert key in error and "nearest is " + nearest in error, error


def test_only_whole_numbers_are_taken():
    for value in (True, False, 4_000.0, "4000", None, (4_000,)):
        error = refused({"trip_mdegc": value})
        assert "trip_mdegc" in error and "whole number" in error


def test_one_bad_value_refuses_all():
    refused({"trip_mdegc": 5_000, "room_m3": 9})
    refused({"room_m3": 30, "frobnicate": 1})


def test_a_config_cannot_be_changed():
    settings = built({"trip_mdegc": 5_000})

    def change():
        settings.trip_mdegc = 0

    assert raises(AttributeError, change)
    assert settings.trip_mdegc == 5_000
    given = {"trip_mdegc": 6_000}
    settings = built(given)
    given["trip_mdegc"] = 0
    assert settings.trip_mdegc == 6_000


def test_what_a_device_is_without_a_key():
    made, _ = config.build({})
    assert tuple(made) == tuple([row[2] for row in ROWS])
    assert type(made).__name__ == "Config"


def test_a_refusal_names_the_key_the_value_and_its_unit():
    for value, sentence in (
        ({"room_m3": 5}, "room_m3 = 5 m3 is outside 10 .. 1000 (limit 21"),
        ({"room_m3": "5"}, "room_m3 must be a whole number of m3"),
        ({"serial": "5"}, "serial must be a whole number of units"),
    ):
        assert config.build(value)[1].startswith(sentence)


def test_the_nearest_word_shares_most_letters_then_length_and_first_letter():
    for word, words, nearest in (
        ("zzz", ("ab", "cd"), "ab"),  # nothing shared: the first
        ("zzz", ("abcdef", "cd"), "abcdef"),
        ("a", ("ab", "ac"), "ab"),  # as near: the first
        ("ba", ("xyzt", "a"), "a"),
        ("ab", ("xb", "ay"), "ay"),
        ("abcd", ("xayz", "xyzabuu"), "xayz"),
        ("ab", ("xb", "ayy"), "xb"),
    ):
        assert config.nearest(word, words) == nearest


def test_every_setting_says_what_it_is():
    from cryo.store.texts import WHAT

    assert sorted(WHAT) == sorted(config.KEYS)
    for key in config.KEYS:
        assert config.what(key) == WHAT[key] and len(WHAT[key]) > 10
