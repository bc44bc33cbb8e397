"""What may go wrong, and the exit code of cryoctl for each. A message says what is wrong, then what to do next."""

import re

DONE = 0
FOUND = 1  # it ran and found something wrong: a test failed, files differ, a value is out of tolerance


_RUN = re.compile(r"\S{300,}")  # longer than a file's name; a damaged file may hold pages of text without a blank


class Problem(Exception):
    """A request that is not possible: an argument, a file or a value is wrong. `then`: what to do next."""

    code = 2

    def __init__(self, text: str, then: str = ""):
        text = _RUN.sub(lambda found: f"{found[0][:100]}... ({len(found[0]) - 100} characters more)", text)
        super().__init__(f"{text}; {then}" if then else text)
        self.text = text
        self.then = then


class NoDevice(Problem):
    """No board was found, or it is busy, silent, or was unplugged meanwhile."""

    code = 3


class Silent(NoDevice):
    """A board is there and does not answer."""


class Refused(Problem):
    """The device refused; `number` is the number of its error, 0 for a REFUSED without one."""

    code = 4

    def __init__(self, text: str, then: str = "", number: int = 0):
        super().__init__(text, then)
        self.number = number


class NotVerified(Problem):
    """What was read back is not what was written."""

    code = 5


CODES = {
    DONE: "done",
    FOUND: "done, but something is not as it should be: a test failed, values differ, a measurement was not accepted",
    Problem.code: "the request is not possible: an argument, a file or a value is wrong",
    NoDevice.code: "no device: not found, busy, silent, or unplugged meanwhile",
    Refused.code: "the device refused: armed or treating, not in service mode, wrong PIN, beyond a limit",
    NotVerified.code: "what was read back is not what was written",
    130: "interrupted (Ctrl-C); for another signal 128 plus its number, such as 143 for SIGTERM",
}
