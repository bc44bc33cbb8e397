"""The sheet as HTML that needs nothing else and prints on paper, and as JSON beside it."""

import json
from html import escape
from pathlib import Path

from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.selftest.items import FAIL, LEFT_OUT, PASS, Item, Sheet

_STYLE = """
body { font: 11pt/1.35 sans-serif; margin: 1.5cm auto; max-width: 24cm; color: #111; padding: 0 0.5cm; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: 3pt 6pt;
border-bottom: 1px solid #bbb; overflow-wrap: anywhere; } thead th { border-bottom: 2px solid #111; }
.id th { width: 9em; font-weight: normal; color: #555; } .id { margin-bottom: 1em; }
.verdict { font-size: 14pt; font-weight: bold; border: 2px solid; padding: 4pt 8pt; display: inline-block; }
.pass { color: #05601f; } .fail { color: #a00000; font-weight: bold; } .left { color: #555; }
.out { color: #8a4b00; font-weight: bold; }
.sign { margin-top: 2em; } small { color: #555; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } thead { display: table-header-group; } }
@page { size: A4; margin: 1.5cm; }
"""


def places(path: Path) -> tuple[Path, Path]:
    """Return where HTML and JSON go. Raises Problem when something is there, or nothing can be written."""
    found = path.with_suffix(".html"), path.with_suffix(".json")
    if path.suffix not in (".html", ""):
        raise Problem(f"{path}: a sheet is HTML", "name it FILE.html; FILE.json is written beside it")
    for one in found:
        if one.exists():
            raise Problem(f"{one} is there already", "name another file with --sheet")
        try:
            one.touch()
            one.unlink()
        except OSError as error:
            raise Problem(f"{one}: {error.strerror}", "name another file with --sheet") from None
    return found


def write(sheet: Sheet, path: Path) -> None:
    """Write both. Raises Problem."""
    for one, text in zip(places(path), (html(sheet), json.dumps(sheet.as_dict(), indent=2) + "\n"), strict=True):
        try:
            one.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Problem(
                f"{one}: {error.strerror}", "make room, or name another file with --sheet; test again"
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
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in identity.items())
    kind = "pass" if sheet.passed else "fail" if sheet.failed else "out"
    title = f"End-of-line test: {sheet.board} {sheet.serial}"
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'<table class="id">{rows}</table><p class="verdict {kind}">{escape(sheet.verdict)}</p>'
        "<table><thead><tr><th>Item</th><th>Limit</th><th>Found</th><th>Verdict</th></tr></thead>"
        f"<tbody>{''.join(map(_line, sheet.items))}</tbody></table>"
        '<p class="sign">Signature: ________________________________</p>'
        "<p><small>The device is not certified: not for treating people or animals. "
        "This sheet says what was found on that date, and no more.</small></p></body></html>\n"
    )


def _line(item: Item) -> str:
    kind = {PASS: "pass", FAIL: "fail", LEFT_OUT: "out"}.get(item.verdict, "left")
    remedy = f"<br>{escape(item.remedy)}" if item.remedy else ""
    cells = "".join(f"<td>{escape(text)}</td>" for text in (item.name, item.limit, item.found))
    return f'<tr>{cells}<td class="{kind}">{escape(item.verdict)}{remedy}</td></tr>\n'
