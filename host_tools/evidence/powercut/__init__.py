"""Cuts the power at every program and erase of every write of the store, in real MicroPython with littlefs."""
