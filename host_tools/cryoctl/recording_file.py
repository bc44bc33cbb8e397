"""A monitor's recording: JSON lines; the first is a header. `cryoctl monitor` writes it, `cryoctl report` reads it.

    with path.open("w") as file:
        writer = Writer(file, header)
        writer.add(sample)
    header, rows = read(path)

docs/cryoctl/monitor.md describes every field. Temperatures in mdegC, pressures in mbar, times in ms since the header's
`started`, on the host's clock.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from host_tools.cryoctl.files import Form, content, decoded, form_of
from host_tools.cryoctl.problems import Problem

FORMAT = 1
MOST = 1 << 28  # bytes of a file: days of a treatment's lines


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer tool's fields are no error


class Choice(_Row):
    """What is treated, as far as it is chosen; temperatures of the chosen level, None while there is none."""

    kind: Literal["choice"] = "choice"
    t_ms: int = 0
    preset: str | None = None
    level: int | None = None
    site: str | None = None
    point: int | None = None
    target_mdegc: int | None = None
    floor_mdegc: int | None = None
    trip_mdegc: int | None = None
    lockout_mdegc: int | None = None


class Header(_Row):
    """The first line."""

    kind: Literal["header"] = "header"
    format: Literal[1] = FORMAT
    tool: str
    started: str  # ISO 8601 with offset
    port: str
    board: str
    serial: str
    version: str
    period_ms: int
    choice: Choice


class Sample(_Row):
    """One decoded telemetry line; without `seq` and `tick_us` it was made from answers."""

    kind: Literal["sample"] = "sample"
    t_ms: int
    seq: int | None
    tick_us: int | None  # wraps at 2**30
    mode: int
    state: str
    fault: int
    fault_name: str
    blocked: int | None
    blockers: tuple[str, ...]
    skin_mdegc: int | None
    skin_age_ms: int | None
    surface_mdegc: int | None
    infrared_mdegc: int | None
    distance_mm: int | None
    bottle_mbar: int | None
    line_mbar: int | None
    bursts: int
    on_us: int | None
    lost: int | None


class Status(_Row):
    """The device's counters of point, pass and waiting times."""

    kind: Literal["status"] = "status"
    t_ms: int
    point: int
    passes: int
    bursts: int
    reached: bool
    rest_s: int
    cool_s: int
    hold_mm: int | None = None  # where to hold: thick skin, or a strong jet


class Attestation(_Row):
    """The attestations that are still missing; none: complete."""

    kind: Literal["attestation"] = "attestation"
    t_ms: int
    missing: tuple[str, ...]


class Waits(_Row):
    """How long each point of the site must still wait, s, from point 1 on; 0: it may be treated."""

    kind: Literal["waits"] = "waits"
    t_ms: int
    wait_s: tuple[int, ...]


class Gas(_Row):
    """Gas and bursts since switch-on; gas_s in seconds of flow (1 g each, by estimate)."""

    kind: Literal["gas"] = "gas"
    t_ms: int
    gas_s: float
    bursts: int
    uptime_s: int


class Gap(_Row):
    """The device was lost or silent: later lines do not continue the earlier ones."""

    kind: Literal["gap"] = "gap"
    t_ms: int
    text: str


class Back(_Row):
    """The device answers again."""

    kind: Literal["back"] = "back"
    t_ms: int


Row = Choice | Sample | Status | Attestation | Waits | Gas | Gap | Back
_ROW = TypeAdapter(Annotated[Row, Field(discriminator="kind")])


class Writer:
    """Writes one recording; when add() returns, the operating system has the line. Raises OSError."""

    def __init__(self, file: TextIO, header: Header):
        self._file = file
        self._write(header)

    def add(self, row: Row) -> None:
        """Append a line."""
        self._write(row)

    def _write(self, row):
        self._file.write(row.model_dump_json() + "\n")
        self._file.flush()


def read(path: Path) -> tuple[Header, list[Row]]:
    """Return a recording. A last line that was cut off, and unknown kinds of lines, are left out.

    Raises Problem that names the line, for a file that is not a recording.
    """
    then = "give a file that `cryoctl monitor --record` wrote"
    data = content(path, MOST, then)
    if form_of(data) != Form():  # then an editor or a spreadsheet wrote it
        data = decoded(data, str(path), then).encode()
    lines = data.split(b"\n")  # only this byte ends a line: a text in a line may hold other line ends
    cut_off = lines.pop()
    try:
        header = Header.model_validate_json(lines[0] if lines else cut_off)
    except ValidationError:
        raise Problem(f"{path} is not a recording: its first line is not a header", then) from None
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], 2):
        try:
            rows.append(_ROW.validate_json(line))
        except ValidationError as error:
            if _newer(error):
                continue
            raise Problem(f"{path}: line {number} is damaged", then) from None
    if lines and cut_off:
        with contextlib.suppress(ValidationError):  # perhaps only its line end is missing
            rows.append(_ROW.validate_json(cut_off))
    return header, rows


def _newer(error: ValidationError) -> bool:
    """Return whether a line is only of an unknown kind."""
    found: list[Mapping[str, Any]] = [dict(one) for one in error.errors(include_url=False)]
    return [one["type"] for one in found] == ["union_tag_invalid"]
