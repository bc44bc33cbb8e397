"""The second skin channel: an infrared sensor at the nozzle. It shows errors that the probe's contact can hide.

A sample counts if its conversion ended 350 ms or more after closing, the same rule as for the probe. While gas flows,
and until the sensor's filter has settled again, the sensor sees the cold plume in front of the skin: snow and fog
radiate, clear CO2 hardly does [K]. If that counted as skin, every burst would end in a lock-out. The sensor counts from
a point's first pass on, with a surface in the distance window: otherwise it sees the thing on which the applicator
lies. Its slope is not used: the hand that aims it makes that slope.

It is compared with the probe before a point, on resting skin, and while the trigger is held: then the operator aims it
at the treated spot. At rest, only the probe's seat and the two calibrations can make them differ.

Off-phases end with the probe's first settled sample. If the samples of both keep the same phase, that is always before
the infrared one. So after three bursts without an infrared sample, the next burst waits for one.
"""

from cryo.core.eye_guard import IN_WINDOW
from cryo.core.flow import SECOND, STEP_MASK
from cryo.limits import (
    AFTERMATH_US,
    INFRARED_AGE_MAX_US,
    INFRARED_AGREES_MDEGC,
    INFRARED_COLDER_MDEGC,
    INFRARED_DISCORDS,
    INFRARED_REST_MDEGC,
    INFRARED_SHARE_MDEGC,
    INFRARED_SHARE_PC,
    INFRARED_UNSEEN_BURSTS,
    INFRARED_WAIT_US,
    INFRARED_WARMER_MDEGC,
    SAMPLE_AGE_MAX_US,
    SETTLED_US,
)
from micropython import const

# what the hand does
AWAY = const(0)  # no point is open
PAUSING = const(1)  # a point is open, the trigger is released
PRESSING = const(2)


class SecondChannel:
    """Every attribute is a verdict of this tick. Without the sensor there are no verdicts."""

    def __init__(self):
        self.step = SECOND  # see flow.py
        self.seen = False  # it gave a valid reading since boot: it is fitted, whatever the settings say
        self.settled = False  # mdegc is fresh, settled, and of a surface in the distance window
        self.counts = False  # mdegc counts beside the probe's reading
        self.mdegc = 0
        self.agrees = False  # it and the probe were close in this press's last settled samples, and it is not silent
        self.discordant = False  # it and the probe contradicted each other in three settled samples in a row
        self._unseen = 0  # bursts since it last counted
        self._apart = 0
        self._sequence = -1
        self.update = self.update  # bound once: every tick calls it

    def colder(self, mdegc):
        """Return the probe's reading mdegc, or the infrared one where it is settled and colder."""
        return self.mdegc if self.settled and self.mdegc < mdegc else mdegc

    def parted(self, skin):
        """True when it is settled and, at rest, the probe's good Reading `skin` cannot be of the same skin."""
        if not self.settled:
            return False
        warmer_mdegc = self.mdegc - skin.value_mdegc
        if not -INFRARED_REST_MDEGC <= warmer_mdegc <= INFRARED_REST_MDEGC:
            return True
        over_mdegc = self.mdegc - skin.cold_junction_mdegc
        return over_mdegc >= INFRARED_SHARE_MDEGC and warmer_mdegc * 100 > over_mdegc * (100 - INFRARED_SHARE_PC)

    def reset(self):
        """Begin the comparison anew: for another point, or after an acknowledge."""
        self.agrees = False
        self.discordant = False
        self._apart = 0

    def fired(self, infrared):
        """A burst begins."""
        fresh = infrared.status == 0 and infrared.age_us <= INFRARED_AGE_MAX_US
        self._unseen = self._unseen + 1 if fresh else 0

    def awaited(self, off_us):
        """True while the next burst waits for a settled sample, the valve being closed for off_us."""
        return self._unseen >= INFRARED_UNSEEN_BURSTS and off_us < INFRARED_WAIT_US

    def update(self, i, off_us, distance, hand):
        """Judge this tick's reading of the Inputs i. Return the step that this run is.

        off_us since the valve closed; distance as eye_guard.py names it; hand is AWAY, PAUSING or PRESSING.
        """
        self.step = self.step + 1 & STEP_MASK
        self.counts = False
        self.settled = False
        infrared = i.infrared
        if infrared.status or infrared.age_us > INFRARED_AGE_MAX_US:
            self.agrees = False
        if infrared.status:
            return self.step
        if not self.seen:
            self.seen = True
        if off_us - infrared.ended_age_us < SETTLED_US or infrared.age_us > INFRARED_AGE_MAX_US:
            return self.step
        if distance > IN_WINDOW:
            return self.step
        self.settled = True
        self.mdegc = infrared.value_mdegc
        if off_us >= AFTERMATH_US and hand == AWAY:
            return self.step
        self.counts = True
        self._unseen = 0
        if infrared.sequence != self._sequence and hand == PRESSING:
            skin = i.skin
            if off_us - skin.ended_age_us >= SETTLED_US and skin.age_us <= SAMPLE_AGE_MAX_US and not skin.status:
                self._sequence = infrared.sequence
                self._compare(self.mdegc - skin.value_mdegc)
        return self.step

    def _compare(self, warmer_mdegc):
        self.agrees = -INFRARED_AGREES_MDEGC <= warmer_mdegc <= INFRARED_AGREES_MDEGC
        if -INFRARED_COLDER_MDEGC <= warmer_mdegc <= INFRARED_WARMER_MDEGC:
            self._apart = 0
        elif self._apart < INFRARED_DISCORDS:
            self._apart += 1
            if self._apart == INFRARED_DISCORDS:
                self.discordant = True
