"""--help: words for people, and examples that the command line accepts."""

import re
import shlex

import pytest
import typer

from host_tools.cryoctl.commands.examples import EXAMPLES
from host_tools.cryoctl.main import app
from tests.cryoctl.commanded import cryoctl

TYPES = re.compile(r"\b(str|int|float|bool|Path|list\[|Optional|None)\b")


def commands(command=None, path=""):
    command = command or typer.main.get_command(app)
    for name, under in getattr(command, "commands", {}).items():
        yield f"{path} {name}".strip(), under
        yield from commands(under, f"{path} {name}".strip())


KNOWN = dict(commands())


def test_every_command_has_an_example_and_no_other_has():
    assert set(EXAMPLES) == set(KNOWN)


@pytest.mark.parametrize("name", ["", *KNOWN])
def test_help_names_no_type_of_python_and_shows_the_examples(name):
    for flag in ("-h", "--help"):
        done = cryoctl(*name.split(), flag)
        assert done.exit_code == 0
        assert not TYPES.search(done.stdout), TYPES.search(done.stdout)
        for example in EXAMPLES.get(name, ()):
            assert example in done.stdout


@pytest.mark.parametrize("example", [one for examples in EXAMPLES.values() for one in examples])
def test_an_example_is_taken_as_it_stands(example):
    words = shlex.split(example.rpartition("| ")[2])
    assert words.pop(0) == "cryoctl"
    command, path = typer.main.get_command(app), []
    while words and words[0] in getattr(command, "commands", {}):
        path.append(words.pop(0))
        command = command.commands[path[-1]]
    with command.make_context(" ".join(path), words):
        pass
    assert " ".join(path) in EXAMPLES
