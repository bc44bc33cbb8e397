"""The device's log over the console: starts, faults, changes; read in pieces, wrapped, cleared."""

from console_rig import PIN, App, is_error, provided, wrapped
from cryo import recorder
from cryo.core import faults, mode, session
from cryo.store import journal, notes
from store_rig import FailingFiles


def fields(line):
    return dict([part.split("=", 1) for part in line.split(";")])


def settled(app=None):
    """Return an applicator that has written all its records."""
    app = app or App()
    app.run(60)
    assert app.recorder.waiting == 0
    return app


def wrote(app, *figures):
    app.recorder.put(*figures)
    app.run(20)
    assert app.recorder.waiting == 0


def test_a_start_is_the_first_record():
    app = settled()
    said = fields(app.ask("LOG?"))
    assert (said["NO"], said["KIND"], said["DATE"], said["TIME"]) == ("1", "START", "UNKNOWN", "UNKNOWN")
    assert (said["ENDED"], said["RESTARTS"]) == ("POWER", "0") and said["VERSION"].count(".") == 2
    assert app.ask("LOG:COUNT?") == "FIRST=1;LAST=1;LOST=0"
    assert app.ask("LOG? 2") == "NONE"
    assert app.ask("LOG:STAT?") == "WAITING=0;FAILED=0;PROBLEM=NONE"


def test_a_crash_is_told_by_the_start_behind_it():
    app = App()
    app.resets.ended = 2
    app.resets.mode = mode.ARMED
    app.resets.fault = 27
    app.resets.uptime_s = 99
    app.resets.count = 1
    app.recorder = recorder.Recorder(app)
    said = fields(settled(app).ask("LOG? 2"))
    assert (said["ENDED"], said["MODE"], said["FAULT"]) == ("CRASHED", "ARMED", "PROGRAM_FLOW")
    assert (said["RESTARTS"], said["CRASH_UPTIME_S"]) == ("1", "99")


def test_an_empty_log():
    app = App()
    app.board.files.files.clear()
    app.recorder.waiting = 0
    assert app.ask("LOG?") == "NONE" and app.ask("LOG:COUN?") == "FIRST=NONE;LAST=NONE;LOST=0"


def test_the_first_fault_with_the_mode_it_came_in_and_the_date():
    app = settled()
    assert app.ask("SYST:DATE 2026,12,31") == app.ask("SYST:TIME 23,59,58") == "OK"
    app.supervisor.session.uptime_s += 3
    app.arm()
    app.inputs.loop_a = 0
    app.run(2)
    app.inputs.estop = 1
    app.run(50)
    said = fields(app.ask("LOG? 2"))
    assert (said["KIND"], said["CODE"], said["FAULT"], said["MODE"]) == ("FAULT", "2", "LOOP_OPEN", "ARMED")
    assert (said["DATE"], said["TIME"][:4]) == ("2027-01-01", "00:0")
    assert app.ask("LOG? 3") == "NONE"  # the first one only


# --- a date that is set back ------------------------------------------------------------------------------------------
def restarted(app):
    """Return an applicator that was switched off and on: it lost its clock, but not its files."""
    on = App()
    on.board.files = app.board.files
    return settled(on)


def test_the_date_never_goes_below_the_newest_record_s_without_service_mode():
    """Otherwise an overdue calibration would be valid again."""
    app = settled()
    assert app.ask("SYST:DATE 2028,6,15") == app.ask("SYST:TIME 12,0,0") == "OK"
    wrote(app, notes.FAULT, (1,))
    app = restarted(app)
    for _ in range(3):  # newer records that know no date
        wrote(app, notes.FAULT, (1,))
    before = app.ask("LOG:COUN?")
    for back in ("2028,6,14", "2026,12,31", "2000,1,1"):
        is_error(app.ask("SYST:DATE " + back), 303, "2028-06-15", "SERV:PIN")
        assert app.today_d is None
    assert app.ask("LOG:COUN?") == before
    assert app.ask("SYST:DATE 2028,6,15") == "OK"
    assert app.ask("SYST:DATE 2028,6,16") == "OK"
    is_error(app.ask("SYST:DATE 2028,6,15"), 303, "2028-06-16")  # nor below today's


