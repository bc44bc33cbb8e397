"""Tests the contacts: a person moves each of them while the tool asks the device what it sees."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from host_tools.cryoctl import names
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.problems import Refused
from host_tools.cryoctl.selftest.items import LEFT_OUT, Item, judged

LOOK_S = 0.1
State = dict[str, str]


@dataclass(frozen=True)
class Contact:
    """One contact: what to do, the blocker that must come, how to undo it, and the fault that it latches, or none."""

    name: str
    do: str
    undo: str
    blocker: str
    fault: str = names.NO_FAULT
    remedy: str = "check plug, cable and switch"


CONTACTS = (
    Contact("emergency stop", "press the emergency stop", "release the emergency stop", "ESTOP", "ESTOP"),
    Contact("trigger", "press the trigger and hold it", "release the trigger", "TRIGGER"),
    Contact("eye shield", "open the eye shield", "close the eye shield", "LOOP"),
    Contact("key switch", "turn the key switch off", "turn the key switch on", "KEY"),
)


def skipped() -> Iterator[Item]:
    """Return an item for every contact: not tested."""
    for contact in CONTACTS:
        yield Item(contact.name, _limit(contact), "--skip-contacts", LEFT_OUT)


def exercised(device: Device, limit_s: float, say: Callable[[str], None]) -> Iterator[Item]:
    """Test each contact in both directions, within the time limit. Raises Refused when the device becomes armed."""
    for contact in CONTACTS:
        yield _one(device, contact, limit_s, say)


def _limit(contact):
    there = f"fault {contact.fault}" if contact.fault != names.NO_FAULT else f"blocker {contact.blocker}"
    return f"{there} comes and goes with it, and no other contact"


def _one(device, contact, limit_s, say):
    before = _state(device)
    if before["FAULT"] != names.NO_FAULT or contact.blocker in _blockers(before):
        problem = f"not at rest: {_said(before)}"
    else:
        seen = []  # all states in between: another contact that moves with it may come later, or be back already
        problem = _there(device, contact, limit_s, say, seen)
        say(f"{contact.name}: {contact.undo}")
        back = _back(device, contact, limit_s, seen)
        problem = problem or _others(contact, before, seen) or back
    return judged(contact.name, _limit(contact), problem or "came and went", not problem, contact.remedy)


def _there(device, contact, limit_s, say, seen):
    """Return what was wrong when the contact was moved, or an empty text."""
    say(f"{contact.name}: {contact.do}")
    state = _wait(device, limit_s, lambda state: _moved(state, contact), seen)
    if not _moved(state, contact):
        return f"nothing within {limit_s:g} s: {_said(state)}"
    if state["FAULT"] != contact.fault:
        return f"another fault: {_said(state)}"
    return ""


def _others(contact, before, seen):
    """Return which other contacts changed in any of the states, or an empty text."""
    there = {
        one: [state for state in seen if one.blocker in _blockers(state)] for one in CONTACTS if one is not contact
    }
    there = {one: states for one, states in there.items() if states and one.blocker not in _blockers(before)}
    if not there:
        return ""
    return f"{', '.join(one.name for one in there)} came with it: {_said(next(iter(there.values()))[0])}"


def _back(device, contact, limit_s, seen):
    """Return what was wrong when the contact was moved back. A latched fault is acknowledged for the next contact."""
    state = _wait(device, limit_s, lambda state: contact.blocker not in _blockers(state), seen)
    if contact.blocker in _blockers(state):
        return f"did not come back within {limit_s:g} s: {_said(state)}"
    if state["FAULT"] != names.NO_FAULT:
        try:
            device.ask("FAULT:ACK")
            device.ask("*CLS")  # the test caused this fault: remove it from the list of errors
        except Refused as refused:
            return refused.text
        state = _state(device)
    return "" if state["FAULT"] == names.NO_FAULT else f"a fault stays: {_said(state)}"


def _moved(state, contact):
    """Return whether the device sees the contact, with its own fault. Another fault ends the wait, too."""
    seen = contact.blocker in _blockers(state)
    return (seen and state["FAULT"] == contact.fault) or state["FAULT"] not in (names.NO_FAULT, contact.fault)


def _wait(device, limit_s, done, seen):
    until = time.monotonic() + limit_s
    while not done(_looked(device, seen)) and time.monotonic() < until:
        time.sleep(LOOK_S)
    return seen[-1]


def _looked(device, seen):
    seen.append(_state(device))
    return seen[-1]


def _state(device):
    device.unarmed()
    state = device.state()
    return {"STATE": "unknown", "FAULT": names.NO_FAULT, "BLOCKERS": "", **state}


def _blockers(state):
    return state["BLOCKERS"].split(",")


def _said(state):
    return f"state {state['STATE']}, fault {state['FAULT']}, blockers {state['BLOCKERS']}"
