"""Keeps what a campaign's runs showed, a line each, and on which code. A cut loses no run that was done.

A line of the file is {"code": ..., "name": ..., "result": ...}. The code is a digest of firmware, virtual board, twin,
campaign and versions of packages: a result of other code is another result.
"""

import json
from pathlib import Path

from host_tools.evidence.safety import outcomes

CODE = (
    "host_tools/evidence/campaign",
    "host_tools/evidence/pages/tables.py",
    "host_tools/evidence/safety/planted.py",
    "host_tools/toolchain/packing/constants.py",
)
PACKAGES = ("coolprop", "llvmlite", "numba", "numpy")  # they calculate
NAMED = 3  # results of other code that a refusal names


class StoreError(Exception):
    """Results that may not be gone on with; the text says what to do."""


def code() -> str:
    """Return the digest of all that a run's result depends on."""
    return outcomes.measured(*CODE, packages=PACKAGES)


def of_this_tree(on: str | None, what: str) -> None:
    """Raise StoreError where `what`, which a page is to show, was made on other code than this: `on`."""
    now = code()
    if on != now:
        raise StoreError(
            f"{what} was made on {f'code {on}' if on else 'code that it does not name'}, and this is {now}: "
            "no page shows runs of another tree. Go back to that code and its packages, or make it anew"
        )


def plain(result: object) -> object:
    """Return a result as the file gives it back: one that is new and one that was read are equal."""
    return json.loads(json.dumps(result))


class Store:
    """The results of one code, in a file that grows by a line with each of them."""

    def __init__(self, path: Path, on: str, *, resume: bool = False):
        self.on = on
        self.results: dict[str, object] = {}
        self.unread: list[int] = []  # lines that hold no result: those runs are done again
        path.parent.mkdir(parents=True, exist_ok=True)
        if resume and path.exists():
            self._read(path)
        self._file = path.open("ab" if resume else "wb")

    def _read(self, path: Path) -> None:
        """Take what a campaign that was cut has done. A line without its end was in work: it goes."""
        whole = path.read_bytes()
        ends = whole.rfind(b"\n") + 1
        others = []
        for number, text in enumerate(whole[:ends].splitlines(), 1):
            try:
                row = json.loads(text)
                was, name = row.get("code", "not noted"), row["name"]
                result = row["result"] if "code" in row else None
            except (ValueError, TypeError, KeyError, AttributeError):
                self.unread.append(number)
                continue
            if was != self.on:
                others.append(f"{name} (code {was})")
            elif self.results.setdefault(name, result) != result:
                raise StoreError(f"{path}: {name} is there with two results: begin anew, without --resume")
        if others:
            more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
            raise StoreError(
                f"{path}: {', '.join(others[:NAMED])}{more} were made on other code than this, which is {self.on}: "
                "go back to that code and its packages to resume, or begin anew, without --resume"
            )
        if ends < len(whole):
            with path.open("r+b") as file:
                file.truncate(ends)

    def add(self, name: str, result: object, on: str) -> None:
        """Keep a result that was made on the code of digest `on`."""
        if on != self.on:
            raise StoreError(
                f"{name} was made on code {on}, and the campaign began on {self.on}: the code changed meanwhile. "
                "Go back to the code it began on and use --resume, or begin anew"
            )
        if name in self.results:
            raise StoreError(f"{name} came twice")
        self._file.write(json.dumps({"code": on, "name": name, "result": result}).encode() + b"\n")
        self._file.flush()
        self.results[name] = plain(result)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
