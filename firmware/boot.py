"""Drives each output that could give gas low, first of all after every reset, whatever the last run left."""

from machine import Pin
from pins import SAFE_LOW

for n in SAFE_LOW:
    Pin(n, Pin.OUT, value=0)
