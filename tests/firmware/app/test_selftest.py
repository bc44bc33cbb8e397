"""Self-tests at start and in STANDBY: each planted defect is named; a good device passes."""

import binascii
import importlib
import sys
from types import SimpleNamespace

import pytest

from boards.virtual import pins
from host_tools import places
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.people import Operator, fields
from host_tools.simulator.twin.plant import Plant
from host_tools.toolchain import packing
from tests.boards.found import HARDWARE

MODULES = {"a.mpy": b"M\x06" + bytes(range(200)) * 9, "cryo/b.mpy": b"M\x06 second"}
DIFFERS = "FAILED APPLICATION: the file of its modules differs from its sum"


@pytest.fixture
def device(virtual, board, monkeypatch):
    """A device with everything that StartTests reads, all good; `device.run()` returns (verdict, text)."""
    device = SimpleNamespace(board=board, supervisor=virtual.app.Supervisor(board.config))
    device.health = importlib.import_module("cryo.health").Health(device.supervisor)
    selftest = importlib.import_module("cryo.selftest")
    board.skin.verified.return_value = True
    board.distance.identified = True
    sleep_us = importlib.import_module("virtual_time").sleep_us

    def run():
        tests = selftest.StartTests(device)
        for _ in range(200):
            verdict = tests.poll()
            if verdict != selftest.RUNNING:
                return verdict, tests.text
            sleep_us(10_000)
        raise AssertionError("never done")

    device.run, device.module = run, selftest
    return device


@pytest.fixture
def file(device, tmp_path):
    """The board's file of modules, as packed."""
    path = tmp_path / "application"
    path.write_bytes(packing.archive(MODULES))
    device.board.application = str(path)
    return path


def test_a_sound_device_passes(device):
    assert device.run() == (device.module.PASSED, "PASSED")


# --- application ------------------------------------------------------------------------------------------------------
def test_the_sum_of_a_file_and_its_own_sum_is_the_residue():
    assert binascii.crc32(packing.archive(MODULES)) == binascii.crc32(b"\0\0\0\0") == 0x2144DF1C


@pytest.mark.parametrize("name", HARDWARE)
def test_the_application_as_packed_passes(device, file, name):
    file.write_bytes(packing.application(places.BOARDS / name)[packing.ARCHIVE])
    assert device.run() == (device.module.PASSED, "PASSED")


@pytest.mark.parametrize("at", [0, 700, 1_024, -5, -1])
def test_a_changed_bit_anywhere_is_found(device, file, at):
    data = bytearray(file.read_bytes())
    data[at] ^= 0x10
    file.write_bytes(data)
    assert device.run() == (device.module.FAILED, DIFFERS)


@pytest.mark.parametrize("length", [0, 3, 4, 1_024, -1])
def test_a_file_that_was_cut_off_is_found(device, file, length):
    file.write_bytes(file.read_bytes()[:length])
    assert device.run() == (device.module.FAILED, DIFFERS)


def test_without_the_file_it_passes_and_says_that_nothing_is_known(device, file):
    file.unlink()
    assert device.run() == (device.module.PASSED, "PASSED; no application file: unchecked")


@pytest.mark.parametrize("there", [True, False])
def test_without_the_file_nothing_arms(virtual, board, file, there):
    if not there:
        file.unlink()
    blockers = importlib.import_module("cryo.core.blockers")
    applicator = virtual.app.Applicator(board)
    applicator.start()
    for name in ("skin", "distance", "bottle", "line"):
        getattr(board, name).poll.side_effect = lambda now_us, record, *busy: setattr(record, "status", 2)
    for _ in range(70):
        applicator.step()
    assert applicator.tested.startswith("PASSED")
    assert bool(applicator.supervisor.blocked_by & blockers.UNPROVISIONED) == (not there)


