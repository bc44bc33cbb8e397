"""One line of input at the prompt: echo, backspace, earlier lines; and whether a statement needs more lines."""

CTRL_A = 1
CTRL_B = 2
CTRL_C = 3
CTRL_D = 4
CTRL_E = 5

_BACKSPACES = (8, 127)
_TAB = 9
_LF = 10
_CR = 13
_ESCAPE = 27
_HISTORY = 8
_BLOCKS = ("if ", "while ", "for ", "def ", "class ", "try:", "with ", "async ", "@", "match ")


class LineEditor:
    """`get()` returns the next byte, `put(bytes)` sends some."""

    def __init__(self, get, put):
        self._get = get
        self._put = put
        self._lines = []
        self._after_cr = False

    def line(self, prompt):
        """Return a line, or the control code (an int) that ended it. After Ctrl-C the prompt is shown again."""
        self._put(prompt.encode())
        line = bytearray()
        back = 0  # how many lines back in the history
        while True:
            byte = self._get()
            after_cr = self._after_cr
            self._after_cr = byte == _CR
            if byte == _CR or (byte == _LF and not after_cr):
                self._put(b"\r\n")
                text = str(line, "utf8")
                if text.strip():
                    self._lines = self._lines[-_HISTORY + 1 :] + [text]
                return text
            if byte == CTRL_C:
                self._put(b"\r\n")
                return CTRL_C
            if byte in (CTRL_A, CTRL_B, CTRL_D, CTRL_E):
                if not line:
                    return byte
            elif byte in _BACKSPACES:
                self._erase(line, 1)
            elif byte == _ESCAPE:
                key = self._escape()
                if key in (65, 66) and self._lines:  # up, down
                    back = min(len(self._lines), back + 1) if key == 65 else max(0, back - 1)
                    self._erase(line, len(line))
                    line = bytearray(self._lines[-back].encode() if back else b"")
                    self._put(line)
            elif byte == _TAB:
                line.extend(b"    ")
                self._put(b"    ")
            elif byte >= 32:
                line.append(byte)
                self._put(bytes((byte,)))

    def _erase(self, line, count):
        while line and count:
            count -= 1
            while len(line) > 1 and line[-1] & 0xC0 == 0x80:  # a later byte of a character
                line[:] = line[:-1]
            line[:] = line[:-1]
            self._put(b"\b \b")

    def _escape(self):
        """Read the sequence of a key; return its last byte."""
        if self._get() not in (91, 79):  # "[", "O"
            return 0
        while True:
            byte = self._get()
            if 64 <= byte <= 126:
                return byte


def goes_on(text):
    """Return whether a statement needs more lines: a block until an empty line, an open bracket or long string."""
    depth, quote, last = _scan(text)
    if quote == '"""' or quote == "'''" or depth > 0 or last == "\\":
        return True
    first = text.partition("\n")[0]
    if first.rstrip().endswith(":") or any(first.startswith(word) for word in _BLOCKS):
        return not text.endswith("\n")
    return False


def _scan(text):
    """Return (open brackets, the string that is open or an empty text, last character)."""
    depth = 0
    quote = ""
    i = 0
    while i < len(text):
        ch = text[i]
        if quote:
            if ch == "\\":
                i += 1
            elif text[i : i + len(quote)] == quote:
                i += len(quote) - 1
                quote = ""
            elif ch == "\n" and len(quote) == 1:
                quote = ""
        elif ch == "#":
            while i + 1 < len(text) and text[i + 1] != "\n":
                i += 1
        elif ch in "\"'":
            quote = text[i : i + 3] if text[i : i + 3] == ch * 3 else ch
            i += len(quote) - 1
        elif ch in "([{":
            depth += 1
        elif ch in ")]}":
            depth -= 1
        i += 1
    return depth, quote, text[-1:]
