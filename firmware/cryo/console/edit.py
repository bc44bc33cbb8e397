"""For people at a terminal: echo, and the keys that edit a line. Loaded by a key that only a person sends, and by
SYST:ECHO ON.

What a person types comes key by key: between two keys the console finds nothing to read. A program's line comes in one
piece, on USB and at 115 200 baud. So the echo of a line waits until nothing more comes, and a line in one piece has no
echo.
"""

from micropython import const

HELP = "HELP: commands; arrow up: old lines; FORM:HUM: sentences; SYST:ECHO OFF: no echo"
_CTRL_A = const(1)  # what mpremote sends: the console answers it
_ESCAPE = const(27)
_CTRL_U = const(21)
_BACKSPACE = (8, 127)
_KEPT = const(4)
_LONGEST = const(4)  # of a sequence with a meaning, and one more
_SECRET = b"SERV"  # a line with this is neither shown nor kept
# what the characters of a key's sequence mean, between ESC [ or ESC O and the last one, which is included
_UP, _DOWN, _RIGHT, _LEFT, _HOME, _END, _DELETE = range(7)
_KEYS = {
    b"A": _UP, b"B": _DOWN, b"C": _RIGHT, b"D": _LEFT, b"H": _HOME, b"F": _END,
    b"1~": _HOME, b"7~": _HOME, b"4~": _END, b"8~": _END, b"3~": _DELETE,
}  # fmt: skip


class Editor:
    """Handles each character before the line does. `used` is the line's length after key() returned TAKEN.

    typed is True when the line, or the last one, came key by key: its answer ends with CR LF.
    """

    TAKEN = -1

    def __init__(self, send):
        self.used = 0
        self.typed = True
        self._send = send
        self._out = b""  # echo that waits
        self._at = 0  # place of the cursor in the line
        self._begun = False  # a line has begun
        self._kept = []
        self._back = 0  # how many lines arrow up went back
        self._keys = None  # characters of a key's sequence that came so far
        self._was = 0

    def rest(self):
        """Nothing more came: a person types. Send the echo that waits."""
        if self._out:
            self.typed = True
            self._send(self._out)
            self._out = b""

    def show(self, line, used):
        """Show a line that was begun before the echo."""
        self._out += _shown(line, 0, used, used)
        self._at = used
        self._begun = used > 0

    def key(self, ch, line, used):
        """Take one character. Return it when it belongs to the line, else TAKEN: the line holds `used` characters."""
        was = self._was
        self._was = ch
        self.used = used
        if not self._begun:
            self._begun = True
            self.typed = False
        if self._keys is not None:
            self._sequence(ch, line)
        elif ch == _ESCAPE:
            self._keys = b""
        elif ch in _BACKSPACE:
            if self._at:
                self._at -= 1
                self._out += b"\b"
                self._remove(line)
        elif ch == 10 or ch == 13:
            if ch == 10 and was == 13:
                self._begun = used > 0
                return self.TAKEN
            self._end(bytes(line[:used]))
            return ch
        elif ch == _CTRL_A:
            return ch
        elif ch == _CTRL_U:
            self._replace(line, b"")
        elif 32 <= ch <= 126:
            at = self._at
            self._at = at + 1
            if at >= used:
                self._out += b"*" if used > 4 and secret(line, used) else bytes((ch,))
                return ch
            if used < len(line):
                line[at + 1 : used + 1] = line[at:used]
                line[at] = ch
                self.used = used = used + 1
                self._out += _shown(line, at, used, used) + b"\b" * (used - at - 1)
            else:
                self._at = at
        return self.TAKEN

    def _end(self, text):
        """The line is complete."""
        if self.typed:
            self._send(self._out + b"\r\n")
        self._out = b""
        self._begun = False
        self._at = self._back = 0
        if text and not secret(text, len(text)) and (not self._kept or self._kept[0] != text):
            self._kept = [text] + self._kept[: _KEPT - 1]

    def _sequence(self, ch, line):
        keys = self._keys
        if not keys and ch in b"[O":
            self._keys = b"["
            return
        if keys and 48 <= ch <= 59:  # figures
            if len(keys) < _LONGEST:
                self._keys = keys + bytes((ch,))
            return
        self._keys = None
        what = _KEYS.get(keys[1:] + bytes((ch,))) if keys else None
        at, used = self._at, self.used
        if what == _UP or what == _DOWN:
            self._recall(line, 1 if what == _UP else -1)
        elif what == _DELETE:
            self._remove(line)
        elif what == _LEFT and at:
            self._at = at - 1
            self._out += b"\b"
        elif what == _HOME:
            self._at = 0
            self._out += b"\b" * at
        elif what == _END or what == _RIGHT:
            self._at = used if what == _END or at == used else at + 1
            self._out += _shown(line, at, self._at, used)

    def _remove(self, line):
        """Remove the character under the cursor."""
        at, used = self._at, self.used
        if at < used:
            line[at : used - 1] = line[at + 1 : used]
            self.used = used = used - 1
            self._out += _shown(line, at, used, used) + b" " + b"\b" * (used - at + 1)

    def _recall(self, line, back):
        back += self._back
        if not 0 <= back <= len(self._kept):
            return
        self._back = back
        self._replace(line, self._kept[back - 1] if back else b"")

    def _replace(self, line, text):
        self._out += b"\b" * self._at + b" " * self.used + b"\b" * self.used + text
        line[: len(text)] = text
        self.used = self._at = len(text)


def secret(line, used):
    """True for a line that may hold a PIN."""
    text = bytes(line[:used]).upper()
    return _SECRET in text


def _shown(line, start, end, used):
    """Return the line's characters from start to end as they may be shown."""
    return b"*" * (end - start) if secret(line, used) else bytes(line[start:end])
