"""Every board's pin map passes the check, and breaking each rule once gives the rule's sentence."""

import re

import pytest

from host_tools.toolchain.board_check import fitted, timing
from host_tools.toolchain.board_check.__main__ import BOARDS, check, main
from host_tools.toolchain.board_check.board import file_of
from tests.boards.found import ALL, HARDWARE, PIO_BOARDS


@pytest.fixture
def board(copied):
    """Copies a board and changes it: board("rp2040_pico", pins=(("DOSE = 2", "DOSE = 3"),), toml=...)."""

    def copy(name, pins=(), toml=()):
        folder = copied(name)
        for file, changes in (("pins.py", pins), ("board.toml", toml)):
            text = file_of(folder, file).read_text()
            for old, new in changes:
                changed, count = re.subn(old, new, text, flags=re.MULTILINE)
                assert count, f"{old} is not in {file}"
                text = changed
            (folder / file).write_text(text)
        return folder

    return copy


@pytest.mark.parametrize("name", ALL)
def test_every_board_passes(name):
    assert check(BOARDS / name) == []


def test_all_boards_are_checked_when_none_is_named(capsys):
    assert main([]) == 0
    assert {line.split(":")[0] for line in capsys.readouterr().out.splitlines()} == set(ALL)


@pytest.mark.parametrize("name", HARDWARE)
def test_an_unchanged_copy_passes_anywhere(board, name):
    assert main([str(board(name))]) == 0


def pin(name, number):
    """Moves a signal of pins.py to another pin."""
    return (rf"^{name} = \d+", f"{name} = {number}")


def wants(name, text):
    """Replaces what board.toml asks of a signal."""
    return (rf"^{name} = \{{.*\}}", f"{name} = {{ {text} }}")


FREE = (pin("RGB", 22), pin("FAULT_SKIN", 15))  # exchanges two pins of the Pico: valid

UNSAFE_PULLS = (
    ("LOOP_A", 7, "up"), ("LOOP_B", 8, "down"), ("TRIGGER", 9, "down"), ("ESTOP", 12, "down"), ("KEY", 13, "down"),
    ("DRDY_SKIN", 21, "down"), ("FAULT_SKIN", 22, "down"),
)  # fmt: skip
INPUTS = (("LOOP_A", 7), ("LOOP_B", 8), ("TRIGGER", 9), ("ESTOP", 12), ("KEY", 13), ("FAULT_SKIN", 22))
CROSSED = [
    ("SENSOR_SDA", 10, "sda", "PANEL"), ("SENSOR_SCL", 11, "scl", "PANEL"),
    ("PANEL_SDA", 0, "sda", "SENSOR"), ("PANEL_SCL", 1, "scl", "SENSOR"),
]  # fmt: skip
INTERLOCKS = (("LOOP_A",), ("LOOP_B",), ("TRIGGER",), ("ESTOP",))

FIRST_PICO = (
    (r"source_ohm = 220", "source_ohm = 1_000"),
    (r"feed_ohm = 680", "feed_ohm = 0"),
    (r"return_ohm = 100", "return_ohm = 0"),
)
FIRST_ESP32 = ((r"feed_ohm = 470", "feed_ohm = 0"), (r"return_ohm = 100", "return_ohm = 0"))

