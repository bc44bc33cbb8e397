"""Writes the sheet as HTML, which loads nothing and can be printed, and as JSON beside it."""

import json
from html import escape
from pathlib import Path

from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.selftest.items import FAIL, LEFT_OUT, PASS, Item, Sheet
from host_tools.toolchain import webpage


def places(path: Path) -> tuple[Path, Path]:
    """Return the paths of HTML and JSON. Raises Problem when a file is there already, or cannot be written."""
    found = path.with_suffix(".html"), path.with_suffix(".json")
    if path.suffix not in (".html", ""):
        raise Problem(f"{path}: a sheet is HTML", "name it FILE.html; FILE.json is written beside it")
    for one in found:
        if one.exists():
            raise Problem(f"{one} exists already", "name another file with --sheet")
        try:
            one.touch()
            one.unlink()
        except OSError as error:
            raise Problem(f"{one}: {error.strerror}", "name another file with --sheet") from None
    return found


def write(sheet: Sheet, path: Path) -> None:
    """Write both files. Raises Problem."""
    for one, text in zip(places(path), (html(sheet), json.dumps(sheet.as_dict(), indent=2) + "\n"), strict=True):
        try:
            one.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Problem(
                f"{one}: {error.strerror}", "free some disk space, or name another file with --sheet; then test again"
            ) from None


def html(sheet: Sheet) -> str:
    """Return the page."""
    identity = {
        "Board": sheet.board,
        "Serial number": sheet.serial,
        "Version": sheet.version,
        "Port": sheet.port,
        "Date": sheet.started,
        "Operator": sheet.operator or "-",
        "Tool": sheet.tool,
    }
    kind = "pass" if sheet.passed else "fail" if sheet.failed else "out"
    title = f"End-of-line test: {sheet.board} {sheet.serial}"
    return webpage.document(
        title,
        f"<h1>{escape(title)}</h1><div class='box'>{webpage.pairs(identity.items())}</div>"
        f'<p class="verdict {kind}">{escape(sheet.verdict)}</p>'
        f"<div class='box'>{webpage.table(('Item', 'Limit', 'Found', 'Verdict'), map(_line, sheet.items))}</div>"
        '<p class="sign"><span>Date</span><span>Signature</span></p>'
        "<p class='sub'>The device is not certified: not for treating people or animals. "
        "This sheet only says what was found on that date.</p>",
    )


def _line(item: Item):
    kind = {PASS: "pass", FAIL: "fail", LEFT_OUT: "out"}.get(item.verdict, "left")
    said = f"{item.verdict}: {item.remedy}" if item.remedy else item.verdict
    return item.name, item.limit, item.found, (said, kind)
