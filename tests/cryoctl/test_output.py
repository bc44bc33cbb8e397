"""What is printed: names that look like markup, with and without colours, help, versions; and endless files."""

import io
import os
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from host_tools.cryoctl import files, log_file, names, recording_file, service
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import CODES, NoDevice, Problem
from tests.cryoctl.commanded import at_terminal, cryoctl
from tests.cryoctl.test_entry import run

ODD = "/tmp/[/b]ord [bold]\N{SNOWMAN}"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_name_is_printed_as_it_is(terminal):
    page = io.StringIO()
    out = Output(console=Console(file=page, force_terminal=terminal, width=200, highlight=False))
    out.table(["port"], [[ODD]])
    out.result(ODD)
    out.errors = out.console
    out.say(ODD)
    out.warn(ODD)
    assert page.getvalue().count(ODD) == 4


@pytest.mark.parametrize(("no_color", "colours"), [("1", False), ("", True)])
def test_colours_are_for_terminals_that_want_them(tmp_path, no_color, colours):
    done, said = at_terminal(["devices"], {}, "", TERM="xterm", NO_COLOR=no_color, XDG_DATA_HOME=str(tmp_path))
    assert done == 0 and "no board found" in said
    _, said = at_terminal(["config", "validate", "--help"], {}, "", TERM="xterm", NO_COLOR=no_color)
    assert ("\x1b[3" in said) == colours


def test_help_tells_every_exit_code():
    said = " ".join(cryoctl("--help").stdout.split())
    for code, meaning in CODES.items():
        assert f"{code} {meaning}" in said


def test_the_versions_are_told():
    assert cryoctl("--version").stdout.endswith(f"with the application {names.VERSION}\n")


@pytest.mark.parametrize("address", ["socket://", "socket://nowhere", "socket://127.0.0.1:", "socket://a:b"])
def test_an_address_that_is_none_is_told_how_to_write_one(address):
    with pytest.raises(NoDevice, match=r"HOST:PORT"):
        Port(address)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="this platform has no /dev/zero")
@pytest.mark.parametrize(
    "read",
    [
        files.text_of,
        service.pin,
        lambda path: log_file.read(path, log_file.CSV),
        lambda path: log_file.Sink(path, log_file.JSONL),
        recording_file.read,
    ],
)
def test_a_file_without_an_end_is_not_read_for_ever(read, monkeypatch):
    for module in (log_file, recording_file):
        monkeypatch.setattr(module, "MOST", 1 << 20)
    with pytest.raises(Problem, match=r"longer than \d+ bytes"):
        read(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("words", "number", "completed"),
    [
        ("cryoctl fl", 1, ["flash"]),
        ("cryoctl log --fol", 2, ["--follow"]),
        ("cryoctl config va", 2, ["validate"]),
        ("cryoctl flash --board esp", 3, ["esp32_devkitc"]),
        ("cryoctl config get trip_m", 3, ["trip_mdegc"]),
        ("cryoctl config set trip_mdegc 5000 burst_max", 5, ["burst_max_us"]),
        ("cryoctl devices --port ", 3, []),
    ],
)
def test_a_shell_completes_commands_options_and_values(tmp_path, words, number, completed):
    asked = {"_CRYOCTL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    done = run(env={**os.environ, **asked, "XDG_DATA_HOME": str(tmp_path)}, stdout=subprocess.PIPE)
    assert done.stdout.split() == completed and not done.stderr
