"""Links between the pages lead somewhere: to a file of the clone, and to a heading that is there. No network."""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from host_tools.places import ROOT

FOLDERS = (".", "docs", "docs/cryoctl", "docs/safety", "boards")
README_LINES = 100  # at most two screens: what it is, how to begin, where to read on


def pages(root=ROOT):
    """Return the project's Markdown files."""
    return sorted(
        page for folder in FOLDERS for page in (root / folder).glob("*/*.md" if folder == "boards" else "*.md")
    )


@cache
def tokens(page):
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def slug(title):
    """Return a heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@cache
def anchors(page):
    """Return the anchors of a page's headings."""
    found = tokens(page)
    titles = [after for before, after in pairwise(found) if before.type == "heading_open"]
    return {slug("".join(part.content for part in title.children or ())) for title in titles}


def links(page):
    """Yield the target of each link and picture of a page, without web addresses."""
    for token in tokens(page):
        for part in token.children or ():
            target = part.attrs.get("href" if part.type == "link_open" else "src")
            if target and not re.match(r"[a-z]+:", target):
                yield unquote(target)


def broken(page):
    """Yield a sentence for each link of a page that leads nowhere."""
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists():
            yield f"{target}: no such file"
        elif anchor and anchor not in anchors(file):
            yield f"{target}: no such heading"


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in pages()])
def test_every_link_of_a_page_leads_somewhere(page):
    assert list(broken(ROOT / page)) == []


def test_every_page_is_in_the_index():
    index = ROOT / "docs/index.md"
    named = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    assert {page for page in pages() if page.is_relative_to(ROOT / "docs")} - named == {index}


def test_the_readme_fits_two_screens():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[a](gone.md)", ["gone.md: no such file"]),
        ("![a](gone.svg)", ["gone.svg: no such file"]),
        ("[a](other.md#gone)", ["other.md#gone: no such heading"]),
        ("[a](#gone)", ["#gone: no such heading"]),
        ("| [a](gone.md) |\n|---|\n| [b](lost.md) |", ["gone.md: no such file", "lost.md: no such file"]),
        ("[a](other.md#what-config-set-does-to-2-boards)", []),
        ("[a](https://example.org/gone.md) `[a](gone.md)`", []),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link, said):
    (tmp_path / "other.md").write_text("# Other\n\n## What `config set` does, to 2 boards\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{link}\n")
    assert list(broken(page)) == said
