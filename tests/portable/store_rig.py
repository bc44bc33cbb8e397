"""Files in memory that can fail, and records in them."""

from cryo.store.slots import Slots
from storage import RamFiles


def always():
    """No gas flows: files may be written."""
    return True


class FailingFiles(RamFiles):
    """fails: the error to make from now on.

    "" or "open" (to write), "seek" (to read), "write", "read", "flip" (a stored bit), "half" (lost), "tail" (bytes
    after the written ones), "misread" (what was just written, once). opened: the number of open files.
    """

    fails = ""
    opened = 0
    written = ""  # the path that was written last, until it is read

    def refuse(self, path):
        """Stands for `remove` when a file cannot be removed."""
        raise OSError(5)

    def open(self, path, mode):
        if mode != "rb" and self.fails == "open":
            raise OSError(28)
        if mode == "rb" and self.fails == "seek":
            raise OSError(5)
        file = RamFiles.open(self, path, mode)
        self.opened += 1
        if mode == "rb":
            misread = self.fails == "misread" and path == self.written
            self.written = ""
            return _Reader(self, file, misread)
        self.written = path
        return _Writer(self, path, file)


class _Reader:
    def __init__(self, files, file, misread):
        self._files = files
        self._file = file
        self._misread = misread

    def read(self, n):
        if self._files.fails == "read":
            raise OSError(5)
        data = self._file.read(n)
        return flipped(data, 75) if self._misread else data

    def seek(self, offset, whence=0):
        return self._file.seek(offset, whence)

    def readline(self):
        if self._files.fails == "read":
            raise OSError(5)
        return self._file.readline()

    def close(self):
        self._file.close()
        self._files.opened -= 1


class _Writer:
    def __init__(self, files, path, file):
        self._files = files
        self._path = path
        self._file = file

    def write(self, data):
        if self._files.fails == "write":
            raise OSError(5)
        return self._file.write(data)

    def flush(self):
        self._file.flush()
        kept = self._files.files
        if self._files.fails == "flip":
            kept[self._path] = flipped(kept[self._path], 75)
        if self._files.fails == "half":
            kept[self._path] = kept[self._path][: len(kept[self._path]) // 2]

        if self._files.fails == "tail":
            kept[self._path] += b"x"

    def close(self):
        self._files.opened -= 1


def flipped(data, bit):
    """Return data with one bit inverted."""
    out = bytearray(data)
    out[bit >> 3] ^= 1 << (bit & 7)
    return bytes(out)


def record(files, name="settings", version=1, may_write=always):
    """Return the Slots of a record in the root."""
    return Slots("/", name, version, files, may_write)
