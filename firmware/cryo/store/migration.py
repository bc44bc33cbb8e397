"""Reads older records of the settings as present ones. It writes nothing; the next change of a setting does.

A key keeps its meaning for ever. A setting with another meaning has another name and its own row in config.FIELDS.
"""


def migrated(values, version, present, fields, fitted=None):
    """Give the dict `values` of that version the keys that came later; return None, or a sentence where none is read.

    present, fields: config.VERSION and config.FIELDS, handed in since config imports this module. fitted: as for
    config.decode().
    """
    if not 0 < version < present:
        return "settings: written as version {}, which is not read any more: provision the board".format(version)
    for row in fields:
        if row[7] > version:
            values[row[0]] = (fitted or {}).get(row[0], row[8])
    return None
