"""The firmware's modules compiled once a process: each boot in CPython executes them anew, from the same code objects.

A file that changed since is compiled again. Nothing is written: folders of the firmware stay as they are.
"""

import os
import sys
from importlib.machinery import FileFinder, SourceFileLoader
from types import CodeType

_code: dict[str, tuple[tuple[int, int], CodeType]] = {}  # path -> the file's time and size, code


class Loader(SourceFileLoader):
    """Loads a module from the code that this process has of it."""

    def get_code(self, fullname):
        """Return the module's code."""
        path = self.get_filename(fullname)
        seen = os.stat(path)
        stamp = seen.st_mtime_ns, seen.st_size
        stamped, code = _code.get(path, (None, None))
        if code is None or stamped != stamp:
            code = self.source_to_code(self.get_data(path), path)
            _code[path] = stamp, code
        return code


class Folders:
    """Within, modules in these folders come from that code. A context manager."""

    def __init__(self, folders):
        self._folders = tuple(os.path.join(folder, "") for folder in folders)

    def __call__(self, path):
        """As an entry of sys.path_hooks."""
        if not os.path.join(path, "").startswith(self._folders):
            raise ImportError
        return FileFinder(path, (Loader, [".py"]))

    def _forget(self):
        for path in list(sys.path_importer_cache):
            if os.path.join(path, "").startswith(self._folders):
                del sys.path_importer_cache[path]

    def __enter__(self):
        self._forget()
        sys.path_hooks.insert(0, self)

    def __exit__(self, *_):
        sys.path_hooks.remove(self)
        self._forget()
