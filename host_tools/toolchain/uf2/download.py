"""Fetch the official MicroPython image that the emulated RP2040 runs: `make uf2`, with URL=... for a copy of it.

Only the pinned bytes are accepted, whatever the URL is.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import urllib.request
from http.client import HTTPException
from pathlib import Path

from host_tools.places import BOARDS
from host_tools.toolchain.board_check.board import load
from host_tools.toolchain.uf2 import image

PLACE = "https://micropython.org/resources/firmware/"
_EMULATED = load(BOARDS / "rp2040_pico").chip.micropython
NAME = _EMULATED["official"]
URL = PLACE + NAME
SHA256 = _EMULATED["sha256"]
LONGEST = 4 * 1024 * 1024  # no image of a 2 MiB flash is longer: half of a UF2 file is payload
TIMEOUT_S = 30


class Refused(Exception):
    """No image was stored; the message says why and what to do."""


def sha256(data: bytes) -> str:
    """Return the SHA-256 of data, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def fetch(url: str) -> bytes:
    """Return the contents of a URL (https, http or file), at most LONGEST bytes. Raises Refused."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            data = answer.read(LONGEST + 1)
    except (OSError, HTTPException, ValueError) as error:  # URLError is an OSError; ValueError: no URL at all
        raise Refused(
            f"cannot read {url}: {error}. On a machine without network: download {URL} elsewhere, "
            f"then `make uf2 URL=file:///path/to/{NAME}` in a clone, or `cryoctl flash --image` with that file"
        ) from error
    if len(data) > LONGEST:
        raise Refused(f"{url} is longer than any image for this board ({LONGEST} bytes)")
    return data


def store(data: bytes, target: Path, expected: str) -> None:
    """Write data to target if its SHA-256 is the expected one; a reader sees the whole file or none. Raises Refused."""
    found = sha256(data)
    if found != expected:
        raise Refused(f"SHA-256 is {found}, expected {expected} ({NAME}): not stored")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def ensure(url: str, target: Path, expected: str, name: str = NAME) -> str:
    """Put the image at target; return a sentence for the user. Raises Refused, also for another image there."""
    if target.exists():
        found = sha256(target.read_bytes())
        if found != expected:
            raise Refused(f"{target} is another image (SHA-256 {found}): delete it if {name} is to take its place")
        return f"{target} is {name} already"
    store(fetch(url), target, expected)
    return f"{name} is at {target}, SHA-256 as pinned"


def main(argv: list[str] | None = None) -> int:
    """Return the exit code: 0 when the image is there."""
    parser = argparse.ArgumentParser(prog="make uf2", description=f"Fetch {NAME} for the emulated RP2040.")
    parser.add_argument("url", nargs="?", default=URL, help="another place of the same file, file:///... included")
    try:
        print(ensure(parser.parse_args(argv).url, image.CACHE, SHA256))
    except Refused as error:
        print(f"uf2: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
