"""cryoctl config without a device: the commands to a device and their order, and what a settings file keeps."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.cryoctl.config import Change, checked, restart, save, value_of
from host_tools.cryoctl.config import stored as stored_of
from host_tools.cryoctl.config_file import FIXED, ROWS, fresh, over, parsed, wrong
from host_tools.cryoctl.device import Identity
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem, Refused

DEFAULTS = {key: setting.default for key, setting in ROWS.items()}


# --- the order of the commands, with a stand-in for the device --------------------------------------------------------
class Fake:
    """A device's console: it answers by command, and keeps the commands in told."""

    ended = False

    def __init__(self, **answers):
        self.values = dict(DEFAULTS)
        self.answers = answers
        self.told = []
        self.staged = {}

    def unarmed(self):
        return "STANDBY"

    def state(self):
        return {"STATE": "STANDBY"}

    def begin(self):
        pass

    def keep(self):
        pass

    def tell(self, command, patience_s=3.0):
        self.told.append(command)
        word, _, rest = command.partition(" ")
        answer = self.answers.get(word.replace(":", "_").rstrip("?"))
        if answer:
            answer = answer(self, rest)
            if answer:
                return answer
        if word == "CONF":
            key, value = rest.lower().split(",")
            self.staged[key] = int(value)
        if word == "CONF:SAVE":
            self.values |= self.staged
        if word in ("CONF:SAVE", "CONF:CANC"):
            self.staged = {}
        if word == "CONF:STAG?":
            return ";".join(f"{k.upper()}={v}" for k, v in self.staged.items()) or "NONE"
        if word == "CONF:STOR?":
            return ";".join(f"{k.upper()}={v} {ROWS[k].unit}".strip() for k, v in self.values.items())
        return "OK"


TWO = [Change("trip_mdegc", 4000, 5000), Change("room_m3", 30, 20)]


def test_all_is_staged_saved_once_and_read_back():
    device = Fake()
    assert save(device, "4711", TWO) == {**DEFAULTS, "trip_mdegc": 5000, "room_m3": 20}
    told = [command for command in device.told if command != "CONF:STOR?"]
    assert told == [
        "SERV:PIN 4711", "CONF:CANC", "CONF TRIP_MDEGC,5000", "CONF ROOM_M3,20", "CONF:STAG?", "CONF:SAVE", "SERV:EXIT",
    ]  # fmt: skip
    assert device.told.index("CONF:SAVE") < len(device.told) - 1 - device.told[::-1].index("CONF:STOR?")


def test_one_refused_value_changes_nothing():
    def refuse(device, rest):
        if rest.startswith("ROOM"):
            raise Refused("the device: no", number=-222)

    device = Fake(CONF=refuse)
    with pytest.raises(Refused):
        save(device, "4711", TWO)
    assert "CONF:SAVE" not in device.told and device.told[-2:] == ["CONF:CANC", "SERV:EXIT"]
    assert device.values == DEFAULTS and not device.staged


def test_what_was_not_asked_for_is_not_saved_along():
    device = Fake(CONF_STAG=lambda device, rest: "TRIP_MDEGC=5000 mdegC;ROOM_M3=20 m3;SERIAL=9")
    with pytest.raises(NotVerified):
        save(device, "4711", TWO)
    assert "CONF:SAVE" not in device.told and device.told[-2:] == ["CONF:CANC", "SERV:EXIT"]


def test_a_save_that_did_not_arrive_is_noticed():
    with pytest.raises(NotVerified, match="trip_mdegc is stored as 4000, not 5000"):
        save(Fake(CONF_SAVE=lambda device, rest: "OK"), "4711", TWO)


