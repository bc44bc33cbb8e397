"""The line console as an instrument: common commands, list of errors, chains, units, clock; and as people use it."""

from console_rig import App, is_error, wrapped
from cryo import config
from cryo.console import live, parse, sentences, table, topics, words
from cryo.console.units import scaled
from cryo.core import faults, mode


# --- the one table ------------------------------------------------------------------------------------------------
def test_each_command_of_the_table_has_a_function_and_each_function_a_row():
    App().ask("STAT?")
    functions = set(live.DO)
    for name in ("setup", "conf", "calib", "log", "system", "service", "help"):
        functions.update(parse._load(name).DO)
    assert functions == set(table.known())
    assert len(table.known()) == len(functions)


def test_every_command_is_found_by_its_long_and_its_short_form():
    from cryo.console import parse

    for topic in table.TOPICS:
        for row in topic[4]:
            for header in table.spoken(row[0]):
                assert parse.canonical(header.upper()) == parse.canonical(table.short(header)) == table.short(header)
    assert words.NODES["TREATMENT"] == "TREAT"


# --- common commands ----------------------------------------------------------------------------------------------
def test_errors_wait_in_their_order_and_the_list_has_an_end():
    app = App()
    assert app.ask("SYST:ERR?") == '0,"No error"'
    for command, number in (("STATT?", -113), ("TREAT:LEV", -109), ("STOP 1", -108), ("TREAT:PRES X", -224)):
        is_error(app.ask(command), number)
    app.ask("TREAT:PRES CHRONIC")
    app.ask("TREAT:LEV 9")
    found = [app.ask("SYST:ERR?").split(",")[0] for _ in range(6)]
    assert found == ["-113", "-109", "-108", "-224", "-222", "0"]
    for _ in range(12):
        app.ask("FIRE")
    found = [app.ask("SYSTEM:ERROR?") for _ in range(11)]
    assert found[:9] == ['-113,"Undefined header"'] * 9
    assert found[9:] == ['-350,"Queue overflow"', '0,"No error"']


def test_what_is_refused_waits_too():
    app = App()
    assert app.ask("ARM:REQ").startswith("REFUSED")
    assert app.ask("SYST:ERR?") == '101,"Not armed"'


def test_registers():
    app = App()
    assert app.ask("*ESR?") == "128"
    assert app.ask("*ESR?") == "0"
    assert app.ask("*STB?") == "0"
    app.ask("FIRE")
    app.ask("TREAT:PRES X")
    assert app.ask("*STB?") == "4"
    assert app.ask("*ESE 32") == "OK"
    assert app.ask("*STB?") == "36"
    assert app.ask("*ESR?") == "48"
    assert app.ask("*CLS") == "OK"
    assert app.ask("*STB?") == "0"
    assert app.ask("SYST:ERR?") == '0,"No error"'
    assert app.ask("*OPC?") == "1"
    app.inputs.estop = 1
    app.run(2)
    assert app.ask("*STB?") == "12"


def test_masks_say_what_the_status_byte_sums_up():
    app = App()
    assert app.ask("*ESE?") == app.ask("*SRE?") == "0"
    assert app.ask("*STB?") == "0"  # switched on is an event, of which nobody asked to be told
    assert app.ask("*ESE 128") == "OK"
    assert app.ask("*STB?") == "32"
    assert app.ask("*SRE 255") == "OK"
    assert app.ask("*SRE?") == "191"  # 64 itself is no reason
    assert app.ask("*STB?") == "96"
    assert app.ask("*SRE 4") == "OK"
    assert app.ask("*STB?") == "32"
    for wrong, number in (("256", -222), ("0032", -222), ("-1", -104), ("1.5", -104), ("X", -104)):
        is_error(app.ask("*ESE " + wrong), number, "0 to 255")
        is_error(app.ask("*SRE " + wrong), number, "0 to 255")
    assert app.ask("*STB?") == "100"
    assert app.ask("*CLS") == "OK"
    assert app.ask("*RST") == "OK"
    assert app.ask("*STB?") == "0"
    assert (app.ask("*ESE?"), app.ask("*SRE?")) == ("128", "4")  # neither clears them
    is_error(app.ask("*ESE?1"), -113)
    is_error(app.ask("*ESE? 1"), -108)


