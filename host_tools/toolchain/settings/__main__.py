"""Writes docs/settings.md and docs/settings.schema.json: `python -m host_tools.toolchain.settings`."""

import json

from host_tools.places import DOCS
from host_tools.toolchain.settings import STEPS, config, schema
from host_tools.toolchain.settings.model import Settings

PAGE = DOCS / "settings.md"
SCHEMA = DOCS / "settings.schema.json"

HEAD = """# Settings

Made by `make settings` from `firmware/cryo/config.py` and `firmware/cryo/store/texts.py`; do not edit.

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

A record of an older version is read through these steps; the next change stores it in the present form.

| version | next | step |
|---|---|---|
{steps}
"""


def page() -> str:
    """Return docs/settings.md."""
    rows = [
        f"| `{s.key}` | {s.unit or '-'} | {s.default} | {'0 or ' if s.unset else ''}{s.lowest} .. {s.highest} "
        f"| {s.tighter or '-'} | {'yes' if s.danger else '-'} | {s.what} |"
        for s in schema()
    ]
    steps = [f"| {n} | {n + 1} | {step.__doc__} |" for n, step in sorted(STEPS.items())]
    return HEAD + "\n".join(rows) + "\n" + TAIL.format(version=config.VERSION, steps="\n".join(steps))


def json_schema() -> str:
    """Return docs/settings.schema.json."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}
    return json.dumps(made, indent=2) + "\n"


def main() -> None:
    """Write both."""
    PAGE.write_text(page())
    SCHEMA.write_text(json_schema())


if __name__ == "__main__":
    main()
