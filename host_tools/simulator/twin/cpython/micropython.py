"""CPython stand-in for the `micropython` module: the part the firmware and its tests use.

The heap lock only counts its nesting here: CPython cannot make an allocation fail. The MicroPython lanes do.
"""

_lock_depth = 0
_opt_level = 0


def const(value):
    """Return `value`; a compile-time constant in MicroPython."""
    return value


def native(function):
    """Return `function` unchanged; compiled to machine code in MicroPython."""
    return function


viper = native


def heap_lock():
    """Enter one more level of the heap lock."""
    global _lock_depth
    _lock_depth += 1


def heap_unlock():
    """Leave one level of the heap lock; RuntimeError when it is not locked (MicroPython's count wraps)."""
    global _lock_depth
    if _lock_depth == 0:
        raise RuntimeError("heap_unlock() without heap_lock(): pair them with try/finally")
    _lock_depth -= 1


def heap_locked():
    """Nesting depth of the heap lock, 0 when unlocked. Stock builds may lack it: tests only."""
    return _lock_depth


def opt_level(level=None):
    """Return the optimisation level, or set it to `level` (0-3; kept, without effect)."""
    global _opt_level
    if level is None:
        return _opt_level
    _opt_level = level
    return None


def kbd_intr(char):
    """Accept the character that interrupts (-1: none); without effect."""


def alloc_emergency_exception_buf(size):
    """Accept the buffer size in bytes; without effect."""


def schedule(function, argument):
    """Call `function(argument)` at once; MicroPython calls it at the next safe point, from a queue of 8."""
    function(argument)