BROKEN = (
    # pin used twice
    ("rp2040_pico", [pin("RGB", 13)], [], "KEY and RGB share GPIO13"),
    # the pin does not exist, or something else has it
    ("rp2040_pico", [pin("RGB", 30)], [], "RGB (GPIO30): rp2040_pico has no such pin"),
    ("rp2040_pico", [pin("RGB", 23)], [], "RGB (GPIO23): the pin is the power-save input"),
    ("rp2040_pico", [pin("RGB", 24)], [], "RGB (GPIO24): the pin senses the USB supply"),
    ("rp2040_pico", [pin("RGB", 25)], [], "RGB (GPIO25): the pin drives the board's LED"),
    ("rp2040_pico", [pin("ADC_COIL", 29)], [], "ADC_COIL (GPIO29): the pin measures the system supply"),
    *(
        ("esp32_devkitc", [pin("LED", number)], [], f"LED (GPIO{number}): the pin is {why}")
        for numbers, why in (
            ((0, 2, 5, 12, 15), "a strapping pin"),
            ((6, 7, 8, 9, 10, 11), "wired to the module's flash"),
            ((1, 3), "the console's UART"),
        )
        for number in numbers
    ),
    ("esp32_devkitc", [pin("LED", 37)], [], "LED (GPIO37): esp32_devkitc has no such pin"),
    # the direction
    *(
        ("esp32_devkitc", [pin("DOSE", number)], [], f"DOSE (GPIO{number}): the pin is input only and cannot do rmt")
        for number in (34, 35, 36, 39)
    ),
    ("esp32_devkitc", [pin("SPI_SCK", 34)], [], "SPI_SCK (GPIO34): the pin is input only and cannot do spi_sck"),
    # pins that something else moves
    *(
        ("rp2040_pico", [pin(name, 15)], [], f"{name} (GPIO15): the pin is taken by the USB work-around")
        for name in ("DOSE", "LEASE", "LOOP_A", "LOOP_B", "TRIGGER", "ESTOP", "LOOP_TEST")
    ),
    ("esp32_devkitc", [pin("LEASE", 14), pin("BUZZER", 26)], [], "LEASE (GPIO14): the pin is pulled up from reset"),
    ("esp32_devkitc", [pin("ESTOP", 36), pin("ADC_BOTTLE", 35)], [], "ESTOP (GPIO36): the pin can be pulled low"),
    # the function on that pin
    ("rp2040_pico", [pin("ADC_COIL", 15)], [], "ADC_COIL (GPIO15) cannot do adc: use one of GPIO 26, 27, 28"),
    ("esp32_devkitc", [pin("ADC_LINE", 27), pin("LED", 33)], [], "ADC_LINE (GPIO27) cannot do adc (ADC2 (0, 2"),
    ("rp2040_pico", [pin("SPI_SCK", 19), pin("SPI_MOSI", 18)], [], "SPI_SCK (GPIO19) cannot do spi_sck of bus 0"),
    ("rp2040_pico", [pin("SPI_SCK", 19), pin("SPI_MOSI", 18)], [], "SPI_MOSI (GPIO18) cannot do spi_mosi of bus 0"),
    ("rp2040_pico", [pin("SPI_MISO", 17), pin("CS_SKIN", 16)], [], "SPI_MISO (GPIO17) cannot do spi_miso of bus 0"),
    ("rp2040_pico", [("SPI_BUS = 0", "SPI_BUS = 1")], [], "SPI_SCK (GPIO18) cannot do spi_sck of bus 1"),
    ("rp2040_pico", [("SPI_BUS = 0", "SPI_BUS = 2")], [], "SPI_SCK (GPIO18): spi_sck needs a bus, 0 or 1, not 2"),
    ("rp2040_pico", [pin("PANEL_SDA", 11), pin("PANEL_SCL", 10)], [], "PANEL_SDA (GPIO11) cannot do i2c_sda of bus 1"),
    ("rp2040_pico", [pin("PANEL_SDA", 11), pin("PANEL_SCL", 10)], [], "PANEL_SCL (GPIO10) cannot do i2c_scl of bus 1"),
    ("rp2040_pico", [], [wants("DOSE", 'function = "rmt"')], "DOSE (GPIO2): rp2040_pico has no function 'rmt'"),
    ("rp2040_pico", [], [(r"^PANEL_SCL = .*\n", "")], "PANEL_SDA (GPIO10): bus 1 has no i2c_scl"),
    # the valves are timed by hardware, from two PIO blocks
    ("rp2040_pico", [], [wants("DOSE", 'function = "gpio_out"')], "DOSE (GPIO2): gpio_out does not time the valve"),
    ("esp32_devkitc", [], [wants("DOSE", 'function = "gpio_out"')], "DOSE (GPIO25): gpio_out does not time the valve"),
    ("esp32_devkitc", [], [wants("LEASE", 'function = "rmt"')], "LEASE (GPIO26): rmt does not time the valve"),
    ("rp2040_pico", [("LEASE_SM = 4", "LEASE_SM = 3")], [], "DOSE (GPIO2) and LEASE (GPIO3) share PIO block 0"),
    ("rp2040_pico", [("DOSE_SM = 0", "DOSE_SM = 5")], [], "DOSE (GPIO2) and LEASE (GPIO3) share PIO block 1"),
    ("rp2040_pico", [("LEASE_SM = 4", "LEASE_SM = 8")], [], "LEASE (GPIO3): state machine 8 does not exist"),
    ("rp2040_pico", [("LEASE_SM = 4", "")], [], "LEASE (GPIO3): state machine None does not exist"),
    # low until told otherwise
    ("rp2040_pico", [(r"\(DOSE, ", "(")], [], "DOSE (GPIO2) is not in SAFE_LOW"),
    ("esp32_devkitc", [("LEASE, LED", "LED")], [], "LEASE (GPIO26) is not in SAFE_LOW"),
    ("rp2040_pico", [], [wants("BUZZER", 'function = "gpio_out"')], "BUZZER (GPIO5) has no pull-down"),
    ("esp32_devkitc", [], [wants("DOSE", 'function = "rmt"')], "DOSE (GPIO25) has no pull-down"),
    ("rp2040_pico", [(r"\(DOSE, ", "(KEY, DOSE, ")], [], "KEY (GPIO13) is in SAFE_LOW but is an input"),
    ("rp2040_pico", [(r"\(DOSE, ", "(29, DOSE, ")], [], "SAFE_LOW holds GPIO29, which is no signal"),
    ("rp2040_pico", [(", LOOP_TEST\\)", ")")], [], "LOOP_TEST (GPIO14) is not in SAFE_LOW"),
    ("rp2040_pico", [], [wants("LOOP_TEST", 'function = "gpio_in"')], "LOOP_TEST (GPIO14): gpio_in is not what"),
    ("rp2040_pico", [], [wants("LOOP_TEST", 'function = "gpio_out"')], "LOOP_TEST (GPIO14) has no pull-down"),
    # a broken wire is safe
    *(
        ("rp2040_pico", [], [wants(name, f'function = "gpio_in", pull = "external {pull}"')], f"{name} (GPIO{at}): wi")
        for name, at, pull in UNSAFE_PULLS
    ),
    ("rp2040_pico", [], [wants("LOOP_A", 'function = "gpio_in"')], "LOOP_A (GPIO7): with pull ''"),
    (
        "esp32_devkitc",
        [],
        [wants("ESTOP", 'function = "gpio_in", pull = "internal up"')],
        "ESTOP (GPIO35): the pin has no internal pull",
    ),
    # what a slow clock stretches, parts end; [65, 80] us without an opening timer was the first design
    ("rp2040_pico", [], [(r"us = \[55, 60\]", "us = [65, 80]")], "until the clock is 3.79 times too slow"),
    ("rp2040_pico", [], [(r"^opening = .*\n", "")], "[timing] has no opening timer: a slow"),
    ("esp32_devkitc", [], [(r"^opening = .*\n", "")], "[timing] has no opening timer: a slow"),
    ("rp2040_pico", [], [(r"us = \[55, 60\]", "us = [45, 60]")], "45 us is too near the 38 us between two edges"),
    ("rp2040_pico", [], [(r"540_000, 590_000", "540_000, 610_000")], "610 ms may be over limit 17, 600 ms"),
    ("rp2040_pico", [], [(r"540_000, 590_000", "510_000, 590_000")], "510 ms cuts openings that the one-shot allows"),
    ("rp2040_pico", [], [(r"\[9_760, 13_700\]", "[10_000, 12_000]")], "monostable: no resistor of 10000 to 12000"),
    ("rp2040_pico", [], [(r"^monostable = .*\n", "")], "[timing] of board.toml lacks monostable"),
    # wires of the loop that touch: the first design had 10k and 10k, on the Pico 1k before the node, and no other
    *(
        (name, [], [(r", ohms = 2_200", ""), *series], f"loop, {sentence}")
        for name, series, sentence in (
            ("rp2040_pico", FIRST_PICO, "shield off, A and B shorted together: A 1.6"),
            ("rp2040_pico", FIRST_PICO, "shield in place, A and B shorted together: the test stage's"),
            ("rp2040_pico", FIRST_PICO, "shield in place, B to supply: 625 mA through a contact"),
            ("esp32_devkitc", FIRST_ESP32, "shield off, A and B shorted together: A 1.6"),
            ("esp32_devkitc", FIRST_ESP32, "shield in place, A and B shorted together: A 1.6"),
        )
    ),
    ("rp2040_pico", [], [(r"feed_ohm = 680", "feed_ohm = 1_500")], "loop, shield in place, no fault: A 1."),
    ("rp2040_pico", [], [(r"^return_ohm = .*\n", "")], "[loop] of board.toml lacks return_ohm"),
    # I2C: the first Pico's panel had no pull-ups, the first ESP32 had 400 kHz beside parts of 100
    ("rp2040_pico", [], [(r', pull = "external up", ohms = 4_700', "")], "PANEL_SDA (GPIO10): the line has no pull-up"),
    ("rp2040_pico", [], [(r', pull = "external up", ohms = 4_700', "")], "PANEL_SCL (GPIO11): the line has no pull-up"),
    ("rp2040_pico", [], [(r"ohms = 2_200 }\nP", "ohms = 9_100 }\nP")], "SENSOR_SCL (GPIO1): 9100 ohm with 70 pF rise"),
    ("rp2040_pico", [], [(r"wiring_pf = 50", "wiring_pf = 400")], "SENSOR_SDA (GPIO0): 420 pF on one line, 400"),
    ("rp2040_pico", [], [(r"wiring_pf = 50", "wiring_pf = 50, modules_ohm = [1_000]")], "688 ohm let 4.5 mA flow"),
    ("rp2040_pico", [], [(r'"vl53l0x"', '"vl53l0x", "mlx90614"')], "SENSOR_BUS: 400 kHz is too fast for mlx90614"),
    ("rp2040_pico", [], [(r'"vl53l0x"', '"vl53l0x", "vl6180"')], "SENSOR_BUS: vl6180 is not in host_tools"),
    ("rp2040_pico", [], [(r'"fram"', '"fram", "fram"')], "PANEL_BUS: address 0x50 of fram is taken twice"),
    ("rp2040_pico", [], [(r'"scd4x", ', "")], "board.py: Scd4x is on PANEL_BUS, and [i2c.PANEL_BUS] does not name it"),
    ("rp2040_pico", [], [(r"hz = 400_000", "hz = 100_000")], "board.py: Vl53l0x runs SENSOR_BUS at 400000 Hz"),
    ("rp2040_pico", [], [(r"^PANEL_BUS = .*\n", "")], "[i2c.PANEL_BUS] of board.toml lacks hz"),
    ("esp32_devkitc", [], [(r"hz = 100_000", "hz = 400_000")], "SENSOR_BUS: 400 kHz is too fast for mlx90614"),
    ("esp32_devkitc", [], [(r"hz = 100_000", "hz = 400_000")], "SENSOR_BUS: 400 kHz is too fast for scd4x"),
    # a resistor against the chip's own pulls
    ("rp2040_pico", [], [(r"(^TRIGGER = .*?) }", r"\1, ohms = 33_000 }")], "TRIGGER (GPIO9): 33000 ohm leave 1.95 V"),
    (
        "rp2040_pico",
        [],
        [(r'(^BUZZER = .*?")10 kOhm(.*?) }', r"\g<1>47 kOhm\2, ohms = 47_000 }")],
        "BUZZER (GPIO5): 47000",
    ),
    ("esp32_devkitc", [], [(r"ohms = 2_200", "ohms = 22_000")], "LOOP_A (GPIO32): 22000 ohm leave 1.1"),
    # the converter: the first divider was 6.19k over 12.0k, and 100 kOhm of the chip's input load it
    *(
        (name, [], [(r"= 1_870", "= 6_190"), (r"lower_ohm = 3_650", "lower_ohm = 12_000")], sentence)
        for name in PIO_BOARDS
        for sentence in ("75 bar may read 71.5", "70 bar may read 66.7", "35 bar may read 33.")
    ),
    ("rp2040_pico", [], [(r"upper_ohm = 1_870", "upper_ohm = 1_690")], "75 bar may read 78.2"),
    ("rp2040_pico", [], [(r"upper_ohm = 1_870", "upper_ohm = 1_200")], "3.80 V at the pin, 3.55 are allowed"),
    (
        "rp2040_pico",
        [],
        [(r"upper_ohm = 1_870", "upper_ohm = 619"), (r"= 3_650", "= 1_200")],
        "less than 5000 ohm load",
    ),
    ("rp2040_pico", [], [(r"nf = 330", "nf = 3_300")], "settles in 28.6 ms, a tick is 10: a smaller capacitor"),
    (
        "rp2040_pico",
        [],
        [(r"lower_ohm = 3_650", "lower_ohm = 3_650_000")],
        "the signal's wire off is 3.650 V at the pin",
    ),
    ("rp2040_pico", [], [(r"upper_ohm = 1_870", "upper_ohm = 2_200")], "the signal at the supply is 3.0"),
    ("esp32_devkitc", [], [(r"upper_ohm = 10_000", "upper_ohm = 12_000")], "75 bar may read 66."),
    (
        "esp32_devkitc",
        [],
        [(r"lower_ohm = 10_000", "lower_ohm = 3_300")],
        "0 bar is 0.124 V at the pin and is not read as",
    ),
    (
        "esp32_devkitc",
        [],
        [(r"upper_ohm = 10_000", "upper_ohm = 5_000")],
        "4.5 V of the transducer are 3.00 V at the pin, where",
    ),
    ("esp32_devkitc", [], [(r"^upper_ohm = .*\n", "")], "[converter] of board.toml lacks upper_ohm"),
    (
        "rp2040_pico",
        [],
        [(r"peak_ma = 3_000", "peak_ma = 2_000")],
        "the coil's full reading is 3600 mA, 1.2 times the peak of",
    ),
    ("rp2040_pico", [], [(r"amplifier_ohm = 100", "amplifier_ohm = 1_000")], "the hold current reads 681 mA for 750"),
    (
        "rp2040_pico",
        [],
        [(r'^(ADC_COIL = .*down") }', r"\1, ohms = 470_000 }")],
        "with its wire off 470000 ohm leave 0.47 V",
    ),
    ("rp2040_pico", [], [(r"^peak_ma = .*\n", "")], "[coil] of board.toml lacks peak_ma"),
    # messages on a bus whose time-out counts for each: the first panel had the chip's own pulls alone
    (
        "rp2040_pico",
        [],
        [(r"message_us = 1_000", "message_us = 800")],
        "_I2C_TIMEOUT_US is not the message_us of board.toml",
    ),
    ("rp2040_pico", [], [(r"ohms = 4_700", "ohms = 22_000")], "board.py: a message of ssd1306 takes 10"),
    # coils: a lease of ticks leaves gaps in which they empty
    (
        "esp32_devkitc",
        [],
        [(r"us = \[15_000, 20_000\]", "us = [15_000, 28_000]")],
        "edges 3 ticks apart leave gaps of 2 ms, a",
    ),
    # a name has one function: the first design passed with each of these
    *(
        ("rp2040_pico", [], [wants(name, 'function = "gpio_out"')], f"{name} (GPIO{at}): gpio_out is not what")
        for name, at in INPUTS
    ),
    *(
        ("rp2040_pico", [], [wants(name, 'function = "gpio_in"')], f"{name} (GPIO{at}): gpio_in is not what the board")
        for name, at in (("LED", 4), ("CS_SKIN", 17), ("SPI_SCK", 18), ("ADC_LINE", 27), ("SENSOR_SCL", 1))
    ),
    (
        "rp2040_pico",
        [pin("ADC_LINE", 15), pin("RGB", 27)],
        [wants("ADC_LINE", 'function = "gpio_in"')],
        "ADC_LINE (GPIO15): gpio_in is not what the board file makes of it: its function is adc",
    ),
    *(
        (
            "rp2040_pico",
            [pin(name, at) for name, at, _, _ in CROSSED],
            [wants(to, f'function = "i2c_{line}", bus = "{on}_BUS"') for to, _, line, on in CROSSED],
            f"{name} (GPIO{at}): its bus is {bus}_BUS: the board file takes {name[:-4]}_BUS",
        )
        for name, at, _, bus in CROSSED
    ),
    ("rp2040_pico", [], [(r'bus = "SENSOR_BUS"', "bus = 0")], "SENSOR_SDA (GPIO0): its bus is a number: the board"),
    ("rp2040_pico", [], [(r'"LEASE_SM"', "5")], "LEASE (GPIO3): its state machine is a number: the board file takes"),
    ("rp2040_pico", [], [wants("ADC_COIL", 'function = "adc"')], "ADC_COIL (GPIO28): with pull ''"),
    (
        "rp2040_pico",
        [],
        [wants("ADC_COIL", 'function = "adc", pull = "internal down"')],
        "ADC_COIL (GPIO28): the converter's pin gets no internal pull",
    ),
    ("rp2040_pico", [(r"\(CS_SKIN, ", "(")], [], "CHIP_SELECTS of pins.py and CS_SKIN (GPIO17) do not agree: add it"),
    ("esp32_devkitc", [(r"\(ADC_BOTTLE, ", "(LOOP_A, ADC_BOTTLE, ")], [], "ANALOGUE of pins.py and LOOP_A (GPIO32) do"),
    ("esp32_devkitc", [(", BUZZER", "")], [], "BUZZER (GPIO14) is not in SAFE_LOW"),
    # the two files agree
    ("rp2040_pico", [("SPI_BUS = 0", "SPI_BUS = 0\nFAN = 15")], [], "FAN (GPIO15) is not described"),
    ("rp2040_pico", [(r"^KEY = .*\n", "")], [], "KEY has no number"),
    ("rp2040_pico", [("SPI_BUS = 0", "SPI_BUS = 0\nimport machine")], [], "pins.py imports something"),
    *(
        (chip, [(rf"^{name} = .*\n", ""), *used], [(rf"^{name} = .*\n", "")], f"{name} is missing")
        for chip in HARDWARE
        for name, *used in (("DOSE", (r"\(DOSE, ", "(")), ("LEASE", (" LEASE,", "")), *INTERLOCKS)
    ),
    # files
    ("rp2040_pico", [], [('chip = "rp2040_pico"', 'chip = "rp2350"')], "chip 'rp2350' is unknown"),
    ("rp2040_pico", [], [(r"\[signals\]", "[signal]")], "needs `chip ="),
    ("rp2040_pico", [], [(r"\[signals\]", "[signals")], "is not valid TOML"),
    ("rp2040_pico", [("KEY = 13", "KEY = = 13")], [], "is not Python"),
    ("rp2040_pico", [], [wants("KEY", 'function = "gpio_in", pul = "up"')], "KEY: "),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "pins", "toml", "sentence"), BROKEN, ids=[f"{case[0]}: {case[3]}" for case in BROKEN]
)
def test_a_broken_rule_gives_its_sentence(board, capsys, name, pins, toml, sentence):
    assert main([str(board(name, pins, toml))]) == 1
    found = capsys.readouterr().err
    assert sentence in found


