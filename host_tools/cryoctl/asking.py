"""Asks all questions to the person at the terminal. Without a terminal, an option must give the answer."""

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.shown import clean

BACK = "back"


_waiting: list[Callable[[], None]] = []  # these are called while a question waits for a person


class Back(Exception):
    """Raised to go back to the previous question."""


class Unanswered(Problem):
    """Nobody answered: Ctrl-D, no terminal, or the person has left the terminal."""


@dataclass
class Question:
    """One question. `ask` keeps the answer: when the question comes again, Enter gives the same answer.

    option     the option that answers it, such as --due; the error names it when nobody answers
    take       converts an answer; raises Problem with the reason when it cannot, and the question is asked again
    kind       the arrow keys bring earlier answers of this kind; "": answers are not kept
    hint       is shown in brackets after the text
    """

    text: str
    option: str
    take: Callable[[str], Any] = str
    kind: str = ""
    default: str | None = None
    hint: str = ""
    secret: bool = False

    def ask(self, back: bool = False) -> Any:
        """Return what `take` makes of the answer. back: there is a previous answer; Back is raised to give it again.

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
                    f"{self.text}: no key for {prompt.ALONE_S / 60:.0f} minutes",
                    "service mode has ended; run the command again",
                ) from None
            except prompt.NoLine:
                raise Unanswered(f"{self.text}: not answered", f"answer it, or give {self.option}") from None
            if said == BACK and back:
                raise Back
            try:
                value = self._taken(said)
            except Problem as problem:
                tell(str(problem))
                before = before if self.secret else [*before, said]  # so that the person can correct it
                continue
            if self.kind and said:
                answers.keep(self.kind, said)
            return value

    def _message(self, back):
        hints = [self.hint, f"{BACK}: change the previous answer" if back else ""]
        hint = "; ".join(part for part in hints if part)
        usual = f" [{self.default}]" if self.default else ""
        return f"{self.text}{f' ({hint})' if hint else ''}{clean(usual)}: "

    def _taken(self, said):
        if said == BACK:
            raise Problem("this is the first question", "answer it")
        if not said and self.default is None:
            raise Problem(
                "an answer is needed", f"type it; Ctrl-C ends the command; {self.option} gives the answer, too"
            )
        value = self.take(said or self.default or "")
        if said and not self.secret:
            self.default = said
        return value


@contextlib.contextmanager
def meanwhile(do: Callable[[], None]):
    """A context: call `do` about once a second while a question waits. Without a key for long, the command ends."""
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
    """Return whether there is a terminal to ask a person."""
    return all(end is not None and end.isatty() for end in (sys.stdin, sys.stderr))


def tell(text: str) -> None:
    """Print what a question is about, or why it comes again, where the question is shown."""
    typer.echo(clean(text), err=True)


def in_turn(steps: Sequence[Callable[[bool], Any]], done: list, before: bool = False) -> None:
    """Fill `done` with what each step returns. When a step raises Back, the previous step is done again.

    A step's argument says whether it can go back. before: the first step can go back, too; then Back is raised here.
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
        raise Problem("\n".join([*lines, "this needs a confirmation"]), "give --yes, or do it at a terminal")
    for line in lines:
        tell(line)
    if not again(question, usual, back):
        raise Problem("not confirmed", "nothing was changed")


def again(question: str, usual: bool, back: bool = False) -> bool:
    """Return True for yes, False for no or Ctrl-D."""

    def meant(said):
        if said.lower() in ("y", "yes", "n", "no"):
            return said.lower().startswith("y")
        raise Problem(f"{said!r} is not an answer", "type y or n")

    try:
        return Question(question, "--yes", meant, default="y" if usual else "n", hint="y or n").ask(back)
    except Unanswered:
        return False
