"""Asks a watched device, at the right times, and makes rows from its answers.

It cannot disturb a treatment. It sends only plain lines, so no tool's session begins whose end would disarm the
device. While the device is armed it sends at most two lines a second, and none of them loads a module. It asks for the
choice once when that time begins, because the choice cannot change then: the answer is in memory, or the device says
no. It starts telemetry only before arming, and sets it back at the end.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata

from host_tools.cryoctl import names, wire
from host_tools.cryoctl.device import Device
from host_tools.cryoctl.found import chosen, where_now
from host_tools.cryoctl.monitor import answers, silence
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Problem, Refused
from host_tools.cryoctl.recording_file import Attestation, Back, Choice, Gap, Header, Row

TURN_S = 0.5  # between two lines while armed, or while the state is not known
QUIET_TURN_S = 0.1
LOOK_S = 0.1
AGAIN_S = 1.0
SILENT_PERIODS = 3
CHOICE = ("TREAT:PRES?", "TREAT:LEV?", "TREAT:SITE?", "TREAT:POIN?")
Sink = Callable[[Row], None]


@dataclass
class _Question:
    command: str
    every_s: float
    where: Callable[[], bool]  # whether the device may be asked now
    take: Callable[[str], None]
    due: float = 0.0


class Feed:
    """Watches one device until told to stop. It continues after unplugging and restarts.

    port         as --port gives it; None: the only port found
    period_ms    of telemetry, 500 to 10 000
    """

    def __init__(self, port: str | None, period_ms: int = 500, clock: Callable[[], float] = time.monotonic):
        self._option = port
        self._period_ms = period_ms
        self._wanted = f"{period_ms} ms"
        self._clock = clock
        self._began = clock()
        self._started = datetime.now().astimezone()
        self._device: Device | None = None
        self._identity = None
        self._at = ("", "")  # name and USB serial number of its port
        self._before: str | None = None  # what STRM? said first
        self._sentences = False  # FORM:HUM was set; this is kept when the connection is lost
        self.left = ""  # what was not set back, and why
        self._sink: Sink = lambda row: None
        self._choice = Choice()
        self._forget()

    def _forget(self):
        """Begin again, as with a device of which nothing is known."""
        self._state = ""
        self._on: str | None = None  # telemetry as STRM? answers; None: not known yet
        self._heard = self._clock()
        self._sampled = self._clock()  # when the last values came, by telemetry or as answers
        self._silent = False  # a gap was reported: no values come
        self._seq: int | None = None
        self._polled = answers.Polled()
        self._chosen = answers.Chosen()
        self._round: dict[str, str] = {}  # answers about the choice, until there are all four
        self._known = False  # while armed: they are
        self._attested: Attestation | None = None
        self._waiting = True  # until a first answer says that no point must wait
        self._ask_at = self._clock() + TURN_S
        quiet, polled = self._is_quiet, lambda: self._on == "OFF"
        self._questions = [
            _Question("STAT?", 1.0, lambda: True, self._took_state, self._clock() + 1.0),
            _Question("STRM?", 2.0, self._stream_unknown, self._took_stream),
            _Question(f"STRM {self._wanted}", 5.0, self._stream_wanted, self._began_stream),
            _Question("MEAS:TEMP?", 1.0, polled, self._took_temperatures),
            _Question("MEAS:PRES?", 6.0, polled, self._polled.pressures),
            _Question("MEAS:DIST?", 6.0, polled, self._polled.distance),
            _Question("CONF? TRIP_MDEGC", 3600.0, quiet, self._chosen.trip),
            _Question("CONF? TRIP_REDUCED_MDEGC", 3600.0, quiet, self._chosen.trip),
            *(self._choosing(command) for command in CHOICE),
            _Question("TREAT:ATT?", 5.0, quiet, self._took_attestation),
            _Question("TREAT:READ?", 5.0, lambda: quiet() and bool(self._choice.site), self._took_waits),
            _Question("DIAG:STAT?", 30.0, quiet, self._took_statistics),
        ]

    def every_s(self) -> float:
        """Return how often values come, if that is known."""
        return silence.every_s(self._on, self._period_ms)

    # --- the connection -----------------------------------------------------------------------------------------------
    def connect(self) -> Header:
        """Open the port and ask who is there. Raises Problem, NoDevice."""
        self._took_state(self._open())
        device = self._device
        assert device and self._identity
        return Header(
            tool=f"cryoctl monitor {metadata.version('cryo-applicator')}",
            started=self._started.isoformat(timespec="milliseconds"),
            port=device.port.name,
            board=self._identity.board,
            serial=self._identity.serial,
            version=self._identity.version,
            period_ms=self._period_ms,
            choice=self._choice,
        )

    def _open(self):
        port = Port(where_now(*self._at) if self._at[1] else chosen(self._option))
        try:
            device = Device(port)
            if self._identity and device.identity != self._identity:
                raise NoDevice(
                    f"another device is there, serial number {device.identity.serial}", "plug in the first device"
                )
            time.sleep(TURN_S)
            try:
                said = _ask(device, "STAT?")
            finally:
                self._sentences = device.sentences = device.sentences or self._sentences
        except Problem:
            port.close()
            raise
        self._device, self._identity = device, device.identity
        self._at = (port.name, port.usb_serial)
        self._forget()
        return said

    def run(self, sink: Sink, stop: threading.Event, seconds: float | None = None) -> None:
        """Give rows to the sink until told to stop, or until the time is over. Call connect() first."""
        self._sink = sink
        until = None if seconds is None else self._clock() + seconds
        lost = ""
        try:
            while not stop.is_set() and (until is None or self._clock() < until):
                try:
                    if self._device is None:
                        said = self._open()
                        sink(Back(t_ms=self._t_ms()))
                        self._became_unknown()
                        self._took_state(said)
                        lost = ""
                    self._turn()
                    self._look_for_silence()
                except Problem as problem:
                    if self._device:
                        self._sentences = self._device.sentences
                        self._device.port.close()
                        self._device = None
                        lost = ""
                    if str(problem) != lost:
                        lost = str(problem)
                        sink(Gap(t_ms=self._t_ms(), text=lost))
                    stop.wait(AGAIN_S)
        finally:
            self._close()

    def _close(self):
        device, self._device = self._device, None
        if device is None:
            return
        try:
            self._put_back(device)
        except NoDevice:
            pass  # the device restarts without telemetry
        except Refused as problem:
            self.left = f"telemetry was not set back to {self._before}: {problem.text}"
        if device.sentences:
            time.sleep(TURN_S)  # it asks for the state once more
        device.close()
        if device.sentences and device.armed:
            self.left = "; ".join(
                filter(None, (self.left, "the device is armed: its answers were not set back to sentences (FORM:HUM)"))
            )

    def _put_back(self, device):
        """Set telemetry to what it was. While armed it can be switched off, but not set to another period."""
        if self._before is None or self._on is None or self._before == self._on:
            return
        time.sleep(TURN_S)
        device.ask(f"STRM {self._before}")

    # --- turns --------------------------------------------------------------------------------------------------------
    def _turn(self):
        device = self._device
        assert device
        for values in device.received(LOOK_S):
            self._took_telemetry(values)
        now = self._clock()
        if now < self._ask_at:
            return
        waiting = [question for question in self._questions if question.due <= now and question.where()]
        if not waiting:
            return
        question = min(waiting, key=lambda question: question.due)
        question.due = now + question.every_s
        self._ask_at = now + (QUIET_TURN_S if self._is_quiet() else TURN_S)
        try:
            question.take(_ask(device, question.command))
        except Refused as problem:  # refused while armed, or by an older firmware: this value stays unknown
            if question.command in CHOICE:
                self._took_choice(question.command, "")
            if question.command == "STAT?" or problem.number == 0:
                raise NoDevice(f"the device does not say its state: {problem.text}") from None

    def _look_for_silence(self):
        """Report a gap once when no values came for so long: the last values are not the present ones."""
        silent_s = self._clock() - self._sampled
        if not self._silent and silent_s > self.every_s() + silence.GAP_S:
            self._silent = True
            self._sink(Gap(t_ms=self._t_ms(), text=silence.told(silent_s)))

    def _give(self, sample):
        """Pass values on."""
        if self._silent:
            self._sink(Back(t_ms=sample.t_ms))
        self._silent = False
        self._sampled = self._clock()
        self._sink(sample)

    def _t_ms(self):
        return round((self._clock() - self._began) * 1000)

    def _is_quiet(self):
        return self._state in names.QUIET

    def _stream_unknown(self):
        silent_s = self._clock() - self._heard
        return self._on is None or (self._on != "OFF" and silent_s > SILENT_PERIODS * self._period_ms / 1000)

    def _stream_wanted(self):
        return self._is_quiet() and self._on not in (None, self._wanted)

    def _choosing(self, command):
        def unknown_or_quiet():
            missing = not self._known and command not in self._round
            return self._is_quiet() or (self._state in names.BUSY and missing)

        return _Question(command, 5.0, unknown_or_quiet, lambda text: self._took_choice(command, text))

    # --- answers ------------------------------------------------------------------------------------------------------
    def _took_telemetry(self, values):
        sample = answers.telemetry(values, self._t_ms())
        if sample is None or sample.seq is None:
            return
        if self._seq is not None and sample.seq < self._seq and self._seq - sample.seq < 1 << 23:
            self._sink(Gap(t_ms=sample.t_ms, text="the device restarted"))
            self._sink(Back(t_ms=sample.t_ms))
            self._became_unknown()
        self._seq = sample.seq
        self._heard = self._clock()
        self._became(sample.state)
        self._give(sample)

    def _took_state(self, text):
        found = wire.fields(text)
        self._polled.took(found)
        self._became(found["STATE"])
        row = answers.status(found, self._t_ms())
        if row:
            self._sink(row)

    def _took_choice(self, command, text):
        """Take one of the four answers. Only all four make a row: a mixture would be a choice that nobody made."""
        self._round[command] = text
        if len(self._round) < len(CHOICE):
            return
        self._chosen.said, self._round, self._known = self._round, {}, True
        self._choice_is(self._chosen.row(self._t_ms()))

    def _choice_is(self, row):
        if row.model_dump(exclude={"t_ms"}) != self._choice.model_dump(exclude={"t_ms"}):
            self._waiting = self._waiting or row.site != self._choice.site  # of another site nothing was told yet
            self._choice = row
            self._sink(row)

    def _became_unknown(self):
        """Forget the choice: a device that restarted or was unplugged no longer treats what was chosen before."""
        self._ask_for_choice()
        self._choice_is(Choice(t_ms=self._t_ms()))

    def _ask_for_choice(self):
        self._round, self._known = {}, False
        for question in self._questions:
            if question.command in CHOICE:
                question.due = 0.0

    def _became(self, state):
        if state in names.BUSY and self._state not in names.BUSY:
            self._ask_for_choice()
        if state in names.QUIET and self._state in names.BUSY:
            for question in self._questions:
                if question.command == "DIAG:STAT?":
                    question.due = 0.0
        self._state = state

    def _took_stream(self, text):
        if text != "OFF" and not text.removesuffix(" ms").isdigit():
            return
        if self._before is None or text == "OFF":
            self._before = text
        self._on = text
        self._heard = self._clock()

    def _began_stream(self, text):
        if text == "OK":
            self._on = self._wanted
            self._heard = self._clock()

    def _took_temperatures(self, text):
        sample = self._polled.sample(text, self._t_ms())
        if sample:
            self._give(sample)

    def _took_attestation(self, text):
        row = answers.attestation(text, self._t_ms())
        if row and self._choice.preset and (self._attested is None or row.missing != self._attested.missing):
            self._attested = row
            self._sink(row)

    def _took_waits(self, text):
        row = answers.waits(text, self._t_ms())
        if row and (any(row.wait_s) or self._waiting):
            self._waiting = any(row.wait_s)
            self._sink(row)

    def _took_statistics(self, text):
        row = answers.gas(text, self._t_ms())
        if row:
            self._sink(row)


def _ask(device, command):
    """Return the answer to this command. Skip answers to other questions and late answers."""
    return device.ask(command, fits=_FITS.get(command, lambda _: True))


def _state_fits(text):
    return "STATE" in wire.fields(text)


def _name_fits(text):
    return (re.fullmatch("[A-Z][A-Z0-9-]*", text) and text != "OK") or text.startswith("ERROR ")


def _waits_fit(text):
    return re.fullmatch("[0-9]+(,[0-9]+)+", text) or text.startswith("ERROR ")


def _number_fits(text):
    return text.isdigit() or text == "NONE" or text.startswith("ERROR ")


_FITS = {
    "STAT?": _state_fits,
    "TREAT:READ?": _waits_fit,
    **dict(zip(CHOICE, (_name_fits, _number_fits) * 2, strict=True)),
}
