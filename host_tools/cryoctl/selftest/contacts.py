"""The contacts, moved by the operator's hand while the device is asked what it sees."""

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
    """One contact: what to do, the blocker that must come, the way back; a fault that it latches, or none."""

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
    """Every contact, not tested."""
    for contact in CONTACTS:
        yield Item(contact.name, _limit(contact), "--skip-contacts", LEFT_OUT)


def exercised(device: Device, limit_s: float, say: Callable[[str], None]) -> Iterator[Item]:
    """Each contact there and back, each way within the limit. Raises Refused when the device is armed meanwhile."""
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
        problem = _there(device, contact, limit_s, say, before)
        say(f"{contact.name}: {contact.undo}")
        problem = _back(device, contact, limit_s, problem)
    return judged(contact.name, _limit(contact), problem or "came and went", not problem, contact.remedy)


def _there(device, contact, limit_s, say, before):
    """Return what was wrong with the way there, or an empty text."""
    say(f"{contact.name}: {contact.do}")
    state = _wait(device, limit_s, lambda state: _moved(state, contact))
    if not _moved(state, contact):
        return f"nothing within {limit_s:g} s: {_said(state)}"
    if state["FAULT"] != contact.fault:
        return f"another fault: {_said(state)}"
    others = [one.name for one in CONTACTS if one is not contact and one.blocker in _raised(before, state)]
    return f"{', '.join(others)} came with it: {_said(state)}" if others else ""


def _raised(before, state):
    return set(_blockers(state)) - set(_blockers(before))


def _back(device, contact, limit_s, problem):
    """Return what was wrong, there or back; what latched is acknowledged: the next one has a chance."""
    state = _wait(device, limit_s, lambda state: contact.blocker not in _blockers(state))
    if contact.blocker in _blockers(state):
        return problem or f"did not come back within {limit_s:g} s: {_said(state)}"
    if state["FAULT"] != names.NO_FAULT:
        try:
            device.ask("FAULT:ACK")
            device.ask("*CLS")  # a fault that was asked for: the list of errors is not to tell of it
        except Refused as refused:
            return problem or refused.text
        state = _state(device)
    return problem or ("" if state["FAULT"] == names.NO_FAULT else f"a fault stays: {_said(state)}")


def _moved(state, contact):
    """Whether the contact is seen, with the fault that belongs to it; a foreign fault ends the wait too."""
    seen = contact.blocker in _blockers(state)
    return (seen and state["FAULT"] == contact.fault) or state["FAULT"] not in (names.NO_FAULT, contact.fault)


def _wait(device, limit_s, done):
    until = time.monotonic() + limit_s
    while not done(state := _state(device)) and time.monotonic() < until:
        time.sleep(LOOK_S)
    return state


def _state(device):
    device.unarmed()
    state = device.state()
    return {"STATE": "unknown", "FAULT": names.NO_FAULT, "BLOCKERS": "", **state}


def _blockers(state):
    return state["BLOCKERS"].split(",")


def _said(state):
    return f"state {state['STATE']}, fault {state['FAULT']}, blockers {state['BLOCKERS']}"
