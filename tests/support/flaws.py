"""Firmware with a flaw that whoever judges runs must find: what they measure is real, and their bounds are no words.

Each flaw is planted in a copy of the firmware; a text that is no longer there once is an error that says so.
"""

from host_tools.evidence.safety.provoked import Flaw

_CUTS = "        if o.cut:\n            status |= b.valve.cut()\n"
_LEASE = "        if o.lease:\n"
_ASKED = "        if i.request == ACKNOWLEDGE and self.mode == mode.FAULT:\n"
_STAYS = "        if not c & ACKNOWLEDGED or c & FAULTED:\n"
_THEN = "        return STANDBY if c & TESTED else SELF_TEST\n    if c & FAULTED:"

# The burst goes on to its end: no cut is acted on, and the lease is renewed as long as the one-shot runs.
IGNORES_CUTS = (
    Flaw("cryo/app.py", _CUTS, ""),
    Flaw("cryo/app.py", _LEASE, "        if o.lease or i.burst == RUNNING:\n"),
)
# One of the two valves obeys, and ends the gas.
IGNORES_CUTS_OF_DOSE = (Flaw("cryo/app.py", _CUTS, ""),)
KEEPS_LEASE = (Flaw("cryo/app.py", _LEASE, "        if o.lease or o.alarm:\n"),)
# Each cut is acted on 100 ms late, and the lease goes on until then.
CUTS_LATE = (
    Flaw(
        "cryo/app.py",
        _CUTS,
        "        self.waited = getattr(self, 'waited', 0) + 1 if o.cut else 0\n"
        "        if self.waited > 10:\n            status |= b.valve.cut()\n",
    ),
    Flaw("cryo/app.py", _LEASE, "        if o.lease or (i.burst == RUNNING and self.waited <= 10):\n"),
)
_UPDATE = "        steps = (steps * FACTOR + (self.faults.update() or 0)"
NEVER_LATCHES = (
    Flaw(
        "cryo/core/supervisor.py",
        _UPDATE,
        "        self.faults.causes.low = self.faults.causes.high = 0\n" + _UPDATE,
    ),
)
NO_ALARM = (Flaw("cryo/core/supervisor.py", "        o.alarm = 1 if latched else 0\n", "        o.alarm = 0\n"),)
# It acknowledges for the operator as soon as the cause is gone.
ACKNOWLEDGES = (
    Flaw("cryo/core/supervisor.py", _ASKED, "        if self.mode == mode.FAULT:\n"),
    Flaw("cryo/core/mode.py", _STAYS, "        if c & FAULTED:\n"),
)
# And goes on where it was.
RESUMES = (
    *ACKNOWLEDGES,
    Flaw("cryo/core/mode.py", _THEN, "        return DELIVERING\n    if c & FAULTED:"),
)
# Each burst is as long as the duty and the one-shot allow, however little the skin has left, and nothing latches.
NO_BUDGET = (
    *NEVER_LATCHES,
    Flaw("cryo/core/bursts.py", "        if root > _LONGEST_ROOT:\n", "        if True:\n"),
    Flaw("cryo/core/bursts.py", "on_us = root * root", "cap_us = 500_000\n        on_us = root * root"),
)
