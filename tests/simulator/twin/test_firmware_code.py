"""Modules of the firmware in CPython: compiled once in each process, and again when their file changes."""

import ast
import importlib
import os
import shutil
import sys

import pytest

from host_tools.places import FIRMWARE, GUEST, VIRTUAL
from host_tools.simulator.twin import firmware_code, lanes

FOLDERS = tuple(map(str, (VIRTUAL, GUEST)))


def loaded(folder):
    """Import `room` from a folder, as a boot does, and return it."""
    with lanes.firmware_imports((str(folder), *FOLDERS)):
        return importlib.import_module("room")


def test_two_boots_run_the_same_code_in_modules_of_their_own(tmp_path):
    (tmp_path / "room.py").write_text("def f():\n    return 1\n")
    first, second = loaded(tmp_path), loaded(tmp_path)
    assert first is not second
    assert first.f.__code__ is second.f.__code__
    assert first.f.__code__.co_filename == str(tmp_path / "room.py")
    assert os.listdir(tmp_path) == ["room.py"]


def test_a_file_that_changed_is_compiled_again(tmp_path):
    file = tmp_path / "room.py"
    file.write_text("X = 1\n")
    assert loaded(tmp_path).X == 1
    seen = file.stat()
    file.write_text("X = 2\n")
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns + 1_000))
    assert loaded(tmp_path).X == 2
    file.write_text("X = 30\n")
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns + 1_000))
    assert loaded(tmp_path).X == 30  # as old as before, and longer


@pytest.fixture
def nothing_folded(monkeypatch):
    for name, empty in (("_folded", {}), ("_folded_folders", []), ("_shared", {})):
        monkeypatch.setattr(firmware_code, name, empty)


@pytest.mark.usefixtures("nothing_folded")
def test_folded_modules_have_numbers_and_every_name_and_stay_as_they_were(tmp_path):
    (tmp_path / "chip.py").write_text("from micropython import const\nMOST = const(7)\n")
    (tmp_path / "room.py").write_text("import chip\nfrom chip import MOST\ndef f():\n    return MOST + chip.MOST\n")
    folders = (str(tmp_path), *FOLDERS)
    firmware_code.fold(folders, lanes._FIRMWARE)
    (tmp_path / "chip.py").write_text("MOST = 8\n")
    folded = loaded(tmp_path)
    assert folded.f() == 14 and folded.MOST == 7 and folded.f.__code__.co_names == ()
    with lanes.firmware_imports((str(tmp_path), FOLDERS[1])):  # other folders: not what was folded
        assert importlib.import_module("room").f() == 16


@pytest.mark.usefixtures("nothing_folded")
def test_classes_of_a_folded_firmware_do_what_they_did(tmp_path):
    many = "".join(f"        self.a{k} = {k}\n" for k in range(40))
    (tmp_path / "room.py").write_text(
        f"class Room:\n    a3 = 7\n    def __init__(self):\n{many}        self.poll = self.poll\n        del self.a3\n"
        "    def poll(self):\n        return self.a39 + self.a3\n"
        "class Few:\n    def __init__(self):\n        self.poll = self.poll\n    def poll(self):\n        return 1\n"
    )
    folders = (str(tmp_path), *FOLDERS)
    plain = loaded(tmp_path)
    firmware_code.fold(folders, lanes._FIRMWARE)
    folded = loaded(tmp_path)
    for module in (plain, folded):
        made = module.Room()
        made.later = 2
        assert (made.poll(), made.later, made.a0, module.Few().poll()) == (46, 2, 0, 1)
    assert "poll" in vars(plain.Room()) and vars(folded.Room()) == {} and vars(folded.Few()) == {}


@pytest.mark.usefixtures("nothing_folded")
def test_boots_of_a_folded_firmware_share_what_keeps_nothing_and_no_other_firmware_does(tmp_path):
    for name in ("cryo/__init__.py", "cryo/core/__init__.py", "cryo/core/one.py", "cryo/app.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("from cryo.core import one\n" if name == "cryo/app.py" else "")

    def booted(*folders):
        with lanes.firmware_imports(folders):
            return importlib.import_module("cryo.app")

    firmware_code.fold((str(tmp_path), *FOLDERS), lanes._FIRMWARE)
    first, second = (booted(str(tmp_path), *FOLDERS) for _ in range(2))
    assert first is not second and first.one is second.one
    assert booted(str(tmp_path), FOLDERS[1]).one is not first.one
    assert "cryo.core.one" not in sys.modules
    shutil.copytree(tmp_path / "cryo", tmp_path / "other/cryo")
    firmware_code.fold((str(tmp_path / "other"), *FOLDERS), lanes._FIRMWARE)
    other = booted(str(tmp_path / "other"), *FOLDERS)
    assert other.one.__file__ == str(tmp_path / "other/cryo/core/one.py")


def test_what_boots_share_keeps_nothing_from_one_to_the_next():
    """No function assigns to its module, and no module or class holds what can be written into."""
    written = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    makers = ("array", "bytearray", "deque", "dict", "list", "memoryview", "set")
    found = []
    for room in firmware_code.SHARED:
        path = FIRMWARE.joinpath(*room.split("."))
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
            kept = [node.value for body in bodies for node in body if isinstance(node, ast.Assign | ast.AnnAssign)]
            calls = [v.func for v in kept if isinstance(v, ast.Call)]
            found += [file.name for node in ast.walk(tree) if isinstance(node, ast.Global)]
            found += [file.name for value in kept if isinstance(value, written)]
            found += [file.name for call in calls if isinstance(call, ast.Name) and call.id in makers]
    assert found == []


def test_imports_outside_the_firmware_are_left_alone():
    hooks, time, gc = list(sys.path_hooks), sys.modules["time"], sys.modules["gc"]
    with lanes.firmware_imports():
        assert isinstance(sys.path_hooks[0], firmware_code.Folders)
        assert not isinstance(importlib.import_module("json").__loader__, firmware_code.Loader)
        assert isinstance(importlib.import_module("cryo.limits").__loader__, firmware_code.Loader)
        assert sys.modules["gc"].collect() == 0
    assert (sys.path_hooks, sys.modules["time"], sys.modules["gc"]) == (hooks, time, gc)
    assert not any(path.startswith(lanes.import_folders()) for path in sys.path_importer_cache)
