"""Calibrations over the console: judged, stored with date and person, in force at the next start."""

from console_rig import App, is_error
from cryo import config
from cryo.core import mode
from cryo.store.calibration import KINDS

SETTINGS = {"jet_k_mdegc": 16_000, "serial": 42}
MEASURED = {
    "TC": "0,300,25000,25200",
    "OPEN": "18100,18000,18300",
    "CLOSE": "21000,22000,21500",
    "JET": "7,80,60000,3900,60000,3950,60000,3920",
    "PRESSURE": "35000,35400,60000,59900",
    "DISTANCE": "80,82,200,199",
}


def serviced():
    """An applicator in service mode that knows the date and has settings on its files."""
    app = App(SETTINGS)
    app.ask("SYST:DATE 2026,11,22")
    app.ask("SYST:TIME 9,0,0")
    app.supervisor.mode = mode.SERVICE
    return app


def stored(app):
    made, problem = config.load(app.board.files)
    assert problem is None
    return made


def test_what_cannot_be_read_is_not_listed_as_never_calibrated():
    app = serviced()
    app.board.files.fails = "seek"
    is_error(app.ask("CAL:LIST?"), 401, "calibration", "cannot be read, OSError 5")


def test_all_kinds_together_are_in_force_with_the_first_due_date():
    app = serviced()
    for n, kind in enumerate(sorted(KINDS)):
        assert not stored(app).calibration_due_d
        answer = app.ask("CAL:MEAS {},{}".format(kind, MEASURED[kind]))
        assert answer.startswith(KINDS[kind][0].upper() + "="), answer
        assert app.ask("CAL:STOR 2027-11-{:02d},A. FITTER,BATH 3".format(22 - n)) == "OK"
    made = stored(app)
    assert (made.valve_open_delay_us, made.valve_close_delay_us) == (18_000, 22_000)
    assert made.skin_offset_mdegc == -300
    assert 15_900 < made.jet_k_mdegc < 16_200  # 3.95 degC in the root of 60 ms
    assert made.calibration_due_d == 10_182  # 2027-11-17
    listed = app.ask("CAL:LIST?")
    assert "OPEN=2026-11-22,2027-11-19,A. FITTER,BATH 3,18000;" in listed
    assert "NONE" not in listed
    assert app.supervisor.config.valve_open_delay_us == 15_000  # in force at the next start
    assert app.ask("CAL?").endswith("SKIN_OFFSET=0;DUE=NONE")


def test_a_saved_setting_leaves_what_was_calibrated_since_the_start():
    app = serviced()
    for kind in KINDS:
        app.ask("CAL:MEAS {},{}".format(kind, MEASURED[kind]))
        assert app.ask("CAL:STOR 2027-11-22,A. FITTER,BATH 3") == "OK"
    before = stored(app)
    assert before.jet_k_mdegc != 16_000 and before.calibration_due_d and before.valve_close_delay_us == 22_000
    assert app.ask("CONF trip_mdegc,5000") == app.ask("CONF:SAVE") == "OK"
    for key, was, now in zip(config.KEYS, before, stored(app)):
        assert now == (5_000 if key == "trip_mdegc" else was), key


def test_a_probe_is_judged_without_the_offset_that_is_in_force():
    app = App(dict(SETTINGS, skin_offset_mdegc=-1_500))
    app.supervisor.mode = mode.SERVICE
    # it shows 0 and 25 degC where they are, because of its offset: the next one must not be 0
    assert app.ask("CAL:MEAS TC,0,0,25000,25000").endswith(";SKIN_OFFSET_MDEGC=-1500")
    assert app.ask("CAL:MEAS TC,0,-200,25000,25000").endswith(";SKIN_OFFSET_MDEGC=-1500")
    assert app.ask("CAL:MEAS TC,0,-1500,25000,23500").endswith(";SKIN_OFFSET_MDEGC=0")
    is_error(app.ask("CAL:MEAS TC,0,600,25000,25000"), 402, "2100 mdegC off")


def test_what_is_not_accepted_changes_nothing_and_is_not_stored():
    app = serviced()
    before = dict(app.board.files.files)
    assert app.ask("CAL:MEAS DISTANCE,80,82,200,199") == "ERROR_MM=2"
    is_error(app.ask("CAL:MEAS DISTANCE,80,90,200,199"), 402, "10 mm off")
    is_error(app.ask("CAL:STOR 2027-11-22,A,B"), -221, "CAL:MEAS")  # nor the one that was accepted before
    for wrong in ("JET,7", "JET,7,80,60000", "TC,0,300,25000", "OPEN,18000,19000", "OPEN,18000,18000,99000"):
        is_error(app.ask("CAL:MEAS " + wrong), 402)
    for nozzle, taken in ((-3, False), (-1, False), (0, True), (9_999, True), (10_000, False)):
        answer = app.ask("CAL:MEAS JET,{},80,60000,3900,60000,3950,60000,3920".format(nozzle))
        if taken:
            assert answer.startswith("NOZZLE={};".format(nozzle)), answer
            app.ask("CAL:MEAS TC,0,300,25000")
        else:
            is_error(answer, 402, "0 to 9999")
    for wrong in ("OPEN,1e3,2,3", "OPEN", "OPEN,1,,3", "OPEN,123456789,1,1"):
        is_error(app.ask("CAL:MEAS " + wrong), -104)
    is_error(app.ask("CAL:MEAS VALVE,1,2,3"), -224, "OPEN")
    assert app.board.files.files == before


def test_date_and_person_are_needed():
    app = serviced()
    app.ask("CAL:MEAS OPEN,18100,18000,18300")
    for wrong in ("2027-11-22", "2027-11-22,A", "22.11.2027,A,B", "2027-02-30,A,B", "2027-11-22,A,B,C"):
        is_error(app.ask("CAL:STOR " + wrong), -104)
    is_error(app.ask("CAL:STOR 2026-11-21,A,B"), -222, "due")
    is_error(app.ask("CAL:STOR 2027-11-22,,B"), -222, "technician")
    app.today_d = None
    is_error(app.ask("CAL:STOR 2027-11-22,A,B"), -222, "clock")
    app.today_d = 9_822
    app.board.files.fails = "write"
    is_error(app.ask("CAL:STOR 2027-11-22,A,B"), 401)
    app.board.files.fails = ""
    assert stored(app) == app.supervisor.config
    assert app.ask("CAL:STOR 2027-11-22,A,B") == "OK"  # it was kept for another try
    is_error(app.ask("CAL:STOR 2029-11-22,A,B"), -221, "CAL:MEAS")  # and no longer: no second due date for it


def test_only_service_mode_takes_them():
    app = App(SETTINGS)
    is_error(app.ask("CAL:MEAS OPEN,18100,18000,18300"), 303, "SERV:PIN")
    is_error(app.ask("CAL:STOR 2027-11-22,A,B"), 303)
    assert app.ask("CAL?").startswith("JET_K=16000;")
    app.supervisor.mode = mode.SERVICE
    is_error(app.ask("CONF jet_k_mdegc,9000"), -221, "CAL:MEAS")


def test_a_stored_calibration_is_in_the_log():
    app = serviced()
    app.ask("CAL:MEAS OPEN," + MEASURED["OPEN"])
    assert app.ask("CAL:STOR 2027-11-22,A. FITTER,TIMER 7") == "OK"
    app.run(60)
    last = app.ask("LOG:COUN?").split(";")[1].split("=")[1]
    assert app.ask("LOG? " + last).endswith("WHAT=CALIBRATION;CHANGED=OPEN;VALUE=18000;DUE=2027-11-22")