def test_a_whole_number_may_be_written_as_ieee_488_2_has_it():
    app = App()
    app.ask("TREAT:PRES CHRONIC")
    for text, level in (
        ("+3", 3), ("2.0", 2), ("0.1E1", 1), ("20E-1", 2), (".3E+1", 3), ("1.", 1), ("0.2e1", 2), ("3", 3), ("001", 1),
    ):  # fmt: skip
        assert app.ask("TREAT:LEV " + text) == "OK", text
        assert app.ask("TREAT:LEV?") == str(level)
    assert app.ask("*ESE 6.0E1") == "OK" and app.ask("*ESE?") == "60"
    assert app.ask("*SRE -0") == "OK" and app.ask("*SRE?") == "0"
    assert app.ask("TREAT:POIN +8.0") == "OK" and app.ask("TREAT:POIN?") == "8"
    app = App()
    app.choose()
    nonce = app.ask("ARM:REQ").split()[1].rstrip(";")
    for form in ("+{}", "{}.0", "{}E0"):
        is_error(app.ask("ARM:CONF " + form.format(nonce)), -104, "the number that ARM:REQ gave")
    assert app.ask("ARM:CONF {}".format(nonce)) == "ARMED"


def test_what_is_no_whole_number_is_refused_and_changes_nothing():
    app = App()
    for command in ("TREAT:PRES CHRONIC", "TREAT:LEV 3", "TREAT:POIN 2", "*ESE 60"):
        assert app.ask(command) == "OK"
    for wrong in (
        "2.5", "-1", "1E400", "1_0", "INF", "NAN", "0X3", "2E", "E1", "+", ".", ".E1", "+.", "1+1", "1.0.0", "1E1E1",
        "1 0", "1000000.0", "1E6",
    ):  # fmt: skip
        is_error(app.ask("TREAT:LEV " + wrong), -222, "unknown level " + wrong + ": allowed 1")
        is_error(app.ask("TREAT:POIN " + wrong), -222, "allowed 1 to 8")
        is_error(app.ask("*ESE " + wrong), -104, "0 to 255")
    for out in ("+0", "9.0", "2E5", "999999.0"):
        is_error(app.ask("TREAT:LEV " + out), -222, "allowed 1")
        is_error(app.ask("TREAT:POIN " + out), -222, "allowed 1 to 8")
    is_error(app.ask("*ESE 256.0"), -222, "0 to 255")
    assert (app.ask("TREAT:LEV?"), app.ask("TREAT:POIN?"), app.ask("*ESE?")) == ("3", "2", "60")
    is_error(app.ask("SERV:PIN 1E3"), -104, "digits")  # digits are no number


def test_a_fault_that_latches_is_told_once():
    app = App()
    app.ask("*CLS")
    app.inputs.estop = 1
    app.run(50)
    assert app.ask("SYST:ERR?") == '501,"Fault ESTOP"'
    assert app.ask("SYST:ERR?") == '0,"No error"'
    assert app.ask("*ESR?") == "8"
    app.supervisor.faults.add(faults.BOTTLE_HIGH)
    app.run(2)
    assert app.ask("SYST:ERR?") == '514,"Fault BOTTLE_HIGH"'  # another one while the first stands
    app.inputs.estop = 0
    app.run(2)
    assert app.ask("FAULT:ACK") == "OK"
    assert app.ask("SYST:ERR?") == '0,"No error"'
    app.inputs.estop = 1
    app.run(2)
    assert app.ask("SYST:ERR?") == '501,"Fault ESTOP"'  # it latched again


def test_opc_sets_its_bit_and_wai_does_nothing():
    app = App()
    app.ask("*CLS")
    assert app.ask("*WAI") == "OK" and app.ask("*ESR?") == "0"
    assert app.ask("*OPC") == "OK" and app.ask("*ESR?") == "1" and app.ask("*ESR?") == "0"
    assert app.send(b"TREAT:PRES CHRONIC;*WAI;LEV 2;*OPC?\n") == ["OK", "OK", "OK", "1"]


def test_every_fault_has_its_number_and_name():
    app = App()
    for row in faults.REGISTRY:
        app.console._tell_faults(faults.Codes())
        app.console._tell_faults(faults.Codes(row[0]))
        assert app.ask("SYST:ERR?") == '{},"Fault {}"'.format(500 + row[0], row[1])
        app.ask("*CLS")


