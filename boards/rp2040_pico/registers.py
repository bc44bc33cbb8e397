"""Registers of the RP2040 that the firmware uses directly, not through MicroPython's modules: numbers only.

`make board-check` holds each against the chip's table. [S] RP2040 datasheet 2.19.6 (IO_BANK0), 4.7 (watchdog).
"""

IO_BANK0 = 0x40014000  # GPIOn_STATUS at 8 n and, one word on, GPIOn_CTRL
PAD_LOW = 0x3200  # CTRL: OUTOVER low, OEOVER enabled
PAD_FROM_BLOCK = 0x100  # STATUS: OUTFROMPERI, what the pin's function drives
PAD_LEVELS = 0x2300  # STATUS: that, OUTTOPAD and OETOPAD, what the pad gets ...
PAD_DRIVEN_LOW = 0x2000  # ... after a cut
PIO_PADOUT = 0  # STATUS shows what the pin's function drives: no second register is read
KEPT_WORDS = 0x4005800C  # the first of four words: the watchdog's SCRATCH0
