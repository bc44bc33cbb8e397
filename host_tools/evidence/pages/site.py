"""Builds the static site from the project's pages: `make docs`, out/docs/site/index.html.

python -m host_tools.evidence.pages.site [folder]

The pages are copied, with wider indents in lists. Zensical makes HTML of them (docs/site.toml). Then every link of the
site is followed.
Exit status 1: a link leads nowhere. 2: Zensical is not installed, or could not build. No network is used.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from host_tools.places import ROOT

CONFIGURATION = ROOT / "docs/site.toml"
FOLDER = ROOT / "out/docs"
PLACES = ("*.md", "docs/**/*", "boards/*/*")
KINDS = {".md", ".svg", ".png", ".jsonl"}
ALSO = ("docs/settings.schema.json",)  # a page links to it


def staged(folder: Path, root: Path = ROOT) -> list[Path]:
    """Copy the pages, and what they show, into folder/pages, and the configuration beside them; return their paths."""
    found = sorted({file for place in PLACES for file in root.glob(place) if file.suffix in KINDS})
    for file in [*found, *(root / name for name in ALSO)]:
        copy = folder / "pages" / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            copy.write_text(indented(file.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(file, copy)
    shutil.copyfile(CONFIGURATION, folder / "zensical.toml")
    return [file.relative_to(root) for file in found]


def indented(text: str) -> str:
    """Return a page in which what belongs to an item of a list is indented by 4, which Zensical's Markdown needs."""
    lines, wide = [], 0
    for line in text.split("\n"):
        item = re.match(r"(?:\d+\.|-) +", line)
        if item:
            wide = len(item.group())
        elif wide and line.startswith(" " * wide):
            line = " " * max(4 - wide, 0) + line
        elif line:
            wide = 0
        lines.append(line)
    return "\n".join(lines)


class _Read(HTMLParser):
    """Collects the ids and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Take one tag."""
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def broken(site: Path) -> list[str]:
    """Return a sentence for each link of the site that leads nowhere; addresses of other sites are not followed."""
    pages: dict[Path, _Read] = {}

    def read(file: Path) -> _Read:
        if file not in pages:
            pages[file] = _Read()
            pages[file].feed(file.read_text(encoding="utf-8"))
        return pages[file]

    found = []
    for file in sorted(site.rglob("*.html")):
        if file.name == "404.html":
            continue  # made for a server's root
        for link in read(file).links:
            if re.match(r"[a-z]+:|//", link):
                continue
            name, _, anchor = unquote(link).partition("#")
            target = (file.parent / name.partition("?")[0]).resolve() if name else file
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                found.append(f"{file.relative_to(site)}: {link}: no such file")
            elif anchor and target.suffix == ".html" and anchor not in read(target).ids:
                found.append(f"{file.relative_to(site)}: {link}: no such heading")
    return found


def main(folder: Path = FOLDER) -> int:
    """Build the site and follow its links; return the exit status."""
    if find_spec("zensical") is None:
        sys.stderr.write('Zensical is not installed: `make docs` installs it (the extra "docs" of pyproject.toml)\n')
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    pages = staged(folder)
    done = subprocess.run([sys.executable, "-m", "zensical", "build"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(f"Zensical could not build the site:\n{done.stdout}{done.stderr}")
        return 2
    found = broken(folder / "site")
    for sentence in found:
        sys.stderr.write(f"{sentence}\n")
    print(f"{sum(page.suffix == '.md' for page in pages)} pages: {folder / 'site/index.html'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
