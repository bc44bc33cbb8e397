"""The jet constant K in force (limit 7): as calibrated, or as learnt upward from what the skin shows. Never downward.

What the skin shows of a weaker jet is kept apart (weaker_pm): it may lengthen a burst to the level's floor alone, and
only while two sensors agree on that skin.

Between two bursts the settled reading and the observer's predicted reading have both fallen from the skin before the
first burst. Both falls grow with K, and at rest the probe's lag has gone out of them: their ratio is that of the true K
to the calibrated one, at whatever distance. It is taken as a lower bound: the observed fall less what baseline and
reading may err. Whatever lies makes the bursts shorter at worst: a probe that hides half the fall teaches nothing.
"""

from cryo.limits import JET_K_MAX_MDEGC, JET_WEAKEST_PM
from micropython import const

# What baseline and reading may err together: a step of 0.25 degC each [E]. On the virtual patient a jet as calibrated
# showed an excess of 0.25 with noise, 0.35 with a fifth of the perfusion or three times it, and 0.7 to 1.9 on callous
# skin or a thin dermis, which do fall further; one 1.2 times as strong 1.4 to 3, 1.35 times 2.3 to 4.8 [C].
LEARN_MARGIN_MDEGC = const(500)
LEARN_FROM_MDEGC = const(2_000)  # of predicted fall: under it the margin is a quarter of it or more [E]
RATIO_MAX = const(4_000)  # whoever scales a fall by it stays within 31 bits; RESPONSE_STRONG ends the point far below
AS_CALIBRATED = const(1_000)


class Jet:
    """ratio: K in force for the burst that is being planned, in thousandths of the calibrated one; kept: the least.

    weaker_pm: the most that the last two settled samples leave of the calibrated K, in thousandths, down to limit 7's.
    """

    def __init__(self, k_mdegc):
        self.ratio = AS_CALIBRATED
        self.kept = AS_CALIBRATED  # until switch-off: what two bursts in a row have shown
        self.most = AS_CALIBRATED
        if k_mdegc:
            most = JET_K_MAX_MDEGC * 1000 // k_mdegc
            self.most = most if most < RATIO_MAX else RATIO_MAX
        self.weaker_pm = AS_CALIBRATED
        self._weaker_before_pm = AS_CALIBRATED
        self._seen = AS_CALIBRATED
        self._seen_before = AS_CALIBRATED

    def learn(self, observed_mdegc, predicted_mdegc):
        """Take both falls since the skin before the first burst, from one settled sample; return `ratio`.

        A single sample counts for the burst that is planned on it.
        """
        seen = AS_CALIBRATED
        weaker_pm = AS_CALIBRATED
        if predicted_mdegc >= LEARN_FROM_MDEGC:
            if observed_mdegc > predicted_mdegc:
                seen = (observed_mdegc - LEARN_MARGIN_MDEGC) * 1000 // predicted_mdegc
                if seen > self.most:
                    seen = self.most
            else:
                weaker_pm = (observed_mdegc + LEARN_MARGIN_MDEGC) * 1000 // predicted_mdegc
                if weaker_pm > AS_CALIBRATED:
                    weaker_pm = AS_CALIBRATED
                elif weaker_pm < JET_WEAKEST_PM:
                    weaker_pm = JET_WEAKEST_PM
        before_pm = self._weaker_before_pm
        self._weaker_before_pm = weaker_pm
        self.weaker_pm = weaker_pm if weaker_pm > before_pm else before_pm
        self._seen = seen
        self.ratio = seen if seen > self.kept else self.kept
        return self.ratio

    def fired(self):
        """The planned burst is given: keep what it and the one before it have both shown."""
        seen = self._seen
        if seen > self._seen_before:
            seen = self._seen_before
        if seen > self.kept:
            self.kept = seen
        self._seen_before = self._seen
