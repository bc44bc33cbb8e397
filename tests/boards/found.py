"""The boards there are: found in their folder, and listed nowhere."""

from host_tools.places import BOARDS
from host_tools.toolchain.board_check.board import load

ALL = sorted(path.parent.name for path in BOARDS.glob("*/board.toml"))
HARDWARE = [name for name in ALL if not load(BOARDS / name).chip.modelled]
PIO_BOARDS = [name for name in HARDWARE if load(BOARDS / name).chip.state_machines]
EXAMPLE = "rp2040_pico"  # whose files a test changes to see a rule fail


def of_image(kind):
    """Return the boards whose MicroPython is installed from an image of a kind: uf2, esptool."""
    return [name for name in HARDWARE if load(BOARDS / name).chip.micropython.get("image") == kind]
