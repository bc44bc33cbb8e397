"""Shows for a run with too cold skin what one tighter setting changes. Settings can only tighten a limit."""

from host_tools.evidence.campaign.run import Outcome, case, run
from host_tools.evidence.campaign.summary import short

# setting, tighter value; the firmware's own is the loosest
CHANGES = (
    ("trip_mdegc", 8_000),
    ("trip_reduced_mdegc", 12_000),
    ("burst_max_us", 200_000),
    ("jet_k_mdegc", 24_000),
    ("jet_k_mdegc", 50_000),
    ("valve_close_delay_us", 60_000),
)


def tried(out: Outcome) -> dict:
    """Run the case of an outcome again with each change; return the lowest true surface of each, degC.

    None when the device then refuses the level, as it does when the longest opening is under the level's own.
    """
    lowest = {}
    for key, value in CHANGES:
        if key == ("trip_mdegc" if out.reduced else "trip_reduced_mdegc"):
            continue  # belongs to the other presets
        again = run(case(out.name, {key: value}))
        lowest[f"{key} {value}"] = None if again.refused else again.lowest_c
    return short(out) | {"tried": lowest}
