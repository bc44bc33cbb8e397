"""The figures of the firmware with their goals, and the same figures for programs that a person would write instead."""
