"""Runs the firmware on the plant in one of three interpreters, over one port, booting again whenever the chip resets.

cpython   in this process
unix      real MicroPython, 64-bit, a subprocess
wasm      real MicroPython, 32-bit WebAssembly under Node, a subprocess
"""

import array
import contextlib
import functools
import importlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

from host_tools.places import FIRMWARE, GUEST, HOST_TOOLS, INSTALLED, REPAIR, ROOT, STANDIN, VIRTUAL
from host_tools.simulator.twin import firmware_code
from host_tools.simulator.twin.guest import hal as port

LANES = ("cpython", "unix", "wasm")
NODE_MIN = 18

_CHIP_RESETS = 3
_STUCK_WALL_S = 60  # a subprocess that is silent for so long hangs, and virtual time cannot show that
_END_WALL_S = 20


class LaneError(RuntimeError):
    """The firmware's interpreter could not be started, or ended in an unexpected way."""


def run(plant, lane="cpython", settings=None, firmware=None):
    """Run until the plant powers off. Return the interpreter's messages (its tracebacks), normally empty.

    firmware is the folder to boot from, normally the project's own. An application that raises ends at the prompt, as
    on a board. From there only the watchdog can restart it.
    """
    return {"cpython": _cpython, "unix": _unix, "wasm": _wasm}[lane](plant, settings or {}, import_folders(firmware))


def import_folders(firmware=None):
    """Return the guest's import path; `firmware` replaces the project's own firmware folder."""
    return tuple(map(str, (firmware or FIRMWARE, VIRTUAL, GUEST)))


# --- in this process --------------------------------------------------------------------------------------------------
_FIRMWARE = frozenset((
    *("boot", "main", "archive", "board", "valves", "room", "scratch", "settings", "storage", "chip", "pins"),
    *("hal", "machine", "virtual_time", "virtual_gc", "cryo"),
))
_REPLACED = ("time", "gc")  # the host's own modules, which the virtual ones replace


@contextlib.contextmanager
def firmware_imports(folders=None):
    """Inside, imports find firmware, virtual board and their `time` and `gc`. Afterwards the process is as before."""
    before = list(sys.path)
    saved = {}
    if _FIRMWARE & sys.modules.keys():
        saved = {name: module for name, module in sys.modules.items() if name.split(".")[0] in _FIRMWARE}
    for name in saved:
        del sys.modules[name]
    others = set(sys.modules)
    real = {name: sys.modules[name] for name in _REPLACED if name in sys.modules}
    ours = folders or import_folders()
    sys.path[:0] = [*ours, str(STANDIN)]
    try:
        with firmware_code.Folders(ours, str(STANDIN)):
            for name in _REPLACED:
                sys.modules[name] = importlib.import_module("virtual_" + name)
            yield importlib.import_module("hal")
    finally:
        sys.path[:] = before
        sys.modules.update(real)
        for name in [n for n in sys.modules.keys() - others if n.split(".")[0] in _FIRMWARE]:
            del sys.modules[name]
        sys.modules.update(saved)


def fold(firmware=None):
    """From here on, this process runs the firmware in CPython as it is now and with its constants as numbers.

    firmware is its folder, normally the project's own. A folder that was folded before is not folded any more.
    """
    firmware_code.fold(import_folders(firmware), _FIRMWARE)


def _cpython(plant, settings, folders):
    messages = []
    while not plant.power_off:
        with firmware_imports(folders) as hal:
            # No pipe carries these words here, so they are lists: reading a list takes half the time of an array. A
            # boot that shares hal and machine keeps them: machine has its own name for one.
            if not isinstance(hal.received, list):
                told = []
                vars(hal).update(out=list(hal.out[: hal.OUT_HEADER]), received=list(hal.received), told=told)
                vars(hal).update(event=_teller(hal, told))
            hal.told.clear()
            link = _Link(plant, hal.told)
            try:
                hal.attach(link, settings)
                try:
                    importlib.import_module("boot")
                    _tell_plant(importlib.import_module("cryo.app"), plant)
                    importlib.import_module("main")
                except Exception:
                    if link.failed:
                        raise
                    messages.append(traceback.format_exc())
                hal.exchange(0)  # what was driven last reaches the pins
            except hal.PowerOff:
                break
            except hal.Reset:
                continue
        _at_prompt(plant)
    return "\n".join(messages)


