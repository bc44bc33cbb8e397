"""cryoctl config: a device's settings."""

from pathlib import Path
from typing import Annotated

import typer

from host_tools.cryoctl.commands import JsonOption, PortOption, settings_known
from host_tools.cryoctl.problems import FOUND, NotVerified, Problem

app = typer.Typer(no_args_is_help=True, help="Show and change a device's settings; keep them in files with comments.")

PinOption = Annotated[
    Path | None, typer.Option("--pin-file", help="File with the PIN; without it, CRYO_PIN or a question.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Confirm dangerous changes without a question.")]
RestartOption = Annotated[
    bool, typer.Option("--restart", help="Restart the device, and check that the settings are in force.")
]
FileArgument = Annotated[Path, typer.Argument(help="Settings file, TOML.")]
SchemaOption = Annotated[str | None, typer.Option(help="Address or path of the JSON Schema, for the first line.")]


def _device(port):
    from host_tools.cryoctl.device import Device
    from host_tools.cryoctl.found import chosen
    from host_tools.cryoctl.port import Port

    return Device(Port(chosen(port)))


@app.command("list")
def list_(ctx: typer.Context, port: PortOption = None, json: JsonOption = False) -> None:
    """List all settings as stored; where another value is in force until the next start, list that too."""
    from host_tools.cryoctl.config import in_force, stored
    from host_tools.cryoctl.config_file import FIXED, ROWS, whole
    from host_tools.cryoctl.meant import meant

    with _device(port) as device:
        kept, now = stored(device), in_force(device)
    if json:
        ctx.obj.json({key: _row(key, kept[key], now[key]) for key in ROWS})
        return
    rows = []
    for key, setting in ROWS.items():
        marks = [word for word, on in (("danger", setting.danger), ("calibrated", key in FIXED[1:])) if on]
        pending = "" if kept[key] == now[key] else str(now[key])
        means = meant(key, kept[key], setting.unit)
        rows.append([key, str(kept[key]), means, pending, whole(setting), " ".join(marks)])
    ctx.obj.table(["key", "stored", "means", "still in force", "unit, range", "mark"], rows)


def _row(key, kept, now):
    from host_tools.cryoctl.config_file import BY_CALIBRATION, ROWS

    setting = ROWS[key]
    return {
        "value": kept,
        "in_force": now,
        "unit": setting.unit,
        "lowest": setting.lowest,
        "highest": setting.highest,
        "default": setting.default,
        "tighter": setting.tighter,
        "danger": setting.danger,
        "by_calibration": key in BY_CALIBRATION,
        "what": setting.what,
    }


@app.command()
def get(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Setting, such as trip_mdegc.", autocompletion=settings_known)],
    port: PortOption = None,
    json: JsonOption = False,
) -> None:
    """Print one setting as stored."""
    from host_tools.cryoctl.config import in_force, stored
    from host_tools.cryoctl.config_file import ROWS, known
    from host_tools.cryoctl.meant import meant

    key = key.lower()
    known(key)
    with _device(port) as device:
        kept, now = stored(device), in_force(device)
    if json:
        ctx.obj.json({"key": key, **_row(key, kept[key], now[key])})
        return
    ctx.obj.result(str(kept[key]))
    means = meant(key, kept[key], ROWS[key].unit)
    if means != str(kept[key]):
        ctx.obj.say(means)
    if kept[key] != now[key]:
        ctx.obj.warn(f"{key} is {now[key]} until the next start")


@app.command("set", context_settings={"ignore_unknown_options": True})  # for values such as -5
def set_(
    ctx: typer.Context,
    pairs: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY VALUE...", help='Value with a unit in quotes: "5 degC".', autocompletion=settings_known
        ),
    ],
    port: PortOption = None,
    pin_file: PinOption = None,
    yes: YesOption = False,
    restart: RestartOption = False,
) -> None:
    """Change settings, all of them or none, and read back what is stored."""
    from host_tools.cryoctl.config import value_of

    if len(pairs) % 2:
        raise Problem(f"a value is missing after {pairs[-1]}", "write KEY VALUE KEY VALUE ...")
    keys = [key.lower() for key in pairs[::2]]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise Problem(f"given twice: {', '.join(sorted(twice))}", "give each setting once")
    wanted = {key: value_of(key, text) for key, text in zip(keys, pairs[1::2], strict=True)}
    with _device(port) as device:
        _change(ctx.obj, device, wanted, pin_file, yes, restart)


def _change(out, device, wanted, pin_file, yes, restart):
    from host_tools.cryoctl import config
    from host_tools.cryoctl.asking import confirm
    from host_tools.cryoctl.service import pin

    device.unarmed()
    present = config.stored(device)
    changes = config.checked(wanted, present)
    if changes:
        danger = [f"{change} (danger: a wrong value harms)" for change in changes if change.danger]
        if danger:
            confirm(danger, "Is that right?", yes)
        present = config.save(device, pin(pin_file), changes)
        for change in changes:
            out.result(str(change))
    else:
        out.say("nothing to change: the device stores these values already")
    if restart:
        if changes:
            out.say("stored and read back")  # before the restart, which may fail
        config.restart(device, present)
        out.say("the settings are in force")
    elif config.in_force(device) != present:
        out.say("stored and read back; in force after the next start (--restart restarts the device now)")


