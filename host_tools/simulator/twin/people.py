"""Scripted people: an operator who reads lamps and console and moves hand, trigger and shield, in virtual time."""

from typing import Any

ANSWER_US = 2_500_000  # a question before the console is ready gets a late answer, which must not count for the next


class Operator:
    """Runs a script: a generator that yields how long to wait (us), or a condition to wait for."""

    def __init__(self, plant, script):
        self.plant = plant
        self.lines = []  # every line the console said: (time us, text)
        self.sent = []
        self._partial = ""
        self._script = script(self)
        self._wait = 0
        self._until = None
        self.done = False
        self.hand: Any = None  # a hand that follows the device's guidance (guided.py), or None

    def step(self):
        """Called at every exchange: read the console, continue the script when its wait is over."""
        plant = self.plant
        if self.hand is not None:
            self.hand.step()
        if plant.console_out:
            self._read()
        while not self.done:
            if plant.now_us < self._wait if self._until is None else not self._until():
                return
            try:
                wait = next(self._script)
            except StopIteration:
                self.done = True
                self.plant.power_off = True
                return
            if callable(wait):
                self._until = wait
            else:
                self._until = None
                self._wait = self.plant.now_us + wait

    def _read(self):
        data = self.plant.console_out
        self._partial += data.decode()
        data.clear()
        *lines, self._partial = self._partial.split("\n")
        self.lines.extend((self.plant.now_us, line) for line in lines)

    # --- what a script uses: `answer = yield from op.ask("STAT?")` ---------------------------------------------------
    def ask(self, command):
        """Send one command and wait for its answer (as long as a boot takes: then the answer is empty)."""
        count = len(self.lines)
        self.sent.append((self.plant.now_us, command))
        self.plant.console_in += command.encode() + b"\n"
        give_up = self.plant.now_us + ANSWER_US
        yield lambda: len(self.lines) > count or self.plant.now_us > give_up
        return self.lines[count][1] if len(self.lines) > count else ""

    def state(self):
        """Ask for the state; returns the fields of STAT? as a dictionary."""
        answer = yield from self.ask("STAT?")
        return fields(answer)

    def wait_for(self, states, longest_us, every_us=50_000):
        """Wait until the state is one of `states`; returns the fields, or None after longest_us."""
        give_up = self.plant.now_us + longest_us
        while self.plant.now_us < give_up:
            status = yield from self.state()
            if status.get("STATE") in states:
                return status
            yield every_us
        return None


def fields(answer):
    """Return KEY=VALUE;... as a dictionary."""
    return dict(part.split("=", 1) for part in answer.split(";") if "=" in part)
