"""Makes a bare board a provisioned, verified one: the request, the messages meanwhile, the result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from host_tools.places import BOARDS

PARTS = ("find", "image", "compile", "compare", "copy", "restart")


@dataclass(frozen=True)
class Request:
    """What must be on a board. board None: any board that is found; image None: MicroPython stays as it is.

    settings           key -> value of a settings file; they replace the values that the board holds
    replace_settings   also replace values that a calibration gave, and a record that cannot be read
    pin                the board's PIN, to end its application; a board without a PIN gets it as its first
    new_pin            becomes the board's PIN in any case
    """

    board: str | None = None
    image: bytes | None = None
    image_name: str = ""
    settings: Mapping[str, int] | None = None
    replace_settings: bool = False
    serial: int | None = None
    pin: str | None = None
    new_pin: str | None = None
    dry_run: bool = False


class Watch:
    """Receives the progress. This one shows nothing."""

    def part(self, name: str, total: int = 0) -> None:
        """A part of PARTS begins; total: its bytes, 0 if not known."""

    def at(self, done: int) -> None:
        """`done` bytes of the part are done."""

    def warn(self, text: str) -> None:
        """Tell the user something that is important."""


@dataclass
class Report:
    """The result. files: path -> SHA-256 of everything that belongs on the board; written: the files that were sent."""

    port: str
    board: str = ""
    usb_serial: str = ""
    serial: str = ""
    version: str = ""
    micropython: str = ""
    image: str = ""  # SHA-256 of an image that was asked for
    image_written: bool = False
    files: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    bytes_sent: int = 0
    self_test: str = ""
    result: str = ""
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict:
        """Return the report as it is printed and recorded."""
        return asdict(self)


def folder(board: str) -> Path:
    """Return the folder of a board by its name."""
    return BOARDS / board


def names() -> list[str]:
    """Return the names of all boards."""
    return sorted(path.parent.name for path in BOARDS.glob("*/board.toml"))
