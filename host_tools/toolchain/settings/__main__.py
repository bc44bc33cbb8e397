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

A device without valid settings arms nothing: there are no defaults in a device, neither for a missing record nor for
a key that a record leaves out. The defaults below are what a host starts a new record from. A setting that stands for
a hard limit may tighten it and never loosen it. An unknown key is refused with the nearest known one. All values are
whole numbers. `settings.schema.json` beside this page is the same as JSON Schema, for editors.

"Danger" marks what harms when it is wrong within its range; a change of it is asked for twice.

| key | unit | default | range | tighter | danger | what |
|---|---|---|---|---|---|---|
"""
TAIL = """
## Where they are

Two files in the root of the board's file system, `settings.0` and `settings.1`: two slots of one record. The newer
valid one counts; a change is written to the other, read back and compared, and counts from then on. Nothing is
written while gas may flow. A change is in force after the next start.

| bytes of a slot | what |
|---|---|
| 0-1 | `cs` |
| 2 | form of the slot: 1 |
| 3 | version of the payload: {version} |
| 4-5 | sequence, 16 bits, a serial number: the one less than half a turn ahead is newer |
| 6-7 | length of the payload, at most 1024 |
| 8- | payload: one line of JSON, every key in the order above, no spaces |
| last 4 | CRC-32 over the record's name (`settings`), then over everything before it |

Numbers are little-endian. What is not exactly that is no slot. When no slot is one, or the newest is of a newer
version, the device says so, names the remedy, and arms nothing; an older copy never stands in for a newer one that it
cannot read. What power cuts do to a write: [powercut.md](powercut.md).

## Older versions

A record of an older version is read as if it had these keys; the next change stores it in the present form.

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
