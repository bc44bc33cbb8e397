"""Questions to the person at the terminal; where there is none, an option has to have answered them."""

import sys

import typer

from host_tools.cryoctl.problems import Problem


def terminal() -> bool:
    """Return whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(lines: list[str], question: str, yes: bool) -> None:
    """Have it confirmed, what it is about told before. Raises Problem when nobody does."""
    if yes:
        return
    if not terminal():
        raise Problem("\n".join([*lines, "this has to be confirmed"]), "give --yes, or do it at a terminal")
    for line in lines:
        typer.echo(line, err=True)
    if not again(question, False):
        raise Problem("not confirmed", "nothing was changed")


def again(question: str, default: bool) -> bool:
    """Return yes or no. Ctrl-C is Ctrl-C."""
    try:
        return typer.confirm(question, default=default, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def answer(question: str, default: str | None = None) -> str:
    """Return what somebody typed. Ctrl-C is Ctrl-C."""
    try:
        return str(typer.prompt(question, default=default, show_default=bool(default), err=True)).strip()
    except typer.Abort:
        raise KeyboardInterrupt from None
