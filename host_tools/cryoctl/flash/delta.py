"""Makes a new archive of modules on the board from the old one: only the differences are sent.

The whole new file is compared afterwards, like any other file.
"""

from host_tools.cryoctl.adapters.mpremote import Prompt, sha256

_SUM = 4  # bytes after the last member

Piece = tuple[int, int] | bytes  # (place in the old file, length), or bytes to send


def members(head: bytes, size: int) -> dict[str, tuple[int, int]]:
    """Return path -> (place, length) of an archive's members, from its lines and its size. Raises ValueError."""
    lines = head.decode("ascii").splitlines()
    if not lines or lines[-1]:
        raise ValueError("not an archive: the empty line is missing")
    names, places = [], []
    for line in lines[:-1]:
        name, place = line.split()
        names.append(name)
        places.append(len(head) + int(place))
    ends = [*places[1:], size - _SUM]
    return {name: (place, end - place) for name, place, end in zip(names, places, ends, strict=True)}


def head_of(data: bytes) -> bytes:
    """Return an archive's lines, including the empty one."""
    return data[: data.index(b"\n\n") + 2]


def pieces(prompt: Prompt, path: str, size: int, data: bytes) -> list[Piece]:
    """Return the pieces of the archive `data`, given the one at `path` on the board with its size.

    If the file there is not an archive, the only piece is the data.
    """
    try:
        old = members(prompt.lines(path), size)
        new = members(head_of(data), len(data))
    except ValueError:
        return [data]
    hashes = dict(zip(old, prompt.parts(path, list(old.values())), strict=True))
    out: list[Piece] = [head_of(data)]
    for name, (place, length) in new.items():
        content = data[place : place + length]
        if name in old and old[name][1] == length and hashes[name] == sha256(content):
            _join(out, old[name])
        else:
            _join(out, content)
    _join(out, data[-_SUM:])
    return out


def after(begin: int, pieces: list[Piece]) -> list[Piece]:
    """Return the rest of the pieces when their first `begin` bytes are already there."""
    out: list[Piece] = []
    for piece in pieces:
        length = len(piece) if isinstance(piece, bytes) else piece[1]
        skipped = min(begin, length)
        begin -= skipped
        if skipped < length:
            out.append(piece[skipped:] if isinstance(piece, bytes) else (piece[0] + skipped, length - skipped))
    return out


def _join(out, piece):
    last = out[-1]
    if isinstance(piece, bytes) and isinstance(last, bytes):
        out[-1] = last + piece
    elif isinstance(piece, tuple) and isinstance(last, tuple) and sum(last) == piece[0]:
        out[-1] = (last[0], last[1] + piece[1])
    else:
        out.append(piece)