def test_the_self_test_as_a_number():
    app = App()
    app.inputs.self_test = 0
    assert app.ask("*TST?") == "0"
    app.inputs.self_test = 1
    is_error(app.ask("*TST?"), -221, "running")
    app.inputs.self_test = 2
    assert app.ask("*TST?") == "1"


def test_a_reset_disarms_and_forgets_the_choice_but_no_account():
    app = App()
    app.arm()
    app.supervisor.session.session_s = 77
    app.console.calibration = ("OPEN", (18_000,))
    app.console.staged = {"room_m3": 25}
    assert app.ask("*RST") == "OK"
    assert app.console.calibration is None and app.console.staged == {}
    assert app.supervisor.mode == mode.STANDBY
    assert app.choice()[1:6] == (-1, -1, -1, -1, 0)
    assert app.supervisor.session.session_s == 77
    app.inputs.estop = 1
    app.run(2)
    is_error(app.ask("*RST"), -221, "FAULT")


# --- chains -------------------------------------------------------------------------------------------------------
def test_a_chain_is_executed_in_order_and_its_paths_go_on():
    app = App()
    lines = app.slow("TREAT:PRES CHRONIC;LEV 3;SITE LFOOT-SOLE;:TREAT:POIN 1;POIN?;*OPC?;LEV?;STAT:WHY?;", 60)
    assert lines[:7] == ["OK", "OK", "OK", "OK", "1", "1", "3"]
    assert lines[7].startswith("ATTESTATION: ")
    assert len(lines) == 8


def test_a_chain_may_arm_in_no_fewer_steps():
    app = App()
    app.choose()
    lines = app.slow("ARM:REQ;ARM:CONF 1", 30)
    assert lines[0].startswith("READY") and lines[1].startswith("REFUSED")
    assert app.supervisor.mode == mode.READY


def test_behind_an_error_only_a_stop_is_executed():
    app = App()
    app.choose()
    lines = app.slow("TREAT:LEV 9;TREAT:POIN 2;ARM:REQ", 30)
    is_error(lines[0], -222)
    is_error(lines[1], -200, "2 of this line")
    assert len(lines) == 2
    assert app.supervisor.session.point == 0
    assert app.supervisor.mode == mode.STANDBY
    app.arm()
    lines = app.slow("FIRE;TREAT:POIN 2;STOP", 30)
    assert lines[1:] == ["OK"]
    assert app.supervisor.mode == mode.STANDBY


def test_a_chain_is_bounded_and_takes_a_tick_a_command():
    app = App()
    is_error(app.ask(";".join(["STOP"] * 17)), -223)
    is_error(app.ask(";"), -102)
    app.stream.incoming = b"MEAS:DIST?;DIST?\n"
    app.console.poll()
    app.console.poll()
    assert app.console.word == "MEAS:DIST?" and app.console.parts == ["DIST?"]


# --- numbers with units -------------------------------------------------------------------------------------------
def test_units():
    for text, unit, value in (
        ("5", "mdegC", 5), ("5 DEGC", "mdegC", 5_000), ("4.5DEGC", "mdegC", 4_500), ("-1.5 CEL", "mdegC", -1_500),
        ("0.25 S", "us", 250_000), ("250 MS", "us", 250_000), ("250MS", "ms", 250), ("2 S", "ms", 2_000),
        ("1.5 BAR", "mbar", 1_500), ("30 M3", "m3", 30), ("30M3", "m3", 30), ("3", "m3", 3), ("+7", "", 7),
    ):  # fmt: skip
        assert scaled(text, unit) == (value, None), text
    for text, unit, number in (
        ("5 PSI", "mdegC", -131), ("5 MS", "mdegC", -131), ("X", "us", -104), ("", "us", -104), ("1E3", "us", -104),
        ("1.5", "us", -222), ("1..5", "us", -104), ("--5", "us", -104), ("9999999999", "us", -222), ("5.", "us", -131),
    ):  # fmt: skip
        assert scaled(text, unit)[1][0] == number, text


