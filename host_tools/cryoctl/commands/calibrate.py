"""cryoctl calibrate: guided calibration, and a list of what is calibrated."""

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import JsonOption, PortOption
from host_tools.cryoctl.problems import FOUND

app = typer.Typer(
    no_args_is_help=True,
    help="Calibrate step by step, in service mode: references, stable readings, the device's judgement, certificate.",
)

PinOption = Annotated[
    Path | None, typer.Option("--pin-file", help="File with the PIN; without it, CRYO_PIN or a question.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Ask nothing: take points from the file, store if accepted.")
]
PointsOption = Annotated[
    Path | None, typer.Option(help="File .csv or .toml; a point without a reading is read from the device, at rest.")
]
TechnicianOption = Annotated[str | None, typer.Option(help="Who calibrates, at most 24 characters.")]
InstrumentOption = Annotated[str | None, typer.Option(help="The reference instrument, at most 24 characters.")]
DueOption = Annotated[str | None, typer.Option(help="Due date, yyyy-mm-dd.", show_default="in 365 days")]
CertificateOption = Annotated[
    list[Path] | None,
    typer.Option(help="File of the certificate, .html or .pdf; a name without ending makes both. May be repeated."),
]
RestartOption = Annotated[
    bool, typer.Option("--restart", help="Restart the device, so that the calibration is in force.")
]
PatienceOption = Annotated[float, typer.Option(min=1.0, help="Longest wait for a reading at rest, in seconds.")]


def _run(ctx, name, port, json, **options):
    from host_tools.cryoctl.calibration.kinds import KINDS
    from host_tools.cryoctl.calibration.run import Asked, calibrate

    options["certificates"] = options.pop("certificate") or []
    record = calibrate(ctx.obj, KINDS[name], Asked(**options), port)
    if json:
        ctx.obj.json(record)


def _readings(name: str, about: str) -> None:
    """Register a kind whose readings come from the device."""

    @app.command(name, help=about)
    def command(
        ctx: typer.Context,
        port: PortOption = None,
        pin_file: PinOption = None,
        points: PointsOption = None,
        technician: TechnicianOption = None,
        instrument: InstrumentOption = None,
        due: DueOption = None,
        certificate: CertificateOption = None,
        patience_s: PatienceOption = 600.0,
        yes: YesOption = False,
        restart: RestartOption = False,
        json: JsonOption = False,
    ) -> None:
        _run(
            ctx, name, port, json, pin_file=pin_file, points=points, technician=technician, instrument=instrument,
            due=due, certificate=certificate, patience_s=patience_s, yes=yes, restart=restart,
        )  # fmt: skip


def _values(name: str, about: str) -> None:
    """Register a kind whose values come from other instruments."""

    @app.command(name, help=about)
    def command(
        ctx: typer.Context,
        port: PortOption = None,
        pin_file: PinOption = None,
        points: PointsOption = None,
        technician: TechnicianOption = None,
        instrument: InstrumentOption = None,
        due: DueOption = None,
        certificate: CertificateOption = None,
        yes: YesOption = False,
        restart: RestartOption = False,
        json: JsonOption = False,
    ) -> None:
        _run(
            ctx, name, port, json, pin_file=pin_file, points=points, technician=technician, instrument=instrument,
            due=due, certificate=certificate, yes=yes, restart=restart,
        )  # fmt: skip


_readings("thermocouple", "Calibrate the skin's thermocouple in ice, a body-warm bath and dry ice.")
_values("opening", "Enter the dose valve's opening delays, measured with other instruments.")
_values("closing", "Enter the dose valve's closing delays, measured with other instruments.")


@app.command()
def jet(
    ctx: typer.Context,
    port: PortOption = None,
    pin_file: PinOption = None,
    points: PointsOption = None,
    nozzle: Annotated[int | None, typer.Option(help="Number of the nozzle, 0 to 9999.")] = None,
    distance_mm: Annotated[int | None, typer.Option(help="Distance of the bursts, 80 to 200 mm.")] = None,
    technician: TechnicianOption = None,
    instrument: InstrumentOption = None,
    due: DueOption = None,
    certificate: CertificateOption = None,
    yes: YesOption = False,
    restart: RestartOption = False,
    json: JsonOption = False,
) -> None:
    """Enter bursts onto a phantom, measured with other instruments: they give the jet constant."""
    _run(
        ctx, "jet", port, json, pin_file=pin_file, points=points, technician=technician, instrument=instrument,
        due=due, certificate=certificate, yes=yes, restart=restart, nozzle=nozzle, distance_mm=distance_mm,
    )  # fmt: skip


_readings("pressure", "Compare the bottle's transducer with a reference gauge.")
_readings("distance", "Compare the distance sensor with a ruler.")


@app.command()
def status(ctx: typer.Context, port: PortOption = None, json: JsonOption = False) -> None:
    """Show what is calibrated, by whom and until when.

    Exit code 1 when a kind is missing, or overdue by this computer's date.
    """
    import datetime

    from host_tools.cryoctl.calibration.kinds import KINDS
    from host_tools.cryoctl.calibration.run import status as ask
    from host_tools.cryoctl.device import Device
    from host_tools.cryoctl.found import chosen
    from host_tools.cryoctl.port import Port

    with Device(Port(chosen(port))) as device:
        now, records = ask(device)
    today = datetime.date.today()
    late = [code for code, record in records.items() if record is None or record.due < today]
    rows, found = [], {}
    for kind in KINDS.values():
        record = records[kind.code]
        if record is None:
            rows.append([kind.name, "never", "", "", "", "", "missing"])
            found[kind.name] = None
            continue
        left_d = (record.due - today).days
        values = " ".join(f"{name}={value}" for name, value in record.values.items())
        said = "overdue" if left_d < 0 else f"{left_d} days left"
        rows.append([kind.name, str(record.date), str(record.due), record.technician, record.instrument, values, said])
        found[kind.name] = {
            "date": str(record.date),
            "due": str(record.due),
            "days_left": left_d,
            "technician": record.technician,
            "instrument": record.instrument,
            "values": record.values,
        }
    if json:
        ctx.obj.json({"in_force": {name.lower(): value for name, value in now.items()}, "kinds": found})
    else:
        ctx.obj.result("in force: " + ", ".join(f"{name.lower()} {value}" for name, value in now.items()))
        ctx.obj.table(["kind", "date", "due", "technician", "instrument", "values", "state"], rows)
        if missing := [kind.name for kind in KINDS.values() if records[kind.code] is None]:
            ctx.obj.warn(
                f"never calibrated: {', '.join(missing)}; nobody measured the values in force for these, and a due "
                "date for them is only a setting; run `cryoctl calibrate KIND` for each"
            )
    if late:
        raise typer.Exit(FOUND)
