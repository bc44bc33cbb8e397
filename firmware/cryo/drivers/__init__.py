"""One chip or actuator a file; hardware is given to each driver, no driver knows a state."""
