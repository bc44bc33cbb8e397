"""Finds the programs that have a serial port open. Only on Linux, from /proc, and only this user's programs."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class Holder(NamedTuple):
    """A program that has a port open; port: the name that the caller used."""

    port: str
    program: str
    process: int

    def __str__(self):
        return f"{self.program} (process {self.process})"


def holders(ports: Iterable[str], proc: Path = PROC) -> list[Holder]:
    """Return who has one of these ports open, without this process and without a pseudo-terminal's own board."""
    devices = {os.path.realpath(port): port for port in ports if os.path.exists(port)}
    found = {}
    for process, link, target in _open_files(proc) if devices else ():
        if target in devices and process != os.getpid() and not _other_end(link.parent, target):
            program = "a program"
            with contextlib.suppress(OSError):
                program = (proc / str(process) / "comm").read_text().strip()
            found[process, target] = Holder(devices[target], program, process)
    return list(found.values())


def _open_files(proc: Path) -> Iterator[tuple[int, Path, str]]:
    with contextlib.suppress(OSError):
        for folder in proc.iterdir():
            if not folder.name.isdigit():
                continue
            with contextlib.suppress(OSError):  # another user's process, or it has ended
                for link in (folder / "fd").iterdir():
                    with contextlib.suppress(OSError):
                        yield int(folder.name), link, os.readlink(link)


def _other_end(files: Path, target: str) -> bool:
    """Return whether a process also has this pseudo-terminal's other end: a virtual board may open its own port."""
    index = re.fullmatch(r"/dev/pts/(\d+)", target)
    if index is None:
        return False
    with contextlib.suppress(OSError):
        for link in files.iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(link).endswith("/ptmx"):
                    said = (files.parent / "fdinfo" / link.name).read_text()
                    if re.search(rf"^tty-index:\s+{index[1]}$", said, re.MULTILINE):
                        return True
    return False
