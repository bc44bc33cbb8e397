"""The simulator's single parts: where bytes go, what waits, when a time is due, what an action does."""

import os
import re

import pytest

from boards.virtual import pins
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice
from host_tools.cryoctl.sim import SimError, pty_port, script, tcp_port
from host_tools.cryoctl.sim.front import KEYS, Front
from host_tools.cryoctl.sim.keyboard import Keyboard
from host_tools.cryoctl.sim.pace import BEHIND_S, Pace
from host_tools.cryoctl.sim.panel import ACTIONS, ActionError, action, listing, standing
from host_tools.cryoctl.sim.ports import QUEUE_MAX, STALL_S, Outlet
from host_tools.cryoctl.sim.pty_port import PtyPort
from host_tools.cryoctl.sim.router import WAITING_MAX, Router
from host_tools.simulator.twin import lanes
from host_tools.simulator.twin.physics import AIR_C
from host_tools.simulator.twin.plant import POWER_ON, Plant


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


# --- the router -------------------------------------------------------------------------------------------------------
def test_input_goes_up_to_the_ctrl_c_and_on_after_it():
    router = Router()
    router.interrupts = True
    router.put(b"ab\x03cd")
    assert router.for_input() == b"ab"
    assert router.for_input() == b""
    assert router.interrupt_next()
    assert router.take_interrupt() == b"\x03"
    assert (router.interrupt_next(), router.for_input()) == (False, b"cd")


def test_ctrl_c_is_a_byte_where_it_does_not_interrupt():
    router = Router()
    router.put(b"a\x03b")
    assert not router.interrupt_next()
    assert router.for_input() == b"a\x03b"


def test_the_applications_console_gets_what_it_has_room_for_unread_bytes_first():
    router = Router()
    router.interrupts = True
    router.put(b"\x03two")
    router.claim(b"one")
    assert not router.interrupt_next()
    assert router.for_input() == b""
    assert [router.for_console(4), router.for_console(0), router.for_console(9)] == [b"one\x03", b"", b"two"]


def test_a_sender_is_made_to_wait_before_much_is_kept():
    router = Router()
    router.put(b"x" * WAITING_MAX)
    assert router.free == 0


# --- the outlet -------------------------------------------------------------------------------------------------------
class FakePort:
    def __init__(self, takes):
        self.connected = True
        self.takes = takes
        self.sent = b""

    def write(self, data):
        taken = data[: self.takes]
        self.sent += taken
        return len(taken)


def test_what_one_reader_does_not_take_reaches_the_other_and_is_counted():
    silent, reader = FakePort(0), FakePort(10**6)
    outlet = Outlet([silent, reader])
    data = bytes(n % 251 for n in range(QUEUE_MAX))
    outlet.offer(data)
    outlet.offer(b"more")
    assert reader.sent == data + b"more"
    assert outlet.dropped == 4
    silent.takes = 10**6
    outlet.flush()
    assert silent.sent == data
    assert not outlet.waiting()


def test_the_board_keeps_its_bytes_only_when_nobody_who_listens_takes_any():
    silent, reader = FakePort(0), FakePort(10**6)
    both, alone = Outlet([silent, reader]), Outlet([silent])
    for outlet in (both, alone):
        outlet.offer(bytes(QUEUE_MAX))
    assert (both.full(), alone.full()) == (False, True)
    silent.connected = False
    assert not alone.full()


def test_nothing_is_kept_for_or_counted_against_someone_who_is_not_there():
    gone = FakePort(0)
    outlet = Outlet([gone])
    outlet.offer(b"old")
    gone.connected = False
    outlet.offer(b"lost")
    gone.connected, gone.takes = True, 99
    outlet.offer(b"new")
    assert (gone.sent, outlet.dropped) == (b"new", 0)


def test_a_print_waits_for_its_reader_but_not_for_ever():
    clock = Clock()
    outlet = Outlet([FakePort(0)], clock)
    outlet.offer(b"x")
    assert not outlet.open()
    clock.now += STALL_S * 0.9
    assert not outlet.open()
    clock.now += STALL_S * 0.2
    assert outlet.open()


