"""Gives MicroPython the application's modules from one read-only file, before it looks at any other file.

An RP2040 needs a third of a second at every boot to find 50 modules in folders of a flash file system. A file that was
left beside them could also run in place of one. Without this file, MicroPython looks up modules in the usual way.

The file (host_tools/toolchain/packing writes it): a line "path offset" for each member, an empty line, the members one
after the other, the CRC-32 of all that, little-endian. Offsets count from the end of the empty line. The self-test
checks the sum. Members are the modules, and remedies.txt, which the application reads in pieces.
"""

import io
import sys

from micropython import const

FILE = "/application"
MOUNT = "/app"

_FOLDER = const(0x4000)  # st_mode
_FILE = const(0x8000)
_BUFFER_SIZE = const(11)  # ioctl request of a stream: how many bytes one read takes
_ENOENT = const(2)


class Member(io.IOBase):
    """One member while it is read. A module knows its own end, so nothing behind it is read.

    All read the one file, whose place is where the last of them stopped: who reads a part of a member seeks first.
    """

    def __init__(self, file, start):
        self.readinto = file.readinto
        self._seek = file.seek
        self._start = start

    def seek(self, offset):
        """Go to an offset in this member. Does not allocate."""
        self._seek(self._start + offset)

    def ioctl(self, request, _):
        """Ask for large pieces; keep the file open for the next module."""
        return 255 if request == _BUFFER_SIZE else 0


class Archive:
    """What the import machinery asks of a file system."""

    def __init__(self, file):
        places = {}  # path -> offset; a folder has none
        length = 0
        while True:
            line = file.readline()
            length += len(line)
            if line in (b"\n", b""):
                break
            path, offset = line.decode().split()
            places["/" + path] = int(offset)
            folder = path.rpartition("/")[0]
            while folder:
                places["/" + folder] = None
                folder = folder.rpartition("/")[0]
        self._places = places
        self._start = length
        self._file = file

    def mount(self, readonly, mkfs):
        """Nothing to do."""

    def umount(self):
        """Close the file."""
        self._file.close()

    def stat(self, path):
        """Return the ten figures of a path. Only the first has a meaning. Raises OSError."""
        if path not in self._places:
            raise OSError(_ENOENT)
        return (_FOLDER if self._places[path] is None else _FILE, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    def open(self, path, mode):
        """Return a stream of one member. Raises OSError."""
        offset = self._places.get(path)
        if offset is None:
            raise OSError(_ENOENT)
        member = Member(self._file, self._start + offset)
        member.seek(0)
        return member


def use(path):
    """Mount an application's file if it exists; its modules come before all others."""
    try:
        file = open(path, "rb")
    except OSError:
        return
    import vfs  # imported here: Python on a host does not have it

    vfs.mount(Archive(file), MOUNT)
    sys.path.insert(0, MOUNT)


use(FILE)
