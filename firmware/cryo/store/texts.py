"""What each setting is, from config.py and limits.py by `make settings`: not to be edited.

Loaded only when somebody reads it: for refusals, help and the reference page.
"""

WHAT = {
    "simulated": "1: given by the virtual board; a real one refuses such a record",
    "serial": "serial number of the device",
    "tc_type": "thermocouple type: 0 = K, 1 = T",
    "skin_offset_mdegc": "added to the skin probe's reading by its calibration, which only ever makes it colder; [E] "
    "at most the 2 degC by which a probe that is accepted may be wrong",
    "trip_mdegc": "limit 1, SKIN_TRIP_MDEGC: skin trip, higher is tighter; basis: [E] frostbite at 0 degC (ISO "
    "13732-3, Geng 2006) + sensor 2 + undershoot",
    "trip_reduced_mdegc": "limit 2, SKIN_TRIP_REDUCED_MDEGC: skin trip, reduced sensation, higher is tighter; basis: "
    "[E] numbness at 7 degC (Geng 2006) + 1, for patients who feel less",
    "burst_max_us": "limit 4, BURST_MAX_US: longest opening, lower is tighter; basis: [C] longest opening, sensation "
    "intact: a fall of 11.3 degC at K 16",
    "jet_k_mdegc": "limit 7, JET_K_MIN_MDEGC and JET_K_MAX_MDEGC: jet constant at 80 mm, 0 = not calibrated; basis: "
    "[C] jet constant K, mdegC per root second, h about 75 W/m2K; [C] h about 470 W/m2K; nothing stronger is "
    "treatable",
    "valve_open_delay_us": "dose valve: command to flow, shortest",
    "valve_close_delay_us": "dose valve: command to closed, longest",
    "room_m3": "limit 21, ROOM_PPM_M3_PER_G: volume of the room, smaller is tighter; basis: [C] 18 ppm a gram in 30 m3",
    "calibration_due_d": "last day on which the calibrations hold, counted from 2000-01-01; 0 = not calibrated",
    "infrared_fitted": "1: the infrared skin sensor at the nozzle is fitted, and nothing arms while it is silent; 0: "
    "the probe alone watches the skin",
    "line_fitted": "1: the pressure sensor between the valves is fitted, and nothing arms while it is silent; 0: "
    "there is no proof test, and a valve that leaks or sticks is not found",
    "co2_fitted": "1: the room's CO2 sensor is fitted, and nothing arms while it is silent; 0: the budget of gas for "
    "room_m3 stands in",
}
