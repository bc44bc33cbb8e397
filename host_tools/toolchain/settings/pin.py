"""Makes a PIN's record on the host, as a device keeps it: to provision a board, and for tests."""

import importlib
import secrets

from host_tools.toolchain.settings import PATHS, SettingsError, config, writing

_pin = importlib.import_module("cryo.console.pin")
NAME = "pin"
PIN_PATHS = tuple(path.replace(config.NAME, NAME) for path in PATHS)


def provision(text: str, wrong: int = 0) -> dict[str, bytes]:
    """Return path on the board -> bytes of both slots: PIN `text` with new salt and `wrong` counted attempts.

    Raises SettingsError for a text that is no PIN.
    """
    if not _pin.fits(text):
        raise SettingsError("a PIN has 4 to 10 digits")
    salt = secrets.token_bytes(_pin.SALT)
    digest = _pin.Digest(salt, text)
    while (found := digest.poll()) is None:
        pass
    data: bytes = writing.slot(NAME, _pin.VERSION, 0, _pin.packed(wrong, salt, found))
    return dict.fromkeys(PIN_PATHS, data)
