"""Settings on the host, with the firmware's own schema: only firmware/cryo/config.py defines them.

    files = provision({"serial": 7, "jet_k_mdegc": 16_000, "calibration_due_d": 9_900})  # path on the board -> bytes
    values = stored(files)  # reads what a device holds

Encoder, decoder, ranges and the nearest key are the device's code, run here. model.py has them as a pydantic model.
"""

import importlib
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from errno import ENOENT

from host_tools.places import FIRMWARE, STANDIN

for folder in (STANDIN, FIRMWARE):  # appended last, so that they hide no module of the host
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
config = importlib.import_module("cryo.config")
slots = importlib.import_module("cryo.store.slots")
writing = importlib.import_module("cryo.store.writing")
WHAT = importlib.import_module("cryo.store.texts").WHAT

PATHS = tuple(f"{config.NAME}.{n}" for n in range(2))


class SettingsError(ValueError):
    """The settings are not valid; the message is the device's own sentence."""


@dataclass(frozen=True)
class Setting:
    """One row of the schema. tighter: "higher", "lower" or ""; unset: 0 is allowed too and means "not known".

    since: version of the record that has it first; older: what an older record is read as, or None.
    """

    key: str
    unit: str
    default: int
    lowest: int
    highest: int
    tighter: str
    danger: bool
    what: str
    unset: bool
    since: int
    older: int | None


def schema() -> tuple[Setting, ...]:
    """Return every setting, in the order of the record."""
    return tuple(
        Setting(
            key,
            unit,
            default,
            low,
            high,
            ("", "higher", "lower")[way],
            bool(danger),
            WHAT[key],
            key in config.UNSET,
            since,
            older,
        )
        for key, unit, default, low, high, way, danger, since, older in config.FIELDS
    )


def payload(settings: Mapping[str, int]) -> bytes:
    """Return the record of settings, every key in it. Raises SettingsError with the device's sentence."""
    made, problem = config.build(dict(settings))
    if problem:
        raise SettingsError(problem)
    return config.encode(made)


def provision(settings: Mapping[str, int], sequence: int = 0) -> dict[str, bytes]:
    """Return path on the board -> bytes of both slots, both the same: they replace whatever the board held.

    sequence    0 .. 65535
    """
    data: bytes = writing.slot(config.NAME, config.VERSION, sequence, payload(settings))
    return dict.fromkeys(PATHS, data)


def stored(files: Mapping[str, bytes], virtual: bool = True) -> dict[str, int]:
    """Return the settings in a board's files (path -> bytes), migrated. Raises SettingsError: the device's sentence.

    virtual    False: read them as a real board, which refuses those of a virtual one
    """
    made, problem = config.load(_Files(files), virtual)
    if problem:
        raise SettingsError(problem)
    return made._asdict()


class _Files:
    """Files of a board, for reading."""

    def __init__(self, files: Mapping[str, bytes]):
        self._files = files

    def open(self, path: str, mode: str):
        """Open a file in the way that the store needs. Raises OSError."""
        if mode != "rb" or path.lstrip("/") not in self._files:
            raise OSError(ENOENT, path)
        return io.BytesIO(self._files[path.lstrip("/")])
