"""Uses MicroPython's own tool, unmodified, on the pseudo-terminal of a bare board."""

import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cryoctl.conftest import PATIENCE_S, Sim, at_prompt

MPREMOTE = Path(sys.executable).with_name("mpremote")
EVERY_BYTE = bytes(range(256)) * 20 + random.Random(1).randbytes(3_333)  # also with the prompt's control characters


@pytest.fixture(scope="module")
def sim(tmp_path_factory):
    sim = Sim(tmp_path_factory.mktemp("mpremote"))
    yield sim.wait_ready()
    sim.end()


@pytest.fixture
def mpremote(sim):
    """Run mpremote; return what it printed. Each test begins on an empty board."""

    def run(*command, fails=False):
        done = subprocess.run(
            [str(MPREMOTE), "connect", str(sim.link), *map(str, command)],
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return (done.stdout + done.stderr).decode().replace("\r\n", "\n")

    run("rm", "-r", ":")
    return run


@pytest.fixture
def folder(tmp_path):
    """A folder with folders and a binary file in it."""
    top = tmp_path / "top"
    (top / "inner" / "deep").mkdir(parents=True)
    (top / "bytes.bin").write_bytes(EVERY_BYTE)
    (top / "inner" / "mod.py").write_text("NAME = 'inner.mod'\n")
    (top / "inner" / "deep" / "empty").write_bytes(b"")
    return top


def test_exec(mpremote):
    assert mpremote("exec", "import sys; print(6 * 7, sys.implementation.name)") == "42 micropython\n"


def test_exec_of_what_raises_fails_with_the_traceback_of_that_alone(mpremote):
    said = mpremote("exec", "1 / 0", fails=True)
    assert said.splitlines() == [
        "Traceback (most recent call last):",
        '  File "<stdin>", line 1, in <module>',
        "ZeroDivisionError: divide by zero",
    ]


def test_eval(mpremote):
    assert mpremote("eval", "'a' * 3") == "aaa\n"


def test_a_program_longer_than_the_window_and_the_output_longer_than_any_queue(mpremote, tmp_path):
    program = tmp_path / "long.py"
    lines = [f"print({n}, 'x' * 40)  # {'-' * 50}" for n in range(1_000)]
    program.write_text("\n".join(lines))
    assert mpremote("run", program) == "".join(f"{n} {'x' * 40}\n" for n in range(1_000))


def test_cp_there_and_back(mpremote, folder, tmp_path):
    mpremote("cp", folder / "bytes.bin", ":b.bin")
    mpremote("cp", ":b.bin", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == EVERY_BYTE


def test_cp_r_tree_and_ls(mpremote, folder, tmp_path):
    mpremote("cp", "-r", folder, ":")
    assert mpremote("tree", ":") == (
        "tree :\n:/\n"
        "└── top\n    ├── bytes.bin\n    └── inner\n        ├── deep\n        │   └── empty\n        └── mod.py\n"
    )
    listed = mpremote("ls", ":top").split()
    assert listed == ["ls", ":top", str(len(EVERY_BYTE)), "bytes.bin", "0", "inner/"]
    mpremote("cp", "-r", ":top", tmp_path / "back")
    for file in folder.rglob("*.*"):
        assert (tmp_path / "back" / file.relative_to(folder)).read_bytes() == file.read_bytes()


def test_sha256sum_is_the_hosts(mpremote, folder):
    mpremote("cp", folder / "bytes.bin", ":b.bin")
    assert mpremote("sha256sum", ":b.bin").split()[-1] == hashlib.sha256(EVERY_BYTE).hexdigest()


def test_mkdir_rm_and_cat(mpremote, folder):
    mpremote("mkdir", ":d", "+", "cp", folder / "inner" / "mod.py", ":d/mod.py")
    assert mpremote("cat", ":d/mod.py") == "NAME = 'inner.mod'\n"
    mpremote("rm", ":d/mod.py", "+", "rmdir", ":d")
    assert mpremote("ls", ":").split() == ["ls", ":"]
    assert "No such file" in mpremote("cat", ":d/mod.py", fails=True)


def test_mount_imports_from_the_host_and_reads_every_byte(mpremote, folder):
    (folder / "use.py").write_text(
        "import hashlib, inner.mod\n"
        "print(inner.mod.NAME)\n"
        "print(hashlib.sha256(open('bytes.bin', 'rb').read()).digest().hex())\n"
    )
    said = mpremote("mount", folder, "exec", "import use")
    assert said.splitlines()[1:] == ["inner.mod", hashlib.sha256(EVERY_BYTE).hexdigest()]


def test_mount_writes_to_the_host(mpremote, tmp_path):
    mpremote("mount", tmp_path, "exec", "f = open('out', 'wb'); f.write(bytes(range(256)) * 9); f.close()")
    assert (tmp_path / "out").read_bytes() == bytes(range(256)) * 9


def test_soft_reset_forgets_names_runs_boot_and_leaves_main(mpremote, tmp_path):
    for name in ("boot", "main"):
        (tmp_path / name).write_text(f"open('{name}_ran', 'w').close()\n")
        mpremote("cp", tmp_path / name, f":{name}.py")
    mpremote("exec", "here = 1")
    assert mpremote("resume", "exec", "print(here)") == "1\n"
    mpremote("soft-reset")
    assert "NameError" in mpremote("resume", "exec", "print(here)", fails=True)
    assert mpremote("exec", "import os; print(sorted(os.listdir()))") == "['boot.py', 'boot_ran', 'main.py']\n"


def test_reset_restarts_the_chip_and_runs_main(mpremote, sim, tmp_path):
    (tmp_path / "main").write_text("open('main_ran', 'w').close()\n")
    mpremote("cp", tmp_path / "main", ":main.py")
    mpremote("exec", "import machine; machine.Pin(4, machine.Pin.OUT, value=1)")
    mpremote("reset")
    at_prompt(sim.link)  # mpremote only asks for the reset: a program sent now would interrupt main.py, or the reset
    assert mpremote("exec", "import os; print(os.listdir())") == "['main.py', 'main_ran']\n"
    assert mpremote("exec", "import machine; print(machine.Pin(4).value(), machine.reset_cause())") == "0 3\n"
