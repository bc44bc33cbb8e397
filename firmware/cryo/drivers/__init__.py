"""One file for each chip or actuator. Each driver is given its hardware; no driver knows the device's mode."""