def test_ctrl_c_while_the_pin_is_looked_at_leaves_service_mode_and_a_wrong_pin_has_none_to_leave():
    def interrupted(device, rest):
        raise KeyboardInterrupt

    device = Fake(SERV_PIN=interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(device, "4711", TWO)
    assert device.told == ["SERV:PIN 4711", "SERV:EXIT"]

    def wrong(device, rest):
        raise Refused("the device: wrong PIN", number=301)

    device = Fake(SERV_PIN=wrong)
    with pytest.raises(Refused):
        save(device, "4711", TWO)
    assert device.told == ["SERV:PIN 4711"]


def unplugged(device, rest):
    raise NoDevice("it is gone")


def test_unplugged_before_it_was_saved_and_while_it_was():
    device = Fake(CONF_STAG=unplugged)
    with pytest.raises(NoDevice):
        save(device, "4711", TWO)
    assert "CONF:SAVE" not in device.told
    with pytest.raises(NoDevice, match="not known: look with `cryoctl config list`"):
        save(Fake(CONF_SAVE=unplugged), "4711", TWO)


def test_an_armed_device_is_told_nothing():
    device = Fake()
    device.unarmed = lambda: (_ for _ in ()).throw(Refused("the device is ARMED"))
    with pytest.raises(Refused):
        save(device, "4711", TWO)
    assert device.told == []


def test_a_restart_that_the_device_refuses_is_told():
    def ask(command, patience_s=3.0):
        if command == "SYST:REST":
            raise Refused("the device: a fault asks to be switched off")
        return "OK"

    device = Fake()
    device.ask = ask
    with pytest.raises(Refused, match="switched off"):
        restart(device, DEFAULTS, 0.0)


@pytest.mark.parametrize(
    ("answer", "problem", "said"),
    [
        ("NONE", Refused, "give it settings with `cryoctl flash"),
        ("TRIP_MDEGC", NotVerified, "not understood"),
        ("TRIP_MDEGC=warm", NotVerified, "not understood"),
        ("TRIP_MDEGC=4000 mdegC;NEWER=1", Problem, "different settings"),
    ],
)
def test_an_answer_that_is_not_all_settings(answer, problem, said):
    with pytest.raises(problem, match=said):
        device = Fake(CONF_STOR=lambda device, rest: answer)
        stored_of(device, device.tell)


def test_an_older_application_is_to_be_brought_up_to_date():
    def unknown(command):
        raise Refused("the device: unknown command", number=-113)

    device = Fake()
    device.identity = Identity("virtual", "1", "0.0.9")
    with pytest.raises(Refused, match=r"0\.0\.9 cannot say .* `cryoctl flash`"):
        stored_of(device, unknown)


def test_a_setting_that_a_calibration_sets_may_stay_but_not_change():
    assert checked({"jet_k_mdegc": 0, "trip_mdegc": 5000}, DEFAULTS) == [Change("trip_mdegc", 4000, 5000)]
    with pytest.raises(Problem, match="calibrate jet"):
        checked({"jet_k_mdegc": 9000}, DEFAULTS)


def test_units_are_the_devices():
    assert (value_of("burst_max_us", "0.3 s"), value_of("trip_mdegc", "5"), value_of("room_m3", "40m3")) == (
        300_000,
        5,
        40,
    )


# --- files ------------------------------------------------------------------------------------------------------------
VALUES = st.fixed_dictionaries({key: st.integers(s.lowest, s.highest) for key, s in ROWS.items()})
FREE = [key for key in ROWS if key not in FIXED]
REMARK = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20)


@settings(max_examples=30)
@given(VALUES)
def test_a_fresh_file_says_what_is_stored_and_nothing_that_is_not_to_be_set(values):
    text = fresh(values, "settings.schema.json", "A board.")
    assert text.startswith("#:schema settings.schema.json\n")
    assert tomllib.loads(text) == {key: values[key] for key in FREE}
    assert not wrong(parsed(text))
    for key, setting in ROWS.items():
        assert setting.what in text and f"{setting.lowest} .. {setting.highest}" in text
        assert f"# {key} = {values[key]}\n" in text or key in FREE


@settings(max_examples=30)
@given(VALUES, VALUES)
def test_an_export_over_its_own_file_is_a_fresh_one(old, new):
    assert over(fresh(old, "s", "t"), new, "s") == fresh(new, "s", "t")


@given(
    st.permutations(FREE), st.lists(REMARK, min_size=len(FREE), max_size=len(FREE)), st.integers(0, len(FREE)), VALUES
)
def test_comments_order_and_blank_lines_of_a_file_are_kept(order, remarks, kept, values):
    lines = ["# mine"]
    for key, remark in zip(order[:kept], remarks, strict=False):
        lines += ["", f"# above {remark}", f"{key}   =  {DEFAULTS[key]} # beside {remark}"]
    text = "\n".join(lines) + "\n"
    out = over(text, values, "there")
    assert tomllib.loads(out) == {key: values[key] for key in FREE}
    assert [line for line in out.splitlines() if line.startswith("# above")] == lines[2::3]
    found = [line.partition("=")[0].strip() for line in out.splitlines() if "# beside" in line and line[0] != "#"]
    assert found == list(order[:kept])
    assert out.startswith("#:schema there\n# mine") and over(out, values, "elsewhere") == out
