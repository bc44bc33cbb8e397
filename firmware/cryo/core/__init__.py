"""Pure decisions: no pins, no clock, no input or output; integers within 31 bits; no allocation."""
