"""Makes firmware/cryo/store/texts.py from the comments of the schema: `python -m host_tools.toolchain.settings.texts`.

A comment costs a board nothing; texts.py is loaded there only when somebody reads it.
"""

import ast
import io
import re
import textwrap
import tokenize

from host_tools.places import FIRMWARE

SCHEMA = FIRMWARE / "cryo/config.py"
LIMITS = FIRMWARE / "cryo/limits.py"
TEXTS = FIRMWARE / "cryo/store/texts.py"
HEAD = '''"""What each setting is, from config.py and limits.py by `make settings`: not to be edited.

Loaded only when somebody reads it: for refusals, help and the reference page.
"""

WHAT = {
'''
_NAMED = re.compile(r"limit \d+, (?P<names>[A-Z][A-Z0-9_]*(?: and [A-Z][A-Z0-9_]*)*): ")
_BASIS = re.compile(r"(?m)^([A-Z][A-Z0-9_]*) = const\(.*?\)\s*#\s*(?:\d+\s+)?(?:(?:higher|lower)\s+)?(\[[SCEK]\] .*)$")
_WIDTH = 120


def _rows(source: str) -> dict[str, tuple[str, str]]:
    """Return key -> the comment above its row of FIELDS, and the comment behind the row."""
    (fields,) = (
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FIELDS"
    )
    assert isinstance(fields, ast.Tuple)
    lines = source.splitlines()
    comments = {
        token.start[0]: (token.string.lstrip("# "), lines[token.start[0] - 1].lstrip().startswith("#"))
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    at = fields.lineno
    for row in fields.elts:
        assert isinstance(row, ast.Tuple) and row.end_lineno
        above = [comments[n][0] for n in range(at + 1, row.lineno) if n in comments and comments[n][1]]
        behind, alone = comments.get(row.end_lineno, ("", False))
        found[ast.literal_eval(row.elts[0])] = (" ".join(above), "" if alone else behind)
        at = row.end_lineno
    return found


def what(schema: str | None = None, limits: str | None = None) -> dict[str, str]:
    """Return key -> what the setting is, with the basis of each figure of limits.py that it names.

    schema, limits    text of config.py and limits.py; else those of the firmware

    Raises ValueError for a row without a comment, and for a figure that limits.py does not have.
    """
    basis = dict(_BASIS.findall(LIMITS.read_text() if limits is None else limits))
    made = {}
    for key, (text, _) in _rows(SCHEMA.read_text() if schema is None else schema).items():
        if not text:
            raise ValueError(f"config.py: {key} has no comment above its row: say what it is")
        named = _NAMED.match(text)
        names = named["names"].split(" and ") if named else []
        if unknown := [name for name in names if name not in basis]:
            raise ValueError(f"config.py: {key} names {', '.join(unknown)}, which limits.py does not have")
        made[key] = text + (f"; basis: {'; '.join(basis[name] for name in names)}" if names else "")
    return made


def older(schema: str | None = None) -> dict[str, str]:
    """Return key -> the reason for the value that an older record gets, from the comment behind the row."""
    return {key: why for key, (_, why) in _rows(SCHEMA.read_text() if schema is None else schema).items()}


def source(schema: str | None = None, limits: str | None = None) -> str:
    """Return texts.py. Raises ValueError for a text that cannot stand unchanged in a string of it."""
    rows = []
    for key, text in what(schema, limits).items():
        if '"' in text or "\\" in text:
            raise ValueError(f'config.py: {key}: its comment, or the basis that it names, has a " or a \\: other words')
        row = f'    "{key}": "{text}",'
        if len(row) > _WIDTH:
            first, *rest = textwrap.wrap(text, _WIDTH - len(key) - 12, drop_whitespace=False)
            rest = textwrap.wrap("".join(rest), _WIDTH - 8, drop_whitespace=False)
            row = "\n".join([f'    "{key}": "{first}"', *(f'    "{part}"' for part in rest)]) + ","
        rows.append(row)
    return HEAD + "\n".join(rows) + "\n}\n"


def main() -> None:
    """Write it."""
    TEXTS.write_text(source())


if __name__ == "__main__":
    main()
