"""Host and device agree on settings: both accept the same values, write the same bytes, and read each other's."""

import json
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import settings as limited
from hypothesis import strategies as st
from pydantic import ValidationError

from cryo import config
from host_tools.simulator.twin import lanes
from host_tools.toolchain.settings import PATHS, SettingsError, __main__, payload, provision, schema, stored, texts
from host_tools.toolchain.settings.model import Settings

GIVEN = {"serial": 7, "jet_k_mdegc": 16_000, "calibration_due_d": 9_900}


def near(row):
    """Values within a setting's range, at its ends, and beyond them."""
    low, high = row.lowest, row.highest
    edges = st.sampled_from([0, 1, -1, low - 1, low, low + 1, high - 1, high, high + 1])
    return edges | st.integers(low, high) | st.integers(-(2**40), 2**40)


VALUES = st.fixed_dictionaries({}, optional={row.key: near(row) for row in schema()})
VALID = st.fixed_dictionaries({row.key: st.integers(row.lowest, row.highest) for row in schema()})
ODD = st.dictionaries(
    st.sampled_from(config.KEYS),
    st.none() | st.booleans() | st.floats() | st.just("7") | st.just(0.0) | st.integers(),
    min_size=1,
)


def taken(values):
    try:
        return Settings(**values)
    except ValidationError:
        return None


@given(VALUES | ODD)
@example({"jet_k_mdegc": False})
@example({"jet_k_mdegc": 0.0})
@example({"jet_k_mdegc": 1})
def test_the_model_takes_what_the_device_takes(values):
    made, _ = config.build(values)
    model = taken(values)
    assert (model is None) == (made is None)
    if made:
        assert model.model_dump() == made._asdict()


@given(VALID, st.integers(0, 65_535))
def test_what_is_provisioned_is_read_back_by_the_device_s_code(values, sequence):
    files = provision(values, sequence)
    assert stored(files) == values
    assert config.decode(payload(values))[0]._asdict() == values


@limited(max_examples=400)
@given(st.binary(max_size=64) | VALID.map(lambda v: json.dumps(v).encode()))
def test_only_what_the_encoder_makes_is_a_payload(data):
    made, sentence = config.decode(data)
    if made is None:
        assert len(sentence) > 10
    else:
        assert config.encode(made) == data


@pytest.mark.parametrize(("key", "nearest"), [("trip_mdeg", "trip_mdegc"), ("room", "room_m3")])
def test_an_unknown_key_names_the_nearest(key, nearest):
    with pytest.raises(ValidationError, match=f"unknown setting {key}: nearest is {nearest}"):
        Settings(**{key: 1})
    with pytest.raises(SettingsError, match=f"nearest is {nearest}"):
        provision({key: 1})


def test_a_refusal_says_what_the_device_says():
    with pytest.raises(SettingsError, match=r"trip_mdegc = 3999 mdegC is outside .*limit 1.*basis"):
        provision({"trip_mdegc": 3_999})
    with pytest.raises(SettingsError, match="no settings on this board"):
        stored({})
    files = {path: data[:-1] for path, data in provision(GIVEN).items()}
    with pytest.raises(SettingsError, match="no copy can be read"):
        stored(files)


GUEST = """
import sys
from cryo import config
from cryo.store.slots import Slots
from cryo.store.writing import save
if sys.argv[1] == "read":
    slots = Slots(sys.argv[2] + "/", config.NAME, config.VERSION)
    payload, problem = slots.load()
    print(tuple(config.decode(payload, slots.found)[0]))
else:
    made, problem = config.build(eval(sys.argv[3]))
    assert save(Slots(sys.argv[2] + "/", config.NAME, config.VERSION, None, lambda: True), config.encode(made)) is None
"""


