"""Searches for the coldest skin: an optimiser chooses a fault's time and strength, the hand's motion, the patient."""
