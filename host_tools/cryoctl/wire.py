"""The device's tool protocol, without a port: lines `@number command *sum`, as docs/console.md describes."""

import binascii
import json
import re

from host_tools.cryoctl.problems import Refused
from host_tools.cryoctl.shown import clean

LINE_MAX = 120  # the device's longest line
NUMBERS = 1_000_000
_ANSWER = re.compile(rb"@(\d{1,6}) (.*) \*([0-9A-F]{4})", re.DOTALL)
_ERROR = re.compile(r"ERROR (-?\d+) (.*)", re.DOTALL)
_TELEMETRY_SUM = re.compile(rb'(\{.*),"crc":"([0-9A-F]{4})"\}')


def crc(data: bytes) -> int:
    """Return CRC-16/CCITT-FALSE."""
    return binascii.crc_hqx(data, 0xFFFF)


def wrapped(number: int, command: str) -> bytes:
    """Return a command as a wrapped line, without its end. Raises ValueError if the device cannot take it."""
    body = f"@{number} {command}".encode("ascii")
    line = b"%s *%04X" % (body, crc(body))
    if len(line) > LINE_MAX or any(not 32 <= byte < 127 for byte in line):
        raise ValueError(f"not a command for the device: {command!r}")
    return line


def unwrapped(line: bytes) -> tuple[int, str] | None:
    """Return (number, text) of an answer's line; None: it is another line, or its sum is wrong."""
    found = _ANSWER.fullmatch(line)
    if not found or crc(line[: found.start(3) - 2]) != int(found[3], 16):
        return None
    return int(found[1]), clean(found[2].decode("ascii", "replace"))


def telemetry(line: bytes) -> dict | None:
    """Return a telemetry line's values; None: it is another line, or its sum is wrong."""
    found = _TELEMETRY_SUM.fullmatch(line)
    if not found or crc(found[1]) != int(found[2], 16):
        return None
    try:
        return json.loads(found[1] + b"}")
    except (ValueError, RecursionError):  # too many nested brackets
        return None


def accepted(answer: str) -> str:
    """Return an answer if it is not a refusal. Raises Refused with the device's own sentence."""
    error = _ERROR.fullmatch(answer)
    if error:
        raise Refused(f"the device: {error[2]}", number=int(error[1]))
    if answer.startswith("REFUSED"):
        raise Refused(f"the device: {answer}")
    return answer


def fields(answer: str) -> dict[str, str]:
    """Return key -> value of an answer such as STATE=STANDBY;FAULT=NONE."""
    return dict(part.split("=", 1) for part in answer.split(";") if "=" in part)