@app.command()
def diff(ctx: typer.Context, file: FileArgument, port: PortOption = None, json: JsonOption = False) -> None:
    """Compare a file with the stored settings; exit code 1 when they differ. Only settings in the file are compared."""
    from host_tools.cryoctl.config import stored
    from host_tools.cryoctl.config_file import ROWS, read

    values = read(file)
    with _device(port) as device:
        present = stored(device)
    other = [key for key in ROWS if key in values and values[key] != present[key]]
    if json:
        ctx.obj.json({key: {"file": values[key], "device": present[key]} for key in other})
    elif other:
        rows = [[key, str(values[key]), str(present[key]), ROWS[key].unit] for key in other]
        ctx.obj.table(["key", "file", "device", "unit"], rows)
    else:
        ctx.obj.say(f"no difference in {len(values)} settings")
    if other:
        raise typer.Exit(FOUND)


@app.command()
def export(ctx: typer.Context, file: FileArgument, port: PortOption = None, schema: SchemaOption = None) -> None:
    """Write the stored settings into a file, with comments. An existing file keeps its own comments and order.

    A file of another serial number is not changed. Settings that only a calibration may change are written as comments.
    """
    from host_tools.cryoctl.config import stored
    from host_tools.cryoctl.config_file import fresh, of_another, over, schema_for
    from host_tools.cryoctl.files import rewrite, text_of

    old = text_of(file) if file.exists() else ""
    with _device(port) as device:
        present = stored(device)
        title = _title(device)
    of_another(old, present["serial"], str(file))
    at = schema or schema_for(file)
    text = over(old, present, at, str(file)) if old.strip() else fresh(present, at, title)
    rewrite(file, text)
    ctx.obj.say(f"{file}: {len(present)} settings; those that only a calibration or the board sets are comments")


def _title(device):
    who = device.identity
    return f"Settings of the applicator with serial number {who.serial} ({who.board}, application {who.version})."


@app.command("import")
def import_(
    ctx: typer.Context,
    file: FileArgument,
    port: PortOption = None,
    pin_file: PinOption = None,
    yes: YesOption = False,
    restart: RestartOption = False,
) -> None:
    """Change a device's settings to those of a file, all of them or none, and read back what is stored."""
    from host_tools.cryoctl.config_file import read

    values = read(file)
    with _device(port) as device:
        _change(ctx.obj, device, values, pin_file, yes, restart)


@app.command()
def validate(ctx: typer.Context, file: FileArgument, json: JsonOption = False) -> None:
    """Check a file without a device. Exit code 1: a device would not accept it."""
    from host_tools.cryoctl.config_file import listed, parsed, wrong
    from host_tools.cryoctl.files import text_of

    text = text_of(file)
    values = parsed(text, str(file))
    found = wrong(values)
    if json:
        ctx.obj.json([{"key": key, "problem": said} for key, said in found])
    else:
        for line in listed(file, text, found):
            ctx.obj.result(line)
    if found:
        raise typer.Exit(FOUND)
    ctx.obj.say(f"{file}: {len(values)} settings, all of them valid")


@app.command()
def edit(
    ctx: typer.Context,
    port: PortOption = None,
    pin_file: PinOption = None,
    yes: YesOption = False,
    restart: RestartOption = False,
) -> None:
    """Edit the stored settings in $VISUAL or $EDITOR. They are checked when you save, and stored when they are valid.

    Other programs may use the port while you edit. Only settings that you edited are changed.
    """
    from host_tools.cryoctl import asking
    from host_tools.cryoctl.config import stored
    from host_tools.cryoctl.config_edit import edited, forget, kept
    from host_tools.cryoctl.config_file import SCHEMA, fresh

    with _device(port) as device:
        before = stored(device)
        title = _title(device)
        who = device.identity

    def again(path, complaints):
        for line in complaints:
            ctx.obj.error(line, "red")
        try:
            return asking.terminal() and asking.again("Edit again?", True)
        except KeyboardInterrupt:
            ctx.obj.error(str(kept(path, "interrupted")))
            raise

    values, path = edited(fresh(before, SCHEMA.as_uri(), title), again)
    if values is None:
        forget(path)
        ctx.obj.say("nothing was edited")
        return
    try:
        with _device(port) as device:
            there = device.identity
            if (there.board, there.serial) != (who.board, who.serial):
                raise Problem(
                    f"{device.port.name} is now {there.board} {there.serial}; the edited settings belong to "
                    f"{who.board} {who.serial}",
                    "plug in that board",
                )
            wanted = {key: value for key, value in values.items() if value != before[key]}
            _change(ctx.obj, device, wanted, pin_file, yes, restart)
    except NotVerified:
        raise
    except Problem as problem:
        told = kept(path, str(problem))
        problem.args = (str(told),)
        raise
    except KeyboardInterrupt:
        ctx.obj.error(str(kept(path, "interrupted")))
        raise
    forget(path)
