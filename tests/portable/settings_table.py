"""The settings, typed a second time, to check each figure of the schema. Tests of the schema and of its records read
them here. A new setting is a new row, at its place in the record."""

# key, unit, default, lowest, highest, tighter, danger, since which version, value for an older record
ROWS = (
    ("simulated", "", 0, 0, 1, 0, 1, 1, None),
    ("serial", "", 0, 0, 999_999, 0, 0, 1, None),
    ("tc_type", "", 0, 0, 1, 0, 1, 1, None),
    ("skin_offset_mdegc", "mdegC", 0, -2_000, 0, 0, 0, 3, 0),
    ("trip_mdegc", "mdegC", 4_000, 4_000, 12_000, 1, 0, 1, None),
    ("trip_reduced_mdegc", "mdegC", 8_000, 8_000, 14_000, 1, 0, 1, None),
    ("burst_max_us", "us", 500_000, 30_000, 500_000, -1, 0, 1, None),
    ("jet_k_mdegc", "mdegC/rt s", 0, 8_000, 50_000, 0, 1, 1, None),
    ("valve_open_delay_us", "us", 15_000, 0, 25_000, 0, 1, 1, None),
    ("valve_close_delay_us", "us", 25_000, 5_000, 60_000, 0, 1, 1, None),
    ("room_m3", "m3", 30, 10, 1_000, -1, 1, 1, None),
    ("calibration_due_d", "d", 0, 9_800, 36_524, 0, 1, 2, 0),
    ("infrared_fitted", "", 1, 0, 1, 0, 1, 4, 1),
    ("line_fitted", "", 1, 0, 1, 0, 1, 4, 1),
    ("co2_fitted", "", 0, 0, 1, 0, 1, 4, 0),
)
NEWEST = 4
for _row in ROWS:
    NEWEST = max(NEWEST, _row[7])


def text(given, version=NEWEST):
    """Return the record that a device of a version wrote: the values in `given`, and defaults for the rest."""
    parts = []
    for row in ROWS:
        if row[7] <= version:
            parts.append('"{}":{}'.format(row[0], given.get(row[0], row[2])))
    return ("{" + ",".join(parts) + "}").encode()


def read_as(given, version):
    """Return key -> value as read from such a record, without defaults."""
    values = dict(given)
    for row in ROWS:
        if row[7] > version:
            values[row[0]] = row[8]
    return values
