"""Guided calibration: references, stable readings, the device's judgement, and the stored record."""

from host_tools.cryoctl.problems import FOUND, Problem


class NotAccepted(Problem):
    """A measurement is not accepted: unstable, not plausible, or refused by the device. The old calibration stays."""

    code = FOUND
