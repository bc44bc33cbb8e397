"""The pieces of work of a campaign, as its processes find them: by the name of this module.

A new process does not load the program that was started, so these functions may not be in __main__.py.
"""

from dataclasses import asdict

from host_tools.evidence.campaign import crosscheck, sweeps, tighten
from host_tools.evidence.campaign.run import Outcome, named


def run(name: str) -> dict:
    """Run a case by its name."""
    return asdict(named(name))


def tighter(result: dict) -> dict:
    """Run a case again with tighter settings."""
    return tighten.tried(Outcome(**result))


def swept(job: tuple[str, tuple[str, int]]) -> dict:
    """Do one sweep."""
    return asdict(sweeps.sweep(job))


def checked(name: str) -> dict:
    """Run a case in real MicroPython, too."""
    return crosscheck.checked(name)


def on_chip(name: str) -> dict:
    """Run a case on the emulated RP2040, too."""
    return crosscheck.on_chip(name)
