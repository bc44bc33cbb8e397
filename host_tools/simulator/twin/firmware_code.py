"""Compiles the firmware's modules once a process; each boot in CPython executes the same code objects anew.
After fold(), boots share the modules that keep no state.

A changed file is compiled again. After fold() it is not: then a process runs the sources that it began with. Nothing is
written into the firmware's folders.
"""

import ast
import os
import sys
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from host_tools.toolchain.packing import dotted
from host_tools.toolchain.packing.constants import Constants

_code: dict[str, tuple[tuple[int, int], CodeType]] = {}  # path -> the file's time and size, code
_folded: dict[str, CodeType] = {}
_folded_folders: list[tuple[str, ...]] = []  # none, or those that _folded is of
# Modules that keep only numbers, text and classes from one boot to the next: boots of a folded firmware share them.
# With a new class in each boot, CPython would have to find its attributes anew in each line that uses it.
SHARED = (
    "archive", "cryo.clocks", "cryo.config", "cryo.core", "cryo.drivers", "cryo.health", "cryo.limits", "cryo.panel",
    "cryo.recorder", "cryo.remedies", "cryo.shield_loop_test", "cryo.store.notes", "cryo.store.slots",
    "cryo.store.writing", "cryo.valve",
)  # fmt: skip
_OURS = ("hal", "machine", "pins", "virtual_gc", "virtual_time")  # shared too: hal.attach() sets it up anew
_shared: dict[str, ModuleType] = {}
_ATTRIBUTES_MAX = 29  # CPython 3.11 keeps up to 30 attributes of an object without a dictionary


def fold(folders, packages) -> None:
    """Replace constants of these packages' modules by their numbers, as on a board: a tick then looks up fewer names.

    All names stay. It applies when exactly these folders are imported from, because constants come from all of them.
    """
    folders = tuple(map(str, folders))
    if folders in _folded_folders:
        return
    paths = {}
    for folder in folders:
        for file in sorted(Path(folder).rglob("*.py")):
            name = dotted(file.relative_to(folder).as_posix())
            if name.partition(".")[0] in packages:
                paths.setdefault(name, file)
    texts = Constants({name: file.read_text(encoding="utf-8") for name, file in paths.items()}).folded(drop=False)
    _folded.clear()
    _folded.update({str(paths[name]): compile(_quick(text), str(paths[name]), "exec") for name, text in texts.items()})
    _folded_folders[:] = [folders]
    _shared.clear()


def _quick(source) -> ast.Module:
    """Return the source's tree with classes whose methods and attributes CPython finds sooner. None is lost.

    An object that binds a method once, `self.poll = self.poll`, saves MicroPython an allocation; CPython finds a method
    of the class sooner. It finds attributes sooner in slots, once there are too many of them.
    """
    tree = ast.parse(source)
    for made in ast.walk(tree):
        if not isinstance(made, ast.ClassDef) or made.bases:
            continue
        methods = {part.name: part for part in made.body if isinstance(part, ast.FunctionDef)}
        bindings = {f"self.{name} = self.{name}" for name in methods}
        for method in methods.values():
            bound = [line for line in method.body if isinstance(line, ast.Assign) and ast.unparse(line) in bindings]
            method.body = [line for line in method.body if line not in bound] or [ast.Pass()]
        own = {
            node.attr for node in ast.walk(made)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
        }  # fmt: skip
        outside = [part for part in made.body if not isinstance(part, ast.FunctionDef)]
        own -= {node.id for part in outside for node in ast.walk(part) if isinstance(node, ast.Name)} | {*methods}
        if len(own) > _ATTRIBUTES_MAX:
            made.body += ast.parse(f"__slots__ = {(*sorted(own), '__dict__', '__weakref__')}").body
    return ast.fix_missing_locations(tree)


class Loader(SourceFileLoader):
    """Loads a module from the compiled code that this process keeps."""

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


class FoldedLoader(Loader):
    """The same, with constants as numbers."""

    def get_code(self, fullname):
        """Return the module's code."""
        return _folded.get(self.get_filename(fullname)) or super().get_code(fullname)


class Folders:
    """A context manager: inside it, modules in these folders are loaded from that code."""

    def __init__(self, folders, beside):
        """Take the folders to import from, and one more that is never folded."""
        self._folders = tuple(os.path.join(folder, "") for folder in (*folders, beside))
        self._folded = tuple(folders) in _folded_folders

    def __call__(self, path):
        """As an entry of sys.path_hooks."""
        if not os.path.join(path, "").startswith(self._folders):
            raise ImportError
        return FileFinder(path, (FoldedLoader if self._folded else Loader, [".py"]))

    def _forget(self):
        for path in [path for path in sys.path_importer_cache if (path + os.sep).startswith(self._folders)]:
            del sys.path_importer_cache[path]

    def __enter__(self):
        self._forget()
        sys.path_hooks.insert(0, self)
        self._others = set(sys.modules)
        if self._folded:
            sys.modules.update(_shared)

    def __exit__(self, *_):
        sys.path_hooks.remove(self)
        self._forget()
        if self._folded:
            loaded = sys.modules.keys() - self._others
            found = [name for name in loaded if name in _OURS or name.startswith(SHARED)]
            _shared.update({name: sys.modules[name] for name in found})
