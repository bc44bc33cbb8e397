"""Guided calibration: references, stable readings, the device's judgement, the record of it."""

from host_tools.cryoctl.problems import FOUND, Problem


class NotAccepted(Problem):
    """A measurement that cannot be taken: not stable, not plausible, or judged by the device. The old one stays."""

    code = FOUND
