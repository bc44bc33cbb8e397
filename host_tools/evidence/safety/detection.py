"""Provokes every fault of the registry in a full simulated run, and writes the results.

    python -m host_tools.evidence.safety.detection [--lane unix|cpython] [--only FAULT,...]

Real MicroPython runs the shipped firmware (the `unix` lane), or a copy with a planted flaw if nothing outside the
processor can cause the fault. Writes docs/safety/detection.json; `make safety` makes the page from it.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from host_tools.evidence.safety import code, outcomes, provoked
from host_tools.evidence.safety.code import Code
from host_tools.evidence.safety.provoked import Flaw
from host_tools.places import ROOT
from host_tools.simulator.twin import timeline
from host_tools.simulator.twin.people import fields
from host_tools.simulator.twin.session import Session, run_scenario
from host_tools.simulator.twin.treatment import Plan

DATA = ROOT / "docs/safety/detection.json"
# Counted from the alarm: the tick that latches drives it, right after the cut.
GAS_OFF_MS = 45  # lease 20, closing delay 25
DOSE_OFF_MS = 1  # the cut comes first [E]
LEASE_OFF_MS = 20  # limit 17: the lease is not renewed
OFF = (
    ("gas", "gas_off_ms", GAS_OFF_MS),
    ("the dose valve's drive", "dose_off_ms", DOSE_OFF_MS),
    ("the lease", "lease_off_ms", LEASE_OFF_MS),
)
PROCESSES = 2


def provoke(name: str, lane: str = "unix", plan: Plan | None = None, flaws: Sequence[Flaw] = ()) -> Session:
    """Run the fault's row; `plan` replaces its own, `flaws` are added. Raises KeyError for a fault without a row."""
    row = provoked.PROVOKED[name]
    with tempfile.TemporaryDirectory() as folder:
        firmware = provoked.firmware((*row.flaws, *flaws), Path(folder))
        return run_scenario(row.scenario, lane, plan=plan, firmware=firmware)


def measure(name: str, lane: str = "unix", plan: Plan | None = None, flaws: Sequence[Flaw] = ()) -> dict:
    """Provoke a fault and return the results of the run; times in ms of virtual time, or None."""
    row = provoked.PROVOKED[name]
    session = provoke(name, lane, plan, flaws)
    plant, record = session.plant, session.plant.record
    event_us = record.injected_us[-1] if record.injected_us else None
    alarm_us = next((at for at, what, up in record.edges if what == "alarm" and up and at >= (event_us or 0)), None)
    last = {} if alarm_us is None else timeline.last_after(record.edges, alarm_us, plant.now_us)
    told = fields(session.crash).get("FAULT") if row.query == "SYST:CRAS?" else session.fault_name
    return {
        "fault": name,
        "event": row.scenario.title,
        "planted": row.flaw is not None,
        "told": told,
        "told_by": row.query,
        "ends": session.final.get("STATE"),
        "remedy": session.remedy or None,
        "allowed_ms": row.scenario.detect_ms,
        "detect_ms": None if alarm_us is None or event_us is None else (alarm_us - event_us) / 1000,
        "gas_off_ms": last.get("gas"),
        "dose_off_ms": last.get("dose"),
        "lease_off_ms": last.get("lease"),
        "withdrawn": timeline.withdrawn(record.edges) is not None,
        "bursts": len(record.bursts),
        "resets": len(record.resets),
        "lowest_c": round(record.skin_min_c, 2),
        "raised": session.messages,
        "interpreter": session.interpreter,
    }


def problems(row: dict) -> list[str]:
    """Return what is not as it must be in one row, as sentences."""
    out = []
    if row["told"] != row["fault"]:
        out.append(f"{row['told_by']} tells {row['told']}")
    if row["detect_ms"] is None or row["detect_ms"] > row["allowed_ms"]:
        out.append(f"alarm after {row['detect_ms']} ms, allowed {row['allowed_ms']}")
    for what, key, most_ms in OFF:
        if row[key] is None or row[key] > most_ms:
            out.append(f"{what} ends {row[key]} ms after the alarm, allowed {most_ms}")
    if row["withdrawn"]:
        out.append("the alarm ended, and nobody had acknowledged it")
    if row["ends"] != ("FAULT" if row["told_by"] == "FAULT?" else "STANDBY"):  # after a restart it is only safe
        out.append(f"ends in {row['ends']}")
    if row["lowest_c"] <= 0:
        out.append(f"true skin surface {row['lowest_c']} degC")
    if row["raised"]:
        out.append(f"the firmware raised: {row['raised'].splitlines()[-1]}")
    return [f"{row['fault']}: {text}" for text in out]


