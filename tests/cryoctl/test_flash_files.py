"""The order in which files get onto a board, interrupted at every operation: a whole application starts, or none."""

import pytest

from host_tools.cryoctl.adapters.mpremote import sha256
from host_tools.cryoctl.flash import Watch, files
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem
from host_tools.toolchain.packing import archive

OLD = {
    "boot.py": b"old boot",
    "main.py": b"old main",
    "archive.mpy": b"old loader",
    "application": archive({"a.mpy": b"1" * 9_000, "b.mpy": b"2" * 9_000}),
    "settings.0": b"old settings",
}
NEW = {
    "boot.py": b"new boot",
    "main.py": b"new main",
    "archive.mpy": b"new loader",
    "application": archive({"a.mpy": b"1" * 9_000, "b.mpy": b"3" * 9_000, "c.mpy": b"4" * 9_000}),
    "settings.0": b"new settings",
}
MAIN_STAYS = NEW | {"main.py": OLD["main.py"]}
PIECE = 4_096


class Flash:
    """A board's files, as the adapter offers them. The board is gone at operation `cut`, in the middle of a write."""

    def __init__(self, held, cut=-1, spoils="", room=10_000_000):
        self.held = {"/" + path: data for path, data in held.items()}
        self.cut = cut
        self.done = 0
        self.sent = 0
        self._spoils = spoils
        self._room = room

    def _step(self):
        self.done += 1
        if self.done == self.cut:
            raise NoDevice("unplugged")

    def files(self, paths):
        found = {path: self.held.get(path) for path in paths}
        return {path: None if data is None else (len(data), sha256(data)) for path, data in found.items()}

    def free(self):
        return self._room, PIECE

    def write(self, path, data, begin=0, progress=lambda _: None):
        assert self.held.get(path, b"")[:begin] == data[:begin]
        for at in range(begin, len(data), PIECE):
            self.held[path] = data[:at]
            self._step()
            self.held[path] = data[: at + PIECE]
            self.sent += len(data[at : at + PIECE])
        if path == self._spoils:
            self.held[path] = data[:-1] + b"\0"

    def compose(self, path, old, pieces, begin, progress):
        self.held[path] = self.held[path][:begin] if begin else b""
        for piece in pieces:
            self._step()
            from_old = isinstance(piece, tuple)
            self.held[path] += self.held[old][piece[0] : sum(piece)] if from_old else piece
            self.sent += 0 if from_old else len(piece)
        if path == self._spoils:
            self.held[path] += b"\0"

    def lines(self, path):
        return self.held[path].partition(b"\n\n")[0] + b"\n\n"

    def parts(self, path, places):
        return [sha256(self.held[path][at : at + size]) for at, size in places]

    def rename(self, old, new):
        self._step()
        self.held[new] = self.held.pop(old)

    def remove(self, path):
        self._step()
        del self.held[path]


def put(board, wanted):
    files.put(board, "port", wanted, files.differing(board, wanted), Watch())


def content(board):
    return {path[1:]: data for path, data in board.held.items()}


@pytest.mark.parametrize("before", [{}, OLD], ids=["bare", "old"])
@pytest.mark.parametrize("wanted", [NEW, MAIN_STAYS], ids=["main changes", "main stays"])
def test_cut_off_anywhere_what_starts_is_whole_and_the_next_run_ends_it(before, wanted):
    whole = Flash(before)
    put(whole, wanted)
    assert content(whole) == wanted
    assert whole.done > 8
    for cut in range(1, whole.done + 1):
        board = Flash(before, cut)
        with pytest.raises(NoDevice):
            put(board, wanted)
        left = {path: data for path, data in content(board).items() if not path.endswith(files.NEW)}
        if "main.py" in left:
            assert left in (before, wanted), cut
        board.cut = -1
        put(board, wanted)
        assert content(board) == wanted
        assert board.sent <= whole.sent + PIECE


def test_what_did_not_arrive_as_sent_is_not_used_and_not_gone_on_with():
    for path in ("/application.new", "/boot.py.new"):
        board = Flash(OLD, spoils=path)
        with pytest.raises(NotVerified, match=path[1:-4]):
            put(board, NEW)
        assert {name: data for name, data in content(board).items() if not name.endswith(files.NEW)} == OLD
        assert path not in board.held


@pytest.mark.parametrize("path", ["/boot.py", "/settings.0", "/main.py"])
def test_each_file_is_compared_once_more_when_all_have_their_names(path):
    class Spoilt(Flash):
        def rename(self, old, new):
            super().rename(old, new)
            if new == "/main.py":  # the last one
                self.held[path] = self.held[path][:-1] + b"\0"

    board = Spoilt(OLD)
    wanted = OLD | {"main.py": NEW["main.py"], "archive.mpy": NEW["archive.mpy"]}  # the others stay as they are
    with pytest.raises(NotVerified, match=f"{path[1:]} on the board differs from what was written"):
        put(board, wanted)


def test_what_is_alike_is_not_touched():
    board = Flash(OLD, cut=1)
    put(board, OLD)
    assert (content(board), board.sent) == (OLD, 0)


def test_without_room_nothing_is_begun():
    board = Flash(OLD, cut=1, room=20_000)
    with pytest.raises(Problem, match="file system is full"):
        put(board, NEW)
    assert content(board) == OLD


def test_a_copy_that_was_broken_off_needs_room_for_its_rest_alone():
    wanted = {"main.py": b"main", "application": NEW["application"]}
    there = {"application.new": wanted["application"][: 5 * PIECE]}
    rest = -(-(len(wanted["application"]) - 5 * PIECE) // PIECE) + 1  # blocks; main.py takes the last one
    board = Flash(there, room=(rest - 1) * PIECE)
    with pytest.raises(Problem, match="file system is full"):
        put(board, wanted)
    assert content(board) == there
    board = Flash(there, room=rest * PIECE)
    put(board, wanted)
    assert content(board) == wanted


def test_put_out_of_the_way_main_comes_back_without_being_sent():
    board = Flash(OLD)
    files.out_of_the_way(board)
    assert "main.py" not in content(board)
    files.out_of_the_way(board)
    put(board, OLD)
    assert (content(board), board.sent) == (OLD, 0)
