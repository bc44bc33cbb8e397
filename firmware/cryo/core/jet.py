"""The jet constant K in force (limit 7): calibrated, or learnt upward from the skin's response. Never downward.

What the skin shows of a weaker jet is a separate figure (weaker_pm): it may lengthen a burst only toward the level's
floor, and only while two sensors agree on that skin.

Between two bursts the settled reading and the observer's predicted reading have both fallen from the skin before the
first burst. Both falls grow with K, and at rest the probe's lag is over. So the ratio of the falls is the ratio of the
true K to the calibrated one, at any distance. It is taken as a lower bound: the observed fall less the possible error
of baseline and reading. A wrong reading can only make the bursts shorter: from a probe that hides half the fall nothing
is learnt.

A jet that grows, and callus, show first in the quick fall of each burst (response.py): dip counts for the fall within
a burst as ratio does for what stays of it. It ends with the point, as callus does, and fades within it. The model of
what stays (limit 25) goes on with ratio.
"""

from cryo.limits import JET_CARRIED_PM, JET_K_MAX_MDEGC, JET_WEAKEST_PM
from micropython import const

# What baseline and reading may err together: a step of 0.25 degC each [E]. On the virtual patient a jet as calibrated
# showed an excess of 0.25 with noise, 0.35 with a fifth of the perfusion or three times it, and 0.7 to 1.9 on callous
# skin or a thin dermis, which do fall further; one 1.2 times as strong 1.4 to 3, 1.35 times 2.3 to 4.8 [C].
LEARN_MARGIN_MDEGC = const(500)
LEARN_FROM_MDEGC = const(2_000)  # of predicted fall: under it the margin is a quarter of it or more [E]
RATIO_MAX = const(4_000)  # a fall that is scaled by it stays within 31 bits; RESPONSE_STRONG ends the point far below
AS_CALIBRATED = const(1_000)
# Callus dips by more than a probe of 0.25 s shows: 1.5 to 1.7 times a calibrated jet's fall when the probe shows 1.3 to
# 1.5. The same holds for a jet that grows behind its window [C].
_HIDDEN_QUARTERS = const(5)
# The kept part fades by a 32nd with each burst: a hand that was nearer for a few bursts shows the same.
_DIP_FADES = const(5)
THICK_PM = const(1_150)  # [E] a jet as calibrated shows up to 1.1; from here on: hold further away


class Jet:
    """ratio: K in force for the burst that is being planned, in thousandths of the calibrated one; kept: the least.

    dip: the same for the fall within that burst, never less than ratio.

    weaker_pm: the most that the last two settled samples leave of the calibrated K, in thousandths, down to limit 7's.
    """

    def __init__(self, k_mdegc):
        self.ratio = AS_CALIBRATED
        self.kept = AS_CALIBRATED  # until switch-off: what two bursts in a row have shown; see begin()
        self.dip = AS_CALIBRATED
        self._dip_kept = AS_CALIBRATED  # what two bursts in a row have shown; it fades
        self._dip_before = AS_CALIBRATED
        self._dip_seen = AS_CALIBRATED
        self.most = AS_CALIBRATED
        if k_mdegc:
            most = JET_K_MAX_MDEGC * 1000 // k_mdegc
            self.most = most if most < RATIO_MAX else RATIO_MAX
        self.weaker_pm = AS_CALIBRATED
        self._weaker_before_pm = AS_CALIBRATED
        self.held_mm = 0  # hold_mm() when the point began: for guidance only
        self._seen = AS_CALIBRATED
        self._seen_before = AS_CALIBRATED

    def begin(self):
        """Another point begins: what is beyond JET_CARRIED_PM may have been the skin of the last one."""
        self.held_mm = self.hold_mm()
        if self.kept > JET_CARRIED_PM:
            self.kept = JET_CARRIED_PM
        self.ratio = self.dip = self.kept
        self._dip_kept = self._dip_before = self._dip_seen = AS_CALIBRATED

    def learnt_pm(self):
        """Return what was learnt of jet or skin so far, in thousandths of the calibrated jet constant."""
        return self._dip_kept if self._dip_kept > self.kept else self.kept

    def hold_mm(self):
        """Return where to hold the applicator, mm: there the learnt jet equals the calibrated one at 80 mm. 0: nothing
        was learnt.

        The law of distance gives 80 mm times ratio to the power 2/3: this line is within 3 mm of it [C].
        """
        pm = self.learnt_pm()
        if pm < THICK_PM:
            return 0
        return (84 + (pm - AS_CALIBRATED) * 45 // 1000) // 5 * 5

    def learn(self, observed_mdegc, predicted_mdegc, shown_pm):
        """Take both falls since the skin before the first burst, from one settled sample; return `ratio`.

        A single sample counts for the burst that is planned on it. shown_pm is what the quick falls of the last bursts
        show of the jet (response.py).
        """
        dip = AS_CALIBRATED
        if shown_pm >= THICK_PM:
            dip += (shown_pm - AS_CALIBRATED) * _HIDDEN_QUARTERS >> 2
            if dip > self.most:
                dip = self.most
        self._dip_seen = dip
        if dip < self._dip_kept:
            dip = self._dip_kept
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
        self.dip = dip if dip > self.ratio else self.ratio
        return self.ratio

    def fired(self):
        """The planned burst is given: keep what this burst and the one before have both shown."""
        seen = self._seen
        if seen > self._seen_before:
            seen = self._seen_before
        if seen > self.kept:
            self.kept = seen
        self._seen_before = self._seen
        seen = self._dip_seen
        if seen > self._dip_before:
            seen = self._dip_before
        if seen > self._dip_kept:
            self._dip_kept = seen
        else:
            self._dip_kept -= self._dip_kept - AS_CALIBRATED >> _DIP_FADES
        self._dip_before = self._dip_seen