def test_a_slow_reader_loses_nothing_and_one_who_takes_nothing_holds_no_other_up():
    clock = Clock()
    slow, silent = FakePort(1), FakePort(0)
    outlet = Outlet([slow, silent], clock)
    data = bytes(range(20))
    outlet.offer(data)
    for _ in data[1:]:  # one byte at a time, for longer than a print waits
        clock.now += STALL_S * 0.9
        assert not outlet.open()
        outlet.flush()
    assert slow.sent == data and outlet.open() and outlet.dropped == 0


# --- the pseudo-terminal ----------------------------------------------------------------------------------------------
@pytest.fixture
def port():
    port = PtyPort()
    yield port
    port.close()


def opened(port):
    return os.open(port.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


def test_it_sees_who_comes_and_leaves_and_reads_what_was_sent_before_leaving(port):
    port.poll()
    assert (port.connected, port.fd()) == (False, -1)
    other = opened(port)
    port.poll()
    assert port.connected and port.fd() >= 0
    os.write(other, b"last\x03\r\n")
    os.close(other)
    port.poll()
    assert not port.connected
    assert port.read(100) == b"last\x03\r\n"
    assert port.read(100) == b""


def test_what_one_left_unread_is_not_for_the_next(port):
    other = opened(port)
    port.poll()
    assert port.write(b"old") == 3
    os.close(other)
    port.poll()
    other = opened(port)
    with pytest.raises(BlockingIOError):
        os.read(other, 100)
    port.poll()
    port.write(b"new\n\x00")
    assert os.read(other, 100) == b"new\n\x00"
    os.close(other)


def test_a_write_to_who_does_not_read_never_waits(port):
    other = opened(port)
    port.poll()
    taken = 0
    while count := port.write(bytes(1_000)):
        taken += count
    os.close(other)
    assert taken > 0  # and then none, immediately


def test_a_platform_without_pseudo_terminals_says_what_to_do(monkeypatch):
    monkeypatch.setattr(pty_port, "termios", None)
    with pytest.raises(SimError, match="--tcp"):
        PtyPort()


@pytest.mark.parametrize("text", ["a:\u00b2", "a:\u0664\u0660", "a:-1", "a:65536", "h:", "1"])
def test_a_socket_s_address_has_a_number_of_ascii_digits(text):
    with pytest.raises(SimError, match="give HOST:PORT"):
        tcp_port.address(text)
    with pytest.raises(NoDevice, match="is not an address"):
        Port(f"socket://{text}")


# --- the pace ---------------------------------------------------------------------------------------------------------
def test_virtual_time_is_due_at_its_speed():
    clock = Clock()
    pace = Pace(4.0, clock)
    assert pace.due(8_000_000) == pytest.approx(102.0)
    assert pace.idle_s(1_000_000) == 0.25 and pace.idle_us(0.25) == 1_000_000


def test_time_lost_is_not_made_up_for():
    clock = Clock()
    pace = Pace(1.0, clock)
    clock.now += 1.0
    assert pace.due(10_000) == 101.0
    assert pace.due(20_000) == pytest.approx(101.01)
    clock.now += BEHIND_S / 2
    assert pace.due(30_000) == pytest.approx(101.02)


def test_as_fast_as_it_goes_is_due_now_and_a_prompt_idles_in_real_time():
    clock = Clock()
    pace = Pace(0.0, clock)
    assert pace.due(10**12) == clock.now
    assert pace.idle_s(10_000) == 0.01


# --- actions ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def plant():
    return Plant()


@pytest.mark.parametrize(
    ("text", "pin", "level"),
    [
        ("trigger press", pins.TRIGGER, 0),
        ("estop press", pins.ESTOP, 1),
        ("shield open", pins.LOOP_A, 0),
        ("shield open", pins.LOOP_B, 1),
        ("key off", pins.KEY, 1),
    ],
)
def test_an_action_moves_its_contact_and_its_opposite_moves_it_back(plant, text, pin, level):
    before = plant.levels[pin]
    assert before != level
    action(plant, text)()
    assert plant.levels[pin] == level
    opposite = {"press": "release", "open": "close", "off": "on"}
    name, _, word = text.partition(" ")
    action(plant, f"{name} {opposite[word]}")()
    assert plant.levels[pin] == before


def test_nothing_happens_before_the_action_is_done(plant):
    do = action(plant, "quit")
    assert not plant.power_off
    do()
    assert plant.power_off


def test_every_fault_is_taken_back_by_clear():
    def seen(plant):
        valves = (plant.dose.stuck, plant.shutoff.stuck, plant.dose_leak_s, plant.shutoff_leak_s)
        chip = (plant.chips[0].fault, plant.chips[0].reversed)
        sensors = (*chip, plant.spi_fail, plant.fog, plant.thermopile.answers, plant.room.ppm)
        return *valves, *sensors, plant.strength, dict(plant.stuck_pins), plant.probe.detached

    healthy = seen(Plant())
    for name in ACTIONS["fault"].hint.split("|"):
        plant = Plant()
        action(plant, f"fault {name}")()
        assert seen(plant) != healthy, name
        action(plant, "clear")()
        assert seen(plant) == healthy, name


@pytest.mark.parametrize("moves", [(), ("shield open",), ("shield open", "shield close")])
@pytest.mark.parametrize("faults", [("loop-a-stuck",), ("loop-b-stuck",), ("loop-a-stuck", "loop-b-stuck")])
@pytest.mark.parametrize("first", [None, "shield open"])
def test_clear_gives_a_stuck_channel_of_the_loop_the_level_of_the_shield(first, faults, moves):
    stuck, sound = Plant(), Plant()
    for name in filter(None, (first, *(f"fault {fault}" for fault in faults), *moves, "clear")):
        action(stuck, name)()
        if name.startswith("shield"):
            action(sound, name)()
    assert stuck.levels == sound.levels


def test_clear_without_a_stuck_contact_moves_none(plant):
    for name in ("shield open", "estop press", "key off"):
        action(plant, name)()
    plant.set_input(pins.LOOP_A, 1)  # a discordance that a hand made
    before = dict(plant.levels)
    action(plant, "clear")()
    assert plant.levels == before


def test_power_cycle_is_a_start_that_remembers_nothing(plant):
    plant.scratch[2] = 7
    plant.reset_cause = 3
    action(plant, "power cycle")()
    assert (plant.reset_cause, plant.scratch) == (POWER_ON, [0, 0, 0, 0])
    assert plant.run_until_reset(10_000)  # the chip starts again


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sheild open", "nearest is shield"),
        ("shield", "open|close"),
        ("shield opn", "nearest is open"),
        ("distance far", "5 to 300 mm"),
        ("distance nan", "5 to 300 mm"),
        ("distance 301", "5 to 300 mm"),
        ("bath -81", "-80 to 60 degC"),
        ("quit now", "takes no argument"),
        ("", "allowed trigger"),
    ],
)
def test_a_wrong_action_says_what_fits(plant, text, words):
    with pytest.raises(ActionError) as error:
        action(plant, text)
    assert words in str(error.value)


