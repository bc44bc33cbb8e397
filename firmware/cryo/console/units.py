"""Numbers with unit suffixes, in whole numbers of a base unit."""

# suffix -> (base unit, factor, divisor)
_SUFFIXES = {
    "US": ("us", 1, 1),
    "MS": ("us", 1_000, 1),
    "S": ("us", 1_000_000, 1),
    "MDEGC": ("mdegC", 1, 1),
    "DEGC": ("mdegC", 1_000, 1),
    "CEL": ("mdegC", 1_000, 1),
    "MBAR": ("mbar", 1, 1),
    "BAR": ("mbar", 1_000, 1),
    "MM": ("mm", 1, 1),
    "CM": ("mm", 10, 1),
    "M3": ("m3", 1, 1),
}
_PER = {"ms": ("us", 1_000), "s": ("us", 1_000_000)}


def scaled(text, unit):
    """Return (whole number of `unit`, None), or (0, (error number, what is wrong)).

    text is a number with or without a decimal part and a suffix, in capitals; without a suffix it is in `unit`.
    """
    text = text.strip()
    end = len(text)
    while end and not text[end - 1].isdigit():
        end -= 1
    if end and text[end - 1] == "3" and text[end - 2 : end] == "M3":
        end -= 2
    number = text[:end].strip()
    suffix = text[end:].strip()
    if suffix == "" and number[-2:] == "M3":
        number, suffix = number[:-2].strip(), "M3"
    sign = -1 if number[:1] == "-" else 1
    whole, point, part = number.lstrip("+-").partition(".")
    digits = whole + part
    if not digits.isdigit() or (point and not part) or number[1:2] in ("+", "-"):
        return 0, (-104, "no number: " + text)
    if len(digits) > 9:
        return 0, (-222, "more than nine digits: " + text)
    base, divisor = _PER.get(unit, (unit, 1))
    factor = divisor
    if suffix:
        found = _SUFFIXES.get(suffix)
        if found is None or found[0] != base:
            return 0, (-131, "no unit of this value: " + suffix)
        factor = found[1]
    value = int(digits) * factor
    divisor *= 10 ** len(part)
    if value % divisor:
        return 0, (-222, "finer than 1 {}: {}".format(unit, text))
    return sign * (value // divisor), None
