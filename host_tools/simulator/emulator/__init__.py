"""An emulated RP2040 that runs a real MicroPython image."""
