"""The sentences of a board's documents that state a figure, each with the value from its parts: stated.py compares.

A row has a pattern with a group for each number. Expected is either the figure itself, to which the number must round
as it is written, or a pair: the range in which the number must lie.
"""

from __future__ import annotations

from host_tools.toolchain.board_check import analogue, i2c, levels, stated_drivers, timing
from host_tools.toolchain.board_check.board import Signal
from host_tools.toolchain.board_check.loop import CONTACT_A, SUPPLIES_V, TRANSISTOR_V
from host_tools.toolchain.board_check.stated_figures import (
    MARGIN,
    NUMBER,
    Row,
    band_v,
    border,
    contacts_ma,
    dividers,
    drops_out,
    e9,
    edges_hz,
    i2c_ms,
    khz,
    kohm,
    least,
    loop_levels,
    ms,
    own_unit,
    parts,
    pio,
    slow_table,
    soft,
    specified_mv,
    starts,
    told_v,
    touching,
    transducer,
    watts,
    width,
)

RANGE = rf"{NUMBER}-{NUMBER}"
BRING_UP, README, BOM, ALL_BOM = "bring_up.md", "README.md", "bom.toml", "../applicator_bom.toml"
ROWS = (
    # times that parts give
    Row(BRING_UP, rf"That pulse: \*\*{RANGE} (?:us|ms)\*\*", lambda b: own_unit(b, "monostable")),
    Row(BRING_UP, rf"(?:high|on) for \*\*{RANGE} ms\*\*", lambda b: ms(b, "opening")),
    Row(
        BRING_UP,
        rf"{NUMBER} kHz square, loop made: Q steadily high\. {NUMBER} kHz: Q drops out",
        lambda b: [khz(b), drops_out(b)],
        pio,
    ),
    Row(
        BRING_UP,
        rf"{NUMBER} Hz square, loop made: Q steadily high\. {NUMBER} Hz: Q drops out",
        lambda b: [edges_hz(b), drops_out(b)],
        soft,
    ),
    Row(
        BRING_UP,
        rf"connected, {NUMBER} kHz until it is open, then lower: it lets go at _+ kHz, at {NUMBER} kHz \({NUMBER} ",
        lambda b: [khz(b), (khz(b) / border(b) / MARGIN, khz(b) / border(b)), (border(b), MARGIN * border(b))],
        pio,
    ),
    Row(
        BRING_UP,
        rf"Between {NUMBER} and {NUMBER} kHz it may stay open",
        lambda b: [1 / ms(b, "monostable")[0], (khz(b) / border(b) / MARGIN, khz(b) / border(b))],
        pio,
    ),
    Row(BRING_UP, rf"coil's current is gone after <= {NUMBER} ms", lambda b: [ms(b, "opening")[1]], pio),
    Row(BRING_UP, rf"Q low\s+<= {NUMBER} ms after it", lambda b: [(ms(b, "monostable")[1], 0.1)], pio),
    Row(
        BRING_UP,
        rf"within {NUMBER} us \+ 50 ppm on a counter \({NUMBER} ms: {NUMBER} us",
        lambda b: width(500, 1),
        pio,
    ),
    Row(
        BRING_UP,
        rf"within {NUMBER} us \+ 50 ppm on a counter \({NUMBER} ms: {NUMBER} us",
        lambda b: width(300, 10),
        soft,
    ),
    Row(
        BRING_UP,
        rf"generator at {NUMBER} and {NUMBER} Hz: the shut-off valve may flutter but does not stay open at {NUMBER} Hz",
        lambda b: [
            (edges_hz(b) / timing.MISSED, 1000 / ms(b, "monostable")[0]),
            edges_hz(b) / timing.MISSED,
            edges_hz(b) / timing.MISSED,
        ],
        soft,
    ),
    Row(README, rf"monostable {RANGE} ms", lambda b: ms(b, "monostable"), pio),
    Row(README, rf"a monostable of {RANGE} ms", lambda b: ms(b, "monostable"), soft),
    Row(README, rf"{RANGE} ms after `DOSE` rose", lambda b: ms(b, "opening")),
    Row(README, rf"clipped to {NUMBER} ms", lambda b: [b.design["timing"]["one_shot_us"] / 1000], pio),
    Row(README, rf"RMT plays it out, at most {NUMBER} ms", lambda b: [b.design["timing"]["one_shot_us"] / 1000], soft),
    Row(
        BOM,
        rf"measures {NUMBER} to {NUMBER} (?:us|ms); begin",
        lambda b: own_unit(b, "monostable"),
    ),
    Row(BOM, rf"measures {NUMBER} to {NUMBER} ms, begin", lambda b: ms(b, "opening")),
    Row(BOM, rf"to \d+ [um]s; begin with {NUMBER} kOhm", starts("monostable")),
    Row(BOM, rf"to \d+ ms, begin with {NUMBER} kOhm", starts("opening")),
    Row(
        BOM,
        rf"{NUMBER} nF C0G {NUMBER} %, and a resistor of {NUMBER} to {NUMBER} kOhm",
        lambda b: parts(b, "monostable", 1),
        pio,
    ),
    Row(
        BOM,
        rf"{NUMBER} uF film {NUMBER} %, and a resistor of {NUMBER} to {NUMBER} kOhm",
        lambda b: parts(b, "monostable", 1000),
        soft,
    ),
    Row(
        BOM,
        rf"{NUMBER} uF film {NUMBER} % \(no ceramic, no electrolytic\), a resistor of {NUMBER} to {NUMBER} kOhm",
        lambda b: parts(b, "opening", 1000),
    ),
    Row(BOM, rf"no opening of the dose valve is longer than {NUMBER} ms", lambda b: [ms(b, "opening")[1]]),
    Row(BRING_UP, rf"At {NUMBER} k?Hz open channel B", lambda b: [khz(b) if pio(b) else edges_hz(b)]),
    Row(BRING_UP, rf"no opening longer than {NUMBER} ms", lambda b: [300 + width(300, 10)[2] / 1000], soft),
    Row(BRING_UP, rf"At {NUMBER} k?Hz pull FAULT low", lambda b: [khz(b) if pio(b) else edges_hz(b)]),
    Row(
        BRING_UP,
        rf"From rest at {NUMBER}, {NUMBER} and {NUMBER} kHz it does not open",
        lambda b: [(khz(b) / border(b) / MARGIN, khz(b) / border(b)), *[(1.0, khz(b) / border(b))] * 2],
        pio,
    ),
    Row(BOM, rf"K = {NUMBER} at 5 V \(Nexperia 74HC423\) and up to {NUMBER} at 2 V", lambda b: timing.K_423),
    Row(BOM, rf"edges come {NUMBER} us apart", lambda b: [b.design["timing"]["edges_us"]], pio),
    Row(BOM, rf"a clock {NUMBER} times too slow or more", lambda b: [(border(b), MARGIN * border(b))], pio),
    # coils
    Row(ALL_BOM, rf"a suppressor of {NUMBER} to {NUMBER} V", lambda b: timing.CLAMP_V),
    Row(ALL_BOM, rf"at 3\.3 V, >= {NUMBER} V, twice the coil's current", lambda b: [timing.TRANSISTOR_V]),
    Row(ALL_BOM, rf"transistor stands {NUMBER} V", lambda b: [timing.TRANSISTOR_V]),
    Row(ALL_BOM, rf"million cycles, {NUMBER} V DC", lambda b: [timing.COIL_V]),
    Row(
        BRING_UP,
        rf"clamps to {RANGE} V",
        lambda b: [timing.clamped_v()[0], (timing.clamped_v()[1], timing.TRANSISTOR_V)],
    ),
    # supplies
    Row(BRING_UP, rf"5 V: {RANGE} V\. 3V3 from a bench supply: {RANGE} V", lambda b: (*analogue.SUPPLY_V, *SUPPLIES_V)),
    # a slow clock
    Row(
        README,
        rf"a clock {NUMBER} times too slow on, .*?Between {NUMBER} and {NUMBER} Q drops",
        lambda b: [(border(b), MARGIN * border(b)), least(b), (border(b), MARGIN * border(b))],
        slow_table,
    ),
    Row(README, rf"48 instead of 125 MHz is {NUMBER} times", lambda b: [125 / 48], slow_table),
    Row(README, rf"48 instead of 150 MHz is {NUMBER} times", lambda b: [150 / 48], e9),
    Row(README, rf"Coil: {NUMBER} V, suppressor {RANGE} V", lambda b: (timing.COIL_V, *timing.CLAMP_V), slow_table),
    Row(ALL_BOM, rf"{NUMBER} V \+-{NUMBER} % for the transducers", lambda b: [5, (analogue.SUPPLY_V[1] - 5) / 5 * 100]),
    Row(BOM, rf"\"pull resistor, {NUMBER} kOhm\"", lambda b: [Signal.ohms / 1000]),
    Row(ALL_BOM, rf"FAULT wired .*? with its {NUMBER} kOhm to 3V3", lambda b: [Signal.ohms / 1000]),
    Row(BRING_UP, rf"the colour LED's input and its {NUMBER} kOhm to ground", lambda b: [kohm(b, "RGB")], slow_table),
    Row(README, rf"with its pulls on: {NUMBER} kOhm keep the line low", lambda b: [kohm(b, "RGB")], slow_table),
    # the loop
    Row(
        BOM,
        rf"whose threshold is {NUMBER} V at most \(BSS138; a 2N7002 may need {NUMBER} V\)",
        lambda b: [TRANSISTOR_V, (TRANSISTOR_V[1], SUPPLIES_V[0])],
        pio,
    ),
    Row(BOM, rf"through contacts for {NUMBER} mA", lambda b: [(contacts_ma(b)[1], 1000 * CONTACT_A)], soft),
    Row(
        BRING_UP,
        rf"shield in place A {RANGE} V, B under {NUMBER} V; A and B joined, shield off: both {RANGE} V, LOOP_A 0 and "
        rf"LOOP_B 0; joined, shield in place: both {RANGE} V, LOOP_A 0",
        loop_levels,
    ),
    Row(BOM, rf"shorted together are {NUMBER} V", lambda b: [touching(b)]),
    Row(BOM, rf"{NUMBER} Ohm 1 %, {NUMBER} W", watts),
    Row(
        README,
        rf"`LOOP_A` has {NUMBER} kOhm",
        lambda b: [kohm(b, "LOOP_A")],
        lambda b: pio(b) and not e9(b),
    ),
    Row(README, rf"`LOOP_A` is held by {NUMBER} kOhm", lambda b: [kohm(b, "LOOP_A")], e9),
    Row(
        README,
        rf"holds a digital pin low is {NUMBER} kOhm here, `LOOP_A`'s {NUMBER} kOhm: {NUMBER} kOhm is the most",
        lambda b: [b.signals[name].ohms / 1000 for name in ("DOSE", "LOOP_A")] + [b.chip.pull_down_most_ohm / 1000],
        e9,
    ),
    Row(
        BOM,
        rf"{NUMBER} Ohm 1 % feeds it from 3V3, {NUMBER} Ohm 1 % lead from it to loop A",
        lambda b: [b.design["loop"]["source_ohm"], b.design["loop"]["feed_ohm"]],
        pio,
    ),
    Row(BOM, rf"{NUMBER} Ohm 1 % from 3V3 to loop A's contact", lambda b: [b.design["loop"]["feed_ohm"]], soft),
    Row(
        BOM,
        rf"loop A's pull-down, {NUMBER} kOhm\" .*? = \"{NUMBER} kOhm 1 %, from LOOP_A",
        lambda b: [kohm(b, "LOOP_A")] * 2,
    ),
    Row(BOM, rf"unequal to loop B's {NUMBER} kOhm", lambda b: [b.design["loop"]["b_up_ohm"] / 1000]),
    Row(
        ALL_BOM,
        rf"gold contacts that switch {NUMBER} to {NUMBER} mA and bear {NUMBER} mA",
        lambda b: [(0.0, contacts_ma(b)[0]), (contacts_ma(b)[1], 1000 * CONTACT_A), 1000 * CONTACT_A],
    ),
    # erratum E9
    Row(README, rf"A pad of stepping A2 gives about {NUMBER} uA", lambda b: [1e6 * b.chip.levels["leak_a"]], e9),
    Row(
        BOM,
        rf"and {NUMBER} V with the {NUMBER} uA of a pad",
        lambda b: [touching(b, b.chip.levels["leak_a"]), 1e6 * b.chip.levels["leak_a"]],
        e9,
    ),
    Row(BOM, rf"only {NUMBER} kOhm or less pull it low", lambda b: [b.chip.pull_down_most_ohm / 1000], e9),
    Row(
        BOM,
        rf"\"pull-down, {NUMBER} kOhm\" .*? = \"{NUMBER} kOhm 1 %, from DOSE",
        lambda b: [kohm(b, "DOSE")] * 2,
        e9,
    ),
    Row(BRING_UP, rf"More than {NUMBER} kOhm on one of", lambda b: [b.chip.pull_down_most_ohm / 1000], e9),
    Row(
        BRING_UP,
        rf"the line falls below {NUMBER} V",
        lambda b: [(levels.down_v(b, b.signals["DOSE"]), b.chip.levels["low_v"])],
        e9,
    ),
    # the converter
    # absolute transducers: the room's 1.013 bar of 100, over 4 V
    Row(BRING_UP, rf"lines open to air: {NUMBER} V at the pin", lambda b: [transducer(b, 0.5 + 1.013 * 4 / 100)]),
    Row(
        BRING_UP,
        rf"calibrator in the transducer's place at {NUMBER}, {NUMBER} and {NUMBER} V: {NUMBER}, {NUMBER} and "
        rf"{NUMBER} bar \+-{NUMBER}\.",
        lambda b: (0.5, 2.5, *((3.5, 0, 50, 75) if pio(b) else (4.5, 0, 50, 100)), analogue.MOST_BAR),
    ),
    Row(
        BOM,
        rf"{NUMBER} kOhm over {NUMBER} kOhm, {NUMBER} %, and {NUMBER} nF: {NUMBER} V reads as",
        lambda b: [
            b.design["converter"]["upper_ohm"] / 1000,
            b.design["converter"]["lower_ohm"] / 1000,
            b.design["converter"]["percent"],
            b.design["converter"]["nf"],
            (4.75, 5.0),
        ],
    ),
    Row(BOM, rf"4\.75 V reads as {NUMBER} V", lambda b: [transducer(b, 4.75)], soft),
    Row(README, rf"is halved to {RANGE} V", lambda b: [transducer(b, 0.5), transducer(b, 4.5)], soft),
    Row(README, rf"Nothing at the pin reads as {NUMBER} mV", lambda b: [b.chip.adc["floor_v"] * 1000], soft),
    Row(
        README,
        rf"is told from {NUMBER} V downward",
        lambda b: [told_v(b)],
        soft,
    ),
    Row(BOM, rf"the converter's input takes {NUMBER} kOhm at least", lambda b: [b.chip.adc["least_ohm"] / 1000], pio),
    Row(
        BOM,
        rf"{NUMBER} V at 1\.2 times the peak current, .*?output of {NUMBER} Ohm at most, {NUMBER} kOhm to ground",
        lambda b: [analogue.COIL_FULL_V, b.design["coil"]["amplifier_ohm"], b.signals["ADC_COIL"].ohms / 1000],
        pio,
    ),
    Row(
        BRING_UP,
        rf"to ADC_COIL off: under {NUMBER} V at the pin",
        lambda b: [(analogue.broken_coil_wire_v(b), 2 * analogue.broken_coil_wire_v(b))],
        pio,
    ),
    Row(README, rf"is specified from {NUMBER} to {NUMBER} mV", specified_mv, soft),
    Row(BOM, rf"converter's specified {NUMBER} to {NUMBER} mV", specified_mv, soft),
    Row(README, rf"Its input takes {NUMBER} kOhm at least", lambda b: [b.chip.adc["least_ohm"] / 1000], slow_table),
    Row(
        README,
        rf"{NUMBER} over {NUMBER} kOhm a bottle at {NUMBER} bar would read {NUMBER}\. With {NUMBER} over {NUMBER},"
        rf" divider and load make it wrong by less than {NUMBER} bar .{{1,40}}; the tolerances of the {NUMBER} V supply"
        rf" and of the {NUMBER} V reference",
        dividers,
        slow_table,
    ),
    Row(BRING_UP, rf"wire fault\. {NUMBER} V: wire fault", lambda b: [(0.8 * told_v(b), told_v(b))], soft),
    Row(BOM, rf"5 V reads as full scale \({NUMBER} V\)", lambda b: [transducer(b, 5)], pio),
    Row(
        README,
        rf"reference is the Pico's {NUMBER} V, not the transducers' 5 V: the 5 V supply is held to {NUMBER} %",
        lambda b: [
            b.chip.adc["full_v"],
            (analogue.SUPPLY_V[1] - 5) / 5 * 100,
        ],
        slow_table,
    ),
    Row(BOM, rf"leaves the band of {NUMBER} to {NUMBER} V", lambda b: band_v()),
    Row(README, rf"V downward instead of {NUMBER} V", lambda b: band_v()[:1], soft),
    Row(
        ALL_BOM,
        rf"{RANGE} V of {NUMBER} V into {NUMBER} kOhm",
        lambda b: [0.5, 4.5, 5, analogue.LOAD_OHM / 1000],
    ),
    # buses
    Row(
        README,
        rf"MLX90614, which takes {NUMBER} kHz at most",
        lambda b: [i2c.PARTS["mlx90614"]["hz"] / 1000],
        slow_table,
    ),
    Row(
        README,
        rf"older SCD4x bear {NUMBER} kHz, .*? the whole bus runs at {NUMBER} kHz",
        lambda b: [i2c.PARTS["scd4x"]["hz"] / 1000, b.design["i2c"]["SENSOR_BUS"]["hz"] / 1000],
        soft,
    ),
    Row(
        BRING_UP,
        rf"At {NUMBER} kHz SCL's period is >= {NUMBER} us",
        lambda b: [b.design["i2c"]["SENSOR_BUS"]["hz"] / 1000, 1e6 / b.design["i2c"]["SENSOR_BUS"]["hz"]],
        soft,
    ),
    Row(
        BOM,
        rf"I2C pull-up, {NUMBER} kOhm\" .*? = \"{NUMBER} kOhm 1 %, from SENSOR_SDA",
        lambda b: [kohm(b, "SENSOR_SDA")] * 2,
    ),
    Row(
        BOM,
        rf"I2C pull-up, {NUMBER} kOhm\" quantity = 2 requirement = \"{NUMBER} kOhm 1 %, from PANEL_SDA",
        lambda b: [kohm(b, "PANEL_SDA")] * 2,
        pio,
    ),
    Row(BOM, rf"400 kHz asks that they rise in {NUMBER} us", lambda b: [i2c.MODES[1][1] / 1000], pio),
    Row(BOM, rf"100 kHz asks that they rise in {NUMBER} us", lambda b: [i2c.MODES[0][1] / 1000]),
    Row(
        README,
        rf"on the circuit board, {NUMBER} and {NUMBER} kOhm",
        lambda b: [kohm(b, "SENSOR_SDA"), kohm(b, "PANEL_SDA")],
        slow_table,
    ),
    Row(BRING_UP, rf"SDA and SCL rise from {NUMBER} to {NUMBER} V", lambda b: [0.3 * 3.3, 0.7 * 3.3]),
    Row(BRING_UP, rf"sensor <= {NUMBER} ns, panel <= {NUMBER} ns", lambda b: [i2c.MODES[1][1], i2c.MODES[0][1]], pio),
    Row(BRING_UP, rf"V in <= {NUMBER} us, oscilloscope", lambda b: [i2c.MODES[0][1] / 1000], soft),
    Row(
        README,
        rf"distance {NUMBER} ms \({NUMBER} at 400 kHz\), the infrared sensor {NUMBER}, 7 bytes of the display {NUMBER}",
        lambda b: [
            i2c_ms("vl53l0x", 100_000),
            i2c_ms("vl53l0x", 400_000),
            i2c_ms("mlx90614", 100_000),
            i2c_ms("ssd1306", 100_000, 7),
        ],
        soft,
    ),
    *stated_drivers.ROWS,
)
