"""The hour that exists twice, at the end of daylight saving: two moments in it stay different, and none looks wrong."""

import datetime
import os
import time

import pytest

from host_tools.cryoctl import log
from host_tools.cryoctl.calibration import session
from host_tools.cryoctl.monitor import feed, screen, seen
from host_tools.cryoctl.report import gather
from tests.cryoctl.monitored import HEADER, sample

HALF_PAST_TWO = datetime.datetime(2026, 10, 25, 2, 30)


@pytest.fixture
def berlin(monkeypatch):
    """Return a function that sets a module's clock to one of the two moments of half past two."""
    if not hasattr(time, "tzset"):
        pytest.skip("the system's time zone cannot be set here; not tested: the doubled hour")
    before = os.environ.get("TZ")
    os.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    time.tzset()

    def at(fold, *places):
        class Clock(datetime.datetime):
            @classmethod
            def now(cls, tz=None):
                return HALF_PAST_TWO.replace(fold=fold)

        for module, name in places:
            monkeypatch.setattr(module, name, Clock)

    yield at
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def test_two_recordings_and_two_reports_within_it_have_other_offsets(berlin, monkeypatch):
    started, made = [], []
    for fold in (0, 1):
        berlin(fold, (feed, "datetime"))
        started.append(feed.Feed("p")._started)
        berlin(fold, (gather.datetime, "datetime"))
        made.append(gather.now())
        monkeypatch.undo()
    assert [one.isoformat()[-6:] for one in started] == ["+02:00", "+01:00"]
    assert (started[1] - started[0]).total_seconds() == 3600
    assert made[0][-6:] == "+02:00" and made[1][-6:] == "+01:00"


def test_a_recording_that_nobody_named_does_not_take_the_place_of_one_an_hour_before(berlin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = []
    for fold in (0, 1):
        berlin(fold, (screen, "datetime"))
        known = seen.Seen(HEADER)
        recorder = seen.Recorder(known)
        recorder.start(screen._named(known))
        recorder.add(sample(fold))
        recorder.stop()
        kept.append(recorder.path.name)
    assert len(set(kept)) == 2 and all(f'"t_ms":{n}' in (tmp_path / name).read_text() for n, name in enumerate(kept))


def test_the_device_is_given_the_time_of_the_wall_and_its_records_go_on(berlin):
    """The device's clock has no such hour. If a person sets it back within a day, the log must not look changed."""

    class Device:
        def __init__(self):
            self.told = []

        def tell(self, command):
            self.told.append(command)
            known = any(one.startswith("SYST:DATE 2026,10,25") for one in self.told)
            return "2026,10,25" if known else "UNKNOWN"

    device = Device()
    said = session.clock(device, lambda: HALF_PAST_TWO.replace(fold=1))
    assert "2026-10-25 02:30" in said and device.told[1:3] == ["SYST:DATE 2026,10,25", "SYST:TIME 02,30,00"]
    times = ["2026-10-25T02:59:00", None, "2026-10-25T02:10:00"]
    records = [
        log.Record("1", n, "CHANGE", when, log.RECORDED if when else None, 100 * n, what="PATIENT")
        for n, when in enumerate(times, 1)
    ]
    assert log.strange(records) == []
    assert log.dated(records)[1].when == "2026-10-25T03:00:40"
