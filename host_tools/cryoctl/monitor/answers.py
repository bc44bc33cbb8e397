"""Turns the device's answers and telemetry into rows of a recording (recording_file.py)."""

from dataclasses import dataclass, field

from host_tools.cryoctl import names, wire
from host_tools.cryoctl.recording_file import Attestation, Choice, Gas, Sample, Status, Waits


def telemetry(values: dict, t_ms: int) -> Sample | None:
    """Return a telemetry line's values as a sample; None when this tree does not know its form."""
    try:
        state = names.mode_name(values["mode"])
        return Sample(
            t_ms=t_ms,
            seq=values["seq"],
            tick_us=values["us"],
            mode=values["mode"],
            state=state,
            fault=values["fault"],
            fault_name=names.fault_name(values["fault"]),
            blocked=values["blocked"],
            blockers=names.blockers(values["blocked"], state),
            skin_mdegc=values["skin"],
            skin_age_ms=values["age"],
            surface_mdegc=values["surface"],
            infrared_mdegc=values["infrared"],
            distance_mm=values["mm"],
            bottle_mbar=values["bottle"],
            line_mbar=values["line"],
            bursts=values["bursts"],
            on_us=values["on_us"],
            lost=values["lost"],
        )
    except (KeyError, TypeError, ValueError):  # pydantic's error is a ValueError
        return None


def status(found: dict[str, str], t_ms: int) -> Status | None:
    """Return STAT?'s counters; None when they are missing."""
    try:
        return Status(
            t_ms=t_ms,
            point=int(found["POINT"]),
            passes=int(found["PASS"]),
            bursts=int(found["BURSTS"]),
            reached=found["REACHED"] == "1",
            rest_s=int(found["REST_S"]),
            cool_s=int(found["COOL_S"]),
            hold_mm=_whole(found.get("HOLD_MM", "")),
        )
    except (KeyError, ValueError):
        return None


def attestation(text: str, t_ms: int) -> Attestation | None:
    """Return the missing attestations from an answer to TREAT:ATT?; None for another answer."""
    if text == "COMPLETE":
        return Attestation(t_ms=t_ms, missing=())
    if not text.startswith("MISSING "):
        return None
    return Attestation(t_ms=t_ms, missing=tuple(part.partition(":")[0].strip() for part in text[8:].split(";")))


def waits(text: str, t_ms: int) -> Waits | None:
    """Return the waiting time of each point from an answer to TREAT:READ?; None for another answer."""
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    return Waits(t_ms=t_ms, wait_s=tuple(map(int, parts)))


def gas(text: str, t_ms: int) -> Gas | None:
    """Return DIAG:STAT?'s figures of gas; None when they are missing."""
    found = wire.fields(text)
    try:
        return Gas(t_ms=t_ms, gas_s=float(found["GAS_S"]), bursts=int(found["BURSTS"]), uptime_s=int(found["UPTIME_S"]))
    except (KeyError, ValueError):
        return None


@dataclass
class Chosen:
    """Makes the choice from the answers to TREATment and the device's own trips."""

    said: dict[str, str] = field(default_factory=dict)  # command -> answer
    trips: dict[str, int] = field(default_factory=dict)  # setting's key -> mdegC

    def trip(self, text: str) -> None:
        """Take an answer such as TRIP_MDEGC=4000 mdegC."""
        for key, value in wire.fields(text).items():
            number = value.partition(" ")[0]
            if number.isdigit():
                self.trips[key.lower()] = int(number)

    def row(self, t_ms: int = 0) -> Choice:
        """Return it as a row."""
        preset, site = (self._word(f"TREAT:{word}?") for word in ("PRES", "SITE"))
        number, point = (self._number(f"TREAT:{word}?") for word in ("LEV", "POIN"))
        level = names.level(preset, number, self.trips)
        return Choice(
            t_ms=t_ms,
            preset=preset,
            level=number,
            site=site,
            point=point,
            target_mdegc=level.target_mdegc if level else None,
            floor_mdegc=level.floor_mdegc if level else None,
            trip_mdegc=level.trip_mdegc if level else None,
            lockout_mdegc=level.lockout_mdegc if level else None,
        )

    def _word(self, command):
        said = self.said.get(command, "NONE")
        return None if said in ("", "NONE") or " " in said else said

    def _number(self, command):
        said = self.said.get(command, "")
        return int(said) if said.isdigit() else None


@dataclass
class Polled:
    """Makes a sample from answers, for a device whose telemetry is off and must stay off."""

    state: str = ""
    fault: str = names.NO_FAULT
    blockers: tuple[str, ...] = ()
    bursts: int = 0
    distance_mm: int | None = None
    bottle_mbar: int | None = None
    line_mbar: int | None = None

    def took(self, found: dict[str, str]) -> None:
        """Take STAT?'s fields."""
        self.state = found.get("STATE", "")
        self.fault = found.get("FAULT", names.NO_FAULT)
        self.blockers = tuple(name for name in found.get("BLOCKERS", "").split(",") if name in names.BLOCKERS)
        self.bursts = int(found["BURSTS"]) if found.get("BURSTS", "").isdigit() else self.bursts

    def pressures(self, text: str) -> None:
        """Take MEAS:PRES?."""
        found = wire.fields(text)
        self.bottle_mbar, self.line_mbar = (_quantity(found.get(name, "")) for name in ("BOTTLE", "LINE"))

    def distance(self, text: str) -> None:
        """Take MEAS:DIST?."""
        self.distance_mm = _quantity(text)

    def sample(self, temperatures: str, t_ms: int) -> Sample | None:
        """Return the sample from MEAS:TEMP? and the answers before it; None for another answer."""
        found = wire.fields(temperatures)
        if "SKIN" not in found or not self.state:
            return None
        skin, age_ms = _reading(found["SKIN"])
        return Sample(
            t_ms=t_ms,
            seq=None,
            tick_us=None,
            mode=names.mode_number(self.state),
            state=self.state,
            fault=names.fault_number(self.fault),
            fault_name=self.fault,
            blocked=None,
            blockers=self.blockers,
            skin_mdegc=skin,
            skin_age_ms=age_ms,
            surface_mdegc=_reading(found.get("PREDICTED", ""))[0],
            infrared_mdegc=_reading(found.get("INFRARED", ""))[0],
            distance_mm=self.distance_mm,
            bottle_mbar=self.bottle_mbar,
            line_mbar=self.line_mbar,
            bursts=self.bursts,
            on_us=None,
            lost=None,
        )


def _whole(text):
    return int(text) if text.isdigit() else None


def _quantity(text):
    number = text.partition(" ")[0]
    return int(number) if number.isdigit() else None


def _reading(text):
    """Return (mdegC, age in ms) of 32.61,180ms; None for a missing part."""
    value, _, age = text.partition(",")
    try:
        mdegc = round(float(value) * 1000)
    except ValueError:
        return None, None
    age = age.removesuffix("ms")
    return mdegc, int(age) if age.isdigit() else None