# --- clock --------------------------------------------------------------------------------------------------------
def test_the_clock_is_unknown_until_it_is_set_and_goes_on():
    app = App()
    assert app.ask("SYST:DATE?") == app.ask("SYST:TIME?") == "UNKNOWN"
    assert app.ask("SYST:DATE 2028,02,28") == "OK"
    assert app.ask("SYST:DATE?") == "UNKNOWN"
    assert app.ask("SYST:TIME 23,59,50") == "OK"
    assert app.ask("SYST:DATE?") == "2028,02,28"
    app.supervisor.session.uptime_s += 15
    assert app.ask("SYST:DATE?") == "2028,02,29"
    assert app.ask("SYST:TIME?").startswith("00,00,0")
    app.supervisor.session.uptime_s += 86_400
    assert app.ask("SYST:DATE?") == "2028,03,01"
    assert app.today_d == 10_287  # the application is told
    for wrong in ("2027,02,29", "1999,01,01", "2027,13,01", "2027,0,1"):
        is_error(app.ask("SYST:DATE " + wrong), -222)
    for wrong in ("TODAY", "2027,1", "2027,-1,2", "2027,1,2,3"):
        is_error(app.ask("SYST:DATE " + wrong), -104)
    is_error(app.ask("SYST:TIME 24,0,0"), -222)
    is_error(app.ask("SYST:TIME NOON"), -104)
    assert app.ask("SYST:DATE?") == "2028,03,01"


def test_the_application_is_told_of_midnight_unless_armed():
    app = App()
    app.ask("SYST:DATE 2028,02,28")
    app.run(10)
    app.supervisor.session.uptime_s += 500_000
    app.run(2)
    assert app.today_d == 10_285  # without a time of day nobody knows when
    app.ask("SYST:TIME 23,59,50")
    app.supervisor.session.uptime_s += 8
    app.run(5)
    assert app.today_d == 10_285
    app.supervisor.session.uptime_s += 4
    app.run(1)
    assert app.today_d == 10_286
    app.arm()
    app.supervisor.session.uptime_s += 3 * 86_400
    app.run(10)
    assert app.today_d == 10_286  # midnight ends no treatment
    app.ask("STOP")
    assert app.today_d == 10_289
    assert app.ask("SYST:DATE?") == "2028,03,03"
    assert app.ask("SYST:TIME 23,59,59") == "OK"
    app.supervisor.session.uptime_s += 1
    app.run(1)
    assert app.today_d == 10_290


# --- what is loaded -----------------------------------------------------------------------------------------------
def test_modules_are_dropped_before_arming_and_none_is_loaded_while_armed():
    app = App()
    app.choose()
    app.ask("DIAG:STAT?")
    assert "system" in topics.loaded
    nonce = app.ask("ARM:REQ").split()[1].rstrip(";")
    assert "system" not in topics.loaded
    for state in ("READY", "ARMED"):
        for command in ("CONF?", "SYST:INT?", "HELP", "SERV:PIN 1234", "STRM ON", "@1 STAT? *0000"):
            is_error(app.ask(command), -221)
        assert [name for name in topics.loaded if name != "setup"] == [], state
        if state == "READY":
            app.ask("ARM:CONF " + nonce)
    assert app.ask("STRM OFF") == "OK"
    assert app.ask("TREAT:LEV?") == "3"


def test_statistics():
    app = App()
    fields = dict([part.split("=") for part in app.ask("DIAG:STAT?").split(";")])
    assert fields["DOSE"] == "0" and fields["GAS_S"] == "0.0" and fields["UPTIME_S"] == "400"
    app.supervisor.session.gas_mg = 2_340
    assert "GAS_S=2.3;" in app.ask("DIAG:STAT?")


def test_raw_figures():
    app = App()
    app.inputs.skin.raw_mdegc = 31_250
    app.inputs.skin.cold_junction_mdegc = 24_000
    assert app.ask("MEAS:RAW?").startswith("SKIN=31.25,24.00,#")
    assert app.ask("MEAS:RAW?").endswith("ms;NOZZLE=NEVER;INFRARED=NEVER")


# --- settings -----------------------------------------------------------------------------------------------------
def test_settings_are_asked():
    app = App()
    assert app.ask("CONF? jet_k_mdegc") == "JET_K_MDEGC=16000 mdegC/rt s"
    assert "TRIP_MDEGC=4000 mdegC;" in app.ask("CONF?")
    is_error(app.ask("CONF? TRIP"), -224, "nearest is TRIP_MDEGC")
    assert app.ask("CAL?").startswith("JET_K=16000;JET_K_IN_FORCE=16000;")