def test_a_board_file_that_runs_its_bus_faster_than_a_part_bears_is_named(board):
    """The ESP32's file did this at first."""
    folder = board("esp32_devkitc")
    source = folder / "board.py"
    text = source.read_text()
    assert text.count("Vl53l0x(_bus(100_000))") == 1
    source.write_text(text.replace("Vl53l0x(_bus(100_000))", "Vl53l0x(_bus(400_000))"))
    assert check(folder) == ["board.py: Vl53l0x runs SENSOR_BUS at 400000 Hz, board.toml says 100000: make them equal"]
    source.write_text(text.replace("Vl53l0x(_bus(100_000))", "Vl53l0x(None)"))
    assert check(folder) == ["board.py: Vl53l0x is not made with _bus(...): write it as the other boards do"]


@pytest.mark.parametrize("name", HARDWARE)
def test_an_spi_clock_that_a_part_does_not_bear_is_named(board, name):
    folder = board(name)
    text = file_of(folder, "board.py").read_text()
    assert text.count("baudrate=4_000_000") == 1
    (folder / "board.py").write_text(text.replace("baudrate=4_000_000", "baudrate=10_000_000"))
    assert check(folder) == [
        f"board.py: SPI at 10000000 Hz, {part} bears 5000000: slow it down" for part in ("Max31855", "Max31856")
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        # each of these passed: the rule found nothing to judge
        ("baudrate=4_000_000", "4_000_000", "SPI(...) names no baudrate, so its clock cannot be checked"),
        ("spi = SPI(", "spi = machine.SPI(", "Max31855, Max31856 without SPI(...), so its clock cannot be checked"),
        ("= Max3185", "= drivers.Max3185", "makes no Max31855 and no Max31856, so no clock of SPI_SCK can be checked"),
        ("bottle = Transducer(", "bottle = Gauge(", "no Transducer(...) on pins.ADC_BOTTLE, so what it reads cannot"),
        ("line = Transducer(", "line = Gauge(", "no Transducer(...) on pins.ADC_LINE, so what it reads cannot be"),
        ("coil = Coil(", "coil = Current(", "no Coil(...) on pins.ADC_COIL, so what it reads cannot be checked"),
        ("at_once=7", "7", "ssd1306 is made without at_once=..., so its longest message is not known: say it"),
    ],
)
@pytest.mark.parametrize("name", PIO_BOARDS)
def test_a_part_that_a_rule_does_not_find_in_the_board_file_is_told(board, name, old, new, sentence):
    folder = board(name)
    text = file_of(folder, "board.py").read_text()
    assert old in text
    (folder / "board.py").write_text(text.replace(old, new))
    (found,) = check(folder)
    assert found.startswith("board.py") and sentence in found


