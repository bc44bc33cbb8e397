"""Uses other projects' tools, one thin module each: MicroPython's prompt, ESP32's boot ROM, RP2040's volume."""
