"""The writes of the PIN's record, made by the console's own code: an attempt counted, the right PIN, another PIN.

A write counts as done once the console's answer says so: a wrong PIN is refused, service mode, OK.
"""

from cryo.console import pin, service
from cryo.core import mode, supervisor
from cryo.store.slots import Slots
from cryo.store.writing import slot

PIN = "271828"
WRONG = "0000"
_SALTS = [b"\x5a" * pin.SALT, b"\xa5" * pin.SALT]


def always():
    """No gas."""
    return True


def record(files):
    """Return the Slots of the PIN."""
    return Slots("/", "pin", pin.VERSION, files, always)


def digest(salt, text, version):
    """Return the digest of a PIN, as records of that version have it."""
    made = pin.Digest(salt, text, version)
    while True:
        found = made.poll()
        if found:
            return found


_DIGESTS = [None] + [digest(_SALTS[0], PIN, version) for version in range(1, pin.VERSION + 1)]


def with_wrong(n, sequence=7, version=pin.VERSION):
    """Return a function that prepares a board with n wrong attempts at its PIN; the newer slot has that sequence."""

    def prepare(files):
        payload = pin.packed(n, _SALTS[0], _DIGESTS[version], version)
        for at in range(2):
            file = files.open("/pin.%d" % at, "wb")
            file.write(slot("pin", version, (sequence - 1 + at) & 0xFFFF, payload))
            file.close()

    return prepare


class _Board:
    """The parts of a console and its application that service.py uses."""

    def __init__(self, files, now):
        self.app = self.supervisor = self.inputs = self.session = self
        self.files = files
        self.mode = now
        self.estop = 1
        self.request = supervisor.NONE
        self.uptime_s = 100_000  # no wait is left
        self.pin_failed_s = 0
        self.job = None

    def record(self, name, version):
        """As Applicator.record."""
        return Slots("/", name, version, self.files, always)

    def may_choose(self):
        """As Supervisor.may_choose."""
        return self.mode == mode.STANDBY

    def error(self, number, text):
        """As Console.error."""
        return "ERROR {} {}".format(number, text)

    def answer(self, do, text):
        """Return what the command answers in the end."""
        said = do(self, text)
        while said is None:
            said = self.job.poll()
            if self.request == supervisor.SERVICE:
                self.mode = mode.SERVICE
        return said


def salted(board, word, text):
    """Return a command's answer; a record that it makes has always the same salt."""
    salt = pin.new_salt
    pin.new_salt = lambda: _SALTS[1]
    said = board.answer(service.DO[word], text)
    pin.new_salt = salt
    return said


class Wrong:
    """A wrong PIN: it is counted before the console says that it is wrong."""

    name = "pin"

    def __call__(self, files):
        said = _Board(files, mode.STANDBY).answer(service.DO["SERV:PIN"], WRONG)
        return None if said[:10] == "ERROR 301 " or "locked" in said else said

    def seen(self, files):
        """Return (what is in force, or the reason why nothing is, a record beside it)."""
        payload, problem = record(files).load()
        return (pin.unpacked(payload), problem), None

    def passed(self, old):
        """Return what may be found between old and new."""
        return ()

    def after(self, seen, new):
        """Return what the next write of its kind leaves."""
        found, problem = seen
        return (found[0] + 1,) + found[1:], problem


class Right(Wrong):
    """The right PIN: counted too, then all are forgotten. An older version's record is written anew."""

    def __call__(self, files):
        said = salted(_Board(files, mode.STANDBY), "SERV:PIN", PIN)
        return None if said == "SERVICE" else said

    def passed(self, old):
        """The attempt is counted."""
        return (self.after(old, None),)

    def after(self, seen, new):
        """As Wrong.after."""
        return new or Wrong.after(self, seen, new)


class Another(Wrong):
    """Another PIN in service mode; the first of all with the emergency stop pressed."""

    def __call__(self, files):
        now = mode.STANDBY if record(files).load()[0] is None else mode.SERVICE
        said = salted(_Board(files, now), "SERV:NEWP", WRONG)
        return None if said == "OK" else said

    def after(self, seen, new):
        """As Wrong.after."""
        return new