def guest(tmp_path, *words):
    micropython = lanes.micropython_path()
    if micropython is None:
        pytest.skip("real MicroPython is missing: run `make setup`")
    script = tmp_path / "guest.py"
    script.write_text(GUEST)
    env = {"MICROPYPATH": ":".join([".frozen", *lanes.import_folders()])}
    done = subprocess.run([micropython, script, *words], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_real_micropython_reads_what_the_host_wrote(tmp_path):
    for path, data in provision(GIVEN, 65_535).items():
        (tmp_path / path).write_bytes(data)
    assert guest(tmp_path, "read", str(tmp_path)) == str(tuple(config.build(GIVEN)[0]))


def test_the_host_reads_what_real_micropython_wrote(tmp_path):
    for serial in (7, 8, 9):
        guest(tmp_path, "write", str(tmp_path), repr(GIVEN | {"serial": serial}))
        files = {path: (tmp_path / path).read_bytes() for path in PATHS if (tmp_path / path).exists()}
        assert stored(files) == config.build(GIVEN | {"serial": serial})[0]._asdict()
    assert set(files) == set(PATHS)


def test_provisioning_replaces_whatever_the_board_held():
    held = provision(GIVEN, 500)
    assert stored(held | provision(GIVEN | {"serial": 8}))["serial"] == 8


def test_the_pages_are_as_generated():
    assert __main__.PAGE.read_text() == __main__.page()
    assert __main__.SCHEMA.read_text() == __main__.json_schema()
    assert __main__.EXAMPLE.read_text() == __main__.example()
    assert texts.TEXTS.read_text() == texts.source()


SCHEMA = """FIELDS = (
    # limit 4, BURST_MAX_US: longest
    # opening
    ("burst_max_us", "us", 5,
     6),  # as before
    # its number
    ("serial", "", 0, 0),
)  # fmt: skip
"""
LIMITS = "BURST_MAX_US = const(500_000)  # 4 lower [C] a fall of 11 degC\n"


def test_what_a_setting_is_stands_above_its_row_and_its_limit_s_basis_in_the_limits():
    assert texts.what(SCHEMA, LIMITS) == {
        "burst_max_us": "limit 4, BURST_MAX_US: longest opening; basis: [C] a fall of 11 degC",
        "serial": "its number",
    }
    assert texts.older(SCHEMA) == {"burst_max_us": "as before", "serial": ""}
    with pytest.raises(ValueError, match="serial has no comment"):
        texts.what(SCHEMA.replace("    # its number\n", ""), LIMITS)
    with pytest.raises(ValueError, match="burst_max_us names BURST_MAX_US"):
        texts.what(SCHEMA, LIMITS.replace("MAX", "MIN"))


@pytest.mark.parametrize(("old", "new"), [("its number", 'its "number"'), ("its number", "its \\number")])
def test_a_comment_that_a_string_would_not_hold_as_it_is_is_refused(old, new):
    assert '"serial": "its number",' in texts.source(SCHEMA, LIMITS)
    with pytest.raises(ValueError, match="serial: its comment"):
        texts.source(SCHEMA.replace(old, new), LIMITS)
    with pytest.raises(ValueError, match="burst_max_us: its comment, or the basis"):
        texts.source(SCHEMA, LIMITS.replace("a fall", new))


def test_a_page_whose_sentence_was_reworded_is_told():
    text = __main__.EXAMPLE.read_text()
    for words in ("; those that", ", all of them"):
        with pytest.raises(ValueError, match=f"config.md: .*{words}.* must stand there once, not 0 times"):
            __main__.example(text.replace(f" settings{words}", f" of the settings{words}"))


def test_every_value_for_older_records_says_why():
    why = texts.older()
    assert [row.key for row in schema() if (row.older is None) == bool(why[row.key])] == []


def test_the_json_schema_has_every_setting_and_no_other():
    made = Settings.model_json_schema()
    assert tuple(made["properties"]) == config.KEYS
    assert made["additionalProperties"] is False
    for row in schema():
        field = made["properties"][row.key]
        assert (field["unit"], field["default"], field["description"]) == (row.unit, row.default, row.what)
        ranged = field["anyOf"][1] if row.unset else field
        assert (ranged["minimum"], ranged["maximum"]) == (row.lowest, row.highest)


def test_settings_do_not_change():
    made = Settings(**GIVEN)
    with pytest.raises(ValidationError):
        made.serial = 8
