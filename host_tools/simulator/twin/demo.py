"""Runs a treatment, or a scenario in which something goes wrong, and shows it: `make demo`.

Exit codes: 0 the run ended as it must; 1 it did not end as its scenario says; 2 the request is not possible.
"""

import argparse
import dataclasses
import math
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.simulator.twin import lanes, report, scenario_table, session_file, timeline
from host_tools.simulator.twin.live import View
from host_tools.simulator.twin.scenarios import SCENARIOS
from host_tools.simulator.twin.session import run
from host_tools.simulator.twin.treatment import BOOT_COOL_DOWN_US

HEADER = ("point", "ended by", "target", "time s", "bursts", "valve on s", "lowest surface degC")

PLAN = ("preset", "level", "site", "points", "attestations", "distance_mm")  # what may replace a scenario's own


def main(argv=None):
    """Command line; returns the exit code."""
    args = _arguments(argv)
    console = Console(soft_wrap=False)
    try:
        if args.scenario == "list":
            return _list(console)
        if args.scenario == "all":
            return scenario_table.run_all(console, args.lane, args.out, args.markdown)
        return _single(console, args)
    except lanes.LaneError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--scenario", default=session_file.FIRST, help="a scenario's name, or: list, all (default treatment)"
    )
    parser.add_argument("--speed", type=_speed, default=0.0, help="0 as fast as possible, 1 real time, 10 ten times it")
    parser.add_argument("--lane", choices=lanes.LANES, default="unix", help="interpreter (default unix)")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for the files (default out/demo)")
    parser.add_argument("--markdown", type=Path, help="with `all`: also write the table to this file")
    plan = parser.add_argument_group("in place of the scenario's own choice; the firmware says what it allows")
    plan.add_argument("--preset")
    plan.add_argument("--level")
    plan.add_argument("--site")
    plan.add_argument("--points", type=lambda text: tuple(text.split(",")), help="such as 1,2")
    plan.add_argument("--attest", dest="attestations", help="such as SKIN,EYESPATIENT")
    plan.add_argument("--distance-mm", type=_distance)
    args = parser.parse_args(argv)
    if args.scenario not in (*SCENARIOS, "list", "all"):
        parser.exit(2, f"unknown scenario {args.scenario!r}: allowed list, all, {', '.join(SCENARIOS)}\n")
    own = [name for name in (*PLAN, "speed") if getattr(args, name) != parser.get_default(name)]
    if own and args.scenario in ("list", "all"):
        words = ", ".join("--" + name.replace("_", "-").replace("attestations", "attest") for name in own)
        parser.exit(2, f"{words}: not with --scenario {args.scenario}, each scenario has its own; name one of them\n")
    if args.markdown and args.scenario != "all":
        parser.exit(2, "--markdown needs --scenario all\n")
    return args


def _number(text, least, what):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: give {what}")
    return value


def _speed(text):
    return _number(text, 0.0, "0 (as fast as possible) or a factor such as 1 or 10")


def _distance(text):
    return _number(text, 1.0, "a distance in mm, 1 or more")


def _list(console):
    width = max(map(len, SCENARIOS))
    for name, row in SCENARIOS.items():
        console.print(f"{name:<{width}}  {row.title}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _single(console, args):
    scenario = SCENARIOS[args.scenario]
    changed = {name: getattr(args, name) for name in PLAN if getattr(args, name) is not None}
    plan = dataclasses.replace(scenario.plan, **changed)
    figures = timeline.level_figures(plan.preset, plan.level)
    _say(console, report.NOTICE, "dim")
    _say(console, f"{plan.preset} level {plan.level}, {plan.site}, {plan.distance_mm:g} mm; lane {args.lane}")
    if args.speed and plan.warm_up:
        wait_s = BOOT_COOL_DOWN_US / 1e6
        _say(console, f"First comes {timeline.BOOT_TEXT}: {wait_s:.0f} s of virtual time,", "yellow")
        _say(console, "which run ahead. The speed holds from then on.", "yellow")
    began = time.monotonic()
    with View(console, scenario, plan, figures, args.speed) as view:
        session = run(args.scenario, args.lane, plan=plan, watch=view)
    wall_s = time.monotonic() - began
    if changed and not scenario.refused:
        refusal = _refusal(session)
        if refusal:
            console.file.flush()
            print(f"the device refused: {refusal}", file=sys.stderr)
            return 2
    description = session_file.describe(session)
    files = session_file.write_all(session, description, args.out)
    _summary(console, description, session.plant.now_us / 1e6, wall_s)
    _say(console, f"written: {', '.join(map(str, files))}")
    for problem in description["problems"]:
        _say(console, f"PROBLEM: {problem}", "bold red")
    if description["problems"] and changed:
        _say(console, "The scenario's row is made for its own plan; this run had another one.", "yellow")
    return 1 if description["problems"] else 0


def _refusal(session):
    """Return the device's own words for refusing the request, or an empty string."""
    if session.refused:
        return f"{session.refused}\n{session.why}".strip()
    held = timeline.held_back(session)
    return f"it armed, but did not start\n{held}" if held else ""


def _say(console, text, style=""):
    console.print(Text(text, style=style), soft_wrap=True)


def _summary(console, d, virtual_s, wall_s):
    good = d["outcome"] == "COMPLETE"
    console.print()
    _say(console, f"outcome        {d['outcome']}", "bold green" if good else "bold red")
    table = Table(*HEADER, box=None, pad_edge=False)
    for p in d["points"]:
        lowest = "-" if p["skin_min_mdegc"] is None else f"{p['skin_min_mdegc'] / 1000:.2f}"
        table.add_row(
            str(p["point"]), p["reason"], "reached" if p["target_reached"] else "not reached",
            f"{p['duration_ms'] / 1000:.1f}", str(p["bursts"]), f"{p['valve_on_us'] / 1e6:.2f}", lowest,
        )  # fmt: skip
    console.print(table)
    _say(console, f"gas            {d['gas_g']:.1f} g in {d['valve_on_us'] / 1e6:.2f} s of flow")
    for fault in d["faults"]:
        _say(console, f"fault          {fault['code']} {fault['name']}: {fault['remedy']}", "bold red")
    if d["refused"]:
        _say(console, f"refused        {d['refused']}", "bold red")
    if d["detect_ms"] is not None:
        _say(console, f"alarm          {d['detect_ms']:.0f} ms after the event ({d['detect_allowed_ms']} allowed)")
    if d["gas_stopped_ms"] is not None:
        _say(console, f"gas ended      {d['gas_stopped_ms']:.0f} ms after the event")
    _say(console, f"ice pack       {report.ice_pack_text(d)}")
    _say(console, f"interpreter    {d['interpreter']}")
    _say(console, f"time           {virtual_s:.1f} s virtual in {wall_s:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
