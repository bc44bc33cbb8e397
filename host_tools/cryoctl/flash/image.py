"""Puts MicroPython itself onto a board: through the volume of RP2040 and RP2350, or the ESP32's boot ROM."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from host_tools.cryoctl.adapters import mpremote, uf2
from host_tools.cryoctl.files import content
from host_tools.cryoctl.flash import Watch, boards, files, names
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NotVerified, Problem
from host_tools.toolchain.board_check.board import Chip
from host_tools.toolchain.uf2 import download
from host_tools.toolchain.uf2 import image as cache

OFFICIAL = "official"
FIRST = "rp2040_pico"  # `official` is this board's image if no board is named
_ANEW = "download it again, and compare the hash with the publisher's"
MOST = 1 << 25  # bytes of an image: twice the flash of the largest board
VOLUME_S = 60.0  # a person may have to mount it
COPIES = 2  # an incomplete copy is repeated once
AGAIN = "the board did not get the whole image: it is copied again"
_FLASH_HASH = """import uctypes,hashlib,binascii
print(binascii.hexlify(hashlib.sha256(uctypes.bytearray_at({},{})).digest()).decode())
"""


def given(name: str, board: str | None = None, sha256: str | None = None) -> bytes:
    """Return the bytes of an image file, or for `official` of the pinned image, which is downloaded. Raises Problem.

    board    the board that the image is for, if known; `official` is refused for a board without a pinned image
    sha256   the hash that the image must have, in hexadecimal
    """
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise Problem(f"{sha256!r} is not a SHA-256", "give its 64 hexadecimal digits")
    try:
        if name == OFFICIAL:
            data = _official(pinned(board or FIRST))
        else:
            data = content(Path(name), MOST, "name a file that can be read with --image")
    except download.Refused as error:
        raise Problem(str(error)) from None
    found = hashlib.sha256(data).hexdigest()
    if sha256 and found != sha256.lower():
        raise Problem(f"image {name}: its SHA-256 is {found}, not the given one: nothing was written", _ANEW)
    return data


def _official(chip):
    """Return the bytes of a chip's pinned image, from the cache or downloaded. Raises download.Refused."""
    file = chip.micropython["official"]
    place = cache.CACHE if file == download.NAME else cache.CACHE.with_name(file)
    download.ensure(download.PLACE + file, place, chip.micropython["sha256"], file)
    return place.read_bytes()


def pinned(board: str) -> Chip:
    """Return a board's chip. Raises Problem if no download is pinned for it."""
    chip = boards.chip(board)
    if "sha256" not in chip.micropython:
        known = [name for name in names() if "sha256" in boards.chip(name).micropython]
        raise Problem(
            f"no download is pinned for {board}: `official` exists only for {', '.join(known)}",
            "download MicroPython for it, then give --image FILE, and its publisher's hash with --sha256",
        )
    return chip


def chip_of(data: bytes) -> Chip:
    """Return the chip that a UF2 file is for. Raises Problem when no known board has it, or for another file."""
    kinds = uf2.families(data)
    for name in names():
        chip = boards.chip(name)
        if int(chip.micropython.get("family", "0"), 16) in kinds:
            return chip
    raise Problem("the image is for an unknown board", f"the boards are {', '.join(names())}")


def fits(data: bytes, name: str, board: str) -> None:
    """Raise Problem for an image that is damaged or for another board. name: as the user gave it."""
    if name == OFFICIAL and hashlib.sha256(data).hexdigest() != pinned(board).micropython["sha256"]:
        raise Problem(f"`official` is the image of another board: here is a {board}", f"give --board {board}")
    checked(data, boards.chip(board))


def checked(data: bytes, chip: Chip) -> None:
    """Raise Problem for an image that is damaged, or not for this chip."""
    kind = chip.micropython.get("image")
    if kind == "uf2":
        uf2.content(data, int(chip.micropython["family"], 16))
    elif kind == "esptool":
        from host_tools.cryoctl.adapters import esptool

        esptool.checked(data)
    else:
        raise Problem(f"the board {chip.name} takes no image: it uses this computer's interpreter", "leave --image out")


def held(prompt: mpremote.Prompt, chip: Chip, data: bytes) -> bool:
    """Return whether the RP2040's flash holds a UF2 file; the board hashes its flash, which is mapped into memory."""
    address, content = uf2.content(data, int(chip.micropython["family"], 16))
    return prompt.run(_FLASH_HASH.format(address, len(content))).strip() == hashlib.sha256(content).hexdigest()


def by_volume(data: bytes, chip: Chip, watch: Watch) -> None:
    """Copy a UF2 image to the boot ROM's volume. The board restarts by itself."""
    volume = uf2.wait_for(chip.micropython["volume"], VOLUME_S)
    watch.part("image", len(data))
    uf2.copy(data, volume, watch.at)


def install(port: Port, data: bytes, chip: Chip, at_prompt: bool, back: Callable[[], None], watch: Watch) -> bool:
    """Put an image onto the board if it is not there; return whether it was written.

    back() waits for the port after a restart.

    at_prompt   True: MicroPython's prompt is there; False: nothing answers
    """
    checked(data, chip)
    watch.part("image", len(data))
    if chip.micropython["image"] == "uf2":
        return _uf2(port, data, chip, back, watch)
    from host_tools.cryoctl.adapters import esptool

    if at_prompt:
        with mpremote.prompt(port) as prompt:
            files.out_of_the_way(prompt)
    port.close()
    with esptool.chip(
        port.name, chip.micropython["chip"], progress=lambda at, total: watch.at(at * len(data) // total)
    ) as rom:
        written = esptool.install(rom, int(chip.micropython["offset"], 16), data)
    back()
    return written


def _uf2(port, data, chip, back, watch):
    for copies in range(COPIES + 1):
        with mpremote.prompt(port) as prompt:
            if held(prompt, chip, data):
                return copies > 0
            if copies == COPIES:
                break
            if copies:
                watch.warn(AGAIN)
            files.out_of_the_way(prompt)
            prompt.boot_loader()
        port.close()
        by_volume(data, chip, watch)
        back()
    raise NotVerified(f"{port.name}: the flash does not hold the image that was copied", "run the same command again")
