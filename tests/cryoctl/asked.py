"""Keys that are pressed, a question to ask, and a device that asks for its PIN, for the tests of questions."""

from host_tools.cryoctl.asking import Question
from host_tools.cryoctl.calibration import wizard

CTRL_C, CTRL_D, UP, BACKSPACE = "\x03", "\x04", "\x1b[A", "\x7f"


def number(text="Number", **more):
    """Return a question for a whole number."""
    return Question(text, "--number", wizard.whole, **more)


class Locked:
    """A device that answers SERV:PIN as it is told to."""

    ended = False

    def __init__(self, *answers):
        self.answers = list(answers)
        self.told = []

    def unarmed(self):
        """Return the state in which it is."""
        return "STANDBY"

    def begin(self):
        """Begin a tool's session."""

    def keep(self):
        """Say that somebody is waited for."""

    def tell(self, command, patience_s=0.0):
        """Take a command."""
        self.told.append(command)
        if command.startswith("SERV:PIN") and (answer := self.answers.pop(0)):
            raise answer
        return "OK"
