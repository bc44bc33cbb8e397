"""One full example of each page: a fault, every setting, and bad values among the good ones."""

import datetime

from host_tools.cryoctl import names
from host_tools.cryoctl.calibration import certificate
from host_tools.cryoctl.calibration.kinds import KINDS, THERMOCOUPLE
from host_tools.cryoctl.calibration.points import Left
from host_tools.cryoctl.device import Identity
from host_tools.cryoctl.devices import Seen
from host_tools.cryoctl.report import fleet, gather, picture
from host_tools.cryoctl.report.page import page
from host_tools.cryoctl.selftest import checks, paper
from host_tools.cryoctl.selftest.items import FAIL, LEFT_OUT, PASS, SKIPPED, Item, Sheet
from host_tools.simulator.twin import report, session_file
from host_tools.simulator.twin.session import run
from host_tools.toolchain.settings import schema

TODAY = datetime.date(2027, 1, 2)
SETTINGS = {
    "serial": 7, "jet_k_mdegc": 16_000, "valve_open_delay_us": 18_000, "calibration_due_d": 10_227,
}  # fmt: skip


def demo(scenario="treatment", lane="unix"):
    """Return the page of `make demo`."""
    session = run(scenario, lane)
    return report.page(session, session_file.describe(session))


def device():
    """Return the page of `cryoctl report`, from a log, a recording and a device."""
    found = gather.Found("2027-01-02T10:00:00+00:00", latched="ESTOP: Release the emergency stop, look at the skin.")
    gather.from_log(picture.LOG, found)
    gather.from_recording(picture.RECORDING, found)
    found.state = "STANDBY"
    found.settings = {
        row.key.upper(): f"{SETTINGS.get(row.key, row.default)} {row.unit}".rstrip() for row in schema()
    }
    values = {"TC": "-13500,120,536,55,-120", "JET": "3,80,16000,16010"}
    told = {
        kind: f"2026-11-22,2027-{1 + n:02}-20,A. FITTER,TIMER 7 IN THE BATH,{values.get(kind, '18000')}"
        for n, kind in enumerate(names.KINDS)
    }
    found.calibrations = gather.calibrations({**told, "DISTANCE": "NONE"}, TODAY)
    found.due = "2027-01-20"
    found.counts = {"DOSE": "170", "SHUTOFF": "171", "UPTIME_S": "552", "LATE_US": "9000", "HEAP_FREE": "99000"}
    found.missing = [(6, 9)]
    return page(found)


def boards(count=9):
    """Return the page of `cryoctl devices -o`: boards of every status, two of one serial number, and other ports."""
    members = []
    for n in range(count):
        serial, port = str(1001 + n - (n == 4)), f"/dev/serial/by-id/usb-MicroPython_Board_in_FS_mode_e66058388{n}"
        seen = Seen(port, "RP2040", f"E66{n}", "FAULT" if n == 2 else "STANDBY", "rp2040_pico", serial, names.VERSION)
        told = {kind: f"2026-01-01,2027-{1 + (n + k) % 5:02}-{1 + k:02},A,B,1" for k, kind in enumerate(names.KINDS)}
        if n == 1:
            told["JET"] = "NONE"
        found = gather.Found("2027-01-02", latched="ESTOP: release the emergency stop" if n == 2 else "")
        found.calibrations, found.due = gather.calibrations(told, TODAY), "2027-01-01"
        members.append(fleet.Member(seen, found))
    members.append(fleet.Member(Seen("cryo", "virtual board", "", "ARMED", "virtual", "7", names.VERSION),
                                left_out="it is ARMED: it was not asked"))  # fmt: skip
    members.append(fleet.Member(Seen("/dev/ttyACM9", "RP2040 or RP2350", "", "prompt"), left_out="install it"))
    return fleet.page(members, "2027-01-02T10:00:00+00:00")


def sheet():
    """Return the self-test's page: items that pass, items that fail with remedies, and items that were left out."""
    items = [
        Item("state", "STANDBY or FAULT", "STANDBY", PASS),
        Item("skin probe", "5 to 45 degC", "OPEN", FAIL, "plug the skin probe in; a second one tells if it is broken"),
        Item("self-test", "PASSED", "PASSED", PASS),
        Item("sensor infrared", "fitted, and it answers", "32.69 degC", PASS),
        Item("service mode", "4711 opens it", "no PIN was given", SKIPPED),
        *(Item(f"channel {name}", "a new number in 2 s", "#17, #19", PASS) for name in checks.CHANNELS),
        *(Item(f"calibration {kind}", "in date", "2027-01-05, 3 days", PASS) for kind in names.KINDS),
        Item("key switch", "turned off and on", "left out", LEFT_OUT, "leave --skip-contacts out"),
    ]
    return paper.html(
        Sheet("rp2040_pico", "7", names.VERSION, "/dev/serial/by-id/usb-MicroPython_Board_in_FS_mode_e660583883",
              "2027-01-02T12:00:00+00:00", "A. Fitter", "cryoctl 0.1.0", items)
    )  # fmt: skip


def certified(kind=THERMOCOUPLE):
    """Return a certificate's page."""
    left = (
        Left("0 degC", 0.4, 2.0, "degC", 0.1), Left("37 degC", -0.25, 2.0, "degC", -0.1),
        Left("-78.5 degC", -2.315, 2.0, "degC", 0.004),
    )  # fmt: skip
    columns = ("reference degC", "shown degC", "reading degC", "error degC", "off the line degC", "cold junction degC")
    rows = (
        ("0", "0.28", "0.4", "+0.4", "+0.100", "24.8"),
        ("37", "36.63", "36.75", "-0.25", "-0.100", "24.9"),
        ("-78.5", "-80.935", "-80.815", "-2.315", "+0.004", "25.1"),
    )
    values = dict(zip(names.KINDS[kind.code], (-13_500, 120, 536, 55, -120), strict=False))
    return certificate.html(
        certificate.Certificate(
            kind.title, Identity("rp2040_pico", "7", names.VERSION), columns, rows, left, values, kind.acceptance,
            TODAY, datetime.date(2028, 1, 2), "A. FITTER", "PT100 NO. 7, BATH 3",
            ("The device is set to type K.", f"A reading was taken at rest: {kind.criteria}."),
        )
    )  # fmt: skip


PAGES = {"demo": demo, "device": device, "fleet": boards, "sheet": sheet, "certificate": certified}
# Other pages that `make pages` checks.
MORE = {
    "demo-eye": lambda: demo("eye"),
    "demo-estop": lambda: demo("estop"),
    "demo-empty": lambda: demo("empty-bottle"),
    **{f"certificate-{kind.name}": (lambda kind=kind: certified(kind)) for kind in KINDS.values()},
}