def test_a_part_without_a_figure_of_its_longest_message_is_refused(board):
    folder = board("rp2040_pico")
    source = folder / "board.py"
    text = source.read_text()
    assert text.count("        self.display = Ssd1306(") == 1
    made = text.replace("        self.display = ", "        _ = Fram(slow_bus)\n        self.display = ")
    source.write_text(made)
    (found,) = check(folder)
    assert found == "i2c_parts.toml: say the bytes of fram: board.py makes it on a bus that ends a long message"


def test_a_message_that_its_bus_ends_is_named(board):
    """The first display sent more at once than 100 kHz carry in a millisecond."""
    folder = board("rp2040_pico")
    source = folder / "board.py"
    source.write_text(source.read_text().replace("at_once=7", "at_once=9"))
    assert check(folder) == ["board.py: a message of ssd1306 takes 1073 us, its bus ends it at 1000: shorten it"]


def test_a_suppressor_above_what_the_transistor_stands_is_named(board, monkeypatch):
    monkeypatch.setattr(timing, "CLAMP_V", (30.0, 82.0))
    found = check(board("rp2040_pico"))
    assert "coils: 107 V at a transistor that stands 100: a lower suppressor" in found


def test_a_board_without_a_loop_test_passes_and_is_told_so(board, capsys):
    gone = [(r"^LOOP_TEST = .*\n", ""), (", LOOP_TEST\\)", ")")]
    folder = board("rp2040_pico", gone, [(r"^LOOP_TEST = .*\n", "")])
    assert [sentence.partition(":")[0] for sentence in check(folder)] == ["README.md"]  # its table is of a loop with it
    (folder / "README.md").unlink()
    assert main([str(folder)]) == 0
    assert "no LOOP_TEST: " in capsys.readouterr().out
    assert main([str(BOARDS / "rp2040_pico")]) == 0
    assert "LOOP_TEST" not in capsys.readouterr().out


