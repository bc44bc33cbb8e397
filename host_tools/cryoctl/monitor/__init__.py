"""cryoctl monitor: shows what a device says about itself, on a screen, as lines, in a recording. It only asks."""
