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
    if not typer.confirm(question, default=False, err=True):
        raise Problem("not confirmed", "nothing was changed")


def answer(question: str, default: str | None = None) -> str:
    """Return what somebody typed."""
    return str(typer.prompt(question, default=default, err=True)).strip()