def test_a_valid_exchange_of_pins_passes(board):
    assert check(board("rp2040_pico", FREE)) == []


def test_a_board_brings_its_own_chip(board):
    folder = board("rp2040_pico", [], [('chip = "rp2040_pico"', 'chip = "mine"')])
    table = (BOARDS.parent / "host_tools/toolchain/board_check/chips/rp2040_pico.toml").read_text()
    (folder / "chip.toml").write_text(table)
    assert check(folder) == []


def test_a_board_file_that_says_something_else_than_its_bill_of_materials_is_named_and_mended(board):
    folder = board("rp2040_pico")
    bill = folder.parent / "applicator_bom.toml"
    shared = bill.read_text()
    for old, new, key, value in (
        ('fitted = true\nsetting = "infrared', 'fitted = false\nsetting = "infrared', "infrared_fitted", 0),
        ('fitted = true\nsetting = "line', 'fitted = false\nsetting = "line', "line_fitted", 0),
        ('fitted = false\nsetting = "co2', 'fitted = true\nsetting = "co2', "co2_fitted", 1),
    ):
        assert shared.count(old) == 1
        bill.write_text(shared.replace(old, new))
        assert check(folder) == ["board.py does not say what the bill of materials has fitted: `make fitted`"]
        fitted.write(folder)
        assert check(folder) == [] and f'"{key}": {value}' in (folder / "board.py").read_text()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('setting = "co2_fitted"', 'setting = "co3_fitted"', "`setting` must be one of infrared_fitted,"),
        ('setting = "co2_fitted"', 'setting = "line_fitted"', "line_fitted has two rows"),
        ('fitted = false\nsetting = "co2', 'setting = "co2', "`fitted` must be true or false"),
        ('fitted = false\nsetting = "co2_fitted"\n', "", 'no row with `fitted` and `setting = "co2_fitted"`'),
    ],
)
def test_a_wrong_row_of_an_optional_part_is_named(board, old, new, sentence):
    folder = board("rp2040_pico")
    bill = folder.parent / "applicator_bom.toml"
    text = bill.read_text()
    assert text.count(old) == 1
    bill.write_text(text.replace(old, new))
    (found,) = check(folder)
    assert sentence in found


def test_a_new_record_begins_with_what_the_bills_of_materials_have():
    defaults = {field[0]: bool(field[2]) for field in fitted.config.FIELDS}
    for name in HARDWARE:
        assert {key: defaults[key] for key in fitted.SETTINGS} == fitted.parts(BOARDS / name)


@pytest.mark.parametrize("missing", ["pins.py", "board.toml"])
def test_a_missing_file_is_named(board, missing):
    folder = board("rp2040_pico")
    (folder / missing).unlink()
    assert len(check(folder)) == 1
    assert f"{missing} is missing" in check(folder)[0]
