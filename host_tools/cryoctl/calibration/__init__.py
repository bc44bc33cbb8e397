"""Guided calibration: references, stable readings, the device's judgement, the record of it."""

from host_tools.cryoctl.problems import FOUND, Problem


class NotAccepted(Problem):
    """A measurement that is not accepted: not stable, not plausible, or refused by the device. The old one stays."""

    code = FOUND
