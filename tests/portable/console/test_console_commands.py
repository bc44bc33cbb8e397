"""Every command of the line console: what it answers, and what it refuses by naming what is allowed."""

from console_rig import ALL, App, is_error
from cryo import __version__, remedies
from cryo.console import live, table, topics
from cryo.core import blockers, faults, mode, presets, session
from cryo.core.supervisor import Supervisor


# --- what can be asked ----------------------------------------------------------------------------------------
def test_help_names_every_command():
    answer = App().ask("HELP?")
    for topic in table.TOPICS:
        for row in topic[4]:
            assert row[0] in answer


def test_identity():
    assert App().ask("*IDN?") == "CO2 cryotherapy applicator,test,42," + __version__
    app = App()
    app.supervisor = Supervisor(None)
    assert "unprovisioned" in app.ask("*IDN?")
    assert "python" in app.ask("SYST:INT?").lower()


def test_status():
    app = App()
    fields = dict([part.split("=") for part in app.ask("STAT?").split(";")])
    assert fields["STATE"] == "STANDBY"
    assert fields["FAULT"] == "NONE"
    assert "SETUP" in fields["BLOCKERS"].split(",")
    app.choose()
    fields = dict([part.split("=") for part in app.ask("STAT?").split(";")])
    assert fields["BLOCKERS"] == "NONE"
    assert fields["POINT"] == "1"


def test_why_says_what_to_do():
    app = App()
    assert "SETUP: choose preset" in app.ask("STAT:WHY?")
    app.choose()
    assert app.ask("STAT:WHY?").startswith("no blocker; about ")


def test_valves_tell_openings_and_when_they_are_proven_next():
    app = App()
    assert app.ask("STAT:VALV?") == "DOSE=0;SHUTOFF=0;PROOF=DUE;BURSTS_LEFT=0"
    v = app.supervisor.valves
    v.bursts = 0
    v.fired()
    v.dose_cycles += 1
    assert app.ask("status:valves?") == "DOSE=2;SHUTOFF=1;PROOF=DONE;BURSTS_LEFT=499"
    v.bursts = 501  # a point was finished first
    assert app.ask("STAT:VALV?") == "DOSE=2;SHUTOFF=1;PROOF=DUE;BURSTS_LEFT=0"


def test_temperature_is_signed_and_never_a_number_without_a_reading():
    app = App()
    assert app.ask("MEAS:TEMP?") == "SKIN=32.00,100ms;NOZZLE=NEVER;INFRARED=NEVER;PREDICTED=NONE"
    app.inputs.nozzle.status = 0
    app.inputs.nozzle.value_mdegc = -1_050
    app.inputs.nozzle.age_us = 50_000
    app.inputs.skin.invalidate(2)
    assert app.ask("MEAS:TEMP?").startswith("SKIN=OPEN;NOZZLE=-1.05,50ms;")
    app.inputs.nozzle.value_mdegc = -50
    assert "NOZZLE=-0.05," in app.ask("MEAS:TEMP?")
    app.inputs.nozzle.value_mdegc = 0
    assert "NOZZLE=0.00," in app.ask("MEAS:TEMP?")


def test_distance_and_pressure():
    app = App()
    assert app.ask("MEAS:DIST?") == "100 mm"
    assert app.ask("MEAS:PRES?") == "BOTTLE=57000 mbar;LINE=57000 mbar"
    app.inputs.distance.status = app.inputs.line.status = 2
    assert app.ask("MEAS:DIST?") == "INVALID"
    assert app.ask("MEAS:PRES?") == "BOTTLE=57000 mbar;LINE=INVALID"


