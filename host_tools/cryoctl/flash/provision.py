"""Makes a board's files of settings, serial number and PIN, from the request and from what the board holds."""

import importlib
from collections.abc import Mapping

from boards.virtual.settings import SETTINGS as VIRTUAL
from host_tools.cryoctl.flash import Request, Watch
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.service import PIN_GOOD
from host_tools.toolchain import settings as host
from host_tools.toolchain.settings import pin

CALIBRATED = importlib.import_module("cryo.store.settings").BY_CALIBRATION
_calibration = importlib.import_module("cryo.store.calibration")
RECORDS = tuple(f"calibration.{n}" for n in range(2))  # the newest calibration of each kind
HELD = (*host.PATHS, *pin.PIN_PATHS, *RECORDS)  # these files must be read first: they decide what to write


def files(board: str, held: Mapping[str, bytes], request: Request, watch: Watch) -> dict[str, bytes]:
    """Return path -> bytes of the settings and PIN files that must be written; files that may stay are left out.

    held    path -> bytes of the files of HELD that the board has
    Raises Problem when unreadable settings would be lost, or a value is not valid.
    """
    return _settings(board, held, request, watch) | _pin(held, request, watch)


def serial(held: Mapping[str, bytes]) -> str:
    """Return the serial number that a board with these files gives in its answer to *IDN?."""
    record = {path: held[path] for path in host.PATHS if path in held}
    try:
        return str(host.stored(record)["serial"])
    except host.SettingsError:
        return "unprovisioned"


def _settings(board, held, request, watch):
    asked = dict(request.settings or {})
    if request.serial is not None:
        asked["serial"] = request.serial
    there = {}
    record = {path: held[path] for path in host.PATHS if path in held}
    if record:
        try:
            there = host.stored(record, board == "virtual")
        except host.SettingsError as error:
            if not request.replace_settings:
                raise Problem(
                    f"the board's settings cannot be read ({error})",
                    "--replace-settings with --settings FILE replaces them; their values are lost",
                ) from None
    if not there and board == "virtual":
        asked = VIRTUAL | asked
    if not asked:
        if not there:
            watch.warn(
                "the board has no settings and none were given: it will refuse to arm (give --settings, --serial)"
            )
        return {}
    made = _merged(there, asked, request.replace_settings, watch, measured(held))
    if made.get("simulated") and board != "virtual":
        raise Problem("simulated = 1 is only for the virtual board", "remove it from the settings")
    try:
        host.payload(made)
        if made == there:
            return {}
        if not made.get("jet_k_mdegc") or not made.get("calibration_due_d"):
            watch.warn("the settings do not come from a calibration: the device will refuse to arm")
        return host.provision(made, _next_sequence(record))
    except host.SettingsError as error:
        raise Problem(f"settings: {error}", "correct it in the file of --settings") from None


def measured(held: Mapping[str, bytes]) -> set[str]:
    """Return the settings that come from the calibration records on the board; all of them if a record cannot be read.

    A measured value may equal the default by chance, so a value alone does not show whether it was measured.
    """
    record = {path: held[path] for path in RECORDS if path in held}
    if not record:
        return set()
    kinds = _calibration.newest(_calibration.Store(host._Files(record)).newest)
    if not kinds:
        return set(CALIBRATED)
    return {"calibration_due_d", *(_calibration.SETTING[kind] for kind in kinds if kind in _calibration.SETTING)}


def _merged(there, asked, replace, watch, measured):
    if not there:
        return asked
    default = {setting.key: setting.default for setting in host.schema()}
    given = [key for key in CALIBRATED if not replace and key in asked and there[key] != asked[key]]
    kept = [key for key in given if key in measured or there[key] != default[key]]
    if kept:
        watch.warn(f"kept as calibrated: {', '.join(kept)} (--replace-settings takes those of the file)")
    return there | {key: value for key, value in asked.items() if key not in kept}


def _next_sequence(record):
    """Return a sequence number that is newer than both slots of the board, whichever slot is replaced first."""
    reader = host.slots.Slots("/", host.config.NAME, host.config.VERSION, host._Files(record))
    found = reader.read(0), reader.read(1)
    at = host.slots.current(*found)
    return 0 if at < 0 else (found[at][2] + 1) & 0xFFFF


def _pin(held, request, watch):
    there = any(path in held for path in pin.PIN_PATHS)
    text = request.new_pin or ("" if there else request.pin)
    if not text:
        if not there:
            watch.warn(
                "the board has no PIN and none was given: set the first with the E-stop pressed, or give --pin-file"
            )
        return {}
    if len(text) < PIN_GOOD:
        watch.warn(
            f"a PIN of {len(text)} digits is quickly found in a copy of the flash: use {PIN_GOOD} digits or more"
        )
    try:
        return pin.provision(text)
    except host.SettingsError as error:
        raise Problem(str(error)) from None
