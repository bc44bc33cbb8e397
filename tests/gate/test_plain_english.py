"""Phrases that a reader who is not a native speaker stumbles over, and what to write in their place: a short list."""

import re

import pytest

from host_tools.places import ROOT

# What no page may hold, and what to write instead. Each was found in this project; a new one is a row.
PHRASES = {
    r"\bit does not tell\b": "the object stands first: say what does not show what",
    r"\btold before\b": "say who says it, and when",
    r"\bput it right\b": "say what to correct",
    r"(?<!again) and again\b(?=[\"'.;]|$)": "name the action that is repeated",
    r"\bthen again\b(?=[\"'.;])|\brun the same again\b": "name it: then try again, run the same command again",
    r"\b(speaks?|stands?) against\b": "name it: a cause, a blocker, a verdict",
    r"\bthat was all\b": "say what an empty line means",
    r"\bNOTHING COMES\b": "name what is missing: no data",
    r"\bis there again\b": "say what came back",
    r"\bno longer any\b|\bnot any longer\b": "write: no more",
    r"\b(?:that|which|it) (?:is|are) none\b": "say what it is not: no number, no date, not valid",
    r"\"\"\"Have \w+": "name the action: put, make, check",
    r"\bnothing else than\b": "write: only",
    r"\bin vain\b": "say what did not come or did not happen",
    r"\bby turns\b": "write: alternately",
    r"\bspeaks? of\b": "write: names",
    r"\btold apart\b": "write: distinguished",
    r"\bof no use\b": "say what can no more be done with it",
    r"\b(?:gone by|of old|at leisure|for want of|save for|as ever|in its stead)\b": "everyday words: past, except",
    r"\b(?:thus|hence|thereof|therein|whence|wherein|lest|albeit)\b": "everyday words: so, because, although",
    r"(?:^|[,;:(] )should (?:the|it|a|they|its) \w+": "an inverted clause: begin with if",
    r"\bwere (?:it|they|there|the \w+) (?:slow|to|not|so)\b": "an inverted clause: begin with if",
}
ROOMS = ("firmware", "host_tools", "boards", "docs")
LEFT_OUT = ("docs/safety/mutation.md",)  # quotes code of earlier trees
KINDS = ("*.py", "*.md", "*.toml")


def texts():
    """Yield (name, text) of each file that people read, except the history of changes."""
    for room in ROOMS:
        for kind in KINDS:
            for path in sorted((ROOT / room).rglob(kind)):
                name = str(path.relative_to(ROOT))
                if name not in LEFT_OUT and "node_modules" not in name:
                    yield name, path.read_text(encoding="utf-8")
    for name in ("README.md", "CONTRIBUTING.md"):
        yield name, (ROOT / name).read_text(encoding="utf-8")


def found(text):
    """Yield (phrase, what to write) for each phrase of the list in a text, also across the end of a line."""
    joined = re.sub(r"\n[ #]*", " ", text)
    for phrase, instead in PHRASES.items():
        for match in re.finditer(phrase, joined):
            yield match.group(), instead


def test_no_page_and_no_message_holds_a_phrase_of_the_list():
    said = [f"{name}: {phrase!r}: {instead}" for name, text in texts() for phrase, instead in found(text)]
    assert said == []


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("how much liquid is left it does not tell", "it does not tell"),
        ("# what it is about told\n# before", "told before"),
        ('"nothing was stored; put it right"', "put it right"),
        ("put in the paper, and again.", " and again"),
        ("close that program, then again.", "then again"),
        ("3 things stand against it", "stand against"),
        ("NOTHING COMES: unplugged", "NOTHING COMES"),
        ("Raises Problem when it is none.", "it is none"),
        ('"""Have MicroPython on the board."""', '"""Have MicroPython'),
        ("A state is nothing\nelse than one", "nothing else than"),
        ("both calls would be made in vain", "in vain"),
        ("they run by turns", "by turns"),
        ("no file speaks of it", "speaks of"),
        ("below it they cannot be told\n# apart", "told apart"),
        ("The device is of no use afterwards", "of no use"),
        ("Raises ValueError for a time gone by.", "gone by"),
        ("so it lasts, albeit slowly", "albeit"),
        ("the colour is sent again, should the pixel have lost it", ", should the pixel"),
        ("# lease count the clock: were it slow, all are late", "were it slow"),
    ],
)
def test_a_phrase_is_found_also_over_the_end_of_a_line(text, phrase):
    assert phrase in [one for one, _ in found(text)]


def test_plain_sentences_pass():
    assert list(found("Pressure does not show how much liquid remains. Again and again it was measured.")) == []
