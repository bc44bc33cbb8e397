"""The application's file in real MicroPython: imports come from it, and it behaves like its sources."""

import subprocess
from dataclasses import replace

import pytest

from host_tools import places
from host_tools.simulator.twin import lanes, session
from host_tools.simulator.twin.scenarios import SCENARIOS
from host_tools.simulator.twin.treatment import Plan
from host_tools.toolchain import packing, remedies

USE = "import sys\nsys.path[:] = [{firmware!r}]\nimport archive\narchive.use({file!r})\n"


def mpy(**texts):
    """Return modules, path (_ for /) -> .mpy, made from source texts."""
    paths = {name.replace("_", "/") + ".mpy": text for name, text in texts.items()}
    return {path: packing.compiled_text(path.replace(".mpy", ".py"), text) for path, text in paths.items()}


@pytest.fixture
def python(tmp_path):
    """Run a text in real MicroPython with an archive of modules; return what it prints."""

    def run(text, members):
        file = tmp_path / "application"
        if members is not None:
            file.write_bytes(packing.archive(members))
        start = USE.format(firmware=str(packing.FIRMWARE), file=str(file))
        command = [lanes.micropython_path(), "-c", start + text]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path, check=False)
        return done.stdout + done.stderr

    return run


def test_modules_and_packages_are_imported_each_once(python):
    members = mpy(a="from p.q import c\nimport p.b\nprint('a', c.X, p.b.X)", p_b="X = 2\nprint('b')", p_q_c="X = 3")
    assert python("import a, p.b", members) == "b\na 3 2\n"


def test_a_large_module_comes_whole(python):
    members = mpy(a="X = [" + ", ".join(f"'{n:05}'" for n in range(3_000)) + "]", b="Y = 1")
    assert len(members["a.mpy"]) > 20_000
    assert python("from a import X; from b import Y; print(len(X), X[2999], Y)", members) == "3000 02999 1\n"


def test_a_file_beside_it_does_not_run_in_place_of_a_module(python, tmp_path):
    (tmp_path / "a.py").write_text("print('wrong')")
    assert python("sys.path.append('')\nimport a", mpy(a="print('right')")) == "right\n"


def test_what_is_not_in_it_is_looked_up_as_ever(python, tmp_path):
    (tmp_path / "settings.py").write_text("print('found')")
    assert python("sys.path.append('')\nimport settings, time", mpy(a="")) == "found\n"
    assert "no module named 'nowhere'" in python("import nowhere", mpy(a=""))


def test_without_the_file_nothing_is_mounted(python, tmp_path):
    (tmp_path / "a.py").write_text("print('plain')")
    assert python("sys.path.append('')\nimport a\nprint(archive.MOUNT in sys.path)", None) == "plain\nFalse\n"


def test_a_file_in_it_is_read_in_pieces_whatever_is_imported_between(python):
    members = mpy(a="print('a')") | {"p/q.txt": bytes(range(65, 91))} | mpy(b="print('b')")
    read = "\nfile.seek({}); print(file.readinto(part), part)"
    text = "part = bytearray(3)\nfile = open('/app/p/q.txt', 'rb')" + read.format(4) + "\nimport a" + read.format(23)
    text += "\nimport b" + read.format(0)
    said = ["3 bytearray(b'EFG')", "a", "3 bytearray(b'XYZ')", "b", "3 bytearray(b'ABC')"]
    assert python(text, members).splitlines() == said


def test_the_packed_application_says_what_the_table_of_remedies_says(python, tmp_path):
    (tmp_path / "packed").write_bytes(packing.application(places.VIRTUAL)[packing.ARCHIVE])
    text = f"archive.use({str(tmp_path / 'packed')!r})\nfrom cryo import remedies\nprint(remedies.__file__)\n"
    text += "print(remedies.sentence(1))\nprint(remedies.sentence(33))"
    said = ["/app/cryo/remedies.mpy", remedies.FAULTS["ESTOP"], remedies.BLOCKERS["FAULT"]]
    assert python(text, None).splitlines() == said


def test_a_treatment_is_the_same_with_the_packed_application(tmp_path):
    """With folded constants and modules from the file, every edge of every valve is at the same microsecond."""
    virtual = places.VIRTUAL
    files = packing.application(virtual)
    file = tmp_path / "application"
    file.write_bytes(files[packing.ARCHIVE])
    for name in ("boot.py", "archive.py"):
        (tmp_path / name).write_text((packing.FIRMWARE / name).read_text())
    main = (packing.FIRMWARE / "main.py").read_text()
    first = "\nfrom cryo.core.resets"
    mounted = main.replace(first, f"\narchive.use({str(file)!r}){first}")
    assert mounted != main
    (tmp_path / "main.py").write_text(mounted)
    (tmp_path / "cryo").mkdir()
    (tmp_path / "cryo/__init__.py").write_text("raise ImportError('not out of the file')")

    row = replace(SCENARIOS["treatment"], plan=Plan(points=(1,)))
    sources = session.run_scenario(row, "unix")
    packed = session.run_scenario(row, "unix", firmware=tmp_path)
    assert packed.problems() == []
    assert len(packed.plant.record.bursts) > 20
    assert packed.plant.record.edges == sources.plant.record.edges
