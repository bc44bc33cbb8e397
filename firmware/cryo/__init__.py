"""Firmware of the CO2 cryotherapy applicator."""

__version__ = "0.1.0"