def _teller(hal, told):
    """Return the function that stands for hal.event: it appends outputs to a list; the plant gets them so."""
    local_us, cost_us, tell = hal.local_us, hal.COST_PORT_US, told.append

    def event(op, arg):
        us = local_us[0] = local_us[0] + cost_us
        tell((us, op, arg))
        return 0

    return event


class _Link:
    """The plant in the same process. An error of the plant ends the run: the firmware gets no exception."""

    def __init__(self, plant, told):
        self._plant = plant
        self._told = told
        self.failed = False

    def exchange(self, out, tx, received, rx):
        _, elapsed_us, sleep_us, sent = out
        told = self._told
        try:
            self._plant.told(told, len(told), elapsed_us + sleep_us, tx[:sent] if sent else b"", received, rx)
        except BaseException:
            self.failed = True
            raise
        told.clear()


def _tell_plant(app, plant):
    """Let tests reach the running applicator as plant.applicator."""
    start = app.Applicator.start

    def started(applicator):
        plant.applicator = applicator
        start(applicator)

    app.Applicator.start = started


def _at_prompt(plant):
    """From here only the watchdog or the end of the run can follow."""
    if not plant.run_until_reset(1_000_000):
        plant.power_off = True


# --- in a subprocess --------------------------------------------------------------------------------------------------
def micropython_path():
    """Return the path of real MicroPython (unix), or None."""
    beside = Path(sys.executable).with_name("micropython")
    return str(beside) if beside.exists() else shutil.which("micropython")


def node_path():
    """Return the path of a Node that is new enough, or None. The virtual environment's own Node comes first."""
    for node in (Path(sys.executable).with_name("node"), shutil.which("node")):
        if node and Path(node).exists() and _node_version(str(node)) >= NODE_MIN:
            return str(node)
    return None


@functools.cache  # called once a run: the Node of a virtual environment takes long to answer
def _node_version(node):
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", asked.stdout)
    return int(found[1]) if found else 0


def _unix(plant, settings, folders):
    micropython = micropython_path()
    if micropython is None:
        raise LaneError(f"real MicroPython is missing: run {REPAIR}")
    env = {**os.environ, "MICROPYPATH": os.pathsep.join([".frozen", *folders])}
    start = str(GUEST / "start.py")
    return _subprocess(
        plant, lambda r, w: [micropython, start, f"/dev/fd/{r}", f"/dev/fd/{w}", json.dumps(settings)], env
    )


def _wasm(plant, settings, folders):
    if INSTALLED:
        raise LaneError("the lane wasm needs Node's packages: run it in a clone of the project, after `make setup`")
    node = node_path()
    if node is None:
        raise LaneError("Node is missing: run `make setup`")
    script = str(HOST_TOOLS / "simulator/twin/wasm.mjs")
    return _subprocess(plant, lambda r, w: [node, script, str(r), str(w), json.dumps(settings), *folders], None)


def _subprocess(plant, command, env):
    messages = []
    while not plant.power_off:
        status, text = _boot_once(plant, command, env)
        if text:
            messages.append(text)
        if status == _CHIP_RESETS or plant.power_off:
            continue
        if status == 1:
            _at_prompt(plant)
            continue
        raise LaneError(f"the interpreter ended with status {status}: {text}")
    return "\n".join(messages)


def _boot_once(plant, command, env):
    to_guest_r, to_guest_w = os.pipe()
    from_guest_r, from_guest_w = os.pipe()
    process = subprocess.Popen(
        command(to_guest_r, from_guest_w),
        pass_fds=(to_guest_r, from_guest_w),
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.close(to_guest_r)
    os.close(from_guest_w)
    with os.fdopen(from_guest_r, "rb") as reader, os.fdopen(to_guest_w, "wb", buffering=0) as writer:
        with contextlib.suppress(BrokenPipeError):
            _serve(plant, reader, writer)
        try:
            text, _ = process.communicate(timeout=_END_WALL_S)
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
            raise LaneError(f"the interpreter hangs: {text}") from None
    return process.returncode, text.strip()


def _serve(plant, reader, writer):
    out = array.array("i", port.out)
    received = array.array("i", port.received)
    rx = bytearray(port.RX_MAX)
    size = len(out) * out.itemsize
    while True:
        if not select.select([reader], [], [], _STUCK_WALL_S)[0]:
            return  # it neither answers nor ends: the caller ends it
        data = reader.read(size)
        if len(data) < size:
            return
        out = array.array("i", data)
        tx = reader.read(port.TX_MAX) if out[3] else b""
        plant.exchange(out, tx, received, rx)
        writer.write(received.tobytes() + (bytes(rx) if received[port.IN_RX] else b""))
