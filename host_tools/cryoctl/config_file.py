"""Settings in a TOML file: each with its unit, range, default and meaning. The user's own comments are kept.

The firmware's own code checks every value, so the sentences are the device's. Nothing here needs a device.
"""

import importlib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError

from host_tools.cryoctl.files import text_of
from host_tools.cryoctl.problems import Problem
from host_tools.places import DOCS, INSTALLED
from host_tools.toolchain.settings import Setting, config, schema
from host_tools.toolchain.settings.model import Settings

BY_CALIBRATION: tuple[str, ...] = importlib.import_module("cryo.store.settings").BY_CALIBRATION
_KIND = {key: kind for kind, key in importlib.import_module("cryo.store.calibration").SETTING.items()}
_COMMANDS = {"OPEN": "opening", "CLOSE": "closing", "JET": "jet"}
GIVEN = "simulated"  # the board itself knows whether it is virtual
FIXED = (GIVEN, *BY_CALIBRATION)
SCHEMA = DOCS / "settings.schema.json"
ROWS: dict[str, Setting] = {setting.key: setting for setting in schema()}


def known(key: str) -> Setting:
    """Return a setting. Raises Problem for an unknown key; its text names the nearest key."""
    setting = ROWS.get(key)
    if setting is None:
        raise Problem(sentence(key, 0) or f"unknown setting {key}")
    return setting


def sentence(key: str, value: Any) -> str | None:
    """Return the device's sentence on a value that it refuses, with limit and basis; None when it accepts the value."""
    return config.build({key: value})[1]


def fixed(key: str) -> str | None:
    """Return why a user may not change a setting, and what to do instead; None when it may be changed."""
    if key == GIVEN:
        return f"{key} comes from the board itself; leave it out"
    if key in BY_CALIBRATION:
        kind = _COMMANDS.get(_KIND.get(key, ""), "KIND")
        return f"{key} is set by a calibration, with its date and who did it; use `cryoctl calibrate {kind}`"
    return None


def wrong(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (key, the device's sentence) for each setting in a file that a device would not accept."""
    found = [(key, said) for key, value in values.items() if (said := sentence(key, value))]
    if not found:
        try:
            Settings.model_validate(values)
        except ValidationError as error:  # the model is made from the same table: it finds nothing more
            found = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
    return found


def parsed(text: str, name: str = "the file") -> dict[str, Any]:
    """Return the values of a settings file's text. Raises Problem for a text that is not TOML."""
    try:
        tomlkit.parse(text)  # tomlkit rewrites the file, but it accepts a character at a line's end that is not TOML
        return tomllib.loads(text)
    except RecursionError:
        raise Problem(f"{name}: not TOML: brackets are nested too deeply", "write lines as `key = number`") from None
    except (TOMLKitError, ValueError, TypeError) as error:
        raise Problem(f"{name}: not TOML: {error}", "write lines as `key = number`") from None


def read(path: Path) -> dict[str, int]:
    """Return the settings in a file. Raises Problem that names each setting that a device would not accept."""
    text = text_of(path)
    values = parsed(text, str(path))
    complaints = listed(path, text, wrong(values))
    if complaints:
        raise Problem("\n".join(complaints), "correct the file; nothing was changed")
    return values


def listed(path: Path, text: str, found: list[tuple[str, str]]) -> list[str]:
    """Return one line for each complaint, with file and line number."""
    return [f"{path}:{_line(text, key)}: {said}" for key, said in found]


def _line(text, key):
    pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[\].=]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def whole(setting: Setting) -> str:
    """Return unit, range, default and the tighter direction of a setting in one line."""
    unset = "0 (not known) or " if setting.unset else ""
    unit = f"{setting.unit}, " if setting.unit else ""
    tighter = f", {setting.tighter} is tighter" if setting.tighter else ""
    return f"{unit}{unset}{setting.lowest} .. {setting.highest}, default {setting.default}{tighter}"


def _about(setting):
    lines = [f"# {setting.what}", f"# {whole(setting)}"]
    if setting.danger:
        lines.append("# DANGER: a wrong value harms, even within the range; a change needs a confirmation")
    return lines


def fresh(values: Mapping[str, int], schema_at: str, title: str) -> str:
    """Return a new file's text. Settings that a user may not change are comments in it."""
    lines = [f"#:schema {schema_at}", f"# {title}", "# Whole numbers. In force after the next start of the device."]
    for setting in ROWS.values():
        lines += ["", *_about(setting)]
        given = f"{setting.key} = {values[setting.key]}"
        if setting.key in FIXED:
            lines += [f"# {(fixed(setting.key) or '').partition('; ')[2]}", f"# {given}"]
        else:
            lines.append(given)
    return "\n".join(lines) + "\n"


def over(text: str, values: Mapping[str, int], schema_at: str, name: str = "the file") -> str:
    """Return a file's text with its values replaced and missing settings added. The rest of the text stays.

    Raises Problem when the text is not a settings file, because another file must not be overwritten.
    """
    unknown = [key for key in parsed(text, name) if key not in ROWS]
    if unknown:
        raise Problem(f"{name} is not a settings file: {sentence(unknown[0], 0)}", "correct it, or name another file")
    for key in FIXED:
        text = re.sub(rf"(?m)^# {key} = -?\d+", f"# {key} = {values[key]}", text)
    document = tomlkit.parse(text)
    for key in [key for key in values if key in document]:
        document[key] = values[key]
    out = tomlkit.dumps(document)
    if not re.search(r"(?m)^#:schema ", out):
        out = f"#:schema {schema_at}\n{out}"
    for key, setting in ROWS.items():
        if key not in document and key not in FIXED:
            out += "\n".join(["" if out.endswith("\n") else "\n", *_about(setting), f"{key} = {values[key]}", ""])
    return out


def of_another(text: str, serial: int, name: str) -> None:
    """Raise Problem when a file's text holds the settings of another serial number: they would be lost."""
    found = parsed(text, name).get("serial", serial)
    if found != serial:
        raise Problem(
            f"{name} holds the settings of serial number {found}, the device is {serial}",
            "name another file, or remove the line `serial` from it",
        )


def schema_for(path: Path) -> str:
    """Return where a settings file at `path` finds the JSON Schema: in a clone a relative path, else a file address."""
    if INSTALLED:  # the settings file may move; an installed schema does not
        return SCHEMA.as_uri()
    try:
        return Path(os.path.relpath(SCHEMA, path.resolve().parent)).as_posix()
    except ValueError:  # another drive
        return SCHEMA.as_uri()