def test_a_calibration_is_such_a_record():
    app = provided()
    app.slow("SERV:PIN " + PIN)
    app.ask("SYST:DATE 2028,6,15")
    assert not app.ask("CAL:MEAS OPEN,18100,18000,18300").startswith("ERROR")
    assert app.ask("CAL:STOR 2029-06-01,A. FITTER,TIMER 7") == "OK"
    app = restarted(app)
    for path in ("/journal.0", "/journal.1"):
        app.board.files.files.pop(path, None)
    is_error(app.ask("SYST:DATE 2028,6,14"), 303, "2028-06-15")
    assert app.ask("SYST:DATE 2028,6,15") == "OK"


def test_in_service_mode_it_goes_back_and_that_is_noted():
    app = provided()
    assert app.ask("SYST:DATE 2062,1,1") == "OK"  # mistyped
    wrote(app, notes.FAULT, (1,))
    app.slow("SERV:PIN " + PIN)
    assert app.ask("SYST:DATE 2028,6,15") == app.ask("SYST:TIME 12,0,0") == "OK"
    app.run(60)
    last = app.ask("LOG:COUN?").split(";")[1].split("=")[1]
    said = fields(app.ask("LOG? " + last))
    assert (said["KIND"], said["WHAT"], said["CHANGED"]) == ("CHANGE", "DATE", "2062-01-01 TO 2028-06-15")
    assert app.ask("SERV:EXIT") == "OK"
    app = restarted(app)
    assert app.ask("SYST:DATE 2028,6,15") == "OK"  # the newest record counts, not the highest date


def test_however_far_back_the_newest_record_with_a_date_is():
    app = settled()
    assert app.ask("SYST:DATE 2028,6,15") == "OK"
    wrote(app, notes.FAULT, (1,))
    app = restarted(app)
    for _ in range(40):
        wrote(app, notes.FAULT, (1,))
    is_error(app.slow("SYST:DATE 2028,6,14", 40)[0], 303, "2028-06-15")


def test_records_that_cannot_be_read_are_no_reason_to_take_an_earlier_date():
    app = provided()
    app.ask("SYST:DATE 2028,6,15")
    wrote(app, notes.FAULT, (1,))
    app = restarted(app)
    app.board.files.fails = "seek"
    is_error(app.ask("SYST:DATE 2028,6,16"), 401, "read")
    assert app.today_d is None
    app.board.files.fails = ""
    whole = app.board.files.open

    def without_log(path, mode):
        if "journal" in path:
            raise OSError(5)
        return whole(path, mode)

    app.board.files.open = without_log
    is_error(app.ask("SYST:DATE 2028,6,16"), 401, "the log cannot be read: OSError 5")
    assert app.today_d is None
    app.board.files.open = whole
    assert app.ask("SYST:DATE 2028,6,16") == "OK"


def test_a_fault_s_record_names_latched_codes_of_both_words():
    app = settled()
    rows = faults.REGISTRY
    faults.REGISTRY = rows + ((40, "ANOTHER", faults.HIGH, faults.ACK),)
    try:
        wrote(app, notes.FAULT, (faults.ESTOP, mode.ARMED, 1 << faults.ESTOP | 1 << faults.LOOP_OPEN, 1 << 8))
        said = fields(app.ask("LOG? 2"))
    finally:
        faults.REGISTRY = rows
    assert (said["FAULT"], said["ALSO"]) == ("ESTOP", "LOOP_OPEN,ANOTHER")


def test_the_recorder_keeps_both_words():
    app = settled()
    app.supervisor.faults.add(40)
    app.recorder.poll(mode.STANDBY)
    note = app.recorder._oldest()
    assert note[0] == notes.FAULT and note[4:8] == [40, mode.STANDBY, 0, 1 << 8]


