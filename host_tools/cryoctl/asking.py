"""Questions to the person at the terminal: all are asked here. Without a terminal an option must give the answer."""

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.shown import clean

BACK = "back"


_waiting: list[Callable[[], None]] = []  # what is done while a question waits for a person


class Back(Exception):
    """Raised to go back to the question before."""


class Unanswered(Problem):
    """Nobody answered: Ctrl-D, no terminal, or nobody is at the terminal any more."""


@dataclass
class Question:
    """One question. `ask` keeps the answer: when the question comes again, Enter takes the same answer.

    option     what else answers it, such as --due; it is named when nobody does
    take       converts an answer; raises Problem with the reason when it cannot, and the question is asked again
    kind       whose earlier answers the arrow keys bring; "": none are kept
    hint       stands in brackets behind the text
    """

    text: str
    option: str
    take: Callable[[str], Any] = str
    kind: str = ""
    default: str | None = None
    hint: str = ""
    secret: bool = False

    def ask(self, back: bool = False) -> Any:
        """Return what `take` makes of the answer. back: there is an answer before; Back is raised to give it again.

        Raises Unanswered, which names the option; KeyboardInterrupt for Ctrl-C.
        """
        from host_tools.cryoctl import answers, prompt

        if not terminal():
            raise Unanswered(f"{self.text}: not answered", f"give {self.option}, or do it at a terminal")
        before = answers.earlier(self.kind) if self.kind else []
        while True:
            try:
                said = prompt.line(self._message(back), before, self.secret, _meanwhile).strip()
            except prompt.Nobody:
                raise Unanswered(
                    f"{self.text}: no key for {prompt.ALONE_S / 60:.0f} minutes", "service mode was left; again"
                ) from None
            except prompt.NoLine:
                raise Unanswered(f"{self.text}: not answered", f"answer it, or give {self.option}") from None
            if said == BACK and back:
                raise Back
            try:
                value = self._taken(said)
            except Problem as problem:
                tell(str(problem))
                before = before if self.secret else [*before, said]  # to be corrected
                continue
            if self.kind and said:
                answers.keep(self.kind, said)
            return value

    def _message(self, back):
        hints = [self.hint, f"{BACK}: the answer before" if back else ""]
        hint = "; ".join(part for part in hints if part)
        usual = f" [{self.default}]" if self.default else ""
        return f"{self.text}{f' ({hint})' if hint else ''}{clean(usual)}: "

    def _taken(self, said):
        if said == BACK:
            raise Problem("there is no answer before this one")
        if not said and self.default is None:
            raise Problem("it needs an answer", f"Ctrl-C ends this; {self.option} answers it, too")
        value = self.take(said or self.default or "")
        if said and not self.secret:
            self.default = said
        return value


@contextlib.contextmanager
def meanwhile(do: Callable[[], None]):
    """A context: `do` is called about once a second while a question waits; without a key the command ends."""
    _waiting.append(do)
    try:
        yield
    finally:
        _waiting.remove(do)


def _meanwhile() -> bool:
    for do in _waiting:
        do()
    return bool(_waiting)


def terminal() -> bool:
    """Return whether somebody can be asked."""
    return all(end is not None and end.isatty() for end in (sys.stdin, sys.stderr))


def tell(text: str) -> None:
    """Print what a question is about, or why it comes again, in the place where the question is shown."""
    typer.echo(clean(text), err=True)


def in_turn(steps: Sequence[Callable[[bool], Any]], done: list, before: bool = False) -> None:
    """Fill `done` with what each step returns. A step that raises Back has the one before it done again.

    Each is told whether there is one before. before: there is one before the first step; Back to it is raised.
    """
    while len(done) < len(steps):
        try:
            done.append(steps[len(done)](bool(done) or before))
        except Back:
            if not done:
                raise
            done.pop()


def confirm(lines: list[str], question: str, yes: bool, usual: bool = False, back: bool = False) -> None:
    """Ask for a confirmation. Raises Problem when nobody confirms, and Back as a Question does."""
    if yes:
        return
    if not terminal():
        raise Problem("\n".join([*lines, "this has to be confirmed"]), "give --yes, or do it at a terminal")
    for line in lines:
        tell(line)
    if not again(question, usual, back):
        raise Problem("not confirmed", "nothing was changed")


def again(question: str, usual: bool, back: bool = False) -> bool:
    """Return yes or no; Ctrl-D is no."""

    def meant(said):
        if said.lower() in ("y", "yes", "n", "no"):
            return said.lower().startswith("y")
        raise Problem(f"{said!r} is no answer", "type y or n")

    try:
        return Question(question, "--yes", meant, default="y" if usual else "n", hint="y or n").ask(back)
    except Unanswered:
        return False
