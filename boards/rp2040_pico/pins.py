"""Pin map of the Raspberry Pi Pico boards: numbers only, so that boot.py has them in its first milliseconds.

board.toml says what each signal must be able to do; `make board-check` checks both together. The Pico 2 has the
same header, so one map and one circuit board fit both. GPIO15 carries the colour LED and nothing else: on the RP2040
the USB workaround of B0/B1 silicon takes it at every bus reset.
"""

SENSOR_SDA = 0  # VL53L0X, 400 kHz
SENSOR_SCL = 1
DOSE = 2  # dose valve's driver, from the one-shot in PIO block 0
LEASE = 3  # edges into the shut-off valve's monostable, from PIO block 1
LED = 4  # indication: gas may come
BUZZER = 5
ALARM = 6
LOOP_A = 7  # eye-shield loop, high = made; ends the one-shot in PIO
LOOP_B = 8  # eye-shield loop and MAX31856 FAULT, low = made; ends the lease in PIO
TRIGGER = 9  # to ground when pressed
PANEL_SDA = 10  # MLX90614, SSD1306, optional SCD4x and FRAM, 100 kHz
PANEL_SCL = 11
ESTOP = 12  # normally closed to ground: high = pressed, or wire broken
KEY = 13  # to ground when on
LOOP_TEST = 14  # high opens both channels of the loop
RGB = 15  # WS2812: colour of the skin temperature's band
SPI_MISO = 16
CS_SKIN = 17
SPI_SCK = 18
SPI_MOSI = 19
CS_NOZZLE = 20
DRDY_SKIN = 21  # MAX31856: low = a new conversion
FAULT_SKIN = 22  # MAX31856: low = low threshold or broken probe
ADC_BOTTLE = 26
ADC_LINE = 27  # between the two valves
ADC_COIL = 28  # dose valve's coil current

DOSE_SM = 0  # state machines 0-3 are PIO block 0, 4-7 block 1
LEASE_SM = 4
SPI_BUS = 0
SENSOR_BUS = 0
PANEL_BUS = 1

SAFE_LOW = (DOSE, LEASE, LED, BUZZER, ALARM, LOOP_TEST)  # driven low as boot.py's first act
CHIP_SELECTS = (CS_SKIN, CS_NOZZLE)
ANALOGUE = (ADC_BOTTLE, ADC_LINE, ADC_COIL)
