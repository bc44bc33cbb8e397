"""Puts files onto a board. After an interruption, no half application can start.

Files that differ are sent under other names, and each is compared there by its SHA-256. Then main.py is removed, and
the files get their real names, main.py last. After any interruption the next run continues there.
"""

import hashlib
from collections.abc import Mapping

from host_tools.cryoctl.adapters.mpremote import Prompt, full, sha256
from host_tools.cryoctl.flash import Watch, delta
from host_tools.cryoctl.problems import NotVerified
from host_tools.toolchain.packing import ARCHIVE

MAIN = "main.py"
NEW = ".new"


def differing(prompt: Prompt, wanted: Mapping[str, bytes]) -> list[str]:
    """Return the paths of files whose content on the board differs from the wanted content."""
    there = prompt.files([_at(path) for path in wanted])
    return [path for path, data in wanted.items() if not _same(there[_at(path)], data)]


def put(prompt: Prompt, name: str, wanted: Mapping[str, bytes], changed: list[str], watch: Watch) -> None:
    """Put the `changed` ones of the wanted files onto the board. Raises Problem (it is full), NotVerified, NoDevice."""
    if not changed:
        return
    moved = sorted({*changed, MAIN} & set(wanted), key=lambda path: (path == MAIN, path))
    there = prompt.files([*(_at(path) for path in moved), *(_at(path) + NEW for path in moved)])
    main_stays = MAIN not in changed
    begins = {}
    for path in moved:
        new = there[_at(path) + NEW]
        if path == MAIN and main_stays:
            continue  # the old file only gets another name
        if not _same(new, wanted[path]):
            begins[path] = _over_already(new, wanted[path])
    _fits(prompt, name, {path: len(wanted[path]) - begin for path, begin in begins.items()})
    total = sum(len(wanted[path]) for path in begins)
    watch.part("copy", total)
    done = 0
    for path, begin in begins.items():
        before = done

        def progress(at, before=before):
            watch.at(before + at)

        old = there.get(_at(path))
        if path == ARCHIVE and old:
            made = delta.after(begin, delta.pieces(prompt, _at(path), old[0], wanted[path]))
            prompt.compose(_at(path) + NEW, _at(path), made, begin, progress)
        else:
            prompt.write(_at(path) + NEW, wanted[path], begin, progress)
        done += len(wanted[path])
    over = prompt.files([_at(path) + NEW for path in begins])
    wrong = [path for path in begins if not _same(over[_at(path) + NEW], wanted[path])]
    for path in wrong:
        prompt.remove(_at(path) + NEW)  # this copy must not be continued
    if wrong:
        raise NotVerified(f"{name}: {', '.join(wrong)} did not arrive correctly", "run the same command again")
    if main_stays:
        prompt.rename(_at(MAIN), _at(MAIN) + NEW)
    elif there.get(_at(MAIN)):
        prompt.remove(_at(MAIN))
    for path in moved:
        prompt.rename(_at(path) + NEW, _at(path))
    still = differing(prompt, wanted)
    if still:
        raise NotVerified(
            f"{name}: {', '.join(still)} on the board differs from what was written", "run the same command again"
        )


def out_of_the_way(prompt: Prompt) -> None:
    """Remove main.py, so that the application does not start at the next restart; put() brings it back."""
    if prompt.files([_at(MAIN)])[_at(MAIN)]:
        prompt.rename(_at(MAIN), _at(MAIN) + NEW)


def _fits(prompt, name, sizes):
    free, block = prompt.free()
    needed = sum(-(-size // block) * block for size in sizes.values())
    if needed > free:
        raise full(name, needed, free)


def _same(found, data):
    return found == (len(data), sha256(data))


def _over_already(found, data):
    """Return how many bytes of an interrupted copy can be kept."""
    if not found or found[0] > len(data):
        return 0
    return found[0] if hashlib.sha256(data[: found[0]]).hexdigest() == found[1] else 0


def _at(path):
    return "/" + path
