"""Others' tools, each behind one thin module: MicroPython's prompt, the ESP32's boot ROM, the RP2040's volume."""