def test_the_probe_lies_in_a_bath_until_it_is_attached_or_hangs_in_the_air(plant):
    reached = []
    for text in ("bath 0", "bath -78.5", "probe off", "probe on"):
        action(plant, text)()
        plant.run_until_reset(3_000_000)
        reached.append(plant.probe.bead_c)
    assert reached == pytest.approx([0.0, -78.5, AIR_C, plant.skin.surface_c], abs=0.05)


def test_the_listing_names_every_action():
    assert [line.split()[0] for line in listing().splitlines()] == list(ACTIONS)


def test_the_page_names_every_action_and_every_word_behind_it():
    page = (lanes.ROOT / "docs/virtual_board.md").read_text()
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in page.splitlines() if line.startswith("|")]
    told = {}
    name = ""
    for first, behind in cells:
        name = first or name
        told[name] = f"{told.get(name, '')} {behind}"
    for name, make in ACTIONS.items():
        for word in re.sub(r"[()]", "", make.hint).split("|"):
            written = word if ".." in word or not word else f"`{word}`"
            assert written in told.get(f"`{name}`", "nothing"), (name, word)


def test_a_scripts_actions_come_at_their_times(plant, tmp_path):
    path = tmp_path / "script"
    path.write_text("# a hand in the way\n\n0.5 shield open\n1 shield close # again\n1 estop press\n")
    assert script.load(path, plant) == 3
    seen = []
    for _ in range(15):
        plant.run_until_reset(100_000)
        seen.append((plant.levels[pins.LOOP_A], plant.levels[pins.ESTOP]))
    assert seen == [(1, 0)] * 4 + [(0, 0)] * 5 + [(1, 1)] * 6