def test_what_has_to_come_first_is_named_for_each_mode():
    app = App()
    firsts = (
        (mode.BOOT, "TEST?"),
        (mode.SELF_TEST, "TEST?"),
        (mode.READY, "ARM:OFF"),
        (mode.ARMED, "ARM:OFF"),
        (mode.DELIVERING, "ARM:OFF"),
        (mode.REST, "ARM:OFF"),
        (mode.FAULT, "FAULT?"),
        (mode.SERVICE, "SERV:EXIT"),
    )
    free = (mode.STANDBY, mode.COMPLETE)
    assert sorted([now for now, _ in firsts] + list(free)) == list(range(len(mode.NAMES)))
    for now, first in firsts:
        app.supervisor.mode = now
        is_error(topics.barred(app.console), -221, mode.NAMES[now], first)
    for now in free:
        app.supervisor.mode = now
        assert topics.barred(app.console) is None


def test_every_quantity_has_its_age():
    app = App()
    i = app.inputs
    i.distance.age_us, i.bottle.age_us, i.line.age_us, i.room.age_us = 33_999, 10_000, 0, 5_000_000
    assert app.ask("MEAS:AGE?") == "DISTANCE=33ms;BOTTLE=10ms;LINE=0ms;ROOM=INVALID"
    i.room.status, i.room.value, i.line.status = 0, 812, 2
    assert app.ask("MEASURE:AGE?") == "DISTANCE=33ms;BOTTLE=10ms;LINE=INVALID;ROOM=5000ms"


def test_room():
    app = App()
    assert app.ask("MEAS:ROOM?") == "INVALID"
    app.inputs.room.status = 0
    app.inputs.room.value = 812
    assert app.ask("MEAS:ROOM?") == "812 ppm"


def test_a_warning_is_told_while_armed_too():
    s = App().supervisor
    s.mode = mode.ARMED
    s.blocked_by = blockers.ROOM_AIR | blockers.INFRARED | blockers.REST
    assert [blockers.NAMES[bit] for bit in live._standing(s)] == ["ROOM_AIR", "INFRARED"]


