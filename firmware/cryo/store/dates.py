"""Days since 2000-01-01 and the calendar's dates."""

from micropython import const

LAST = const(36_524)  # 2099-12-31; 2000 is a leap year and no century follows, so every fourth year is one

_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def days(year, month, day):
    """Return the days since 2000-01-01, or None where there is no such date in 2000 .. 2099."""
    if not (2000 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= _length(year, month)):
        return None
    leap = 1 if year % 4 == 0 and month > 2 else 0
    return (year - 2000) * 365 + (year - 1997) // 4 + _BEFORE[month - 1] + leap + day - 1


def parsed(text):
    """Return the days of "2026-11-22", or None."""
    parts = text.split("-")
    if len(parts) != 3 or [len(part) for part in parts] != [4, 2, 2]:
        return None
    for part in parts:
        for ch in part:
            if ch not in "0123456789":
                return None
    return days(int(parts[0]), int(parts[1]), int(parts[2]))


def text(day):
    """Return 0 .. LAST days as "2026-11-22"."""
    year = 2000 + day // 1461 * 4
    day %= 1461
    while day >= (366 if year % 4 == 0 else 365):
        day -= 366 if year % 4 == 0 else 365
        year += 1
    month = 1
    while day >= _length(year, month):
        day -= _length(year, month)
        month += 1
    return "{:04d}-{:02d}-{:02d}".format(year, month, day + 1)


def _length(year, month):
    if month == 2:
        return 29 if year % 4 == 0 else 28
    return 30 if month in (4, 6, 9, 11) else 31
