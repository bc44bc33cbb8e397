"""The one table of remedies: what a person does about each fault and each blocker, with the figures of limits.py.

    python -m host_tools.toolchain.remedies            writes firmware/cryo/remedies.txt
    python -m host_tools.toolchain.remedies --check    exit status 1 when it is not what the table gives

On a board the sentences stay in flash: in an RP2040's heap they would take 5 KB for ever. The file is made so that
cryo/remedies.py finds a line of the display without a search: one record a number, each of LINES lines of COLUMNS
characters, broken between words. A fault's number is its code; a blocker's is BLOCKERS and its bit.
"""

import argparse
import importlib
import sys
import textwrap
from types import ModuleType

from host_tools.places import FIRMWARE

importlib.import_module("host_tools.toolchain.settings")  # puts the firmware on the import path
_limits = importlib.import_module("cryo.limits")
_faults = importlib.import_module("cryo.core.faults")
_blockers = importlib.import_module("cryo.core.blockers")
_board: ModuleType = importlib.import_module("cryo.remedies")

FILE = FIRMWARE / "cryo/remedies.txt"
COMMAND = "python -m host_tools.toolchain.remedies"

FAULTS = {
    "ESTOP": "Release the emergency stop, look at the skin, then acknowledge.",
    "LOOP_OPEN": "Close the eye shield, check everybody's eye protection, then acknowledge.",
    "LOOP_DISCORD": "The shield's two contacts disagree: check plug and cable, replace the shield switch.",
    "SKIN_LOCKOUT": "Skin near freezing: end the treatment, look at the skin, warm it gently, switch off.",
    "SKIN_TRIP": "Skin too cold: look at it and let it warm up, then acknowledge and use a lower level.",
    "SKIN_SENSOR": "The skin probe gives no valid reading: check plug, cable and probe.",
    "SKIN_STALE": "The skin reading stands still: replug the probe; if it returns, have the board serviced.",
    "NO_RESPONSE": "Bursts do not cool the probe: fix it to the skin, check its polarity, the bottle and the nozzle.",
    "RESPONSE_WEAK": "The probe falls less than predicted: dry the skin, fix the probe flat to it; check nozzle and "
    "bottle.",
    "RESPONSE_STRONG": "The skin falls too fast: check nozzle and distance, recalibrate the jet, then acknowledge.",
    "DOSE_OPEN": "The dose valve leaks or stays open: close the bottle, have that valve and its driver checked.",
    "VALVE_PORT": "The valve timer did not answer as commanded: do not use, have the board serviced.",
    "BOTTLE_LOW": "Bottle empty or closed: open or change it, then acknowledge.",
    "BOTTLE_HIGH": "Bottle too warm: close it and let it cool below 25 degC, then acknowledge.",
    "BOTTLE_SENSOR": "The bottle's pressure sensor gives no valid reading: check its plug and cable.",
    "TRIGGER_BOOT": "The trigger was pressed at switch-on: release it, then acknowledge; if it is free, replace it.",
    "SELF_TEST": "The self-test failed: do not use; TEST? names the part.",
    "TICK_LATE": "The control loop ran late during a treatment: acknowledge; if it returns, have the board serviced.",
    "LINE_SENSOR": "The pressure sensor between the valves gives no valid reading: check its plug and cable.",
    "INFRARED_DISCORD": "Probe and infrared sensor disagree: look at the skin; fix the probe flat, clean the window, "
    "aim at the probe.",
    "ROOM_CO2": "Too much CO2 in the room: close the bottle, everybody leaves, air it; acknowledge below "
    f"{_limits.ROOM_WARN_PPM} ppm.",
    "DOSE_SHUT": "The dose valve did not empty the line in its test: close the bottle, have both valves checked.",
    "SHUTOFF_OPEN": "The shut-off valve leaks or stays open: close the bottle, have it and the trigger's second "
    "contact checked.",
    "SHUTOFF_SHUT": "The shut-off valve does not open: have it, its driver and the trigger's second contact checked.",
    "DOSE_COIL": "The dose coil's current is not as commanded: close the bottle, have coil, cable and driver checked.",
    "RESET_LOOP": f"The controller restarted repeatedly in {_limits.LOOP_RESETS_S // 60} minutes: switch off; if "
    "it returns, have the board serviced.",
    "PROGRAM_FLOW": "A check was left out or ran out of turn: the device restarts; do not use it, have the board "
    "serviced.",
    "MEMORY": "A figure that decides changed by itself: do not use the device, have the board serviced.",
    "TASK_STOPPED": "Console, display or slow sensors stand still: the device restarts; if it returns, have the "
    "board serviced.",
    "LOOP_TEST": "A channel of the eye shield does not follow its test: TEST? names it; check plug and cable for "
    "a short.",
}

