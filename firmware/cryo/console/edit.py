"""For people at a terminal: echo, backspace, and arrow up for earlier lines. Loaded by SYST:ECHO ON."""

from micropython import const

_BACKSPACE = (8, 127)
_ESCAPE = const(27)
_KEPT = const(4)
_SECRET = b"SERV"  # a line that begins with this is neither shown nor kept


class Editor:
    """Handles each character before the line does. `used` is the line's length after key() returned TAKEN."""

    TAKEN = -1

    def __init__(self, send):
        self.used = 0
        self._send = send
        self._kept = []
        self._at = 0  # how many lines arrow up went back
        self._state = 0  # characters of an arrow key's sequence that came so far
        self._was = 0

    def key(self, ch, line, used):
        """Take one character. Return it when it belongs to the line, else TAKEN: the line holds `used` characters."""
        was = self._was
        self._was = ch
        self.used = used
        if self._state:
            if self._state == 1:
                self._state = 2 if ch in b"[O" else 0
            elif not 48 <= ch <= 59:  # figures of a longer sequence
                self._state = 0
                if was in b"[O" and ch in b"AB":
                    self._recall(line, 1 if ch == 65 else -1)
            return self.TAKEN
        if ch == _ESCAPE:
            self._state = 1
        elif ch in _BACKSPACE:
            if used:
                self.used = used - 1
                self._send(b"\b \b")
        elif ch == 10 or ch == 13:
            if ch == 10 and was == 13:
                return self.TAKEN
            self._send(b"\r\n")
            self._keep(bytes(line[:used]))
            return ch
        elif ch < 32 or ch > 126:
            pass  # other keys of a terminal
        else:
            self._send(b"*" if used > 4 and secret(line, used) else bytes((ch,)))
            return ch
        return self.TAKEN

    def _keep(self, text):
        self._at = 0
        if text and not secret(text, len(text)) and (not self._kept or self._kept[0] != text):
            self._kept = [text] + self._kept[: _KEPT - 1]

    def _recall(self, line, back):
        at = self._at + back
        if not 0 <= at <= len(self._kept):
            return
        self._at = at
        text = self._kept[at - 1] if at else b""
        self._send(b"\r" + b" " * self.used + b"\r" + text)
        line[: len(text)] = text
        self.used = len(text)


def secret(line, used):
    """True for a line that may hold a PIN."""
    text = bytes(line[:used]).upper()
    return _SECRET in text
