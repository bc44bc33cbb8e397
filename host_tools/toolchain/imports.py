"""Shows who imports whom in firmware, boards and host tools, and which modules import each other in a circle.

    python -m host_tools.toolchain.imports      the rooms, then the circles; exit status 1 where there is one

Modules in a circle can be read, tested and loaded only together. Every import counts: also one in a function or under
TYPE_CHECKING, and a name that import_module or __import__ gets as text.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from host_tools.places import ROOT

FOLDERS = ("firmware", "boards", "host_tools")
# Where an interpreter on a board, real or virtual, looks for modules; on the host it is the root.
PATHS = ("firmware", "boards/*", "host_tools/simulator/twin/guest", "host_tools/simulator/twin/cpython")
APART = "host_tools/evidence/powercut/guest"  # another such place, only for the files in it
INTERPRETER = ("machine", "micropython")  # built in on a board; the twin's files of that name take their place
_BY_NAME = ("import_module", "__import__")

Graph = Mapping[str, set[str]]  # file -> files that it imports, each as its path under the root


def graph(root: Path = ROOT) -> Graph:
    """Return the graph of all modules under a root that has the project's folders."""
    files = [file for folder in FOLDERS for file in (root / folder).rglob("*.py") if "node_modules" not in file.parts]
    places = [root, *(path for pattern in (*PATHS, APART) for path in sorted(root.glob(pattern)))]
    names = {place: {_dotted(file, place): file for file in files if place in file.parents} for place in places}
    found = {}
    for file in sorted(files):
        imported = _imports(file, names, root)
        found[file.relative_to(root).as_posix()] = {other.relative_to(root).as_posix() for other in imported}
    return found


def circles(modules: Graph) -> list[list[str]]:
    """Return the shortest circle of each set of modules that reach each other; its first module is also its last."""
    reached = {module: _reached(modules, module) for module in modules}
    knots = {frozenset(n for n in reached[m] if m in reached[n]) for m in modules if m in reached[m]}
    return sorted(min((_way_round(modules, module) for module in sorted(knot)), key=len) for knot in knots)


def rooms(modules: Graph) -> dict[str, set[str]]:
    """Return room -> the other rooms that its modules import. A room is a folder, in host_tools of the first level."""
    found: dict[str, set[str]] = {}
    for module, imported in modules.items():
        found.setdefault(_room(module), set()).update(_room(other) for other in imported)
    return {room: imported - {room} for room, imported in found.items()}


def main(root: Path = ROOT) -> int:
    """Print the rooms and the circles."""
    modules = graph(root)
    for room, imported in sorted(rooms(modules).items()):
        print(f"{room} -> {', '.join(sorted(imported)) or 'nothing'}")
    found = circles(modules)
    for circle in found:
        print("circle:", " -> ".join(circle))
    print(f"{len(modules)} modules, {len(found)} circle{'' if len(found) == 1 else 's'}")
    return 1 if found else 0


def _dotted(file: Path, place: Path) -> str:
    parts = file.relative_to(place).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(file: Path, names: Mapping[Path, Mapping[str, Path]], root: Path) -> set[Path]:
    """Return the files that a file imports. A module beside it comes before those of the same name elsewhere."""
    beside = [known for place, known in names.items() if place != root and place in file.parents]
    elsewhere = [known for place, known in names.items() if place != root / APART]
    found: set[Path] = set()
    for wanted, whole in _wanted(ast.parse(file.read_text(encoding="utf-8")), file.relative_to(root).parent.parts):
        top = wanted.split(".")[0]
        searched = [known for known in beside if any(name.split(".")[0] == top for name in known)]
        if not searched and top not in INTERPRETER:
            searched = elsewhere
        for known in searched:
            found |= _loaded(known, wanted, file) if whole else _begins(known, wanted)
    return found


def _wanted(tree: ast.Module, package: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Yield (dotted name, True) of each import, or (the beginning of a name, False) where the rest is computed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, True) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((f"{module}.{alias.name}", True) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] in _BY_NAME:
            given = node.args[0]
            name = given.values[0] if isinstance(given, ast.JoinedStr) else given
            if isinstance(name, ast.Constant):
                yield str(name.value), name is given


def _loaded(known: Mapping[str, Path], wanted: str, file: Path) -> set[Path]:
    """Return what a name loads: its module, and each package on the way to it."""
    parts = wanted.split(".")
    on_the_way = [known[name] for n in range(len(parts)) if (name := ".".join(parts[: n + 1])) in known]
    return {package for package in on_the_way[:-1] if package.parent not in file.parents} | set(on_the_way[-1:])


def _begins(known: Mapping[str, Path], beginning: str) -> set[Path]:
    return {file for name, file in known.items() if beginning and name.startswith(beginning)}


def _reached(modules: Graph, module: str) -> set[str]:
    found: set[str] = set()
    left = [module]
    while left:
        new = modules[left.pop()] - found
        found |= new
        left += new
    return found


def _way_round(modules: Graph, module: str) -> list[str]:
    """Return the shortest way from a module in a circle back to itself."""
    ways = deque([[module]])
    seen: set[str] = set()
    while True:
        way = ways.popleft()
        if module in modules[way[-1]]:
            return [*way, module]
        ways += [[*way, other] for other in sorted(modules[way[-1]] - seen)]
        seen |= modules[way[-1]]


def _room(module: str) -> str:
    folders = module.split("/")[:-1]
    return "/".join(folders[: 2 if folders[0] == "host_tools" else 3])


if __name__ == "__main__":
    sys.exit(main())
