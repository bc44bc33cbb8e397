"""Measures everything, two chips at a time, and turns it into rows."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from host_tools.evidence.bench import application, deploy, guests, hosts, memory, peers, pio
from host_tools.evidence.bench.rows import KB, Row

PIO_ALONE = "PIO block stepped alone at its clock"
APPLICATION = "application on the emulated chip, the plant at its pins"
LOAD = (
    f"same load for all: formatted lines kept for a while, {guests.LIVE_LISTS} live lists, a collection every "
    f"{guests.COLLECT_EVERY // KB} KB, a console command every {guests.COMMAND_EVERY_US // 1000} ms"
)
SOURCES = "mpremote cp -r of the sources"
INTERRUPT = "hard interrupt, a file being written"

# What each job measures, so that a job that could not run still has its rows.
TREATMENT = (
    ("overcool_latency_ms_max", "ms"),
    ("trigger_latency_ms_max", "ms"),
    ("tick_us_median", "us"),
    ("tick_us_max", "us"),
    ("tick_alloc_bytes", "bytes"),
    ("tick_late_ms_max", "ms"),
    ("gc_runs_while_gas", "runs"),
    ("boot_safe_ms", "ms"),
    ("boot_standby_ms", "ms"),
    ("free_heap_bytes", "bytes"),
)


def without_image() -> dict[str, Any]:
    """Return what can be measured without image and processor."""
    error_us, jitter_us = pio.burst_error_us()
    return {
        "pio": (error_us, jitter_us, pio.eye_latency_us()),
        "app_bytes": application.app_bytes(),
        "deploy": deploy.measured(),
    }


def jobs(uf2: Path, layout: memory.Layout) -> dict[str, tuple[Callable, tuple]]:
    """Return the jobs on the emulated chip: name -> (function, arguments). The longest first."""
    found: dict[str, tuple[Callable, tuple]] = {
        "treatment": (application.treatment, (uf2, layout)),
        "hosts": (hosts.under_load, (uf2, layout)),
        "modules": (application.heap_of_modules, (uf2,)),
        "ours": (peers.widths, (uf2, layout, guests.OURS)),
        "interrupt": (peers.interrupt_latency_us, (uf2, layout)),
        "no boot.py": (application.without_boot_file, (uf2,)),
    }
    for name, program in guests.PEERS.items():
        found[f"widths {name}"] = (peers.widths, (uf2, layout, program))
        found[f"latencies {name}"] = (peers.latencies, (uf2, layout, program, program == guests.SLEEP))
    return found


def on_the_chip(uf2: Path, done: Callable[[str], None]) -> dict[str, Any]:
    """Return job -> result, or the exception that ended it. done(name) is called as each ends."""
    layout = memory.find(uf2)
    results: dict[str, Any] = {}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(function, *given): name for name, (function, given) in jobs(uf2, layout).items()}
        for future in as_completed(running):
            error = future.exception()
            results[running[future]] = future.result() if error is None else error
            done(running[future])
    return results


# --- rows -------------------------------------------------------------------------------------------------------------
def rows(host: dict[str, Any], chip: dict[str, Any]) -> list[Row]:
    """Return all rows; `chip` is empty without an image."""
    return [
        *_burst(host, chip),
        *_eye(host, chip),
        *_treatment(chip),
        *_hosts(chip),
        *_size(host),
        *_deploy(host),
        *_modules(chip),
    ]


def _beside(row: Row, others: dict[str, float | None]) -> Iterator[Row]:
    """Yield the row once for each peer, or once."""
    if not others:
        yield row
    for peer, value in others.items():
        yield Row(row.name, row.value, row.unit, row.how, peer, _rounded(value))


def _rounded(value):
    return round(value, 3) if isinstance(value, float) else value


def _of_peers(chip, kind, pick) -> dict[str, float | None]:
    """Return peer -> figure from the jobs "<kind> <peer>" that ran."""
    found = {name: chip.get(f"{kind} {name}") for name in guests.PEERS}
    return {name: pick(result) for name, result in found.items() if isinstance(result, dict)}


def _burst(host, chip):
    error_us, jitter_us, _ = host["pio"]
    lengths = ", ".join(map(str, pio.BURSTS_MS))
    peer_how = f"peers: bursts of {peers.SHORT_MS} ms, {LOAD}"
    yield from _beside(
        Row("burst_error_us_max", _rounded(error_us), "us", f"{PIO_ALONE}: {lengths} ms; {peer_how}"),
        _of_peers(chip, "widths", lambda r: max(abs(r["least"]), abs(r["most"]))),
    )
    yield from _beside(
        Row("burst_jitter_us", _rounded(jitter_us), "us", f"longest minus shortest error; {PIO_ALONE}; {peer_how}"),
        _of_peers(chip, "widths", lambda r: r["most"] - r["least"]),
    )
    ours = chip.get("ours")
    if isinstance(ours, dict):
        yield Row(
            "burst_error_emulated_us_max",
            _rounded(max(abs(ours["least"]), abs(ours["most"]))),
            "us",
            f"ours on the whole chip, {ours['collections_open']} collections while open, {LOAD}; the emulator runs at "
            "most one PIO instruction for each instruction of the processor, and this makes a burst longer: the "
            "figure is an upper bound",
        )


def _eye(host, chip):
    alone_us = host["pio"][2]
    found = chip.get("treatment")
    inside = max(found.latencies_us["eye"]) if isinstance(found, application.Found) else 0.0
    others = _of_peers(chip, "latencies", lambda r: r["eye"])
    if isinstance(chip.get("interrupt"), float):
        others[INTERRUPT] = chip["interrupt"]
    how = f"loop channel A opens -> dose pin low; {PIO_ALONE}, {pio.PHASES} phases"
    if inside:
        how += f", and in a burst of the {APPLICATION}; peers look every 10 ms, {LOAD}"
    yield from _beside(Row("eye_latency_us_max", _rounded(max(alone_us, inside)), "us", how), others)


def _treatment(chip):
    found = chip.get("treatment")
    if not isinstance(found, application.Found):
        why = "needs an image" if found is None else f"not measured: {found!r}"
        for name, unit in TREATMENT:
            yield Row(name, None, unit, why)
        return
    yield from _latencies(chip, found)
    yield from _ticks(chip, found)
    yield from _boots(chip, found)


def _latencies(chip, found):
    moments = f"{application.MOMENTS} moments of a tick, in a burst of the {APPLICATION}"
    for name, event, how in (
        ("overcool_latency", "sample", "DRDY falls on a conversion of 3 degC -> dose pin low"),
        ("trigger_latency", "trigger", "trigger's edge -> dose pin low"),
    ):
        quiet_ms = max(found.latencies_us[event]) / 1000
        busy_ms = max(found.latencies_us[event + application.BUSY]) / 1000
        yield from _beside(
            Row(
                f"{name}_ms_max",
                _rounded(max(quiet_ms, busy_ms)),
                "ms",
                f"{how}; {moments}, and with a STAT? sent one to three ticks before; peers look every 10 ms, {LOAD}",
            ),
            _of_peers(chip, "latencies", lambda r, e=event: r[e] / 1000),
        )
        yield Row(f"{name}_quiet_ms_max", _rounded(quiet_ms), "ms", f"the same, {moments}, the console silent")
    yield Row(
        "threshold_latency_us_max",
        _rounded(max(found.latencies_us["threshold"])),
        "us",
        "the converter's own low threshold: its FAULT falls on a conversion of 1 degC -> dose pin low; "
        f"{application.HARDWARE_MOMENTS} moments",
    )


def _ticks(chip, found):
    median, most = application.tick_figures(found)
    counts = ", ".join(f"{len(times)} {state}" for state, times in found.ticks_us.items())
    lock = "heap locked -> unlocked (sense, decide, act), seen in the interpreter's memory every 5 us"
    yield Row("tick_us_median", _rounded(median), "us", f"{lock}; in DELIVERING, {APPLICATION}")
    yield Row("tick_us_max", _rounded(most), "us", f"{lock}; ticks: {counts}; {APPLICATION}")
    yield Row("tick_alloc_bytes", found.alloc_bytes, "bytes", "the most that one of these ticks allocated")
    yield from _beside(
        Row(
            "tick_late_ms_max",
            _rounded(found.late_ms),
            "ms",
            f"tick to tick minus 10 ms, in DELIVERING, a console command every {guests.COMMAND_EVERY_US // 1000} ms; "
            f"peers: {LOAD}",
        ),
        {peer: late for peer, late in _of_peers(chip, "widths", lambda r: r["late_ms"]).items() if late is not None},
    )
    yield from _beside(
        Row(
            "gc_runs_while_gas",
            found.gc_runs_while_gas,
            "runs",
            f"collections in {application.DELIVER_US // 1000} ms or more of DELIVERING; the whole run had "
            f"{found.collections}; peers: while the pin was high, in {peers.WIDTHS_US // 1000} ms, {LOAD}",
        ),
        _of_peers(chip, "widths", lambda r: r["collections_open"]),
    )


def _boots(chip, found):
    late_safe = chip.get("no boot.py")
    yield from _beside(
        Row("boot_safe_ms", _rounded(found.boot_safe_ms), "ms", "reset -> last of the gas and lamp outputs driven low"),
        {"no boot.py: pins made with the board": late_safe} if isinstance(late_safe, float) else {},
    )
    yield Row("boot_first_tick_ms", _rounded(found.first_tick_ms), "ms", "reset -> first tick")
    yield Row(
        "boot_standby_ms",
        _rounded(found.boot_standby_ms),
        "ms",
        f"reset -> first look at which a copy says STANDBY; one look every {application.STANDBY_STEP_US // 1000} ms",
    )
    yield Row("free_heap_bytes", found.free_heap_bytes, "bytes", "after the collection in the rest after a treatment")


def _hosts(chip):
    found = chip.get("hosts")
    if not isinstance(found, dict):
        return
    alone = found[hosts.ALONE]
    for name, load in found.items():
        where = f"{hosts.WHAT[name]}; {hosts.WINDOW_US // 1000} ms of DELIVERING from the first burst, {APPLICATION}"
        changes = [abs(a - b) for a, b in zip(load.widths_us, alone.widths_us, strict=False)]
        listed = ", ".join(f"{us:.1f}" for us in load.widths_us)
        yield Row(f"host_width_change_us_max.{name}", _rounded(max(changes)), "us", f"bursts of {listed} us; {where}")
        listed = ", ".join(f"{us:.0f}" for us in load.start_to_start_us)
        yield Row(
            f"host_start_to_start_us_max.{name}", _rounded(max(load.start_to_start_us)), "us", f"{listed} us; {where}"
        )
        yield Row(f"host_late_ms_max.{name}", _rounded(load.late_us / 1000), "ms", f"tick to tick minus 10 ms; {where}")
        yield Row(
            f"breathe_kept_bytes_s.{name}",
            round(load.kept_bytes_s),
            "bytes/s",
            f"free heap before minus after, {load.collections} collections; {where}",
        )
        yield Row(
            f"breathe_alloc_bytes_s.{name}",
            round(load.alloc_bytes_s),
            "bytes/s",
            "every allocation outside the tick; frames of calls count too, and are free when the call returns; the "
            f"board took {load.sent_bytes} bytes and sent {load.taken_bytes}; {where}",
        )
        if load.guard:
            yield from _guard(load.guard, f"{hosts.WHAT[name]}, {APPLICATION}")


def _guard(guard, where):
    yield Row(
        "guard_free_bytes",
        guard.least_bytes,
        "bytes",
        f"the least free heap in {hosts.WATCHED_US // 1000} ms of a pass from when commands wait, after "
        f"{guard.waits_us / 1000:.0f} ms and with {guard.free_bytes} bytes free; {guard.left_bytes} more bytes were "
        f"read and left out; {guard.collections} collections from the first byte on; {where}",
    )
    yield Row(
        "guard_stop_ms",
        _rounded(guard.stop_us / 1000),
        "ms",
        f"a STOP after that garbage, sent at the start of a burst of {guard.burst_us / 1000:.1f} ms -> dose pin low, "
        f"then {guard.state or 'no answer'}",
    )


def _size(host):
    yield Row("app_bytes", host["app_bytes"], "bytes", ".mpy of firmware and board on the board's file system")


def _deploy(host):
    found = host["deploy"]
    for name, again, what in (
        ("deploy", "", "to a bare virtual board"),
        ("redeploy", " again", f"with {deploy.CHANGED} changed, the rest as before"),
    ):
        ours, theirs = found["flash" + again], found["cp" + again]
        yield Row(
            f"{name}_bytes",
            ours.count,
            "bytes",
            f"`cryoctl flash` {what}: bytes over the port, both ways; the peer sends sources, which the board has to "
            "compile at every start",
            SOURCES,
            theirs.count,
        )
        yield Row(
            f"{name}_time_ratio",
            round(ours.seconds / theirs.seconds, 2),
            "of its time",
            f"wall-clock of the whole command {what}: ours compiles, stops a running application with its PIN, "
            "compares all by hash, writes settings and PIN, restarts and waits for the self-test; the peer copies",
            SOURCES,
            1,
        )


def _modules(chip):
    found = chip.get("modules")
    if isinstance(found, dict):
        yield Row("heap_modules_bytes", sum(found.values()), "bytes", "sum of the rows below")
        for name, size in found.items():
            yield Row(f"heap_bytes.{name}", size, "bytes", "free heap before its import minus after it, both collected")


def failures(chip: dict[str, Any]) -> list[str]:
    """Return a sentence for each job that ended in an error."""
    return [f"{name}: {result!r}" for name, result in chip.items() if isinstance(result, BaseException)]
