"""Writes what pyright needs for firmware and boards: `python -m host_tools.toolchain.type_check` (in `make types`).

Each board's folder is copied beside the firmware, so that each is a separate place for imports: one entry a board.
"""

import json
import os

from host_tools.places import BOARDS, FIRMWARE, GUEST, HOST_TOOLS, ROOT, VIRTUAL
from host_tools.toolchain.board_check.board import load

RULES = HOST_TOOLS / "toolchain/node/pyright-firmware.json"
MADE = ROOT / "out/pyright-firmware.json"


def configuration() -> dict:
    """Return the configuration; paths are as seen from the file it goes to."""

    def seen(path):
        return os.path.relpath(path, MADE.parent)

    entries = []
    for source in sorted(BOARDS.glob("*/board.toml")):
        # a virtual board's machine module is the twin's
        guest = [seen(GUEST)] if load(source.parent).chip.modelled else []
        entries.append({"root": seen(source.parent), "extraPaths": [seen(FIRMWARE), *guest]})
    registers = [seen(path.parent) for path in sorted(BOARDS.glob("*/registers.py"))]  # one valve for several chips
    entries.append({"root": seen(FIRMWARE), "extraPaths": [seen(VIRTUAL), seen(GUEST), *registers]})
    return {"extends": seen(RULES), "executionEnvironments": entries}


if __name__ == "__main__":
    MADE.parent.mkdir(exist_ok=True)
    MADE.write_text(json.dumps(configuration(), indent=2) + "\n")
