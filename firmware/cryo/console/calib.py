"""Calibration: shows what is in force. In service mode it judges measurements, then stores them with date, due date and
person. Stored values are in force after the next start (SYST:REST).
"""

from cryo.core import mode
from cryo.store import calibration, dates, measured, notes

_PAIRS = {"TC": measured.thermocouple, "PRESSURE": measured.pressure, "DISTANCE": measured.distance}


def _in_force(console, _):
    s = console.app.supervisor
    device = s.config
    if device is None:
        return console.error(-221, "no valid settings on this device: provision it")
    return "JET_K={};JET_K_IN_FORCE={};VALVE_OPEN_US={};VALVE_CLOSE_US={};THERMOCOUPLE={};SKIN_OFFSET={};DUE={}".format(
        device.jet_k_mdegc or "NONE",
        device.jet_k_mdegc * s.jet.kept // 1000 or "NONE",
        device.valve_open_delay_us,
        device.valve_close_delay_us,
        "T" if device.tc_type else "K",
        device.skin_offset_mdegc,
        dates.text(device.calibration_due_d) if device.calibration_due_d else "NONE",
    )


def _store(console):
    return calibration.Store(console.app.board.files, console.app.may_write, console.app.board.fitted)


def _list(console, _):
    slots = _store(console).newest
    found = calibration.newest(slots)
    if slots.unread:
        return console.error(401, slots.name + ": " + slots.hidden())
    out = []
    for kind in sorted(calibration.KINDS):
        record = found.get(kind)
        said = "NONE"
        if record:
            _, day, due_d, technician, instrument = record[:5]
            values = ",".join(str(value) for value in record[5:])
            said = "{},{},{},{},{}".format(dates.text(day), dates.text(due_d), technician, instrument, values)
        out.append(kind + "=" + said)
    return ";".join(out)


def _barred(console):
    if console.app.supervisor.mode == mode.SERVICE:
        return None
    return console.error(303, "calibrations are taken in service mode (SERV:PIN)")


def _numbers(words):
    out = []
    for word in words:
        word = word.strip()
        if not word[word[:1] == "-" :].isdigit() or len(word) > 8:
            return None
        out.append(int(word))
    return out


def _judged(device, kind, numbers):
    """Return (values, None) or (None, sentence) of a measurement on a device with these settings."""
    pairs = tuple(zip(numbers[::2], numbers[1::2]))
    if kind == "TC" and device:  # the readings contain the present offset, and the new offset replaces it
        pairs = tuple((reference, reading - device.skin_offset_mdegc) for reference, reading in pairs)
    if kind in _PAIRS:
        if len(numbers) % 2:
            return None, "give pairs: reference,reading"
        return _PAIRS[kind](pairs)
    if kind != "JET":
        return measured.delay(numbers, kind == "CLOSE")
    if len(numbers) < 2 or len(numbers) % 2:
        return None, "give nozzle,distance in mm, then flow in us,fall in mdegC of each burst"
    return measured.jet(numbers[0], numbers[1], pairs[1:])


def _measure(console, text):
    refused = _barred(console)
    if refused:
        return refused
    words = text.split(",")
    kind = words[0].strip()
    if kind not in calibration.KINDS:
        allowed = ", ".join(sorted(calibration.KINDS))
        return console.error(-224, "unknown calibration {}: allowed {}".format(kind, allowed))
    numbers = _numbers(words[1:])
    if not numbers:
        return console.error(-104, "give whole numbers behind the kind")
    values, sentence = _judged(console.app.supervisor.config, kind, numbers)
    if sentence:
        console.calibration = None
        return console.error(402, sentence)
    console.calibration = (kind, values)
    return ";".join("{}={}".format(n.upper(), v) for n, v in zip(calibration.KINDS[kind], values))


def _keep(console, text):
    refused = _barred(console)
    if refused:
        return refused
    if not console.calibration:
        return console.error(-221, "nothing is accepted yet (CAL:MEAS kind,numbers)")
    words = [word.strip() for word in text.split(",")]
    due_d = dates.parsed(words[0])
    if len(words) != 3 or due_d is None:
        return console.error(-104, "write it as yyyy-mm-dd,technician,instrument")
    kind, values = console.calibration
    record, sentence = calibration.encode(kind, values, console.app.today_d, due_d, words[1], words[2])
    if sentence:
        return console.error(-222, sentence)
    _, sentence = calibration.put_in_force(_store(console), record)
    if sentence:
        return console.error(401, sentence)
    name = kind.encode() + bytes(8 - len(kind))
    letters = (int.from_bytes(name[:4], "little"), int.from_bytes(name[4:], "little"))
    console.app.recorder.put(notes.CHANGE, (notes.CALIBRATION, values[-1], due_d) + letters)
    console.calibration = None
    return "OK"


DO = {
    "CAL?": _in_force,
    "CAL:LIST?": _list,
    "CAL:MEAS": _measure,
    "CAL:STOR": _keep,
}
