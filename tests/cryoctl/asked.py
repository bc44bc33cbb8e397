"""For the tests of questions: pressed keys, a question, and a device that needs its PIN."""

from host_tools.cryoctl.asking import Question
from host_tools.cryoctl.calibration import wizard

CTRL_C, CTRL_D, UP, BACKSPACE = "\x03", "\x04", "\x1b[A", "\x7f"


def number(text="Number", **more):
    """Return a question for a whole number."""
    return Question(text, "--number", wizard.whole, **more)


class Locked:
    """A device that answers SERV:PIN as the test wants."""

    ended = False

    def __init__(self, *answers):
        self.answers = list(answers)
        self.told = []

    def unarmed(self):
        """Return its state."""
        return "STANDBY"

    def begin(self):
        """Begin a tool's session."""

    def keep(self):
        """Note that the tool sent a sign of life."""

    def tell(self, command, patience_s=0.0):
        """Take a command."""
        self.told.append(command)
        if command.startswith("SERV:PIN") and (answer := self.answers.pop(0)):
            raise answer
        return "OK"
