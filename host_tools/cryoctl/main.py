"""cryoctl: the command line. Exit codes: host_tools/cryoctl/problems.py."""

import signal
from typing import Annotated

import typer
from typer.core import TyperArgument, TyperGroup

from host_tools.cryoctl.commands.calibrate import app as calibrate
from host_tools.cryoctl.commands.config import app as config
from host_tools.cryoctl.commands.console import console
from host_tools.cryoctl.commands.devices import devices
from host_tools.cryoctl.commands.doctor import doctor
from host_tools.cryoctl.commands.examples import EXAMPLES
from host_tools.cryoctl.commands.flash import flash
from host_tools.cryoctl.commands.log import log
from host_tools.cryoctl.commands.monitor import monitor
from host_tools.cryoctl.commands.report import report
from host_tools.cryoctl.commands.selftest import selftest
from host_tools.cryoctl.commands.sim import sim
from host_tools.cryoctl.output import Output
from host_tools.cryoctl.problems import CODES, Problem
from host_tools.cryoctl.shown import clean

EPILOG = "Exit codes: " + "; ".join(f"{code} {said}" for code, said in CODES.items()) + "."


_TAKES = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "path": "FILE", "file": "FILE"}


def _for_people(command, path=""):
    """Give a command's help examples, and words in place of Python's types; then do the same for its subcommands."""
    for param in command.params:
        _worded(param, typer.Context(command))
    helped = command.get_help_option
    command.get_help_option = lambda ctx: _worded(helped(ctx), ctx)
    if path in EXAMPLES:
        command.epilog = "\n\n".join(["For example:", *EXAMPLES[path]])
    for name, under in getattr(command, "commands", {}).items():
        _for_people(under, f"{path} {name}".strip())


def _worded(param, ctx):
    """Return the parameter; its help says what it takes: a word of _TAKES, the choices, or nothing for a switch."""
    if param is not None and (param.metavar is None or isinstance(param, TyperArgument)):
        said = (param.display_type(ctx) or "").strip("<>")
        kind = next((word for kind, word in _TAKES.items() if kind in said.lower()), said)
        param.display_type_rich = lambda ctx: "" if said == "bool" else kind
    return param


class _Commands(TyperGroup):
    """Turns a Problem into its sentence and its exit code: a user's mistake gives no traceback."""

    def __init__(self, **named):
        super().__init__(**named)
        _for_people(self)

    def get_params(self, ctx):
        """Return the options, also those for shells, which Typer adds after all others."""
        return [_worded(param, ctx) for param in super().get_params(ctx)]

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except Problem as problem:
            typer.echo(clean(str(problem)), err=True)
            raise typer.Exit(problem.code) from None
        except KeyboardInterrupt as heard:
            raise typer.Exit(128 + next(iter(heard.args), signal.SIGINT)) from None


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False, epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


def _version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        from host_tools.cryoctl.names import VERSION

        typer.echo(f"cryoctl {metadata.version('cryo-applicator')}, with the application {VERSION}")
        raise typer.Exit


@app.callback()
def cryoctl(
    ctx: typer.Context,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only results and errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also print each step.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the versions, and end.")
    ] = False,
) -> None:
    """Host tools of a CO2 cryotherapy applicator. Not certified: not for treating people or animals."""
    ctx.obj = Output(quiet, verbose)


app.add_typer(calibrate, name="calibrate")
app.add_typer(config, name="config")
app.command()(console)
app.command()(devices)
app.command()(doctor)
app.command()(flash)
app.command()(log)
app.command()(monitor)
app.command()(report)
app.command()(selftest)
app.command()(sim)