# --- RAM --------------------------------------------------------------------------------------------------------------
class Cells(bytearray):
    """Memory with a defect."""

    stuck = linked = None

    def __setitem__(self, i, value):
        if self.stuck and i == self.stuck[0]:
            value = value & ~self.stuck[1] | self.stuck[2]
        super().__setitem__(i, value)
        if self.linked and i == self.linked[0]:
            super().__setitem__(self.linked[1], value)


@pytest.mark.parametrize(
    ("stuck", "linked", "sound"),
    [
        (None, None, True),
        ((7, 4, 0), None, False),
        ((0, 4, 4), None, False),
        (None, (3, 9), False),
        (None, (9, 3), False),
    ],
)
def test_the_march_finds_stuck_bits_and_cells_that_follow_others(device, stuck, linked, sound):
    cells = Cells(16)
    cells.stuck, cells.linked = stuck, linked
    problems = [said for said in device.module.march(cells) if said]
    assert (problems == []) == sound


class Coupled(bytearray):
    """Memory in which cell `by` moves another cell to a level when its own value rises, or falls."""

    def __init__(self, size, by, moved, rises, to):
        super().__init__(size)
        self.by, self.moved, self.rises, self.to = by, moved, rises, to
        self.began = False  # the first filling, over the old content, is not part of the march

    def __setitem__(self, i, value):
        was = self[i]
        super().__setitem__(i, value)
        self.began = self.began or i == len(self) - 1
        if self.began and i == self.by and value != was and (value > was) == self.rises:
            super().__setitem__(self.moved, self.to)


@pytest.mark.parametrize("to", [0, 255])
@pytest.mark.parametrize("rises", [True, False])
@pytest.mark.parametrize(("by", "moved"), [(3, 9), (9, 3)])
def test_every_pass_of_the_march_is_needed_and_there(device, by, moved, rises, to):
    """March C- finds each of these couplings [K]; each of its passes is the only one that finds some of them."""
    assert any(device.module.march(Coupled(16, by, moved, rises, to)))
    assert not any(device.module.march(Coupled(16, by, by, rises, 255 if rises else 0)))  # moves nothing


def test_a_bad_cell_is_named(device, monkeypatch):
    sound = device.module.march
    cells = Cells(16)
    cells.stuck = (7, 4, 0)
    monkeypatch.setattr(device.module, "march", lambda memory: sound(cells))
    assert device.run()[1].startswith("FAILED RAM: ")


# --- clock, converter, outputs, settings, margins ---------------------------------------------------------------------
class Clock:
    MASK = 0xFFFFFF

    def __init__(self, virtual, mhz):
        self._ticks_us, self._mhz = importlib.import_module("virtual_time").ticks_us, mhz

    def cycles(self):
        return int(self._ticks_us() * self._mhz) & self.MASK

    def hz(self):
        return 125_000_000


@pytest.mark.parametrize(
    ("mhz", "sound"), [(125, True), (121, True), (129, True), (116, False), (134, False), (48, False), (0, False)]
)
def test_two_clocks_that_differ_are_named(virtual, device, mhz, sound):
    device.board.clock = Clock(virtual, mhz)
    verdict, text = device.run()
    assert verdict == (device.module.PASSED if sound else device.module.FAILED)
    assert sound or text.startswith("FAILED CLOCK: ")


@pytest.mark.parametrize(("c", "sound"), [(27, True), (-20, True), (85, True), (-21, False), (86, False)])
def test_a_converter_whose_reference_is_off_is_named(device, c, sound):
    device.board.core_c = lambda: c
    assert device.run()[1].startswith("PASSED" if sound else "FAILED ADC: ")


def test_an_output_that_reads_high_is_named(device):
    device.board.low_outputs = tuple(
        (name, SimpleNamespace(value=lambda level=level: level)) for name, level in (("led", 0), ("lease", 1))
    )
    assert device.run()[1].startswith("FAILED OUTPUT: lease ")
    device.board.low_outputs = device.board.low_outputs[:1]
    assert device.run()[1] == "PASSED"


