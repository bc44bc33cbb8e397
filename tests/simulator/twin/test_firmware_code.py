"""Modules of the firmware in CPython: compiled once a process, and again when their file changed."""

import importlib
import os
import sys

from host_tools.places import GUEST, VIRTUAL
from host_tools.simulator.twin import firmware_code, lanes

FOLDERS = tuple(map(str, (VIRTUAL, GUEST)))


def loaded(folder):
    """Import `room` from a folder as a boot does, and return it."""
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


def test_folded_modules_have_numbers_and_every_name_and_stay_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr(firmware_code, "_folded", {})
    monkeypatch.setattr(firmware_code, "_folded_folders", [])
    (tmp_path / "chip.py").write_text("from micropython import const\nMOST = const(7)\n")
    (tmp_path / "room.py").write_text("import chip\nfrom chip import MOST\ndef f():\n    return MOST + chip.MOST\n")
    folders = (str(tmp_path), *FOLDERS)
    firmware_code.fold(folders, lanes._FIRMWARE)
    (tmp_path / "chip.py").write_text("MOST = 8\n")
    folded = loaded(tmp_path)
    assert folded.f() == 14 and folded.MOST == 7 and folded.f.__code__.co_names == ()
    with lanes.firmware_imports((str(tmp_path), FOLDERS[1])):  # other folders: not what was folded
        assert importlib.import_module("room").f() == 16


def test_imports_outside_the_firmware_are_left_alone():
    hooks, time, gc = list(sys.path_hooks), sys.modules["time"], sys.modules["gc"]
    with lanes.firmware_imports():
        assert isinstance(sys.path_hooks[0], firmware_code.Folders)
        assert not isinstance(importlib.import_module("json").__loader__, firmware_code.Loader)
        assert isinstance(importlib.import_module("cryo.limits").__loader__, firmware_code.Loader)
        assert sys.modules["gc"].collect() == 0
    assert (sys.path_hooks, sys.modules["time"], sys.modules["gc"]) == (hooks, time, gc)
    assert not any(path.startswith(lanes.import_folders()) for path in sys.path_importer_cache)
