"""What the supervisor does at its edges: clocks, service mode, tighter settings, the accounts that end a point."""

from bench import Bench
from cryo.core import blockers, mode, session
from cryo.core.session import GOING
from cryo.core.supervisor import ARM, DISARM, SERVICE
from cryo.limits import DOSE_POINT_DEGC_S


def test_a_clock_that_steps_back_is_no_time():
    bench = Bench().deliver().to_burst(1)
    point_us = bench.sup.session.point_us
    mode_us = bench.sup._mode_us
    bench.sup.tick(bench.now_us - 5_000, bench.i, bench.o)
    assert bench.sup.mode == mode.DELIVERING
    assert bench.sup.session.point_us == point_us and bench.sup._mode_us == mode_us


def test_the_first_tick_counts_as_one_whatever_the_clock_says():
    bench = Bench()
    bench.tick()
    assert bench.sup._mode_us == 0  # the self-test was entered in it
    assert bench.sup.session._uptime_us == 10_000


def test_service_is_entered_from_standby_alone_and_left_by_a_disarm():
    bench = Bench().stand_by()
    bench.ask(SERVICE)
    assert bench.sup.mode == mode.SERVICE
    bench.choose()
    bench.ask(ARM)
    assert bench.sup.mode == mode.SERVICE and bench.o.cut == 1
    bench.ask(DISARM)
    assert bench.sup.mode == mode.STANDBY
    bench = Bench().arm()
    bench.ask(SERVICE)
    assert bench.sup.mode == mode.ARMED


def test_an_application_without_its_manifest_does_not_arm():
    bench = Bench().stand_by()
    bench.choose()
    bench.sup.unchecked = True
    bench.ask(ARM)
    assert bench.sup.mode == mode.STANDBY
    assert bench.sup.blocked_by == blockers.UNPROVISIONED | bench.sup.blocked_by & blockers.TO_START
    bench.sup.unchecked = False
    bench.ask(ARM)
    assert bench.sup.mode == mode.READY


def test_the_settings_longest_burst_holds():
    bench = Bench({"simulated": 1, "jet_k_mdegc": 16_000, "burst_max_us": 100_000}).deliver().to_burst(4)
    assert max(bench.fired) == 100_000


def test_reduced_sensation_is_300_ms_whatever_the_level_says():
    bench = Bench().deliver(preset=1, level=3)
    bench.sup.session.row = lambda: (15_000, 10_000, 500_000, 120, 13_408)
    bench.to_burst(3)
    assert max(bench.fired) == 300_000


def _spent(spend):
    """Deliver, let `spend` use an account up; return the reason with which the point ends in that tick."""
    bench = Bench().deliver().to_burst(1)
    bench.sup.session.reason = GOING
    spend(bench.sup)
    bench.tick()
    assert bench.sup.mode == mode.COMPLETE and bench.o.cut == 1 and not bench.sup.session.point_open
    return bench.sup.session.reason


def test_each_account_that_is_used_up_ends_the_point_with_its_name():
    def dose(s):
        s.overcool.dose_point = DOSE_POINT_DEGC_S * 100_000

    def session_time(s):
        s.session.session_s = 1_200

    def session_gas(s):
        s.session.valve_on_ms = 300_000

    def point_time(s):
        s.session.point_us = 60_000_000

    def point_gas(s):
        s.session.point_valve_on_us = 30_000_000

    for spend, reason in (
        (dose, session.DOSE), (session_time, session.SESSION), (session_gas, session.SESSION),
        (point_time, session.TIME), (point_gas, session.GAS),
    ):  # fmt: skip
        assert _spent(spend) == reason


def test_a_point_that_is_stopped_or_faulty_says_so():
    for spoil, reason in ((lambda b: b.ask(DISARM), session.STOPPED), (_stop, session.FAULTED)):
        bench = Bench().deliver().to_burst(1)
        spoil(bench)
        assert bench.sup.session.reason == reason and not bench.sup.session.point_open


def _stop(bench):
    bench.i.estop = 1
    bench.tick()