def test_a_point_says_what_it_was():
    app = settled()
    choice = 0 | 2 << 4 | 9 << 8 | 3 << 16 | 7 << 20
    wrote(app, notes.POINT, (choice, 2 | 700 << 8, 12_345, 50_000, 9_120, -300, 13_600, 8_000))
    assert app.ask("LOG? 2").endswith(
        ";PRESET=CHRONIC;LEVEL=3;SITE=LFOOT-SOLE;POINT=4;END=STOPPED;REACHED=0;PASSES=2;BURSTS=700;VALVE_ON_MS=12345;"
        "TIME_MS=50000;SKIN_MDEGC=9120;SURFACE_MDEGC=-300;TARGET_MDEGC=13600;FLOOR_MDEGC=8000"
    )
    wrote(app, notes.POINT, (1 << 24 | 1 << 20, 1, 0, 0, notes.NONE, notes.NONE, 1, 1))
    said = fields(app.ask("LOG? 3"))
    assert (said["END"], said["REACHED"], said["SKIN_MDEGC"]) == ("TARGET", "1", "NONE")


def test_what_a_newer_application_wrote_is_shown_as_it_is():
    app = settled()
    wrote(app, 99, (1, 2, 3, 4, 5, 6, 7, 8))
    assert fields(app.ask("LOG? 2"))["FIGURES"] == "1,2,3,4,5,6,7,8"
    wrote(app, notes.POINT, (0xF | 0xFF << 8 | 15 << 20,))
    assert fields(app.ask("LOG? 3"))["SITE"] == "255"


def test_records_come_in_pieces_and_wrapped():
    app = settled()
    for n in range(5):
        wrote(app, notes.LOST, (n,))
    lines = app.slow("LOG? 2,3")
    assert [fields(line)["COUNT"] for line in lines] == ["0", "1", "2"]
    assert [fields(line)["NO"] for line in app.slow("LOG? 5,4")] == ["5", "6"]
    (said,) = app.slow(wrapped(1, "LOG? 4,4"))
    assert said.startswith("@1 NO=4;") and said.count(" | ") == 2
    for wrong, number in (("1,5", -222), ("1,0", -222), ("x", -104), ("1,", -104), ("-1", -104), ("9999999999", -222)):
        is_error(app.ask("LOG? " + wrong), number)


def test_a_saved_setting_is_recorded_by_its_name_and_value_and_many_by_their_number():
    app = settled(provided())
    app.slow("SERV:PIN " + PIN)
    for command in ("CONF valve_close_delay_us,25", "CONF room_m3,25", "CONF:CANC", "CONF serial,7", "CONF room_m3,25"):
        app.ask(command)
    assert app.ask("CONF:SAVE") == "OK"
    app.run(60)
    last = int(fields(app.ask("LOG:COUN?"))["LAST"])
    room, serial = [fields(app.ask("LOG? " + str(n))) for n in (last - 1, last)]
    assert (room["KIND"], room["WHAT"], room["CHANGED"], room["VALUE"]) == ("CHANGE", "SETTINGS", "ROOM_M3", "25")
    assert (serial["CHANGED"], serial["VALUE"]) == ("SERIAL", "7")
    app.recorder.put(notes.CHANGE, (notes.SETTINGS, 11))
    app.run(60)
    assert fields(app.ask("LOG? " + str(last + 1)))["CHANGED"] == "11 SETTINGS"


def test_clearing_takes_service_mode_and_numbers_go_on():
    app = settled(provided())
    last = int(fields(app.ask("LOG:COUN?"))["LAST"])
    is_error(app.ask("LOG:CLE"), 303)
    app.slow("SERV:PIN " + PIN)
    app.run(40)
    assert app.slow("LOG:CLE") == ["OK"]
    assert app.ask("LOG:COUN?").startswith("FIRST={0};LAST={0};".format(last + 1))
    assert fields(app.ask("LOG?"))["KIND"] == "CLEARED"
    app.board.files = FailingFiles()
    app.board.files.fails = "open"
    is_error(app.slow("LOG:CLE")[0], 401, "28")


