"""cryoctl monitor: what a device tells of itself, on a screen, as lines, in a recording. It only asks."""
