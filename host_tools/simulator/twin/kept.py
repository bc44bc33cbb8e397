"""Tables that take seconds to compute, kept in the user's cache folder between processes."""

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path


def kept(make, package: str, source: Path, *others: Path) -> dict:
    """Return the dictionary that make() computes from a package's data, or a copy of it from an earlier process.

    A copy is used only if the text of `source` and the others and the package's version are the same. Floats are kept
    exactly. Without a folder that can be written, the tables are computed every time.
    """
    text = b"".join(file.read_bytes() for file in (source, *others))
    key = hashlib.sha256(text + version(package).encode()).hexdigest()[:16]
    file = user_cache_path("cryo", appauthor=False) / f"{source.stem}-{key}.json"
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        pass
    made = make()
    fresh = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(made))
        fresh.replace(file)  # so that no process reads a half-written file
    except OSError:
        pass
    return made