def load() -> dict[str, dict]:
    """Return the rows that were written last, by fault."""
    return {row["fault"]: row for row in json.loads(DATA.read_text(encoding="utf-8"))["rows"]}


def measured_on() -> str:
    """Return the digest of the code whose runs these rows show: outcomes.measured() at that time."""
    return json.loads(DATA.read_text(encoding="utf-8"))["code"]


def stale(now: str = "") -> str:
    """Return a sentence when the rows are of other code than this, else "". now: this code's digest."""
    then, now = measured_on(), now or outcomes.measured()
    if then == now:
        return ""
    return f"{DATA.name} was measured on {then}, this code is {now}: the page says so; `make detection` renews it"


def page_lines(rows: dict[str, dict], on: str, firmware: Code, head, line) -> list[str]:
    """Return the page's text. `on` names the measured code; head and line make the rows of a table."""
    interpreters = sorted({row["interpreter"] for row in rows.values() if row["interpreter"]})
    early = sum(not row["bursts"] for row in rows.values())
    out = [
        "Each fault was provoked in a simulated run. A whole run has switch-on, five minutes of cool-down, choice,",
        "attestation, both arming steps, proof test and treatment; each of these ended with its fault. The number of",
        f"bursts says how far it had come: {early} of {len(rows)} faults came before the first burst.",
        f"The firmware ran in {', '.join(interpreters)}.",
        f"Measured on the firmware, virtual board and twin of digest `{on}`, all rows on the same. Every run of the",
        "tests provokes a sample of the faults anew on its own code; `make check` says when that is not this page's.",
        "",
        "Detection is the virtual time from the event to the alarm, which is in the tick that latches; reaction is",
        f"from the alarm to the end of the gas at the valves, their closing included, and is at most {GAS_OFF_MS} ms.",
        "0 says that no gas flowed any more. A planted event is a flaw in a copy of the firmware, for what nothing",
        "outside the processor can bring about; after its restart the device tells the fault by `SYST:CRAS?`.",
        "",
        *head("code", "fault", "event", "bursts", "detection ms (allowed)", "reaction ms", "lowest degC", "remedy"),
    ]
    for fault in firmware.faults:
        row = rows[fault.name]
        event = row["event"] + (" (planted)" if row["planted"] else "")
        times = f"{row['detect_ms']:.0f} ({row['allowed_ms']})"
        cells = (event, str(row["bursts"]), times, f"{row['gas_off_ms']:.0f}", f"{row['lowest_c']:.1f}", fault.remedy)
        out.append(line(str(fault.code), f"`{fault.name}`", *cells))
    return out


def main() -> int:
    """Command line; returns 1 when a fault was not found as it must be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lane", choices=("unix", "cpython", "wasm"), default="unix")
    parser.add_argument("--only", help="FAULT,FAULT: only these; the other rows stay as they are")
    args = parser.parse_args()
    registry = [fault.name for fault in code.read().faults]
    names = args.only.split(",") if args.only else registry
    missing = set(names) - set(provoked.PROVOKED)
    if missing:
        print(
            f"no run provokes {', '.join(sorted(missing))}: add a row to host_tools/evidence/safety/provoked.py",
            file=sys.stderr,
        )
        return 1
    on = outcomes.measured()
    if args.only and measured_on() != on:
        print(f"{stale(on)}: no page holds rows of two codes; the runs follow, but are not written")
    rows = []
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for row in pool.map(measure, names, [args.lane] * len(names)):
            rows.append(row)
            detect = f"{row['detect_ms']} of {row['allowed_ms']} ms, gas off {row['gas_off_ms']} ms later"
            print(f"{row['fault']:<17} {detect}, {row['lowest_c']} degC", *problems(row), sep="; ", flush=True)
    if not args.only or measured_on() == on == outcomes.measured():
        made = (load() if args.only else {}) | {row["fault"]: row for row in rows}
        whole = {"code": on, "rows": [made[name] for name in registry if name in made]}
        DATA.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return 1 if any(problems(row) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