def test_settings_are_staged_and_saved_in_service_mode_only():
    app = App()
    is_error(app.ask("CONF trip_mdegc,5000"), 303, "SERV:PIN")
    is_error(app.ask("CONF:SAVE"), 303)
    app.supervisor.mode = mode.SERVICE
    assert app.ask("CONF trip_mdegc,5 degC") == "OK"
    assert app.ask("CONF burst_max_us, 300 ms") == "OK"
    assert app.ask("CONF:STAG?") == "BURST_MAX_US=300000 us;TRIP_MDEGC=5000 mdegC"
    assert app.supervisor.config.trip_mdegc == 4_000
    is_error(app.ask("CONF trip_mdegc,3 degC"), -222, "SKIN_TRIP_MDEGC")
    is_error(app.ask("CONF trip_mdegc,3 s"), -131)
    is_error(app.ask("CONF trip_mdegc"), -109)
    is_error(app.ask("CONF simulated,1"), -221)
    is_error(app.ask("CONF tripp_mdegc,5"), -224, "TRIP_MDEGC")
    app.board.files.fails = "write"
    is_error(app.ask("CONF:SAVE"), 401, "settings: not stored")
    app.board.files.fails = ""
    assert app.ask("CONF:SAVE") == "OK"
    saved, _ = config.load(app.board.files)
    assert (saved.trip_mdegc, saved.burst_max_us, saved.jet_k_mdegc) == (5_000, 300_000, 16_000)
    assert app.ask("CONF:STAG?") == "NONE"
    is_error(app.ask("CONF:SAVE"), -221)


def test_a_second_save_before_the_next_start_keeps_the_first():
    app = App()
    app.supervisor.mode = mode.SERVICE
    for change in ("trip_mdegc,5000", "burst_max_us,300000", "room_m3,25"):
        app.ask("CONF " + change)
        assert app.ask("CONF:SAVE") == "OK"
    said = app.ask("CONF:STOR?")
    assert said.startswith("SIMULATED=") and "TRIP_MDEGC=5000 mdegC;" in said and ";ROOM_M3=25 m3;" in said
    assert "TRIP_MDEGC=4000 mdegC;" in app.ask("CONF?")
    saved, _ = config.load(app.board.files)
    assert (saved.trip_mdegc, saved.burst_max_us, saved.room_m3, saved.jet_k_mdegc) == (5_000, 300_000, 25, 16_000)
    assert app.supervisor.config.trip_mdegc == 4_000  # in force at the next start


def test_settings_that_cannot_be_read_are_not_written_over():
    app = App()
    app.supervisor.mode = mode.SERVICE
    assert app.ask("CONF trip_mdegc,5000") == "OK"
    before = dict(app.board.files.files)
    app.board.files.fails = "read"
    is_error(app.ask("CONF:SAVE"), 401, "settings: a copy cannot be read")
    is_error(app.ask("CONF room_m3,25"), 401, "settings: a copy cannot be read")
    is_error(app.ask("CONF:STOR?"), 401, "settings: a copy cannot be read")
    assert app.board.files.files == before
    app.board.files.fails = ""
    assert app.ask("CONF:STAG?") == "TRIP_MDEGC=5000 mdegC"  # kept for another try
    for path, data in before.items():
        app.board.files.files[path] = data[:-1]
    before = dict(app.board.files.files)
    is_error(app.ask("CONF:SAVE"), 401, "provision")
    assert app.board.files.files == before


def test_a_virtual_board_s_settings_are_named_and_not_saved_on_another_board():
    app = App({"simulated": 1})
    app.supervisor.mode = mode.SERVICE
    before = dict(app.board.files.files)
    for command in ("CONF room_m3,25", "CONF:SAVE", "CONF:STOR?"):
        if command == "CONF:SAVE":
            app.console.staged = {"room_m3": 25}
        is_error(app.ask(command), 401, "simulated", "provision this board")
    assert app.board.files.files == before
    app.console.staged = {}
    app.board.name = "virtual"
    assert app.ask("CONF room_m3,25") == app.ask("CONF:SAVE") == "OK"
    assert config.load(app.board.files, True)[0].room_m3 == 25


def test_a_board_that_refused_its_settings_says_why():
    app = App()
    app.supervisor.config = None
    app.board.config_error = config.FOREIGN
    is_error(app.ask("CONF?"), -221, "simulated", "provision this board")
    is_error(app.ask("CONF? TRIP_MDEGC"), -221, "simulated", "provision this board")


