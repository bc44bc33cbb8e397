"""Every command. The parser's words, HELP and docs/console.md are made from this table. Loaded, then dropped.

A topic: its name, the module whose DO has the functions, what it is about, one example with its answer, its commands.
A command: its header, what it takes, what it does. Capitals are the short form. "?" at the end: it is asked; "[?]": it
is given and asked. An argument in brackets may be left out. `make console` after each change.
"""

from cryo.limits import CONFIRM_MS, SAME_POINT_S

TOPICS = (
    (
        "COMMON",
        "live",
        "what every instrument has (IEEE 488.2)",
        ("*IDN?", "CO2 cryotherapy applicator,virtual,1,0.1.0"),
        (
            ("*IDN?", "", "maker and device, board, serial number, version"),
            ("*CLS", "", "empties the list of errors and the event register"),
            ("*RST", "", "disarms, forgets choice, attestations, what is staged or measured, stops telemetry"),
            ("*TST?", "", "0: the self-tests passed; 1: they failed, TEST? names the part"),
            ("*OPC", "", "sets the event register's 1, once all commands before it are done"),
            ("*OPC?", "", "1, once all commands before it are done"),
            ("*WAI", "", "waits until all commands before it are done, which they are"),
            ("*ESR?", "", "event register, then cleared: 128 switched on, 32, 16, 8 command, execution, device error"),
            ("*ESE[?]", "0..255", "bits of the event register that *STB? shows as 32; none after switch-on"),
            ("*STB?", "", "status: 128 armed or treating, 64 *SRE, 32 *ESE, 8 a fault is latched, 4 errors wait"),
            ("*SRE[?]", "0..255", "bits of the status that *STB? sums up as 64; none after switch-on"),
            ("SYSTem:ERRor?", "", "oldest error or fault not read yet, as number and text; 0 when there is none"),
            ("TEST?", "", "what the self-tests found; names the part that failed"),
        ),
    ),
    (
        "STATUS",
        "live",
        "state, and what keeps you from gas",
        (
            "STAT:WHY?",
            "COOL_DOWN: this point needs {} s since its last treatment or since switch-on".format(SAME_POINT_S),
        ),
        (
            ("STATus?", "", "state, blockers, first fault, point, passes, bursts, waiting times, where to hold"),
            ("STATus:WHY?", "", "each blocker with what to do about it, most important first"),
            ("STATus:VALVes?", "", "openings of each valve since switch-on, and when both are proven next"),
        ),
    ),
    (
        "MEASURE",
        "live",
        "what the sensors say; without a valid reading there is no number",
        ("MEAS:TEMP?", "SKIN=32.00,100ms;NOZZLE=NEVER;INFRARED=NEVER;PREDICTED=NONE"),
        (
            ("MEASure:TEMPerature?", "", "corrected temperatures in degC with age, and the surface predicted"),
            ("MEASure:RAW?", "", "the converters' own figures and cold junctions in degC, sample number and age"),
            ("MEASure:DISTance?", "", "distance to the skin, mm"),
            ("MEASure:PRESsure?", "", "bottle, and line between the valves, mbar"),
            ("MEASure:ROOM?", "", "CO2 in the room, ppm"),
            ("MEASure:AGE?", "", "age of the readings that are no temperature, in ms"),
        ),
    ),
    (
        "TREATMENT",
        "setup",
        "what is treated: chosen while not armed",
        ("TREAT:PRES CHRONIC;LEV 3;SITE LFOOT-SOLE;POIN 1", "OK, four times"),
        (
            ("TREATment:PRESet[?]", "name", "preset: CHRONIC, DIABETIC or CIPN"),
            ("TREATment:LEVel[?]", "1..5", "level of the preset, where it is not locked"),
            ("TREATment:SITE[?]", "name", "site on the body; never head, face or neck"),
            ("TREATment:POINt[?]", "1..8", "point of the site; each new one is armed and confirmed anew"),
            ("TREATment:READy?", "", "how long each point of the site must still wait, s, from point 1 on; 0: ready"),
            (
                "TREATment:ATTestation[?]", "word,word",
                "attestations; asked: what is missing. TEMPLATE is optional: shorter rests",
            ),
            ("TREATment:NEW", "", "another session: attestations and accounts begin anew"),
            ("TREATment:RESult?", "", "how the last point ended"),
        ),
    ),
    (
        "ARM",
        "live",
        "two steps, then a fresh press of the trigger",
        ("ARM:REQ", "READY 4711"),
        (
            ("ARM:REQuest", "", "first step: a number, or every blocker"),
            (
                "ARM:CONFirm", "number",
                "second step, within {} s: armed; the third wrong number ends the request".format(CONFIRM_MS // 1000),
            ),
            ("ARM:OFF", "", "disarms"),
            ("STOP", "", "disarms"),
        ),
    ),
    (
        "FAULT",
        "live",
        "faults and what to do",
        ("FAULT?", "1 ESTOP;ALSO=NONE;REMEDY=Release the emergency stop, look at the skin, then acknowledge."),
        (
            ("FAULT?", "", "first fault, the others, the remedy"),
            ("FAULT:ACKnowledge", "", "clears each fault that may be cleared: its cause is gone"),
        ),
    ),
    (
        "SETTINGS",
        "conf",
        "settings; changed in service mode only",
        ("CONF? TRIP_MDEGC", "TRIP_MDEGC=4000 mdegC"),
        (
            ("CONFigure?", "[key]", "one setting, or all of them"),
            ("CONFigure", "key,value", "stages a value, with or without a unit; all settings must stay valid"),
            ("CONFigure:STAGed?", "", "what is staged"),
            ("CONFigure:STORed?", "", "all settings as stored: in force after the next start"),
            ("CONFigure:SAVE", "", "writes what is staged; in force after the next start"),
            ("CONFigure:CANCel", "", "forgets what is staged"),
        ),
    ),
    (
        "CALIBRATION",
        "calib",
        "what is calibrated, and new measurements; in service mode only",
        ("CAL:MEAS DISTANCE,80,82,200,199", "ERROR_MM=2"),
        (
            ("CALibration?", "", "jet constant as calibrated and in force, valve delays, skin offset, due date"),
            ("CALibration:LIST?", "", "newest of each kind: date, due date, technician, instrument, values"),
            ("CALibration:MEASure", "kind,numbers", "judges a measurement: docs/console.md says what each kind takes"),
            ("CALibration:STORe", "yyyy-mm-dd,technician,instrument", "stores it, due on that day"),
        ),
    ),
    (
        "SYSTEM",
        "system",
        "clock, counts, and how this console behaves",
        ("SYST:DATE 2026,11,22", "OK"),
        (
            ("SYSTem:DATE[?]", "yyyy,mm,dd", "date; UNKNOWN until date and time are set; set back by service only"),
            ("SYSTem:TIME[?]", "hh,mm,ss", "time of day"),
            ("SYSTem:ECHO[?]", "ON|OFF", "echo, and keys that edit the line, for people; off after switch-on"),
            ("SYSTem:GUIDance[?]", "ON|OFF", "OFF: no guidance clicks until a restart; light and other sounds stay"),
            ("FORMat:HUMan", "", "answers as sentences, while not armed"),
            ("FORMat:MACHine", "", "answers as fields"),
            ("DIAGnostic:STATistics?", "", "valve cycles, bursts, gas, uptime, worst late tick, dropped answers, heap"),
            ("SYSTem:LOCal", "", "ends a tool's session: lines without check sum count again"),
            ("SYSTem:INTerpreter?", "", "interpreter and its build"),
            ("SYSTem:FITTed?", "", "optional parts, by the settings: fitted, silent, or what is missing"),
            ("SYSTem:CRASh?", "", "how the last run ended, and restarts since power-on"),
            ("SYSTem:RESTart", "", "restarts the controller"),
        ),
    ),
    (
        "LOG",
        "log",
        "what the device recorded: points treated, faults, starts, changed settings and calibrations",
        ("LOG? 4", "NO=4;KIND=FAULT;DATE=2026-11-22;TIME=10:31:07;UPTIME_S=431;CODE=1;FAULT=ESTOP;..."),
        (
            ("LOG?", "[from,count]", "records from that number on, one or up to 4, oldest first; NONE behind the last"),
            ("LOG:COUNt?", "", "oldest and newest number; how many records were lost since switch-on"),
            ("LOG:STATus?", "", "records to be written, failed writes since switch-on, error of the last one"),
            ("LOG:CLEar", "", "empties the log, in service mode; the numbers go on"),
        ),
    ),
    (
        "TELEMETRY",
        "live",
        "readings as JSON lines with a check sum, for tools",
        ("STRM 500 ms", 'OK, then {"seq":0,...,"crc":"29B1"}'),
        (("STRM[?]", "ON|OFF|time", "every 500 ms, or at the time given, up to 10 s; started while not armed"),),
    ),
    (
        "SERVICE",
        "service",
        "service mode, by PIN",
        ("SERV:PIN 0000", "SERVICE"),
        (
            ("SERVice:PIN", "digits", "enters service mode; wrong PINs cost time, ten of them lock it"),
            (
                "SERVice:NEWPin", "digits",
                "sets a PIN of 4 to 10 digits, best 8 or more, in service mode; the first with E-stop pressed",
            ),
            ("SERVice:EXIT", "", "leaves service mode"),
            ("SERVice:REPL", "", "restarts into MicroPython's prompt, without application and watchdog"),
        ),
    ),
    (
        "HELP",
        "help",
        "this",
        ("HELP TREATMENT", "its commands, and an example"),
        (
            ("HELP", "[topic]", "the topics, or one topic's commands, for people"),
            ("HELP?", "", "every command in one line"),
        ),
    ),
)


def spoken(header):
    """Return the headers of a row as they are typed: with "[?]", the one that is given and the one that is asked."""
    return (header[:-3], header[:-3] + "?") if header.endswith("[?]") else (header,)


def short(header):
    """Return the short form of a header."""
    return "".join(ch for ch in header if not "a" <= ch <= "z")


def known():
    """Return the short form of every command."""
    return [short(h) for topic in TOPICS for row in topic[4] for h in spoken(row[0])]
