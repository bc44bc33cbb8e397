"""Finds the boards in their folder: no list has them."""

from host_tools.places import BOARDS
from host_tools.toolchain.board_check.board import load

ALL = sorted(path.parent.name for path in BOARDS.glob("*/board.toml"))
HARDWARE = [name for name in ALL if not load(BOARDS / name).chip.modelled]
PIO_BOARDS = [name for name in HARDWARE if load(BOARDS / name).chip.state_machines]
EXAMPLE = "rp2040_pico"  # a test changes its files to see a rule fail


def of_image(kind):
    """Return the boards whose MicroPython is installed with a kind of image: uf2, esptool."""
    return [name for name in HARDWARE if load(BOARDS / name).chip.micropython.get("image") == kind]
