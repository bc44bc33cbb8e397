"""Settings on the host, by the firmware's own schema: only firmware/cryo/config.py says what they are.

    made = Settings(serial=7, jet_k_mdegc=16_000, calibration_due_d=9_900)     # pydantic; checks as the device does
    files = provision(made)                                                    # path on the board -> bytes
    made = stored(files)                                                       # reads what a device holds

Encoder, decoder, ranges and the nearest key are the device's code, run here.
"""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in ("host_tools/twin/cpython", "firmware"):  # last: nothing of the host is hidden by them
    if str(ROOT / folder) not in sys.path:
        sys.path.append(str(ROOT / folder))
config = importlib.import_module("cryo.config")
slots = importlib.import_module("cryo.store.slots")
writing = importlib.import_module("cryo.store.writing")
WHAT = importlib.import_module("cryo.store.texts").WHAT
STEPS = importlib.import_module("cryo.store.migration").STEPS

PATHS = tuple(f"{config.NAME}.{n}" for n in range(2))


class SettingsError(ValueError):
    """No settings; the message is the device's own sentence."""


@dataclass(frozen=True)
class Setting:
    """One row of the schema. tighter: "higher", "lower" or ""; unset: 0 says "not known" beside the range."""

    key: str
    unit: str
    default: int
    lowest: int
    highest: int
    tighter: str
    danger: bool
    what: str
    unset: bool


def schema() -> tuple[Setting, ...]:
    """Return every setting, in the order of the record."""
    return tuple(
        Setting(
            key, unit, default, low, high, ("", "higher", "lower")[way], bool(danger), WHAT[key], key in config.UNSET
        )
        for key, unit, default, low, high, way, danger in config.FIELDS
    )


class _Base(BaseModel):
    """The settings of one device, as its firmware takes them. A tighter limit is taken, a looser one is not."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        for key in data if isinstance(data, Mapping) else ():
            if key not in config.KEYS:
                raise ValueError(config.build({key: 0})[1])
        return data


def _field(setting: Setting) -> tuple[Any, Any]:
    extra: dict[str, Any] = {"unit": setting.unit, "tighter": setting.tighter, "danger": setting.danger}
    ranged = Annotated[int, Field(strict=True, ge=setting.lowest, le=setting.highest)]
    kind: Any = Annotated[int, Field(strict=True, ge=0, le=0)] | ranged if setting.unset else ranged
    return kind, Field(setting.default, description=setting.what, json_schema_extra=extra)


_fields: dict[str, Any] = {setting.key: _field(setting) for setting in schema()}
Settings = create_model("Settings", __base__=_Base, __doc__=_Base.__doc__, **_fields)


def payload(settings: BaseModel | Mapping[str, int]) -> bytes:
    """Return the record of settings, every key in it. Raises SettingsError with the device's sentence."""
    values = settings.model_dump() if isinstance(settings, BaseModel) else dict(settings)
    made, problem = config.build(values)
    if problem:
        raise SettingsError(problem)
    return config.encode(made)


def provision(settings: BaseModel | Mapping[str, int], sequence: int = 0) -> dict[str, bytes]:
    """Return path on the board -> bytes of both slots, alike: whatever the board held before is replaced.

    sequence    0 .. 65535
    """
    data: bytes = writing.slot(config.NAME, config.VERSION, sequence, payload(settings))
    return dict.fromkeys(PATHS, data)


def stored(files: Mapping[str, bytes]) -> BaseModel:
    """Return the settings in a board's files (path -> bytes), migrated. Raises SettingsError: the device's sentence."""
    made, problem = config.load(_Files(files))
    if problem:
        raise SettingsError(problem)
    return Settings(**made._asdict())


class _Files:
    """Files of a board, for reading."""

    def __init__(self, files: Mapping[str, bytes]):
        self._files = files

    def open(self, path: str, mode: str):
        """As the store asks for it. Raises OSError."""
        import io
        from errno import ENOENT

        if mode != "rb" or path.lstrip("/") not in self._files:
            raise OSError(ENOENT, path)
        return io.BytesIO(self._files[path.lstrip("/")])
