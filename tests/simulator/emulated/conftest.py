"""The emulated RP2040 under real MicroPython. Without an image every test here is skipped, and says why."""

import pytest

from host_tools import places
from host_tools.toolchain import packing
from host_tools.toolchain.uf2 import image
from tests.lanes import summary

DOSE, LEASE, LOOP_A, LOOP_B, EVENT = 2, 3, 7, 8, 22

GUEST = """
import machine, micropython, rp2, time
from machine import Pin
from cryo.valve.rp2_pio import Lease, Valve
pulse = Pin(3, Pin.OUT, value=0)
valve = Valve(0, 2, Pin(7, Pin.IN, Pin.PULL_DOWN), pulse)
lease = Lease(4, pulse, Pin(8, Pin.IN, Pin.PULL_UP))
event_pin = Pin(22, Pin.OUT, value=0)
def fire(us):
    micropython.heap_lock()
    try:
        return valve.rearm() | lease.renew() | valve.fire(us)
    finally:
        micropython.heap_unlock()
def hold(ms):
    while ms > 0:
        lease.renew()
        time.sleep_ms(min(ms, 5))
        ms -= 5
def treat(us, ticks, event_tick, event):
    fire(us)
    n = 0
    while n < ticks:
        micropython.heap_lock()
        try:
            lease.renew()
        finally:
            micropython.heap_unlock()
        if n == event_tick:
            event_pin.value(1)
            event()
        time.sleep_ms(10)
        n += 1
"""


@pytest.fixture(scope="session")
def uf2():
    """Return the image, or skip with the way to get one."""
    path = image.find_image()
    if path is None:
        pytest.skip(image.MISSING)
    return path


@pytest.fixture(scope="session")
def valve_files():
    """Return the Pico's files that the valve needs."""
    board = places.BOARDS / "rp2040_pico"
    modules = packing.modules(board)
    wanted = ("__init__", "core/__init__", "core/ticks", "valve/__init__", "valve/rp2_pio", "valve/spacing")
    files = {f"cryo/{name}.mpy": modules[f"cryo/{name}.mpy"] for name in wanted}
    return files | {"boot.py": packing.application(board)["boot.py"]}


@pytest.fixture(scope="module")
def chip(uf2, valve_files):
    """A board at its prompt: valve and lease set up, the loop made, edges recorded. Each test gets a copy."""
    from host_tools.simulator.emulator.rp2040 import Rp2040Board

    board = Rp2040Board(uf2, valve_files)
    board.watch(DOSE, LEASE, EVENT)
    board.keep_pio_running(200)
    board.boot_to_prompt()
    board.drive(LOOP_A, 1)
    board.drive(LOOP_B, 0)
    said = board.exec("import sys\nprint(sys.implementation[0], sys.version.split('; ')[1], sys.implementation[2])")
    board.interpreter = said.strip() + ", emulated"
    board.exec(GUEST)
    board.edges.clear()
    return board


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function):
    """Run a test of `chip` in a copy of this process: one boot is enough, and no test sees the effects of another."""
    if "chip" not in pyfuncitem.fixturenames:
        return None
    from host_tools.simulator.emulator.applicator import in_copy

    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    pyfuncitem.user_properties.append((summary.INTERPRETER, given["chip"].interpreter))
    in_copy(lambda: pyfuncitem.obj(**given))
    return True
