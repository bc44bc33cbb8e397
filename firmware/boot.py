"""First act after every reset: each output that could mean gas is driven low, whatever the last run left behind."""

import machine
import pins

for number in pins.SAFE_LOW:
    machine.Pin(number, machine.Pin.OUT, value=0)