def test_a_board_without_settings_takes_a_whole_record_only():
    app = App()
    app.board.files.files.clear()
    app.supervisor.mode = mode.SERVICE
    assert app.ask("CONF jet_k_mdegc,16000") == "OK"  # no calibration is there that it could be taken for
    is_error(app.ask("CONF:SAVE"), -221, "no settings yet", "SERIAL", "CALIBRATION_DUE_D")
    assert app.board.files.files == {}
    for row in config.FIELDS[1:]:
        assert app.ask("CONF {},{}".format(row[0], row[2])) == "OK"
    app.ask("CONF jet_k_mdegc,16000")
    assert app.ask("CONF:SAVE") == "OK"
    assert config.load(app.board.files) == config.build({"jet_k_mdegc": 16_000})
    is_error(app.ask("CONF jet_k_mdegc,9000"), -221, "CAL:MEAS")  # now there is one, in force or not


def test_a_reset_that_is_written_wrong_leaves_what_is_staged_and_the_service_mode():
    app = App()
    app.ask("FORM:HUM")
    app.supervisor.mode = mode.SERVICE
    app.ask("CONF trip_mdegc,5000")
    app.console.calibration = ("OPEN", (18_000,))
    for wrong, number in (("*RST 1", -108), ("*RST?", -113), ("*RSTX", -113)):
        is_error(app.ask(wrong), number)
        app.run(5)
        assert app.supervisor.mode == mode.SERVICE and app.console.human
        assert app.console.staged == {"trip_mdegc": 5_000} and app.console.calibration == ("OPEN", (18_000,))


def test_a_refused_reset_changes_nothing():
    app = App()
    app.arm()
    app.ask("STOP")
    app.ask("FORM:HUM")
    app.stream.incoming += b"STRM 10 s\n"
    app.run(80)  # its first line is out, the next one far away
    app.inputs.estop = 1
    app.run(5)
    app.inputs.estop = 0
    assert app.supervisor.mode == mode.FAULT
    chosen = app.supervisor.session.preset, app.supervisor.session.attested
    is_error(app.ask("*RST"), -221)
    assert app.console.human and app.console.telemetry.period
    assert (app.supervisor.session.preset, app.supervisor.session.attested) == chosen
    assert app.ask("FAULT:ACK") == "Done." and app.ask("*RST") == "OK"  # said behind it: in the machine form
    assert not app.console.human and not app.console.telemetry and app.supervisor.session.preset < 0


# --- for people ---------------------------------------------------------------------------------------------------
def test_help_by_topic():
    app = App()
    lines = app.slow("HELP", 10)
    assert len(lines) == len(table.TOPICS) + 2 and "FORM:HUM gives answers as sentences" in lines[-1]
    for topic in table.TOPICS:
        lines = app.slow("HELP " + topic[0], 10)
        assert lines[0].startswith(topic[0])
        assert lines[-2].strip() == topic[3][0]
    is_error(app.ask("HELP FIRE"), -224)


def test_sentences_on_request():
    app = App()
    assert app.ask("FORM:HUM") == "Done."
    assert app.ask("STAT?").startswith("The applicator is in stand-by.")
    for blockers, said in (("KEY", "One thing blocks"), ("KEY,LOOP", "2 things block")):
        text = sentences.of(app.console, "STAT?", "STATE=STANDBY;BLOCKERS={};FAULT=NONE;POINT=0".format(blockers))
        assert text == "The applicator is in stand-by. {} gas; STAT:WHY? tells what to do.".format(said)
    assert app.ask("MEAS:DIST?") == "The skin is 100 mm away."
    assert app.ask("FAULT?") == "No fault."
    assert app.ask("MEAS:TEMP?").startswith("Skin 32.00 degC, 100 ms ago; Nozzle")
    assert app.ask("MEAS:PRES?") == "Bottle 57.0 bar, Line 57.0 bar."
    said = "SKIN=23.47,170ms;NOZZLE=OPEN;INFRARED=-1.13,260ms;PREDICTED=24.58"
    told = "Skin 23.47 degC, 170 ms ago; Nozzle: no reading (OPEN); Infrared -1.13 degC, 260 ms ago; "
    assert sentences.of(app.console, "MEAS:TEMP?", said) == told + "Predicted 24.58 degC."
    said = sentences.of(app.console, "MEAS:PRES?", "BOTTLE=57282 mbar;LINE=6127 mbar")
    assert said == "Bottle 57.3 bar, Line 6.1 bar."
    assert app.ask("TREAT:LEV?") == "TREAT:LEV: none." and app.ask("SYST:ECHO?") == "SYST:ECHO: OFF."
    assert app.ask("STAT:VALV?").startswith("STAT:VALV: dose ") and "=" not in app.ask("STAT:VALV?")
    assert app.ask("*IDN?") == "CO2 cryotherapy applicator,test,42,0.1.0"
    assert "TREAT:LEV 1..5" in app.slow("HELP?", 10)[0] or "TREATment:LEVel" in app.slow("HELP?", 10)[0]
    is_error(app.ask("FIRE"), -113)
    app.ask("FORM:MACH")
    app.arm()
    app.ask("STOP")
    app.ask("FORM:HUM")
    assert app.ask("STAT:WHY?").startswith("There is no blocker; about ")
    app.console.human = False
    assert app.ask("MEAS:DIST?") == "100 mm"


