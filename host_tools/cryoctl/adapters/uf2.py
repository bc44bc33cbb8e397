"""The boot ROM of RP2040 and RP2350 as a volume: it holds INFO_UF2.TXT, accepts a UF2 file, then disappears.

[S] UF2: github.com/microsoft/uf2, 512-byte blocks of eight little-endian words, payload, one more word.
RP2040 datasheet 2.8.4, RP2350 datasheet 5.5: the volume's INFO_UF2.TXT, Board-ID RPI-RP2 or RP2350; the board restarts
once every block is written.
"""

import contextlib
import os
import string
import struct
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem

INFO = "INFO_UF2.TXT"
BLOCK = 512
MAGIC = (0x0A324655, 0x9E5D5157)
MAGIC_END = 0x0AB16F30
PAYLOAD_MAX = 476
RP2350 = 0xE48BFF59
ABSOLUTE = 0xE48BFF57  # not a chip's family: for any address
CHIPS = {  # by family [S] microsoft/uf2, RP2350 datasheet 5.5.3
    0xE48BFF56: "RP2040",
    RP2350: "RP2350 (Arm)",
    0xE48BFF5A: "RP2350 (RISC-V)",
    0xE48BFF5B: "RP2350 (Arm, not secure)",
}
_NOT_FOR_FLASH = 1  # flags
_FAMILY_GIVEN = 0x2000
_EXTENDED = 0x8000
_IGNORED = 0x9957E304
_LAST_ADDRESS = 0x10FFFF00
_RP2040 = 0xE48BFF56
_FLASH = 0x10000000  # [S] datasheets: where the flash is mapped
_FLASH_BYTES = (1 << 25, 1 << 24)  # largest flash that an RP2350, an RP2040 maps there
_COPY = 64 * 1024
_AGAIN = "download it again (`--image official` has the pinned one), and compare its SHA-256 with the publisher's"


@dataclass(frozen=True)
class Volume:
    """A mounted volume; board is the Board-ID of its INFO_UF2.TXT."""

    path: Path
    board: str


def content(data: bytes, family: int) -> tuple[int, bytes]:
    """Return (address, bytes) that a UF2 file writes into the flash. Raises Problem for a damaged or another file."""
    blocks = _blocks(data)
    _of_this_chip(blocks, family)
    if family == RP2350 and _is_work_around(data[:BLOCK]):
        blocks = blocks[1:]
    out: dict[int, bytes] = {}
    for n, (block, flags, address, size, number, of, kind) in enumerate(blocks):
        if kind == ABSOLUTE:
            raise Problem(
                f"UF2 file damaged: block {n} of {len(blocks)} is for any address, and belongs to no image", _AGAIN
            )
        if number != n or of != len(blocks) or size > PAYLOAD_MAX:
            raise Problem(f"UF2 file damaged: block {n} of {len(blocks)} has the number {number} of {of}", _AGAIN)
        if not flags & _FAMILY_GIVEN or kind != family:
            raise _another(f"family {kind:#010x}" if flags & _FAMILY_GIVEN else "no family", family)
        if not flags & _NOT_FOR_FLASH:
            if not size or address in out:
                said = "is for an address that another block wrote" if size else "is empty"
                raise Problem(f"UF2 file damaged: block {n} of {len(blocks)} {said}", _AGAIN)
            if not _FLASH <= address <= _FLASH + _FLASH_BYTES[family == _RP2040] - size:
                raise Problem(f"UF2 file damaged: block {n} is for {address:#010x}, which is not in the flash", _AGAIN)
            out[address] = block[32 : 32 + size]
    if not out:
        raise Problem("UF2 file damaged: no block is for the flash", _AGAIN)
    start = min(out)
    whole = bytearray()
    for address in sorted(out):
        if address != start + len(whole):
            raise Problem(f"UF2 file damaged: no block for address {start + len(whole):#010x}", _AGAIN)
        whole += out[address]
    return start, bytes(whole)


def families(data: bytes) -> set[int]:
    """Return the families of the chips that a UF2 file's blocks are for. Raises Problem for another kind of file."""
    return {kind for _, flags, *_, kind in _blocks(data) if flags & _FAMILY_GIVEN} - {ABSOLUTE}


