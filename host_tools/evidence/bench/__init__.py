"""The figures of the firmware against their goals, beside what a person would otherwise write."""
