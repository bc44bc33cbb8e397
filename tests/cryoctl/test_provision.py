"""Which settings of a file reach a board that has settings already: those of a calibration stay."""

import importlib

import pytest

from host_tools.cryoctl.flash import Request, Watch, provision
from host_tools.toolchain.settings import PATHS, config, schema, stored, writing
from host_tools.toolchain.settings import provision as record

calibration = importlib.import_module("cryo.store.calibration")
DEFAULT = {setting.key: setting.default for setting in schema()}
HELD = {"serial": 7, "jet_k_mdegc": 16_000}
DAY = config.EARLIEST_D + 10
FILE = {"valve_close_delay_us": 8_000, "skin_offset_mdegc": -1_000, "calibration_due_d": DAY + 900, "trip_mdegc": 5_000}


def measured(**kinds):
    """Return the board's files with calibration records. kinds: kind -> its last value."""
    lines = []
    for kind, value in kinds.items():
        values = [0] * (len(calibration.KINDS[kind]) - 1) + [value]
        lines.append(calibration.encode(kind, values, DAY, DAY + 365, "A", "B")[0])
    text = "\n".join(lines).encode()
    return dict.fromkeys(provision.RECORDS, writing.slot("calibration", 1, 0, text))


class Heard(Watch):
    def __init__(self):
        self.said = []

    def warn(self, text):
        self.said.append(text)


def asked(held, **request):
    """Return (the board's settings after that, the messages)."""
    watch = Heard()
    written = provision.files("rp2040_pico", held, Request(settings=FILE, **request), watch)
    return stored(held | written, False), " ".join(watch.said)


def test_the_paths_are_those_of_the_firmwares_newest_calibrations():
    paths = calibration.Store().newest.paths
    assert tuple(path.lstrip("/") for path in paths) == provision.RECORDS
    assert set(provision.RECORDS) < set(provision.HELD)


def test_a_calibrated_value_that_equals_a_default_is_not_overwritten():
    held = record(HELD) | measured(CLOSE=DEFAULT["valve_close_delay_us"], TC=0)
    made, said = asked(held)
    assert made["valve_close_delay_us"] == DEFAULT["valve_close_delay_us"] == 25_000
    assert made["skin_offset_mdegc"] == 0 and made["calibration_due_d"] == 0 and made["trip_mdegc"] == 5_000
    for key in ("valve_close_delay_us", "skin_offset_mdegc", "calibration_due_d"):
        assert key in said
    made, said = asked(held, replace_settings=True)
    assert made["valve_close_delay_us"] == 8_000 and "kept" not in said


def test_what_no_calibration_stands_for_is_taken_from_the_file():
    made, said = asked(record(HELD))
    assert {key: made[key] for key in FILE} == FILE and "kept" not in said
    made, said = asked(record(HELD) | measured(OPEN=18_000))  # of another kind
    assert made["valve_close_delay_us"] == 8_000 and "kept as calibrated: calibration_due_d (" in said


@pytest.mark.parametrize("damage", [lambda data: data[:-1] + b"\0", lambda data: b"", lambda data: data[:20]])
def test_where_the_calibrations_cannot_be_read_every_value_of_theirs_stays(damage):
    held = record(HELD) | {path: damage(data) for path, data in measured(CLOSE=25_000).items()}
    made, said = asked(held)
    assert made["valve_close_delay_us"] == 25_000 and made["skin_offset_mdegc"] == 0 and "kept as calibrated" in said
    assert set(PATHS) <= set(held)


@pytest.mark.parametrize(
    "sequences", [(4, None), (None, 4), (4, 5), (5, 4), (0xFFFF, 0), (0, 0xFFFF), (0xFFFF, 0xFFFE), (4, 4)]
)
def test_the_new_settings_count_from_the_moment_on_when_one_of_both_slots_is_replaced(sequences):
    """The board may lose its power between the two slots: then it has the whole old settings, or the new ones."""
    held = {
        path: data
        for n, path in enumerate(PATHS)
        if (sequence := sequences[n]) is not None
        for data in [record(HELD, sequence)[path]]
    }
    written = provision.files("rp2040_pico", held, Request(settings={"trip_mdegc": 5_000}), Heard())
    assert set(written) >= set(PATHS)
    for path in PATHS:
        made = stored(held | {path: written[path]}, False)
        assert (made["trip_mdegc"], made["serial"]) == (5_000, 7), path
    assert stored(held | written, False)["trip_mdegc"] == 5_000
