"""Brings one board from its present state to the wanted state, for `cryoctl flash`."""

import contextlib
import time

from host_tools.cryoctl import found
from host_tools.cryoctl.adapters import mpremote, uf2
from host_tools.cryoctl.device import APPLICATION, PROMPT, SILENT, Device, Identity, look
from host_tools.cryoctl.devices import looked
from host_tools.cryoctl.flash import Report, Request, Watch, boards, files, image, plan, provision
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, NotVerified, Problem, Refused
from host_tools.cryoctl.service import service_mode, to_prompt

BACK_S = 30.0  # the boot ROM, a slow USB, and the application's start [E]
TEST_S = 20.0
_PROMPTS = 4  # if the prompt is seen so often after a restart, the application does not start
# The application counts unintended restarts and gives no gas after three; this restart is intended.
_ASKED_FOR = """try:
 import archive
 from cryo.core.resets import Resets
 from scratch import Scratch
 Resets(Scratch()).deliberate()
except Exception:
 pass
"""
_HALF = "hold BOOTSEL while plugging it in, then run the same command again: it writes the image again"
_AGAIN = "run the same command again: what is on the board already is not sent twice"


def flash(at: found.Found, request: Request, watch: Watch, report: Report) -> None:
    """Put onto a board what the request says, and fill the report meanwhile. Raises Problem, with what to do next.

    A running application is ended through service mode, but never while it is armed or treating.
    """
    watch.part("find")
    with Port(at.name) as port:
        state, who = looked(port)
        if who:
            boards.expected(who.board, request.board)
            report.board, report.serial, report.version = who.board, who.serial, who.version
        with _left_as_found(port) if who else contextlib.nullcontext() as device:
            if device:
                device.unarmed()  # this error comes first, before others in the request
            steps = plan.of_board(at.name, state, who, request)
            if device and steps.leave:
                _leave(device, request)
        if steps.image:
            _image(port, at, request, state != SILENT, watch, report)
        if not steps.compare:
            report.result = (
                "dry run: files are compared only at MicroPython's prompt, and this board runs the application"
            )
            return
        serial = _files(port, at, request, steps.write, was_application=who is not None, watch=watch, report=report)
        if not steps.write:
            report.result = "dry run: nothing was written"
            return
        _answers(port, at, report, serial)
    report.result = "verified"


def by_volume(request: Request, watch: Watch) -> found.Found:
    """Copy an image to a board that shows only its boot ROM's volume; return its port. Raises NoDevice, Problem."""
    assert request.image is not None
    chip = boards.chip(request.board) if request.board else image.chip_of(request.image)
    image.checked(request.image, chip)
    before = {port.name for port in found.ports()}
    if request.dry_run:
        raise NoDevice(
            "dry run: the image is valid; the board gets a port only when the image is copied",
            "run it without --dry-run",
        )
    for copies in range(image.COPIES):
        if copies:
            watch.warn(image.AGAIN)
        image.by_volume(request.image, chip, watch)
        port = _port_behind(chip, before)
        if port:
            return port
    raise NotVerified("the boot ROM came back after each copy: the image did not arrive completely", _HALF)


def _port_behind(chip, before):
    """Return the new port of a board that got an image; None if its boot ROM shows the volume again."""
    until = time.monotonic() + BACK_S
    while time.monotonic() < until:
        for port in found.ports():
            if port.name not in before and port.kind != found.VIRTUAL:
                return port
        if any(volume.board == chip.micropython["volume"] for volume in uf2.volumes()):
            return None
        time.sleep(0.2)
    raise NoDevice(f"no serial port appeared within {BACK_S:.0f} s of the image", _HALF)


@contextlib.contextmanager
def _left_as_found(port):
    """A context: yield the application's console. An application that was not ended is left as it was found."""
    device = Device(port)
    try:
        yield device
    finally:
        device.put_back()


def _leave(device, request):
    """End the application if it may be ended."""
    device.unarmed()
    with service_mode(device, plan.pin_for_leaving(device.port.name, request)):
        to_prompt(device)