def sent(app, data):
    """Send a line in one piece, as a program does; return what the device sends."""
    before = len(app.stream.written)
    app.stream.incoming += data
    app.run(12)
    return app.stream.written[before:]


def typed(app, keys):
    """Send a person's keys, without anything between two of them. A key may have several characters."""
    before = len(app.stream.written)
    for key in keys if isinstance(keys, (list, tuple)) else [keys[n : n + 1] for n in range(len(keys))]:
        app.stream.incoming += key
        app.run(3 + len(key) // 64)
    app.run(12)
    return app.stream.written[before:]


UP, DOWN, RIGHT, LEFT, HOME, END, DELETE = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[H", b"\x1b[F", b"\x1b[3~"


def screen(data):
    """Return the lines that a terminal shows for these bytes."""
    lines, at = [[]], 0
    for ch in data:
        if ch == 13:
            at = 0
        elif ch == 10:
            lines.append([])
        elif ch == 8:
            at -= 1
            assert at >= 0
        else:
            assert 32 <= ch < 127
            lines[-1][at : at + 1] = [chr(ch)]
            at += 1
    return ["".join(line).rstrip() for line in lines]


def test_echo_is_off_until_asked_for():
    app = App()
    assert app.ask("SYST:ECHO?") == "OFF"
    assert typed(app, b"MEAS:DIST?\r") == b"100 mm\n"
    assert app.ask("SYST:ECHO ON") in ("OK", "OK\r")
    assert typed(app, b"MEAS:DIST?\r") == b"MEAS:DIST?\r\n100 mm\r\n"
    assert typed(app, b"MEAS:DIST?\r\n") == b"MEAS:DIST?\r\n100 mm\r\n"
    assert typed(app, b"SYST:ECHO OFF\r").startswith(b"SYST:ECHO OFF\r\nOK")
    assert app.ask("MEAS:DIST?") == "100 mm"


def test_the_clicks_of_guidance_can_be_switched_off_also_while_armed_and_nothing_else():
    app = App()
    assert app.ask("SYST:GUID?") == "ON" and app.guides
    assert app.ask("SYST:GUID OFF") == "OK" and not app.guides
    assert app.ask("SYSTem:GUIDance?") == "OFF"
    assert app.ask("SYST:GUID MAYBE").startswith("ERROR -224")
    assert app.ask("SYST:GUID ON") == "OK" and app.guides


def test_a_line_in_one_piece_is_never_echoed():
    app = App()
    for line in (b"MEAS:DIST?\n", b"MEAS:DIST?\r\n", b"\tMEAS:DIST?\r", b"MEAS:DIST?\r\n"):
        assert sent(app, line) == b"100 mm\n" and app.console.editor is None
    app.ask("SYST:ECHO ON")
    for line in (b"MEAS:DIST?\n", b"MEAS:DIST?\r\n", b"\tMEAS:DIST?\r"):
        assert sent(app, line) == b"100 mm\n"
    assert typed(app, b"MEAS:DIST?\r") == b"MEAS:DIST?\r\n100 mm\r\n"
    assert typed(app, [b"MEAS:", b"DIST?", b"\r"]) == b"MEAS:DIST?\r\n100 mm\r\n"


def test_echo_begins_at_a_key_that_only_a_person_sends_and_says_what_helps():
    for key in (b"\r", b"\n", b"\t", b"\x7f", b"\x08", UP, LEFT):
        app = App()
        (told,) = [line for line in screen(typed(app, [key])) if line]
        assert "HELP" in told and "FORM:HUM" in told and "SYST:ECHO OFF" in told and len(told) <= 80
        assert typed(app, b"MEAS:DIST?\r") == b"MEAS:DIST?\r\n100 mm\r\n", key
    app = App()
    assert b"HELP: commands" in typed(app, b"?\r")
    assert typed(app, b"MEAS:DIST?\r") == b"MEAS:DIST?\r\n100 mm\r\n"
    assert screen(typed(app, b"?\r"))[1].startswith("HELP: commands")
    app = App()
    assert screen(typed(app, b"MEAS:DISS\x7fT?\r"))[1:3] == ["MEAS:DIST?", "100 mm"]


def test_keys_in_one_piece_with_others_and_a_tool_s_lines_begin_no_echo():
    for data in (b"\r\n\r\n", b"\x08\x08\n", b"\n\n", b"\x15" + b"\x08" * 120 + b"\n"):
        app = App()
        sent(app, data)
        assert app.console.editor is None, data
    app = App()
    for _ in range(3):  # LF behind CR comes later, over a slow line
        assert typed(app, [b"MEAS:DIST?\r", b"\n"]) == b"100 mm\n"
    assert app.console.editor is None
    typed(app, b"\r")
    assert app.console.editor
    assert sent(app, wrapped(0, "MEAS:DIST?").encode() + b"\n").startswith(b"@0 100 mm")
    assert app.console.editor is None
    for key in (b"\r", UP, b"\x7f"):  # a tool's session is open
        typed(app, [key])
        assert app.console.editor is None


def test_no_key_loads_the_editor_while_bursts_may_be_given():
    app = App()
    app.arm()
    for key in (b"\r", UP, b"\x7f"):
        assert typed(app, [key]) == b"" and app.console.editor is None
        sent(app, b"\n")


def test_keys_edit_the_line():
    app = App()
    typed(app, b"\r")
    wanted = ["MEAS:DIST?", "100 mm", ""]
    for keys in (
        [b"MEAS:DISS", b"\x7f", b"T?"],
        [b"\x08", b"\x08", b"MEAS:DIST?"],
        [b"EAS:DIST?", HOME, b"M"],
        [b"MEAS:DIS?", LEFT, b"T"],
        [b"MEAS:DIIST?", LEFT, LEFT, LEFT, b"\x7f"],
        [b"MMEAS:DIST?", HOME, DELETE],
        [b"XMEAS:DIST", b"\x1b[1~", b"\x1b[3~", b"\x1b[4~", b"?"],
        [b"MES:DIST?", HOME, RIGHT, RIGHT, b"A"],
        [b"XYZ", LEFT, b"\x15", b"MEAS:DIST?", RIGHT, END, DELETE],
        [b"MEAS:DIST?", HOME, LEFT, b"\x7f", b"\x1b[5~", b"\x1b[99999999~", b"\x1bx"],
        [UP],
        [UP, HOME, DELETE, b"M"],
        [b"X", UP, UP],
    ):
        assert screen(typed(app, keys + [b"\r"])) == wanted, keys
    typed(app, b"TREAT:LEV?\r")
    assert screen(typed(app, [UP, b"\x1bOA", b"\r"])) == wanted
    assert screen(typed(app, [UP, DOWN, b"MEAS:DIST?", b"\r"])) == wanted
    assert typed(app, [b"X" * 130, b"\r"]).endswith(b"120 characters at most\r\n")
    said = screen(typed(app, [b"Y" * 120, LEFT, b"Z", b"\r"]))
    assert said[0] == "Y" * 120 and said[1].startswith("ERROR -113")
    for _ in range(2):  # mpremote gets its answer
        assert b"SERV:REPL" in sent(app, b"\x01")


def test_a_pin_is_neither_shown_nor_kept():
    app = App()
    typed(app, b"\r")
    for line in (
        [b"SERV:PIN 271828"], [b"serv:pinn 271828"], [b"service:pin271828"], [b"SERV:PIN 71828", HOME, END, b"1"],
        [b"SERV:PIN 28", HOME, END, LEFT, LEFT, b"2718"],
    ):  # fmt: skip
        shown = typed(app, [bytes((ch,)) for ch in line[0]] + line[1:] + [b"\r"])
        said = screen(shown)
        assert "****" in said[0], said
        assert b"271828" not in shown and "271828" not in "".join(said)
        assert b"271828" not in typed(app, [UP, b"\r"])
    for kept in app.console.editor._kept:
        assert b"271828" not in kept
