"""What may go wrong, as the exit codes of cryoctl tell it. Each message says what is wrong, then what to do next."""

import re

DONE = 0
FOUND = 1  # it ran, and what it looked at is not as it should be: a test failed, files differ, a value out of tolerance


_RUN = re.compile(r"\S{300,}")  # longer than a file's name is; a damaged file may bring pages without a blank


class Problem(Exception):
    """A request that cannot be met as given: a wrong argument, file or value. `then`: what to do next."""

    code = 2

    def __init__(self, text: str, then: str = ""):
        text = _RUN.sub(lambda found: f"{found[0][:100]}... ({len(found[0]) - 100} signs more)", text)
        super().__init__(f"{text}; {then}" if then else text)
        self.text = text
        self.then = then


class NoDevice(Problem):
    """No board there, busy, silent, or unplugged on the way."""

    code = 3


class Silent(NoDevice):
    """A board is there and does not answer."""


class Refused(Problem):
    """The device said no; `number` is its error's number, 0 for a REFUSED without one."""

    code = 4

    def __init__(self, text: str, then: str = "", number: int = 0):
        super().__init__(text, then)
        self.number = number


class NotVerified(Problem):
    """What was read back is not what was written."""

    code = 5


CODES = {
    DONE: "done",
    FOUND: "done, and something is not as it should be: a test failed, values differ, a measurement was not accepted",
    Problem.code: "the request cannot be met as given: an argument, a file or a value is wrong",
    NoDevice.code: "no device: not found, busy, silent, or unplugged on the way",
    Refused.code: "the device refused: armed or treating, not in service mode, wrong PIN, beyond a limit",
    NotVerified.code: "what was read back is not what was written",
    130: "interrupted (Ctrl-C); ended by another signal: 128 and its number, as 143 for SIGTERM",
}
