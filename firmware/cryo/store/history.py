"""Records one after the other, which never change. Two files of a few KB take turns: the older is dropped as a whole.

A line: running number, CRC-32 in hex over the history's name, the number and the text, and the text. A line with a
wrong CRC is skipped and counted. While a file cannot be read nothing is added, because its records may be the newest.
Loaded when somebody reads or adds to it.
"""

import binascii

from cryo.store.slots import FILES
from cryo.store.writing import GAS
from micropython import const

SEGMENT = const(4_096)  # bytes of one file; at least so many of the newest records stay
LONGEST = const(400)  # bytes of a text
_ENOENT = const(2)


class History:
    """Files `name`.log.0 and .1 under `folder`. files and may_write as for Slots."""

    def __init__(self, folder, name, files=None, may_write=None):
        self.name = name
        self.damaged = 0  # lines that read() skipped
        self.unread = 0  # number of the last OSError that kept a file from being read
        self.files = files or FILES
        self.may_write = may_write
        self.paths = (folder + name + ".log.0", folder + name + ".log.1")

    def read(self):
        """Return [(number, text)] of every whole record, oldest first. Never raises: see `unread`."""
        self.damaged = self.unread = 0
        found = self._segment(0)[0] + self._segment(1)[0]
        found.sort()
        return found

    def add(self, text):
        """Append text, ASCII without line ends. Return None once it was read back, or a sentence: it is not stored."""
        if self.may_write is None or not self.may_write():
            return GAS
        if len(text) > LONGEST or "\n" in text:
            return "{}: too long, or more than a line; at most {} characters".format(self.name, LONGEST)
        self.damaged = self.unread = 0
        segments = (self._segment(0), self._segment(1))
        if self.unread:
            return "{}: not stored, what is there cannot be read, OSError {}".format(self.name, self.unread)
        last = [records[-1][0] if records else 0 for records, _, _ in segments]
        at = 1 if last[1] > last[0] else 0
        _, size, ended = segments[at]
        line = self._line(last[at] + 1, text)
        mode = "ab"
        if size + len(line) >= SEGMENT:
            at = 1 - at
            mode = "wb"
        elif not ended:
            line = b"\n" + line  # behind half a line
        problem = "it did not read back as written"
        try:
            file = self.files.open(self.paths[at], mode)
            try:
                file.write(line)
                file.flush()
            finally:
                file.close()
        except OSError as error:  # it may be stored all the same
            problem = "the file system says OSError {}".format(error.args[0])
        records = self._segment(at)[0]
        if self.unread:
            return "{}: it cannot be read back, OSError {}: it may be there".format(self.name, self.unread)
        if not records or records[-1] != (max(last) + 1, text):
            return self.name + ": not stored, " + problem
        return None

    def _line(self, number, text):
        body = "{} {}".format(number, text)
        sum_ = binascii.crc32(body.encode(), binascii.crc32(self.name.encode()))
        return "{} {:08x} {}\n".format(number, sum_, text).encode()

    def _segment(self, n):
        """Return (records, size, whether the last line has its end)."""
        records = []
        size = 0
        line = b"\n"
        try:
            file = self.files.open(self.paths[n], "rb")
        except OSError as error:
            if error.args[0] != _ENOENT:
                self.unread = error.args[0]
            return records, 0, True
        try:
            try:
                while size <= 2 * SEGMENT:
                    part = file.readline()
                    if not part:
                        break
                    line = part
                    size += len(line)
                    record = self._parsed(line)
                    if record:
                        records.append(record)
                    elif line != b"\n":
                        self.damaged += 1
            finally:
                file.close()
        except OSError as error:
            self.unread = error.args[0]
        return records, size, line[-1:] == b"\n"

    def _parsed(self, line):
        try:
            number, _, text = line.rstrip(b"\n").decode().split(" ", 2)
            number = int(number)
        except ValueError:  # a UnicodeError is a ValueError
            return None
        whole = self._line(number, text)
        return (number, text) if line in (whole, whole[:-1]) else None  # a lost end of line loses nothing
