"""Optional parts: a part that is silent since switch-on counts as the settings say; one that is not fitted is named."""

from console_rig import App
from cryo import config, remedies
from cryo.console import topics
from cryo.core import blockers, faults, mode
from cryo.store.writing import slot
from storage import RamFiles
from supervisor_rig import SETTINGS, Rig

# setting, its blocker, its name in SYST:FITT?, the protection that is missing without it
PARTS = (
    ("infrared_fitted", "INFRARED", "INFRARED", "NOT FITTED, no second channel watches the skin beside the probe"),
    ("line_fitted", "LINE", "LINE", "NOT FITTED, no proof test: a valve that leaks or sticks is not found"),
    (
        "co2_fitted",
        "CO2_SENSOR",
        "CO2",
        "NOT FITTED, no alarm of CO2 in the room: only the budget of gas for room_m3 limits it",
    ),
)
ALL = {"infrared_fitted": 1, "line_fitted": 1, "co2_fitted": 1}
OLD = (
    b'{"simulated":0,"serial":7,"tc_type":0,"skin_offset_mdegc":0,"trip_mdegc":4000,"trip_reduced_mdegc":8000,'
    b'"burst_max_us":500000,"jet_k_mdegc":16000,"valve_open_delay_us":15000,"valve_close_delay_us":25000,"room_m3":30,'
    b'"calibration_due_d":9900}'
)


def device(settings, silent=None):
    """A console in STANDBY whose optional parts answer, except the silent one, which has never answered."""
    topics.forget()
    app = App(settings)
    i = app.inputs
    i.infrared.value_mdegc = 32_000
    i.room.value = 450
    for key, part in (("infrared_fitted", i.infrared), ("line_fitted", i.line), ("co2_fitted", i.room)):
        part.age_us = 0
        part.status = 1 if key == silent else 0
    app.run(20)
    app.choose()
    return app


def told(app):
    """Return the answer to SYST:FITT?, by name."""
    return dict([part.split("=") for part in app.ask("SYST:FITT?").split(";")])


def armed(app):
    answer = app.ask("ARM:REQ")
    assert answer.startswith("READY"), answer
    assert app.ask("ARM:CONF " + answer.split()[1]) == "ARMED"
    return app


def old_record():
    files = RamFiles()
    files.files["/settings.0"] = slot("settings", 3, 3, OLD)
    return files


def test_a_fitted_part_silent_since_switch_on_blocks_arming_by_name_and_one_that_is_not_fitted_is_told():
    armed(device(ALL))
    for key, blocker, name, gone in PARTS:
        app = device(ALL, silent=key)
        assert app.ask("ARM:REQ") == "REFUSED " + blocker + "; STAT:WHY? tells what to do"
        assert app.supervisor.mode == mode.STANDBY
        remedy = remedies.sentence(remedies.BLOCKERS + blockers.NAMES.index(blocker))
        assert app.ask("STAT:WHY?") == blocker + ": " + remedy
        assert told(app) == {n: "SILENT" if n == name else "FITTED" for _, _, n, _ in PARTS}

        app = device(dict(ALL, **{key: 0}), silent=key)
        assert told(app) == {n: gone if n == name else "FITTED" for _, _, n, _ in PARTS}
        armed(app)
        assert app.supervisor.valves.pending == (name != "LINE")  # without the sensor no proof test can end
    # a record from before these settings: what the board's bill of materials has, else the defaults
    made, problem = config.load(old_record())
    assert problem is None and (made.infrared_fitted, made.line_fitted, made.co2_fitted) == (1, 1, 0)
    made, problem = config.load(old_record(), False, {"infrared_fitted": 0, "line_fitted": 1, "co2_fitted": 1})
    assert problem is None and (made.infrared_fitted, made.line_fitted, made.co2_fitted) == (0, 1, 1)


def test_a_treatment_goes_on_without_the_line_s_sensor_where_none_is_fitted_and_ends_where_one_is():
    for fitted, first in ((0, 0), (1, faults.LINE_SENSOR)):
        rig = Rig(dict(SETTINGS, line_fitted=fitted))
        if not fitted:
            rig.i.line.status = 2
            rig.sup.valves.bursts = 500  # a proof test would be due
        rig.deliver().to_burst(3)
        rig.i.line.status = 2
        rig.tick(100)
        assert rig.sup.faults.first == first
        assert (len(rig.fired) > 3) == (not fitted)


def test_a_first_record_given_at_the_console_begins_with_the_board_s_parts():
    topics.forget()
    app = App()
    app.board.files = RamFiles()
    app.board.fitted = {"infrared_fitted": 1, "line_fitted": 0, "co2_fitted": 1}
    app.supervisor.mode = mode.SERVICE
    for field in config.FIELDS:
        if field[0] != "simulated" and field[0] not in app.board.fitted:
            assert app.ask("CONF {},{}".format(field[0], field[2])) == "OK"
    assert app.ask("CONF:SAVE") == "OK"
    made, problem = config.load(app.board.files)
    assert problem is None and (made.infrared_fitted, made.line_fitted, made.co2_fitted) == (1, 0, 1)


def test_the_console_and_a_calibration_read_an_old_record_with_the_board_s_parts():
    topics.forget()
    app = App()
    app.board.files = old_record()
    app.board.fitted = {"infrared_fitted": 0, "line_fitted": 1, "co2_fitted": 1}
    said = app.ask("CONF:STOR?")
    assert "INFRARED_FITTED=0;LINE_FITTED=1;CO2_FITTED=1" in said, said
    app.supervisor.mode = mode.SERVICE
    app.set_today(9_862)
    app.console.calibration = ("OPEN", (18_000,))
    assert app.ask("CAL:STOR 2027-02-01,A Technician,ruler") == "OK"
    made, problem = config.load(app.board.files)
    assert problem is None and (made.infrared_fitted, made.line_fitted, made.co2_fitted) == (0, 1, 1)
    assert made.valve_open_delay_us == 18_000


def test_without_settings_the_parts_are_not_known():
    topics.forget()
    app = App()
    app.supervisor.config = None
    app.board.config_error = "no settings on this board: provision it"
    assert app.ask("SYST:FITT?") == "ERROR -221 no settings on this board: provision it"
