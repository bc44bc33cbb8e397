"""Looks for the worst: an optimiser chooses when a fault sets in, how strong it is, what the hand does, and on whom."""
