"""The `micropython` module of the virtual board with a serial port: sim_start.py replaces kbd_intr in it."""

from micropython import *  # noqa: F403