def test_keys_toggle_contacts_and_others_do_nothing(plant):
    front = Front(plant, Outlet([]), Keyboard())
    before = dict(plant.levels)
    front.press("x")
    assert plant.levels == before
    for key in " esk":
        front.press(key)
    moved = {pins.TRIGGER, pins.ESTOP, pins.LOOP_A, pins.LOOP_B, pins.KEY}
    assert {pin for pin in before if plant.levels[pin] != before[pin]} == moved
    for key in " esk":
        front.press(key)
    assert plant.levels == before
    front.press("-")
    assert plant.hand.goal_mm == 90
    front.press("p")
    assert plant.probe.detached
    front.press("1")
    assert "dose-stuck-open" in front.lines().plain and plant.dose.stuck == "open"
    front.press("c")
    assert "fault" not in front.lines().plain and plant.dose.stuck is None


def test_keys_give_a_calibration_its_references(plant):
    front = Front(plant, Outlet([]), Keyboard())
    seen = []
    for _ in range(4):
        front.press("b")
        seen.append((plant.probe.bathed, plant.probe.bath_c if plant.probe.bathed else None))
    assert seen == [(True, 0), (True, 20), (True, 40), (False, None)]
    full, grams = plant.bottle.bar, plant.bottle.grams_left
    assert full == pytest.approx(57.3, abs=0.1)
    front.press("]")
    assert plant.bottle.bar == pytest.approx(full, abs=0.05)  # no more than the vapour pressure
    for bar in (47, 37, 27, 17, 7, 1.01, 1.01):
        front.press("[")
        assert plant.bottle.bar == pytest.approx(bar, abs=0.55)
    front.press("g")
    front.press("g")
    assert plant.bottle.grams_left == grams and plant.bottle.bar == pytest.approx(full, abs=0.05)


def test_the_front_fits_80_columns_with_everything_wrong(plant):
    front = Front(plant, Outlet([]), Keyboard())
    for key in "esk" + "b" * 3 + "1234":
        front.press(key)
    plant.run_until_reset(100_000)
    shown = front.lines().plain.split("\n")
    keys = ["  ".join(f"{key} {what}" for key, what in row) for row in KEYS]
    assert len(shown) + len(keys) <= 24 and max(map(len, shown + keys)) <= 80
    for word in ("shield OPEN", "E-stop PRESSED", "key OFF", "probe in a bath of 40 degC", "bottle 57.3 bar, "):
        assert word in front.lines().plain


def test_the_front_names_every_standing_fault_whoever_caused_it(plant, tmp_path):
    front = Front(plant, Outlet([]), Keyboard())
    path = tmp_path / "script"
    path.write_text("0.1 fault loop-a-stuck\n0.2 shield open\n0.3 fault dose-leaks\n")
    script.load(path, plant)
    front.press("1")
    front.press("4")
    plant.run_until_reset(400_000)
    assert front.lines().plain.endswith("\nfault dose-stuck-open, dose-leaks, fog, loop-a-stuck")
    assert "shield OPEN" in front.lines().plain and plant.levels[pins.LOOP_A] == 1
    front.press("s")
    assert "shield closed" in front.lines().plain and plant.levels[pins.LOOP_B] == 0
    front.press("c")
    assert "fault" not in front.lines().plain


@pytest.mark.parametrize("name", ACTIONS["fault"].hint.split("|"))
def test_each_fault_stands_until_it_is_cleared(plant, name):
    assert standing(plant) == []
    action(plant, f"fault {name}")()
    assert standing(plant) == [name]
    action(plant, "clear")()
    assert standing(plant) == []
