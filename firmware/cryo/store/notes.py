"""The notes of the device's log: their kinds and figures. Only numbers, for the code that makes, writes and reads them.

kind     figures
POINT    preset | level << 4 | site << 8 | point << 16 | reason << 20 | reached << 24, passes | bursts << 8,
         valve-on ms, ms since its first pass, coldest skin, coldest predicted surface, target, floor (mdegC; NONE:
         never known)
FAULT    code, mode in which it came, the two words of all codes that are latched (core/faults.py, Codes)
START    how the last run ended (core/resets.py), its mode, fault, uptime in s, restarts since power-on, version
CHANGE   SETTINGS, value, the key in ASCII, or no key and how many were changed; or CALIBRATION, value, due day, the
         kind in ASCII; or DATE, the day that it is now, the day below which it was set; or PATIENT
LOST     how many notes found no room
CLEARED  nothing
"""

from micropython import const

POINT = const(1)
FAULT = const(2)
START = const(3)
CHANGE = const(4)
LOST = const(5)
CLEARED = const(6)
# what a CHANGE changed
SETTINGS = const(0)
CALIBRATION = const(1)
DATE = const(2)  # backwards
PATIENT = const(3)  # the session of another patient began

NONE = const(0x3FFFFFFF)  # a temperature that was never known
