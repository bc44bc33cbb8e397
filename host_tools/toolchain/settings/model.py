"""The settings as a pydantic model, made from the firmware's table: it accepts exactly what the device accepts."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from host_tools.toolchain.settings import Setting, config, schema


class _Base(BaseModel):
    """The settings of one device, as its firmware accepts them: a tighter limit, never a looser one."""

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