def _blocks(data):
    if not data or len(data) % BLOCK:
        raise Problem(f"not a UF2 file: {len(data)} bytes are not a whole number of {BLOCK}-byte blocks", _AGAIN)
    found = []
    for n in range(len(data) // BLOCK):
        block = data[n * BLOCK : (n + 1) * BLOCK]
        one, two, *head = struct.unpack_from("<8I", block)
        if (one, two) != MAGIC or struct.unpack_from("<I", block, BLOCK - 4)[0] != MAGIC_END:
            raise Problem(f"UF2 file damaged: wrong magic numbers in block {n}", _AGAIN)
        found.append((block, *head))
    return found


def _of_this_chip(blocks, family):
    """Raise Problem when all blocks are for another chip. This check comes before all others."""
    kinds = {kind for _, flags, *_, kind in blocks if flags & _FAMILY_GIVEN} - {ABSOLUTE}
    if len(kinds) == 1 and family not in kinds:
        raise _another(f"{CHIPS.get(min(kinds), 'unknown')}, family {min(kinds):#010x}", family)


def _another(found, family):
    wanted = f"{CHIPS.get(family, 'unknown')}, family {family:#010x}"
    return Problem(f"UF2 file for another chip: {found}, not {wanted}", "use MicroPython's image for this board")


def _is_work_around(block):
    """Return whether a block is the one before an image of the RP2350 that its erratum E10 needs.

    [S] RP2350 datasheet, E10, and picotool: 256 bytes EFh for the end of the flash's address range, block 0 of 2
    without a second; newer ones are marked as to be ignored, with nothing behind the mark.
    """
    _, _, flags, address, size, number, of, kind = struct.unpack_from("<8I", block)
    marked = struct.pack("<I", _IGNORED) if flags & _EXTENDED else b""
    behind = block[32 + size : -4] if size <= PAYLOAD_MAX else b""
    return (
        (kind, address, size, number, of) == (ABSOLUTE, _LAST_ADDRESS, 256, 0, 2)
        and flags & ~_EXTENDED == _FAMILY_GIVEN
        and block[32 : 32 + size] == b"\xef" * size
        and behind == marked.ljust(PAYLOAD_MAX - size, b"\0")
    )


# --- where volumes appear ---------------------------------------------------------------------------------------------
def linux(root: Path = Path("/")) -> Iterable[Path]:
    """Return folders that may be volumes, in the places where desktops and people mount them."""
    for top in ("media", "run/media", "mnt"):
        yield from _folders(root / top, 2)


def macos(root: Path = Path("/")) -> Iterable[Path]:
    """Return the mounted volumes of macOS."""
    yield from _folders(root / "Volumes", 1)


def windows() -> Iterable[Path]:
    """Return the drives of Windows from C: on. An empty card reader shows as a drive without files."""
    for letter in string.ascii_uppercase[2:]:
        yield Path(f"{letter}:/")


def places() -> Iterable[Path]:
    """Return the folders that may be volumes on this system."""
    return {"darwin": macos, "win32": windows}.get(sys.platform, linux)()


def _folders(top, depth):
    try:
        found = sorted(path for path in top.iterdir() if path.is_dir())
    except OSError:
        return
    for path in found:
        yield path
        if depth > 1:
            yield from _folders(path, depth - 1)


def volumes() -> list[Volume]:
    """Return the boot ROM volumes that are mounted."""
    out = []
    for path in places():
        try:
            text = (path / INFO).read_text("ascii", "replace")
        except OSError:
            continue
        lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        out.append(Volume(path, lines.get("Board-ID", "").strip()))
    return out


def wait_for(board: str, patience_s: float) -> Volume:
    """Wait for the volume with that Board-ID, and return it. Raises NoDevice; Problem for another board's volume."""
    until = time.monotonic() + patience_s
    while True:
        there = volumes()
        fits = [volume for volume in there if volume.board == board]
        if len(fits) == 1:
            return fits[0]
        if fits:
            names = ", ".join(str(volume.path) for volume in fits)
            raise NoDevice(f"more than one board waits as a volume: {names}", "leave only one of them plugged in")
        if time.monotonic() >= until:
            break
        time.sleep(0.1)
    if there:
        raise Problem(
            f"{there[0].path} is the volume of a {there[0].board or 'board without Board-ID'}, not of a {board}",
            "unplug it; hold BOOTSEL on the board to be flashed while plugging it in",
        )
    raise NoDevice(
        f"no {board} volume appeared",
        "hold BOOTSEL while plugging the board in; if the system does not mount it, mount it below /mnt",
    )


def copy(
    data: bytes, volume: Volume, progress: Callable[[int], None] = lambda _: None, patience_s: float = 30.0
) -> None:
    """Copy a checked UF2 file to a volume and wait until it disappears: then the boot ROM has taken all of it.

    Raises NoDevice when it disappears before everything is written, NotVerified when it does not disappear.
    """
    done = 0
    try:
        with (volume.path / "image.uf2").open("wb") as file:
            while done < len(data):
                done += file.write(data[done : done + _COPY])
                file.flush()
                progress(done)
            with contextlib.suppress(OSError):  # it may disappear during this: the last block was written
                os.fsync(file.fileno())
    except OSError as error:
        if (volume.path / INFO).exists():
            raise Problem(f"{volume.path}: {error.strerror}", "check that this user may write to it") from None
        if done < len(data):
            raise NoDevice(
                f"{volume.path} disappeared before the whole image was written",
                "plug it in with BOOTSEL, then try again",
            ) from None
    until = time.monotonic() + patience_s
    while (volume.path / INFO).exists():
        if time.monotonic() > until:
            raise NotVerified(
                f"{volume.path} is still there {patience_s:.0f} s after the copy: the board did not accept the image",
                "unplug it, hold BOOTSEL while plugging it in, then run the same command again",
            )
        time.sleep(0.05)
