"""SERV:REPL over a whole boot of the virtual board: safe outputs, a reset, then neither application nor watchdog."""

import shutil

import pytest

from boards.virtual import pins
from host_tools.twin import lanes
from host_tools.twin.people import Operator
from host_tools.twin.plant import Plant

PIN_STORE = """
class Record:
    def __init__(self):
        from cryo.console import pin
        salt = bytes(16)
        digest = None
        maker = pin.Digest(salt, "4711")
        while digest is None:
            digest = maker.poll()
        self.data = pin.packed(0, salt, digest)
    def load(self):
        return self.data, None
    def save(self, data):
        self.data = data
board.pin_record = Record()
"""


@pytest.fixture(params=["cpython", "unix"])
def lane(request):
    return request.param


@pytest.fixture
def firmware(tmp_path):
    """A copy of the firmware's folder whose board has a PIN."""
    folder = tmp_path / "firmware"
    shutil.copytree(lanes.ROOT / "firmware", folder, ignore=shutil.ignore_patterns("__pycache__"))
    app = folder / "cryo/app.py"
    text = app.read_text()
    begin = "        self.board = board\n"
    assert text.count(begin) == 1
    code = "".join(" " * 8 + line + "\n" for line in PIN_STORE.strip().splitlines())
    app.write_text(text.replace(begin, begin + code))
    return folder


def test_the_next_start_ends_at_the_prompt_and_the_one_after_it_does_not(lane, firmware):
    seen = {}

    def script(op):
        yield from op.wait_for(("STANDBY",), 3_000_000)
        seen["pin"] = yield from op.ask("SERV:PIN 4711")
        seen["repl"] = yield from op.ask("SERV:REPL")
        yield lambda: op.plant.record.resets
        yield 2_000_000  # the prompt says nothing: the run ends when no watchdog came for a second

    plant = Plant()
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, lane, firmware=firmware) == ""
    assert not plant.operator.done  # nothing was exchanged any more
    assert seen["pin"] == "SERVICE"
    assert seen["repl"] == "OK restarting to the prompt"
    assert [why for _, why in plant.record.resets] == ["machine.reset"]
    assert {pins.NAMES[n] for n in pins.SAFE_LOW if plant.pin_levels >> n & 1} == set()
    assert plant.record.bursts == [] and plant.record.valve_on_us == 0


def test_the_flag_counts_once_and_the_record_stays_sound():
    from cryo.core.resets import ENDED_ASKED, Resets, prompt_asked

    class Scratch:
        def __init__(self):
            self.words = [0, 0, 0, 0]

        def cold(self):
            return False

        def read(self, n):
            return self.words[n]

        def write(self, n, word):
            self.words[n] = word

    scratch = Scratch()
    assert not prompt_asked(scratch)
    Resets(scratch).deliberate(True)
    assert prompt_asked(scratch)
    assert not prompt_asked(scratch)
    after = Resets(scratch)
    assert after.ended == ENDED_ASKED and after.count == 1  # the first start found no record
    after.deliberate()
    assert not prompt_asked(scratch)


def test_after_power_on_the_flag_means_nothing():
    from cryo.core.resets import prompt_asked

    class Cold:
        def cold(self):
            return True

    assert not prompt_asked(Cold())
