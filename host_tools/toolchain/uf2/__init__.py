"""MicroPython images: the pinned official one, and the cache that keeps it."""