BLOCKERS = {
    "FAULT": "a fault is latched: FAULT? tells the remedy",
    "SELF_TEST": "the self-test has not passed",
    "UNPROVISIONED": "no valid settings, or no application file: provision the device",
    "ESTOP": "release the emergency stop",
    "KEY": "turn the key switch on",
    "LOOP": "close the eye shield",
    "CALIBRATION": "no jet constant, a calibration overdue, or no date: calibrate, or set the clock",
    "SKIN_PROBE": "no fresh skin reading: fix the probe to the skin",
    "BOTTLE": f"bottle pressure outside {_limits.BOTTLE_ARM_MIN_MBAR // 1000}-"
    f"{_limits.BOTTLE_ARM_MAX_MBAR // 1000} bar: open, change or cool the bottle",
    "ROOM_GAS": "too much CO2 for this room: air it and start anew",
    "SETUP": "choose preset, level, site and point",
    "ATTESTATION": "give every attestation of this preset",
    "SESSION": "the session's time, gas or cold dose is used up",
    "COOL_DOWN": f"this point needs {_limits.SAME_POINT_S} s since its last treatment or since switch-on",
    "REST": "the rest between two points is not over",
    "BASELINE": "skin too cold or too warm for a start: warm cold skin up, do not treat hot skin",
    "TRIGGER": "release the trigger",
    "DISTANCE": f"hold the applicator {_limits.START_MIN_MM}-{_limits.START_MAX_MM} mm from the skin; if it did "
    "not move, disarm and arm anew",
    "INDICATION": f"wait for {_limits.INDICATION_MS // 1000} s of light and tone",
    "ROOM_AIR": f"{_limits.ROOM_WARN_PPM} ppm of CO2 or more in the room: air it",
    "INFRARED": "the infrared sensor is silent: check its window, plug and cable",
    "PROOF": "the valves are tested first: release the trigger, hold still; if it stays, disarm and arm again",
    "LINE": "the pressure sensor between the valves is silent: check its plug and cable",
    "CO2_SENSOR": "the room's CO2 sensor is silent: wait 10 s, then check its plug and cable",
    "CONTACT": "probe and infrared sensor differ on resting skin: seat the probe, aim at it; else calibrate both",
}


def record(sentence: str) -> str:
    """Return a sentence as the file has it. Raises ValueError when a word or the sentence is too long, or not ASCII."""
    lines = textwrap.wrap(sentence, _board.COLUMNS, break_long_words=False, break_on_hyphens=False)
    if not sentence.isascii() or len(lines) > _board.LINES or any(len(line) > _board.COLUMNS for line in lines):
        raise ValueError(f"the display has no place for: {sentence}")
    lines += [""] * (_board.LINES - len(lines))
    return "".join(line.ljust(_board.COLUMNS) + "\n" for line in lines)


def text() -> str:
    """Return what the file has to be. Raises ValueError unless each fault and blocker has a sentence and a number."""
    names = {row[0]: row[1] for row in _faults.REGISTRY}
    if set(names.values()) != FAULTS.keys() or set(_blockers.NAMES) != BLOCKERS.keys() or max(names) >= _board.BLOCKERS:
        raise ValueError("faults.py, blockers.py, remedies.py and this table do not have the same names and numbers")
    rows = [FAULTS[names[code]] if code in names else "" for code in range(_board.BLOCKERS)]
    rows += [BLOCKERS[name] for name in _blockers.NAMES]
    return "".join(map(record, rows))


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="remedies", description="The file of remedies on a board.")
    parser.add_argument("--check", action="store_true", help="only compare")
    if not parser.parse_args(argv).check:
        FILE.write_bytes(text().encode("ascii"))
    elif not FILE.exists() or FILE.read_bytes() != text().encode("ascii"):
        print(f"{FILE.name} is not what the table gives: run {COMMAND}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
