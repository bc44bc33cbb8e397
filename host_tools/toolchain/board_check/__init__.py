"""Board folders as data: the check of a pin map against its chip, and the wiring diagram drawn from it."""
