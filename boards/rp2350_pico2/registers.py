"""Registers of the RP2350 that the firmware uses directly, not through MicroPython's modules: numbers only.

`make board-check` holds each against the chip's table. [S] RP2350 datasheet 9.11.1 (IO_BANK0), 11.7 (PIO), 6.4 (power).
"""

IO_BANK0 = 0x40028000  # GPIOn_STATUS at 8 n and, one word on, GPIOn_CTRL
PAD_LOW = 0xE000  # CTRL: OUTOVER low, OEOVER enabled: four and two bits higher than on the RP2040
PAD_FROM_BLOCK = 0  # STATUS does not show what the pin's function drives ...
PAD_LEVELS = 0x2200  # STATUS: OUTTOPAD and OETOPAD, what the pad gets ...
PAD_DRIVEN_LOW = 0x2000  # ... after a cut
PIO_PADOUT = 0x5020003C  # ... so DBG_PADOUT of PIO block 0 is read, one bit for each pin
KEPT_WORDS = 0x401000B0  # the first of four: POWMAN SCRATCH0; no watchdog reset clears it while POWMAN's WDSEL is 0
