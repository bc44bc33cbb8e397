"""The virtual board and patient (twin), and an emulated RP2040 (emulator)."""