def test_settings_that_changed_are_named(device):
    config = device.supervisor.config
    for name in config._fields:
        device.supervisor.config = config._replace(**{name: getattr(config, name) ^ 1})
        assert device.run()[1].startswith("FAILED SETTINGS: "), name
    device.supervisor.config = config
    assert device.run()[1] == "PASSED"


def test_settings_that_changed_places_are_not_the_same(device):
    settings_sum = sys.modules["cryo.health"].settings_sum
    assert settings_sum((1, 2, 3)) != settings_sum((2, 1, 3))
    assert settings_sum((1, 2, 3)) != settings_sum((1, 3, 2))


@pytest.mark.parametrize(("used", "sound"), [(4_096, True), (4_097, False)])
def test_a_stack_without_margin_is_named(device, monkeypatch, used, sound):
    device.board.stack_bytes = 8_192
    monkeypatch.setattr(device.module.micropython, "stack_use", lambda: used, raising=False)
    assert device.run()[1].startswith("PASSED" if sound else "FAILED STACK: ")


class Heap:
    """The collector's figures; a collection frees `garbage`."""

    def __init__(self, free, garbage=0):
        self.free, self.garbage = free, garbage

    def mem_free(self):
        return self.free

    def mem_alloc(self):
        return 1_000 - self.free

    def collect(self):
        self.free += self.garbage


@pytest.mark.parametrize(
    ("free", "garbage", "sound"), [(200, 0, True), (199, 0, False), (50, 150, True), (50, 149, False)]
)
def test_a_heap_without_margin_is_named(device, monkeypatch, free, garbage, sound):
    heap = Heap(free, garbage)
    monkeypatch.setattr(device.module, "gc", heap)
    monkeypatch.setattr(sys.modules["cryo.health"], "gc", heap)
    assert device.run()[1].startswith("PASSED" if sound else "FAILED HEAP: ")


@pytest.mark.parametrize(("largest", "sound"), [(8_191, False), (8_192, True)])
def test_a_heap_without_one_large_piece_is_named(device, monkeypatch, largest, sound):
    def pieces(size):
        if size > largest:
            raise MemoryError
        return bytearray(size)

    monkeypatch.setattr(device.module, "bytearray", pieces, raising=False)
    text = "PASSED" if sound else "FAILED HEAP: no 8192 bytes in one piece"
    assert device.run()[1] == text


@pytest.fixture
def standing_by(device, monkeypatch):
    """Return a function of the heap's figures and the ticks of STANDBY; it returns (the collector, what failed)."""

    def stand_by(free, garbage, ticks):
        heap = Heap(free, garbage)
        health = sys.modules["cryo.health"].Health(device.supervisor)
        monkeypatch.setattr(sys.modules["cryo.health"], "gc", heap)
        said = [health.poll() for _ in range(ticks)]
        assert said[-1] == (health.failed is not None)
        return heap, health.failed

    return stand_by


SHORT = "FAILED HEAP: less than a fifth is free"


@pytest.mark.parametrize(
    ("free", "garbage", "problem"), [(200, 0, None), (199, 0, SHORT), (50, 150, None), (50, 149, SHORT)]
)
def test_the_heap_is_looked_at_in_stand_by(standing_by, free, garbage, problem):
    heap, failed = standing_by(free, garbage, 400)  # four seconds: settings and heap take turns
    assert failed == problem
    assert heap.free == free + (garbage if free < 200 else 0)  # collected when it is short, and only then


def test_settings_and_heap_take_turns_of_two_seconds_in_stand_by(device, monkeypatch):
    health = sys.modules["cryo.health"]
    looked = []
    monkeypatch.setattr(health, "settings_sum", lambda config: looked.append("settings"))
    tested = health.Health(device.supervisor)
    looked.clear()
    tested.settings = None
    monkeypatch.setattr(health, "heap_short", lambda: looked.append("heap"))
    assert not any(tested.poll() for _ in range(199)) and looked == []
    assert not any(tested.poll() for _ in range(601))
    assert looked == ["settings", "heap", "settings", "heap"]