def _image(port, at, request, at_prompt, watch, report):
    """Put MicroPython onto the board if needed, and reach its prompt."""
    report.image = mpremote.sha256(request.image)
    if at_prompt:
        with mpremote.prompt(port) as prompt:
            board = boards.of_interpreter((*prompt.who()[:2], boards.OLDEST, boards.MPY), request.board)
    else:
        board = request.board
    image.fits(request.image, request.image_name, board)
    chip = boards.chip(board)
    report.image_written = image.install(port, request.image, chip, at_prompt, lambda: _back(port), watch)
    if looked(port)[1]:
        with _left_as_found(port) as device:
            _leave(device, request)


def _files(port, at, request, write, was_application, watch, report):
    """Compare the board's files, send those that differ, restart; return the serial number after that."""
    with mpremote.prompt(port) as prompt:
        try:
            wanted, serial = _compare(prompt, request, report, watch)
            if not write:
                return serial
            files.put(prompt, at.name, wanted, report.written, watch)
            watch.part("restart")
        except Problem as problem:
            if was_application and not isinstance(problem, NoDevice):
                prompt.restart(_ASKED_FOR)  # restart what ran before, unless its files are half changed
            raise
        finally:
            report.bytes_sent = prompt.sent
        prompt.restart(_ASKED_FOR)
    return serial


def _compare(prompt, request, report, watch):
    """Return (path -> bytes of the wanted files, serial number with them); report.written gets those that differ."""
    who = prompt.who()
    report.board = boards.of_interpreter(who, request.board)
    report.micropython = boards.dotted(who[2])
    watch.part("compile")
    wanted = boards.compiled(report.board)
    watch.part("compare")
    there = prompt.files(["/" + path for path in provision.HELD])
    held = {path: prompt.read("/" + path) for path in provision.HELD if there["/" + path]}
    listening = _Heard(watch, report.warnings)
    wanted = wanted | provision.files(report.board, held, request, listening)
    report.files = {path: mpremote.sha256(data) for path, data in wanted.items()}
    report.written = files.differing(prompt, wanted)
    return wanted, provision.serial(held | wanted)


class _Heard(Watch):
    """Keeps the warnings for the report."""

    def __init__(self, watch, kept):
        self._watch = watch
        self._kept = kept

    def warn(self, text):
        self._kept.append(text)
        self._watch.warn(text)


def _back(port):
    """Wait until a restarting board has its port again; the name may be another one. Raises NoDevice."""
    until = time.monotonic() + BACK_S
    while time.monotonic() < until:
        with contextlib.suppress(NoDevice):
            port.reopen()
            if look(port, 1.0)[0] != SILENT:
                return
        time.sleep(0.2)
    raise NoDevice(
        f"{port.name} did not come back within {BACK_S:.0f} s", "plug the board in again, then run the same command"
    )


def _answers(port, at, report, serial):
    """Wait for the application and compare its identity with what was written."""
    who = _application(port)
    report.port = port.name
    report.serial = who.serial
    expected = Identity(report.board, serial, boards.version())
    if who != expected:
        said, meant = (f"{it.board} {it.serial}, version {it.version}" for it in (who, expected))
        raise NotVerified(f"{port.name} calls itself {said}, not {meant}", _AGAIN)
    report.version = who.version
    device = Device(port)
    until = time.monotonic() + TEST_S
    with contextlib.suppress(Refused):
        while (said := device.ask("TEST?")) == "RUNNING" and time.monotonic() < until:
            time.sleep(0.1)
        report.self_test = said


def _application(port):
    until = time.monotonic() + BACK_S
    prompts = 0
    while time.monotonic() < until:
        try:
            state, who = look(port, 1.0)
        except NoDevice:  # the board's own USB port disappears and returns
            with contextlib.suppress(NoDevice):
                _back(port)
            continue
        if state == APPLICATION and who:
            return who
        if state == PROMPT:
            prompts += 1
            if prompts > _PROMPTS:
                raise NotVerified(
                    f"{port.name}: after the restart the application has ended, MicroPython's prompt is there",
                    f"`mpremote connect {port.name}` and Ctrl-D show why",
                )
            time.sleep(0.5)
    raise NoDevice(
        f"{port.name}: verified, but no answer within {BACK_S:.0f} s of the restart",
        "press its reset button, then look with `cryoctl devices`",
    )
