"""Gives MicroPython the application's modules from one read-only file, before it looks at any other file.

An RP2040 needs a third of a second at every boot to find 50 modules in folders of a flash file system. A file that was
left beside them could also run in place of one. Without this file, MicroPython looks up modules in the usual way.

The file (host_tools/toolchain/packing writes it): a line "path offset" for each module, an empty line, the modules one
after the other, the CRC-32 of all that, little-endian. Offsets count from the end of the empty line. The self-test
checks the sum.
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
    """One module while it is read. A module knows its own end, so nothing behind it is read."""

    def __init__(self, file):
        self.readinto = file.readinto

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
        """Return a stream of one module. Only one is read at a time, as imports do. Raises OSError."""
        offset = self._places.get(path)
        if offset is None:
            raise OSError(_ENOENT)
        self._file.seek(self._start + offset)
        return Member(self._file)


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
