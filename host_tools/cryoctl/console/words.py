"""The device's commands, for completion, from its own answer to HELP?."""

from collections.abc import Iterator
from dataclasses import dataclass

LIST = "HELP?"


@dataclass(frozen=True)
class Word:
    """A command: its short form, its long form, and what it takes."""

    short: str
    long: str
    takes: str


def listed(answer: str) -> list[Word]:
    """Return the commands in an answer to HELP?: capitals are the short form, "[?]" means both with and without "?"."""
    out = []
    for part in answer.split("; "):
        header, _, takes = part.partition(" ")
        for ending in ("", "?") if header.endswith("[?]") else ("",):
            long = header.removesuffix("[?]") + ending
            short = "".join(ch for ch in long if not ch.islower())
            out.append(Word(short, long.upper(), takes if not ending else ""))
    return out


def fitting(words: list[Word], typed: str) -> Iterator[Word]:
    """Return the commands that begin like the typed text, in the short or the long form; only while a command is typed.

    typed: a line; after a `;` another command begins.
    """
    last = typed.rpartition(";")[2].lstrip().upper()
    if " " in last:
        return
    for word in words:
        if word.short.startswith(last) or word.long.startswith(last):
            yield word
