"""Files in memory with the interface that the store needs. The virtual board uses them when it has no file system."""

import io


class RamFiles:
    """Files by their path, until the board is switched off. A file counts as written once it is closed or flushed."""

    def __init__(self):
        self.files = {}

    def open(self, path, mode):
        """Return a stream for "rb", "wb" or "ab". Raises OSError."""
        if mode == "rb":
            if path not in self.files:
                raise OSError(2)
            return io.BytesIO(self.files[path])
        return _Written(self.files, path, mode == "ab")

    def remove(self, path):
        """Remove a file. Raises OSError."""
        if path not in self.files:
            raise OSError(2)
        del self.files[path]


class _Written:
    def __init__(self, files, path, append):
        self._files = files
        self._path = path
        self._data = files.get(path, b"") if append else b""
        self.flush()

    def write(self, data):
        """Take all of data."""
        self._data += data
        return len(data)

    def flush(self):
        """Keep what was written."""
        self._files[self._path] = self._data

    def close(self):
        """As flush()."""
        self.flush()
