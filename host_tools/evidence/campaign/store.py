"""Keeps the results of a campaign's runs with their code: a folder of Parquet files, one for each finished task.

A row is code, name and the figures of an outcome, each in its own column; a figure with parts is JSON in its column. A
result of another kind is JSON in the column `other`. The code is tree.code().
"""

import json
import types
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from host_tools.evidence.campaign.run import Outcome
from host_tools.evidence.campaign.tree import StoreError

NAMED = 3  # most results of other code that a refusal names
_COLUMNS = {float: pa.float64(), int: pa.int64(), bool: pa.bool_(), str: pa.string()}


def _figures() -> dict[str, pa.DataType | None]:
    """Return the columns of an outcome and their types; None: the figure has parts and is stored as JSON."""
    found = {}
    for field in fields(Outcome):
        kind = field.type
        if isinstance(kind, types.UnionType):
            (kind,) = (part for part in kind.__args__ if part is not types.NoneType)
        found[field.name] = _COLUMNS.get(kind)
    return found


FIGURES = _figures()
SCHEMA = pa.schema(
    [("code", pa.string()), ("result_of", pa.string())]
    + [(name, kind or pa.string()) for name, kind in FIGURES.items()]
    + [("other", pa.string())]
)


def _table(on: str, results: Mapping[str, Mapping]) -> pa.Table:
    rows = []
    for name, result in results.items():
        row: dict[str, object] = {"code": on, "result_of": name}
        if result.keys() == FIGURES.keys():
            row |= {key: value if FIGURES[key] else json.dumps(value) for key, value in result.items()}
        else:
            row["other"] = json.dumps(result)
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _rows(table: pa.Table) -> Iterable[tuple[str, str, dict]]:
    """Yield code, name and result."""
    for row in table.to_pylist():
        if row["other"] is not None:
            result = json.loads(row["other"])
        else:
            result = {key: row[key] if kind else json.loads(row[key]) for key, kind in FIGURES.items()}
        yield row["code"], row["result_of"], result


class Store:
    """The results of one code, in a folder. Each finished task adds a file."""

    def __init__(self, folder: Path, on: str, *, resume: bool = False):
        self.on = on
        self.results: dict[str, dict] = {}
        self.unread: list[str] = []  # files without results: their runs are done again
        self._folder = folder
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)
        if resume:
            self._read()
            return
        for file in folder.glob("*.parquet"):
            file.unlink()

    def _read(self) -> None:
        """Read the results of an interrupted campaign. A file is complete or missing: only work in progress is lost."""
        others, bad = [], []
        for file in sorted(self._folder.glob("*.parquet")):
            self._count = int(file.stem)
            try:
                rows = list(_rows(pq.read_table(file, schema=SCHEMA)))
            except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError):
                bad.append(file)
                continue
            for was, name, result in rows:
                if was != self.on:
                    others.append(f"{name} (code {was})")
                elif self.results.setdefault(name, result) != result:
                    raise StoreError(f"{self._folder}: {name} is there with two results: begin anew, without --resume")
        if others:
            more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
            raise StoreError(
                f"{self._folder}: {', '.join(others[:NAMED])}{more} were made on other code than this, which is "
                f"{self.on}: go back to that code and its packages to resume, or begin anew, without --resume"
            )
        for file in bad:
            self.unread.append(file.name)
            file.unlink()

    def add(self, results: Mapping[str, Mapping], on: str) -> None:
        """Keep the results of one task by name; `on` is the digest of the code that made them."""
        names = ", ".join(list(results)[:NAMED])
        if on != self.on:
            raise StoreError(
                f"{names} was made on code {on}, and the campaign began on {self.on}: the code changed meanwhile. "
                "Go back to the code it began on and use --resume, or begin anew"
            )
        if twice := results.keys() & self.results.keys():
            raise StoreError(f"{min(twice)} came twice")
        table = _table(on, results)
        self._count += 1
        file = self._folder / f"{self._count:06}.parquet"
        fresh = file.with_suffix(".new")
        pq.write_table(table, fresh, compression="zstd")
        fresh.replace(file)
        self.results.update((name, result) for _, name, result in _rows(table))
