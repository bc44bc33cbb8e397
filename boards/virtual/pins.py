"""Pin map of the virtual board: numbers only, read by boot.py, by the board file and by the twin's wiring."""

DOSE = 2  # dose valve driver, from the one-shot
LEASE = 3  # edges into the retriggerable monostable that holds the shut-off valve
LED = 4  # indication: gas may come
BUZZER = 5
ALARM = 6
LOOP_A = 7  # eye-shield loop, high = made
LOOP_B = 8  # eye-shield loop, low = made
TRIGGER = 9  # to ground when pressed
ESTOP = 10  # normally closed to ground: high = pressed, or wire broken
KEY = 11  # to ground when on
LOOP_TEST = 12  # high opens both channels of the loop
SPI_SCK = 18
SPI_MISO = 16
CS_SKIN = 17
CS_NOZZLE = 20
ADC_BOTTLE = 26
ADC_LINE = 27

SAFE_LOW = (DOSE, LEASE, LED, BUZZER, ALARM, LOOP_TEST)  # driven low as boot.py's first act
CHIP_SELECTS = (CS_SKIN, CS_NOZZLE)
ANALOGUE = (ADC_BOTTLE, ADC_LINE)
NAMES = {
    DOSE: "dose", LEASE: "lease", LED: "led", BUZZER: "buzzer", ALARM: "alarm", LOOP_A: "loop_a", LOOP_B: "loop_b",
    TRIGGER: "trigger", ESTOP: "estop", KEY: "key", LOOP_TEST: "loop_test", CS_SKIN: "cs_skin", CS_NOZZLE: "cs_nozzle",
}  # fmt: skip
