"""Tools of other projects, each in one thin module: MicroPython's prompt, the ESP32's boot ROM, the RP2040's volume."""
