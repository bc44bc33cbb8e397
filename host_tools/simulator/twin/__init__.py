"""The virtual board and the virtual patient: physics and pins in virtual time."""