def test_each_point_has_its_own_coldest_skin_and_surface():
    app = settled()
    app.choose()
    sup = app.supervisor
    for mdegc in (9_000, 21_000):
        sup.session.begin_point()
        sup.point.treated = True
        sup.observer.reset(mdegc - 1_000)
        app.inputs.skin.value_mdegc = mdegc
        app.run(5)
        sup.session.end_point(session.STOPPED)
        app.inputs.skin.value_mdegc = 32_000
        app.run(80)
        last = fields(app.ask("LOG:COUN?"))["LAST"]
        said = fields(app.ask("LOG? " + last))
        assert (said["KIND"], said["SKIN_MDEGC"], said["SURFACE_MDEGC"]) == ("POINT", str(mdegc), str(mdegc - 1_000))


def test_not_while_armed():
    app = settled()
    app.arm()
    is_error(app.ask("LOG?"), -221, "disarm")
    is_error(app.ask("LOG:COUN?"), -221)


def test_a_broken_file_system_costs_neither_state_nor_treatment_and_is_counted():
    app = App()
    app.board.files = FailingFiles()
    app.board.files.fails = "open"
    app.recorder = recorder.Recorder(app)
    app.run(60)
    said = fields(app.ask("LOG:STAT?"))
    assert said["WAITING"] == "1" and int(said["FAILED"]) == 1 and "28" in said["PROBLEM"]
    app.arm()
    assert app.ask("STOP") == "OK"
    app.run(2_000)
    assert 2 < app.recorder.failed < 8  # less and less often
    app.board.files.fails = ""
    app.run(2_000)
    assert app.recorder.waiting == 0 and fields(app.ask("LOG? 1"))["KIND"] == "START"
    app.board.files.fails = "open"
    failed = app.recorder.failed
    app.recorder.put(99)
    app.run(300)
    assert app.recorder.failed > failed + 1  # what was written since ended the long pauses
    app.board.files.fails = "read"
    is_error(app.ask("LOG?"), 401, "5")
    is_error(app.ask("LOG:COUN?"), 401)


def test_whatever_else_goes_wrong_does_not_reach_the_loop():
    app = App()
    app.board.files = 7  # no files at all
    app.recorder = recorder.Recorder(app)
    app.run(60)
    assert app.recorder.failed == 1 and app.supervisor.mode == mode.STANDBY


def test_what_finds_no_room_is_counted_and_recorded():
    app = settled()
    for n in range(11):
        assert app.recorder.put(99, (n,)) == (n < recorder.QUEUE_MAX)
    assert fields(app.ask("LOG:COUN?"))["LOST"] == "3"
    app.run(100)
    found = journal.Journal(app.board.files)
    records = found.since(2, 99)
    assert [r[1] for r in records] == [99] * 8 + [notes.LOST]
    assert [r[5] for r in records] == [0, 1, 2, 3, 4, 5, 6, 7, 3]
    wrote(app, 99)
    assert app.recorder.lost == 3


def test_nothing_is_written_while_gas_may_flow_and_nothing_is_lost():
    app = settled()
    app.choose()
    before = dict(app.board.files.files)
    app.recorder.put(99, (1,))
    number = app.ask("ARM:REQ").split()[1].rstrip(";")  # mid-way, perhaps
    app.run(100)
    assert app.supervisor.mode == mode.READY
    seen = dict(app.board.files.files)
    app.ask("ARM:CONF " + number)
    app.recorder.put(99, (2,))
    app.run(300)
    assert app.supervisor.mode == mode.ARMED
    assert app.board.files.files == seen
    app.ask("STOP")
    app.run(60)
    assert app.board.files.files != before
    assert [r[5] for r in journal.Journal(app.board.files).since(2, 9)] == [1, 2]


def test_the_application_has_the_last_word():
    app = settled()
    before = dict(app.board.files.files)
    app.may_write = lambda: False
    app.recorder.put(99)
    app.run(300)
    assert app.supervisor.mode == mode.STANDBY and app.recorder.waiting == 1
    assert app.board.files.files == before
    app.may_write = lambda: True
    app.run(60)
    assert app.recorder.waiting == 0 and app.board.files.files != before


def test_a_restart_that_was_asked_for_writes_first():
    app = settled()
    app.recorder.put(99)
    steps = 0
    while app.recorder.step():
        steps += 1
        assert steps < 10
    assert app.recorder.waiting == 0 and steps > 3
