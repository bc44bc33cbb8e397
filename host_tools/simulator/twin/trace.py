"""trace.vcd: every pin, the valves' true openings, the gas flow and the analogue truth; resolution 1 us."""

from vcd import VCDWriter

from boards.virtual import pins
from host_tools.simulator.twin.timeline import shown_from_us

# level at power-on; outputs and chip selects are low, pulled down
INPUTS = {pins.LOOP_A: 1, pins.LOOP_B: 0, pins.TRIGGER: 1, pins.ESTOP: 0, pins.KEY: 0}
TRUTH = ("dose_open", "shutoff_open", "flow", "injected")
ANALOGUE = ("skin_degc", "bead_degc", "distance_mm", "bottle_bar")  # in the order of a sample's columns 1 to 4
IDLE_US = 1_000_000  # between analogue samples while nothing is armed
# dose and lease have their own edges at a reset
_FALL_AT_RESET = tuple(pins.NAMES[pin] for pin in (pins.LED, pins.BUZZER, pins.ALARM, *pins.CHIP_SELECTS))


def write(session, path):
    """Write the run's trace; opens in GTKWave and PulseView."""
    record = session.plant.record
    with (
        path.open("w", encoding="ascii") as file,
        VCDWriter(file, timescale="1 us", comment="simulation of a CO2 cryotherapy applicator") as writer,
    ):
        wires = {
            name: writer.register_var("pins", name, "wire", size=1, init=INPUTS.get(pin, 0))
            for pin, name in pins.NAMES.items()
        }
        wires |= {name: writer.register_var("truth", name, "wire", size=1, init=0) for name in TRUTH}
        first = record.samples[0] if record.samples else (0, 0.0, 0.0, 0.0, 0.0)
        reals = [
            writer.register_var("truth", name, "real", init=float(first[n + 1])) for n, name in enumerate(ANALOGUE)
        ]
        for at, name, value in sorted(_events(session), key=lambda event: event[0]):
            if name in wires:
                writer.change(wires[name], at, value)
            else:
                writer.change(reals[ANALOGUE.index(name)], at, round(value, 3))
        writer.close(session.plant.now_us)


def _events(session):
    """Yield (time us, name, value), not yet in order."""
    record = session.plant.record
    yield from record.edges
    for at, why in record.resets:
        if why != "soft_reset":  # a soft reset leaves the pins as they are
            for name in _FALL_AT_RESET:
                yield at, name, 0
    for at in record.injected_us:
        yield at, "injected", 1
    from_us = shown_from_us(session)
    for sample in record.samples:
        if sample[0] >= from_us or sample[0] % IDLE_US == 0:
            for n, name in enumerate(ANALOGUE):
                yield sample[0], name, sample[n + 1]
