"""The settings with which the virtual board is provisioned, and its date."""

TODAY_D = 9_862  # 2027-01-01
SETTINGS = {
    "simulated": 1,
    "serial": 1,
    "jet_k_mdegc": 16_000,  # the twin's reference nozzle at 80 mm
    "valve_open_delay_us": 18_000,  # the slower of its two valves opens after 20 ms
    "valve_close_delay_us": 22_000,  # its dose valve closes after 20 ms
    "calibration_due_d": TODAY_D + 365,
    "infrared_fitted": 1,
    "line_fitted": 1,
    "co2_fitted": 0,  # as on the other boards; the twin has such a sensor, which counts while it answers
}
