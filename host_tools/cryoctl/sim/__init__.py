"""The virtual board as a device: real MicroPython, the twin's plant, a flash image, and a serial port."""

from host_tools.cryoctl.problems import Problem


class SimError(Problem):
    """The request is not possible; the text says why, and what to do."""
