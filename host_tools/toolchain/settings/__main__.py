"""Writes docs/settings.md, docs/settings.schema.json, and the number of settings in docs/cryoctl/config.md:
`python -m host_tools.toolchain.settings`.
"""

import importlib
import json
import re

from host_tools.places import DOCS
from host_tools.toolchain.settings import config, schema, texts
from host_tools.toolchain.settings.model import Settings

PAGE = DOCS / "settings.md"
SCHEMA = DOCS / "settings.schema.json"
EXAMPLE = DOCS / "cryoctl/config.md"

HEAD = """# Settings

Made by `make settings` from `firmware/cryo/config.py` and `firmware/cryo/limits.py`; do not edit.

A device without valid settings arms nothing. It has no defaults of its own: a missing record stays missing, and so
does a key that a record leaves out. `cryoctl` begins a new record with the defaults below. A setting that stands for
a hard limit may tighten this limit and never loosen it. The device refuses an unknown key and names the nearest known
one. All values are whole numbers. `settings.schema.json` beside this page says the same as JSON Schema, for editors.

"Danger" marks a setting that can harm somebody when it is wrong, also within its range. The tools ask for a
confirmation before they change it.

| key | unit | default | range | tighter | danger | what |
|---|---|---|---|---|---|---|
"""
TAIL = """
## Where they are

The settings are one record in two slots: the files `settings.0` and `settings.1` in the root of the board's file
system. The device uses the newer valid slot. A change goes into the other slot; the device reads it back, compares
it, and uses it from then on. It writes nothing while gas may flow. A change is in force after the next start.

| bytes of a slot | what |
|---|---|
| 0-1 | `cs` |
| 2 | form of the slot: 1 |
| 3 | version of the payload: {version} |
| 4-5 | sequence, 16 bits, a serial number: the one less than half a turn ahead is newer |
| 6-7 | length of the payload, at most 1024 |
| 8- | payload: one line of JSON, every key in the order above, no spaces |
| last 4 | CRC-32 over the record's name (`settings`), then over everything before it |

Numbers are little-endian. A file of any other form is no slot. When no file is a slot, or when the newest slot has a
newer version than the device knows, the device says so, names the remedy, and arms nothing. It never uses an older
slot in the place of a newer one that it cannot read. [powercut.md](powercut.md) shows what power cuts do to a write.

## Older versions

The device reads a record of an older version as if it had these keys. The next change stores it in the present form.

| records before version | have no | and are read with | why |
|---|---|---|---|
{older}
"""


def page() -> str:
    """Return docs/settings.md."""
    rows = [
        f"| `{s.key}` | {s.unit or '-'} | {s.default} | {'0 or ' if s.unset else ''}{s.lowest} .. {s.highest} "
        f"| {s.tighter or '-'} | {'yes' if s.danger else '-'} | {s.what} |"
        for s in schema()
    ]
    why = texts.older()
    older = [f"| {s.since} | `{s.key}` | {s.older} | {why[s.key]} |" for s in schema() if s.older is not None]
    return HEAD + "\n".join(rows) + "\n" + TAIL.format(version=config.VERSION, older="\n".join(older))


def json_schema() -> str:
    """Return docs/settings.schema.json."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}
    return json.dumps(made, indent=2) + "\n"


def example(text: str | None = None) -> str:
    """Return docs/cryoctl/config.md with the present numbers of settings: all, and those that are changed by hand.

    text    of the page; else as it is. Raises ValueError when it has not the sentence of each number once.
    """
    fixed = ("simulated", *importlib.import_module("cryo.store.settings").BY_CALIBRATION)
    text = EXAMPLE.read_text() if text is None else text
    for count, words in ((len(config.KEYS), "; those that"), (len(config.KEYS) - len(fixed), ", all of them")):
        text, found = re.subn(rf"(board\.toml: )\d+( settings{words})", rf"\g<1>{count}\g<2>", text)
        if found != 1:
            words = f"board.toml: N settings{words}"
            raise ValueError(f'{EXAMPLE.name}: "{words}" must stand there once, not {found} times')
    return text


def main() -> None:
    """Write them."""
    PAGE.write_text(page())
    SCHEMA.write_text(json_schema())
    EXAMPLE.write_text(example())


if __name__ == "__main__":
    main()
