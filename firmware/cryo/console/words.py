"""The parser's words, from table.py by `python -m host_tools.console_page`: not to be edited."""

# long form -> short form
NODES = {
    "SYSTEM": "SYST",
    "ERROR": "ERR",
    "STATUS": "STAT",
    "VALVES": "VALV",
    "MEASURE": "MEAS",
    "TEMPERATURE": "TEMP",
    "DISTANCE": "DIST",
    "PRESSURE": "PRES",
    "TREATMENT": "TREAT",
    "PRESET": "PRES",
    "LEVEL": "LEV",
    "POINT": "POIN",
    "ATTESTATION": "ATT",
    "RESULT": "RES",
    "REQUEST": "REQ",
    "CONFIRM": "CONF",
    "ACKNOWLEDGE": "ACK",
    "CONFIGURE": "CONF",
    "STAGED": "STAG",
    "CANCEL": "CANC",
    "CALIBRATION": "CAL",
    "FORMAT": "FORM",
    "HUMAN": "HUM",
    "MACHINE": "MACH",
    "DIAGNOSTIC": "DIAG",
    "STATISTICS": "STAT",
    "LOCAL": "LOC",
    "INTERPRETER": "INT",
    "CRASH": "CRAS",
    "RESTART": "REST",
    "SERVICE": "SERV",
    "NEWPIN": "NEWP",
}

# first word -> module that is loaded for it
ROOTS = {
    "TREAT": "setup",
    "CONF": "conf",
    "CAL": "conf",
    "SYST": "system",
    "FORM": "system",
    "DIAG": "system",
    "SERV": "service",
    "HELP": "help",
}

# command -> what it takes; in brackets: or nothing
ARGUMENTS = {
    "TREAT:PRES": "name",
    "TREAT:LEV": "1..5",
    "TREAT:SITE": "name",
    "TREAT:POIN": "1..8",
    "TREAT:ATT": "word,word",
    "ARM:CONF": "number",
    "CONF?": "[key]",
    "CONF": "key,value",
    "SYST:DATE": "yyyy,mm,dd",
    "SYST:TIME": "hh,mm,ss",
    "SYST:ECHO": "ON|OFF",
    "STRM": "ON|OFF|time",
    "SERV:PIN": "digits",
    "SERV:NEWP": "digits",
    "HELP": "[topic]",
}