def test_a_device_without_settings_has_its_heap_looked_at(device, standing_by):
    device.supervisor.config = None
    assert standing_by(199, 0, 400)[1] == SHORT


def test_what_failed_in_stand_by_stays_failed(standing_by, device, monkeypatch):
    health = sys.modules["cryo.health"]
    tested = health.Health(device.supervisor)
    monkeypatch.setattr(health, "gc", Heap(199))
    assert any(tested.poll() for _ in range(400))
    monkeypatch.setattr(health, "gc", Heap(900))
    assert all(tested.poll() for _ in range(800))
    assert tested.failed == SHORT


def test_a_short_heap_in_stand_by_is_a_failed_self_test(virtual, board, monkeypatch):
    applicator = virtual.app.Applicator(board)
    applicator.start()
    modes, health = (importlib.import_module(name) for name in ("cryo.core.mode", "cryo.health"))
    monkeypatch.setattr(health, "gc", Heap(199))
    applicator.inputs.self_test = 0
    applicator.supervisor.tick = lambda now_us, i, o: None
    for name in modes.NAMES:  # nobody is treated while it is tested
        applicator.supervisor.mode = getattr(modes, name)
        if name in ("SELF_TEST", "STANDBY"):
            continue
        for _ in range(410):
            applicator.step()
        assert applicator.inputs.self_test == 0, name
    applicator.supervisor.mode = modes.STANDBY
    for _ in range(410):
        applicator.step()
    assert applicator.inputs.self_test == 2
    assert applicator.tested == SHORT


# --- sensors ----------------------------------------------------------------------------------------------------------
def test_a_skin_chip_that_does_not_keep_its_set_up_is_named_after_one_more_try(device):
    skin = device.board.skin
    skin.verified.return_value = False
    skin.configure.return_value = True
    assert device.run()[1] == "PASSED"
    skin.configure.return_value = False
    assert device.run()[1].startswith("FAILED SKIN_CHIP: ")
    del skin.verified  # a chip without a set-up
    assert device.run()[1] == "PASSED"


def test_a_distance_sensor_that_never_tells_who_it_is_is_named(device):
    device.board.distance.identified = False
    assert device.run()[1].startswith("FAILED DISTANCE: ")
    del device.board.distance.identified
    assert device.run()[1] == "PASSED"


def test_a_test_that_raises_has_not_passed(device):
    device.board.core_c = None
    device.board.skin.verified.side_effect = OSError(5)
    assert device.run()[1] == "FAILED SKIN_CHIP: OSError(5)"


def test_a_failed_test_is_the_last_one(device):
    asked = []
    device.board.core_c = lambda: 99
    device.board.low_outputs = (("led", SimpleNamespace(value=lambda: asked.append("led"))),)
    tests = device.module.StartTests(device)
    verdicts = [tests.poll() for _ in range(5)]
    assert verdicts[-1] == device.module.FAILED and verdicts.count(device.module.FAILED) > 2
    assert tests.text.startswith("FAILED ADC: ") and asked == []


def test_one_poll_takes_16_ms_and_what_was_begun(virtual, device, monkeypatch):
    """Meanwhile the tick waits: if polling did not end, the whole start would be one late tick."""
    ticks_us = importlib.import_module("virtual_time").ticks_us

    def long(memory):
        for _ in range(20):
            virtual.hal.spend(5_000)
            yield None

    monkeypatch.setattr(device.module, "march", long)
    tests = device.module.StartTests(device)
    took = []
    while True:
        before = ticks_us()
        if tests.poll() != device.module.RUNNING:
            break
        took.append(ticks_us() - before & 0x3FFFFFFF)
    assert len(took) >= 5 and max(took) < 22_000


