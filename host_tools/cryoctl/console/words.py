"""The device's commands as a person may complete them, from its own answer to HELP?."""

from collections.abc import Iterator
from dataclasses import dataclass

LIST = "HELP?"


@dataclass(frozen=True)
class Word:
    """A command: as it is written out short, as it is long, what it takes."""

    short: str
    long: str
    takes: str


def listed(answer: str) -> list[Word]:
    """Return the commands in an answer to HELP?: capitals are the short form, "[?]" stands for both forms."""
    out = []
    for part in answer.split("; "):
        header, _, takes = part.partition(" ")
        for ending in ("", "?") if header.endswith("[?]") else ("",):
            long = header.removesuffix("[?]") + ending
            short = "".join(ch for ch in long if not ch.islower())
            out.append(Word(short, long.upper(), takes if not ending else ""))
    return out


def fitting(words: list[Word], typed: str) -> Iterator[Word]:
    """Return the commands that begin as what is typed, in the short or in the long form; only while a command is typed.

    typed: a line; behind a `;` another command begins.
    """
    last = typed.rpartition(";")[2].lstrip().upper()
    if " " in last:
        return
    for word in words:
        if word.short.startswith(last) or word.long.startswith(last):
            yield word
