"""First act after every reset: each output that could mean gas is driven low, whatever the last run left behind."""

from machine import Pin
from pins import SAFE_LOW

for n in SAFE_LOW:
    Pin(n, Pin.OUT, value=0)