# --- in the application -----------------------------------------------------------------------------------------------
def test_the_tests_are_dropped_when_they_are_through(virtual, board):
    applicator = virtual.app.Applicator(board)
    applicator.start()
    assert applicator.inputs.self_test == 1
    applicator.supervisor.tick = lambda now_us, i, o: setattr(applicator.supervisor, "mode", 1)
    applicator.step()
    assert "cryo.selftest" in sys.modules
    assert applicator.inputs.self_test == 1
    for _ in range(20):
        applicator.step()
    assert applicator.inputs.self_test == 0
    assert "cryo.selftest" not in sys.modules and not hasattr(sys.modules["cryo"], "selftest")


@pytest.fixture(params=["unix", "cpython"])
def lane(request):
    return request.param


def booted(lane, firmware=None, spoil=None, wait_us=1_500_000):
    """Boot in the interpreter; return the answers to TEST?, STAT? and FAULT?, and the plant."""
    said = []

    def script(op):
        yield wait_us
        for command in ("TEST?", "STAT?", "FAULT?"):
            said.append((yield from op.ask(command)))

    plant = Plant()
    if spoil:
        spoil(plant)
    plant.operator = Operator(plant, script)
    assert lanes.run(plant, lane, firmware=firmware) == ""
    return said[0], fields(said[1]), said[2], plant


def test_a_sound_device_tells_that_it_passed(lane):
    test, state, _, plant = booted(lane)
    assert test == "PASSED"
    assert state["STATE"] == "STANDBY" and state["FAULT"] == "NONE"
    assert plant.record.resets == []


PLANTED = (
    ("cryo/selftest.py", "StartTests._clock", "self._app.board.clock.hz = lambda: 48_000_000", "CLOCK: "),
    ("cryo/selftest.py", "StartTests._settings", "self._app.health.settings ^= 1", "SETTINGS: "),
    ("cryo/selftest.py", "march", "memory = (0,) * 4", "RAM: "),
)


@pytest.mark.parametrize("place", PLANTED, ids=lambda place: place[3].rstrip(": "))
def test_a_failed_test_is_a_fault_that_names_its_part_and_no_acknowledge_clears(lane, planted, place):
    test, state, fault, plant = booted(lane, planted(*place[:3]))
    assert test.startswith("FAILED " + place[3])
    assert state["STATE"] == "FAULT" and state["FAULT"] == "SELF_TEST"
    assert "TEST? names the part" in fault
    assert plant.record.bursts == [] and plant.record.resets == []


@pytest.mark.parametrize("name", ["LED", "BUZZER", "ALARM", "LEASE", "DOSE"])
def test_an_output_stuck_high_at_switch_on_is_found(name):
    number = getattr(pins, name)
    test, state, _, _ = booted("cpython", spoil=lambda plant: plant.levels.__setitem__(number, 1))
    assert test == f"FAILED OUTPUT: {pins.NAMES[number]} reads high while driven low"
    assert state["STATE"] == "FAULT"


def test_settings_that_change_in_stand_by_are_found_within_five_seconds(lane, firmware):
    path = firmware / "cryo/core/supervisor.py"
    text = path.read_text()
    mark = "        self.now_us = now_us\n"
    assert text.count(mark) == 1
    spoil = "        if self.session.uptime_s == 3:\n            self.config = self.spoilt\n"
    text = text.replace(mark, mark + spoil)
    begins = "        self.tested = False\n"
    assert text.count(begins) == 1
    text = text.replace(begins, begins + SPOILT)
    path.write_text(text)
    test, state, _, _ = booted(lane, firmware, wait_us=2_500_000)
    assert test == "PASSED" and state["STATE"] == "STANDBY"
    test, state, _, _ = booted(lane, firmware, wait_us=8_000_000)
    assert state["STATE"] == "FAULT" and state["FAULT"] == "MEMORY"


SPOILT = "        self.spoilt = type(config)(*(v if n else v ^ 1 for n, v in enumerate(config)))\n"
