"""Makes a provisioned, verified board from a bare one: the request, the messages on the way, the result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from host_tools.places import BOARDS

PARTS = ("find", "image", "compile", "compare", "copy", "restart")


@dataclass(frozen=True)
class Request:
    """What a board must become. board None: any board that is found; image None: MicroPython stays as it is.

    settings           key -> value of a settings file, laid over what the board holds
    replace_settings   values that a calibration gave are replaced too, and a record that cannot be read
    pin                of the board, to leave its application; on a board without one it becomes its first
    new_pin            becomes the PIN in any case
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
    """Receives the progress; this one is silent."""

    def part(self, name: str, total: int = 0) -> None:
        """A part of PARTS begins; total: its bytes, 0 where they are not known."""

    def at(self, done: int) -> None:
        """So many bytes of it are done."""

    def warn(self, text: str) -> None:
        """Something the user should know."""


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
        """Return it as it is printed and recorded."""
        return asdict(self)


def folder(board: str) -> Path:
    """Return the folder of a board by its name."""
    return BOARDS / board


def names() -> list[str]:
    """Return the boards there are."""
    return sorted(path.parent.name for path in BOARDS.glob("*/board.toml"))
