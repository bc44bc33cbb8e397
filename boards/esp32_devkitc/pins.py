"""Pin map of the ESP32-DevKitC board (WROOM module): numbers only, so that boot.py has them at once.

board.toml says what each signal must be able to do; `make board-check BOARD=esp32_devkitc` checks both together.
Every usable pin is taken: the key switches the supply, and coil current, FAULT and RGB have no pin (README.md).
"""

DRDY_SKIN = 4  # MAX31856: low = a new conversion
ALARM = 13
BUZZER = 14
CS_SKIN = 16
CS_NOZZLE = 17
SPI_SCK = 18
SPI_MISO = 19
SENSOR_SDA = 21  # VL53L0X, MLX90614, SSD1306, optional SCD4x
SENSOR_SCL = 22
SPI_MOSI = 23
DOSE = 25  # dose valve's gate, from the RMT one-shot
LEASE = 26  # one edge for each completed tick into the shut-off valve's monostable
LED = 27  # indication: gas may come
LOOP_A = 32  # eye-shield loop, high = made; an external gate cuts DOSE
LOOP_B = 33  # eye-shield loop and MAX31856 FAULT, low = made; clears the monostable
TRIGGER = 34  # to ground when pressed
ESTOP = 35  # normally closed to ground: high = pressed, or wire broken
ADC_BOTTLE = 36
ADC_LINE = 39  # between the two valves

SPI_BUS = 2
SENSOR_BUS = 0

SAFE_LOW = (DOSE, LEASE, LED, BUZZER, ALARM)  # driven low as boot.py's first act
CHIP_SELECTS = (CS_SKIN, CS_NOZZLE)
ANALOGUE = (ADC_BOTTLE, ADC_LINE)