def test_why_says_the_value_the_range_the_time_left_and_the_command():
    app = App()
    s, i = app.supervisor, app.inputs
    i.skin.value_mdegc, i.infrared.status, i.infrared.value_mdegc = 38_450, 0, 31_000
    s.second.parted = lambda skin: True
    app.run(3)
    assert app.ask("TREAT:PRES CIPN") == "OK"
    s.session.rest_left_us = 41_200_000

    def told(name):
        return app.ask("STAT:WHY?").partition(name + ": ")[2].partition(" (")[2].partition(")")[0]

    age = "{}ms".format(i.skin.age_us // 1000)
    assert told("SETUP") == "missing: TREAT:LEV, TREAT:SITE, TREAT:POIN"
    assert told("ATTESTATION").startswith("missing: TREAT:ATT SKIN,")
    assert told("REST").endswith(" s left") and 38 <= int(told("REST").split()[0]) <= 42
    assert told("BASELINE").startswith("SKIN=38.45," + age + ", INFRARED=31.00,")
    assert told("BASELINE").endswith("; allowed 28.00 to 37.00 degC")
    assert told("CONTACT").endswith("; at most 2.00 degC apart")
    i.bottle.value = 31_000
    app.run(3)
    assert told("BOTTLE") == "now 31000 mbar"
    i.estop = 1
    app.run(3)
    assert told("FAULT") == "ESTOP; once its cause is gone: FAULT:ACK"


def test_why_loads_nothing_while_armed():
    app = App()
    app.arm()
    told = app.ask("STAT:WHY?")
    assert "INDICATION: wait for 2 s" in told and " (" not in told


def test_each_blocker_that_why_adds_to_is_a_blocker():
    from cryo.console import why

    assert not set(why._OF) - set(blockers.NAMES)


def test_result():
    app = App()
    assert app.ask("TREAT:RES?") == "NONE"
    app.choose()
    p = app.supervisor.session
    p.begin_point()
    p.burst(150_000)
    p.reached = True
    p.end_point(1)
    assert app.ask("TREAT:RES?").startswith("POINT=1;REASON=TARGET;REACHED=1;BURSTS=1;VALVE_ON_US=150000;")
    assert app.ask("TREAT:RES?").endswith(";JET_K=16000")
    app.supervisor.jet.kept = 1_250
    assert app.ask("TREAT:RES?").endswith(";JET_K=20000")


def test_a_learnt_jet_tells_where_to_hold_it_and_a_badly_seated_probe_what_to_do():
    app = App()
    assert app.ask("STAT?").endswith(";HOLD_MM=NONE")
    assert "HOLD" not in app.ask("STAT:WHY?") and "PROBE_SEAT" not in app.ask("STAT:WHY?")
    app.supervisor.jet.kept = 1_700
    app.supervisor.session.reason = session.PROBE_SEAT
    assert app.ask("STAT?").endswith(";HOLD_MM=115")
    told = app.ask("STAT:WHY?")
    assert told.endswith(
        "; HOLD: thick skin or strong jet: hold at 115 mm; PROBE_SEAT: dry the skin, check the nozzle, fix the probe"
        " flat to the skin, in the middle of the jet"
    )


# --- choosing -------------------------------------------------------------------------------------------------
def test_choices_can_be_asked_back():
    app = App()
    for query in ("TREAT:PRES?", "TREAT:LEV?", "TREAT:SITE?", "TREAT:POIN?"):
        assert app.ask(query) == "NONE"
    app.choose()
    assert app.ask("TREAT:PRES?") == "CHRONIC"
    assert app.ask("TREAT:LEV?") == "3"
    assert app.ask("TREAT:SITE?") == "LFOOT-SOLE"
    assert app.ask("TREAT:POIN?") == "1"
    assert app.ask("TREAT:ATT?") == "COMPLETE"


def test_every_preset_site_and_open_level_can_be_chosen():
    app = App()
    for index, row in enumerate(presets.PRESETS):
        assert app.ask("TREAT:PRES " + row[presets.NAME]) == "OK"
        assert app.supervisor.session.preset == index
        for level, figures in enumerate(row[presets.LEVELS]):
            answer = app.ask("TREAT:LEV {}".format(level + 1))
            assert (answer == "OK") == (figures is not None)
    for index, site in enumerate(presets.SITES):
        assert app.ask("TREAT:SITE " + site) == "OK"
        assert app.supervisor.session.site == index


def test_unknown_choices_name_what_is_allowed():
    app = App()
    is_error(app.ask("TREAT:PRES CHRONICLE"), -224, "CHRONICLE", "CHRONIC, DIABETIC, CIPN")
    assert app.ask("TREAT:PRES CHRONIC") == "OK"
    for level in ("0", "6", "-1", "3.5", "three", "99999999999"):
        is_error(app.ask("TREAT:LEV " + level), -222, level.upper(), "1, 2, 3, 4", "CHRONIC")
    for point in ("0", "9", "A", "1 2"):
        is_error(app.ask("TREAT:POIN " + point), -222, point, "1 to 8")
    is_error(app.ask("TREAT:SITE LFOOT"), -224, "LFOOT", "LFOOT-SOLE", "RKNEE")
    assert app.ask("TREAT:SITE LFOOT-SOLE") == "OK"
    is_error(app.ask("TREAT:ATT SKIN,EYES"), -224, "EYES", "EYESPATIENT", "OXALIPLATIN")
    is_error(app.ask("TREAT:ATT SKIN,"), -224)
    assert app.supervisor.session.attested == 0
    assert app.supervisor.session.level == app.supervisor.session.point == -1


def test_a_level_needs_its_preset_and_an_attestation_its_site():
    app = App()
    is_error(app.ask("TREAT:LEV 1"), -221, "preset")
    is_error(app.ask("TREAT:ATT SKIN"), -221, "preset and site")
    app.ask("TREAT:PRES CHRONIC")
    is_error(app.ask("TREAT:ATT SKIN"), -221, "preset and site")


def test_a_locked_level_names_the_open_ones():
    app = App()
    for name in ("DIABETIC", "CIPN"):
        app.ask("TREAT:PRES " + name)
        for level in ("4", "5"):
            is_error(app.ask("TREAT:LEV " + level), -222, "locked for " + name, "allowed 1, 2, 3")
            assert app.supervisor.session.level == -1


def test_a_level_with_longer_bursts_than_this_device_gives_is_locked():
    app = App({"burst_max_us": 300_000})
    app.ask("TREAT:PRES CHRONIC")
    for level, row in enumerate(presets.PRESETS[app.supervisor.session.preset][presets.LEVELS]):
        word = "TREAT:LEV " + str(level + 1)
        if row and row[presets.CAP_US] <= 300_000:
            assert app.ask(word) == "OK"
        else:
            is_error(app.ask(word), -222, "locked for CHRONIC", "allowed 1, 2")
    assert app.supervisor.session.level == 1
    assert App().supervisor.config.burst_max_us == 500_000


def test_head_face_and_neck_are_refused():
    app = App()
    for site in presets.FORBIDDEN_SITES + ("LEFT-CHEEK", "face"):
        is_error(app.ask("TREAT:SITE " + site), -224, "never treated", "LFOOT-SOLE")
        assert app.supervisor.session.site == -1


def test_another_preset_or_site_asks_for_level_point_and_attestations_anew():
    app = App()
    app.choose()
    assert app.ask("TREAT:SITE LFOOT-SOLE") == "OK"
    assert app.ask("TREAT:PRES CHRONIC") == "OK"
    assert app.ask("TREAT:ATT?") == "COMPLETE"
    assert app.ask("TREAT:SITE RFOOT-SOLE") == "OK"
    assert app.ask("TREAT:POIN?") == "NONE"
    assert app.ask("TREAT:ATT?").startswith("MISSING SKIN: ")
    app.choose()
    assert app.ask("TREAT:PRES CIPN") == "OK"
    assert app.ask("TREAT:LEV?") == "NONE"
    assert "OXALIPLATIN: " in app.ask("TREAT:ATT?")


def test_attestations_may_be_given_one_by_one():
    app = App()
    app.ask("TREAT:PRES CHRONIC")
    app.ask("TREAT:SITE LFOOT-SOLE")
    for word in ALL.split(","):
        assert app.ask("TREAT:ATT?").startswith("MISSING")
        assert app.ask("TREAT:ATT " + word) == "OK"
    assert app.ask("TREAT:ATT?") == "COMPLETE"


def test_a_new_session_asks_for_attestations_anew():
    app = App()
    app.choose()
    assert app.ask("TREAT:NEW") == "OK"
    assert app.ask("TREAT:ATT?").startswith("MISSING")


def test_another_patient_right_after_a_burst_is_refused_with_the_time_to_wait_and_each_one_is_in_the_log():
    app = App()
    app.run(60)
    app.choose()
    session = app.supervisor.session
    session.burst(60_000)
    before = app.ask("LOG:COUN?")
    answer = app.ask("TREAT:NEW")
    assert answer.startswith("ERROR -221 another patient takes 120 s without a burst: 12"), answer
    assert app.ask("TREAT:ATT?") == "COMPLETE"
    app.run(60)
    assert app.ask("LOG:COUN?") == before
    session.uptime_s += 121
    assert app.ask("TREAT:NEW") == "OK"
    assert app.ask("TREAT:ATT?").startswith("MISSING")
    app.run(60)
    said = app.ask("LOG? 2")
    assert "KIND=CHANGE" in said and "WHAT=PATIENT" in said, said


def test_a_request_says_how_long_the_session_is_used_up():
    app = App()
    app.choose()
    session = app.supervisor.session
    while not session.used_up:
        session.burst(500_000)
    left_s = session.used_up_s()
    answer = app.ask("ARM:REQ")
    assert answer.startswith("REFUSED SESSION") and "wait {} s".format(left_s) in answer, answer
    session.uptime_s = 3_000  # the log says how; here only the session's own time is used up
    session.valve_on_ms = 0
    session.session_s = 1_200
    answer = app.ask("ARM:REQ")
    assert "for another patient TREAT:NEW, in 0 s" in answer, answer


def test_each_point_says_how_long_it_must_wait():
    app = App()
    is_error(app.ask("TREAT:READ?"), -221, "TREAT:SITE")
    app.choose()
    p = app.supervisor.session
    p.site = presets.SITES.index("LHAND-PALM")  # its template has six points
    assert app.ask("TREAT:READ?") == ",".join(["0"] * 8)
    p.begin_point()
    p.end_point(1)
    waits = app.ask("TREAT:READ?").split(",")
    assert 300 <= int(waits[p.point]) <= 301 and waits[p.point + 1 :] == ["60"] * (7 - p.point)
    app.ask("TREAT:ATT TEMPLATE")
    apart = presets.APART[p.site]
    assert app.ask("TREAT:READ?").split(",")[1:] == ["10"] * (apart - 1) + ["60"] * (8 - apart)
    p.point = 1
    app.run(3)
    answer = app.ask("ARM:REQ")
    assert answer.startswith("REFUSED REST;") and "; REST: 10 s left" in answer, answer
    assert "(10 s left)" in app.ask("STAT:WHY?")
    p.advance(10_000_000)
    app.run(3)
    assert "REST" not in app.ask("STAT:WHY?")
    p.point = 7
    app.run(3)
    told = app.ask("STAT:WHY?")
    assert "ready now: point 2, 3, 4, 5, 6)" in told, told


def test_the_template_is_refused_where_it_has_no_points():
    app = App()
    app.choose()
    for site, count in zip(presets.SITES, presets.APART):
        app.ask("TREAT:SITE " + site)
        answer = app.ask("TREAT:ATT SKIN,TEMPLATE")
        if count:
            assert answer == "OK"
        else:
            is_error(answer, -221, site)
            assert not app.supervisor.session.attested  # nothing of a refused line is taken


def test_another_choice_takes_every_attestation_back_the_template_s_too():
    for again in ("TREAT:SITE LFOOT-DORSUM", "TREAT:PRES DIABETIC", "*RST"):
        app = App()
        app.choose()
        for same in ("TREAT:ATT TEMPLATE", "TREAT:SITE LFOOT-SOLE", "TREAT:PRES CHRONIC"):
            assert app.ask(same) == "OK"
        assert app.supervisor.session.attested & presets.TEMPLATE
        assert app.ask(again) == "OK"
        assert not app.supervisor.session.attested, again


def test_without_a_point_no_time_of_recovery_is_told():
    app = App()
    assert "COOL_DOWN: choose site and point first" in app.ask("ARM:REQ")
    assert "(choose site and point first)" in app.ask("STAT:WHY?")
    assert app.ask("TREAT:SITE LFOOT-SOLE") == "OK"
    assert "COOL_DOWN: choose site and point first" in app.ask("ARM:REQ")  # a site alone is no point


def test_a_refusal_has_the_reading_the_range_and_the_time_left():
    app = App()
    app.choose()
    app.supervisor.session.uptime_s = 100
    app.inputs.skin.value_mdegc = 27_410
    app.run(3)
    answer = app.ask("ARM:REQ")
    assert answer.startswith("REFUSED COOL_DOWN,BASELINE; COOL_DOWN: 200 s left; BASELINE: SKIN=27.41,"), answer
    assert "; allowed 28.00 to 38.00 degC; STAT:WHY? tells what to do" in answer


# --- arming ---------------------------------------------------------------------------------------------------
def test_arming_takes_two_steps():
    app = App()
    app.choose()
    answer = app.ask("ARM:REQ").split()
    assert answer[0] == "READY"
    assert app.supervisor.mode == mode.READY
    assert app.ask("ARM:CONF " + answer[1]) == "ARMED"
    assert app.supervisor.mode == mode.ARMED


def test_a_request_says_what_is_missing():
    app = App()
    assert app.ask("ARM:REQ").startswith("REFUSED SETUP,ATTESTATION")
    app.choose()
    app.ask("TREAT:NEW")
    app.ask("TREAT:ATT SKIN,EYESPATIENT,CONTRA,WOUND")
    answer = app.ask("ARM:REQ")
    assert answer.startswith("REFUSED ATTESTATION; missing attestation EYESOPERATOR;")
    assert app.supervisor.mode == mode.STANDBY


def test_a_wrong_number_does_not_arm():
    app = App()
    app.choose()
    nonce = int(app.ask("ARM:REQ").split()[1].rstrip(";"))
    for left, wrong in ((2, nonce + 1), (1, 0)):
        answer = app.ask("ARM:CONF {}".format(wrong))
        assert answer == "REFUSED not armed: state READY; wrong number, {} more end the request".format(left)
        assert app.supervisor.mode == mode.READY
    for word in ("-1", "1.5", "1e6", "ABC", "1234567", str(nonce) + " 1"):
        is_error(app.ask("ARM:CONF " + word), -104, "ARM:REQ")
    assert app.ask("ARM:CONF {}".format(nonce)) == "ARMED"


def test_the_third_wrong_number_ends_the_request():
    """A person who guesses has three tries; each request starts the count again."""
    app = App()
    app.choose()
    for _ in range(2):
        nonce = int(app.ask("ARM:REQ").split()[1].rstrip(";"))
        for wrong in (nonce + 1, nonce - 1):
            app.ask("ARM:CONF {}".format(wrong))
            assert app.supervisor.mode == mode.READY
        answer = app.ask("ARM:CONF 999999")
        ended = "3 wrong numbers ended the request: ARM:REQ gives another one"
        assert answer == "REFUSED not armed: state STANDBY; " + ended
        assert app.supervisor.mode == mode.STANDBY
        assert app.ask("ARM:CONF {}".format(nonce)).startswith("REFUSED not armed: state STANDBY")


def test_a_late_number_does_not_arm_and_is_not_valid_again():
    app = App()
    app.choose()
    nonce = app.ask("ARM:REQ").split()[1].rstrip(";")
    app.run(1_001)
    assert app.ask("ARM:CONF " + nonce).startswith("REFUSED not armed: state STANDBY")
    app.ask("ARM:REQ")
    assert app.ask("ARM:CONF " + nonce).startswith("REFUSED not armed")


def test_a_number_without_a_request_does_not_arm():
    app = App()
    app.choose()
    assert app.ask("ARM:CONF 0") == "REFUSED not armed: state STANDBY"


def test_disarming():
    for command in ("ARM:OFF", "STOP"):
        app = App()
        app.arm()
        assert app.ask(command) == "OK"
        assert app.supervisor.mode == mode.STANDBY


def test_nothing_can_be_chosen_while_armed():
    app = App()
    app.arm()
    before = app.choice()
    for command in (
        "TREAT:PRES CIPN", "TREAT:LEV 5", "TREAT:SITE RKNEE", "TREAT:POIN 2", "TREAT:ATT SKIN", "TREAT:NEW",
    ):  # fmt: skip
        is_error(app.ask(command), -221, "ARMED", "ARM:OFF")
    assert app.choice() == before
    assert app.ask("TREAT:LEV?") == "3"


def test_faults_and_their_acknowledgement():
    app = App()
    assert app.ask("FAULT?") == "NONE"
    assert app.ask("FAULT:ACK") == "OK"
    app.inputs.estop = 1
    app.tick()
    answer = app.ask("FAULT?")
    remedy = remedies.sentence(faults.ESTOP)
    assert answer == "{} ESTOP;ALSO=NONE;REMEDY={}".format(faults.ESTOP, remedy)
    assert "FAULT=ESTOP" in app.ask("STAT?")
    assert app.ask("FAULT:ACK").startswith("REFUSED {} ESTOP".format(faults.ESTOP))
    is_error(app.ask("TREAT:LEV 1"), -221, "FAULT")
    app.inputs.estop = 0
    assert app.ask("FAULT:ACK") == "OK"
    assert app.ask("FAULT?") == "NONE"
    assert app.supervisor.mode == mode.STANDBY
