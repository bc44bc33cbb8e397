"""What the modules of commands share: which of them are in memory, and when a command is accepted. While nothing is
armed, the set-up's module and the last one of the others stay in memory. parse.py loads them; nothing that they import
loads one.
"""

import sys

import cryo.console as package
from cryo.core import mode

loaded = {}  # name -> module


def loadable(console):
    """True while a module may be loaded: a tick may be late then, and a collection follows before a burst."""
    return not mode.MAY_GIVE_GAS >> console.app.supervisor.mode & 1


def forget():
    """Drop the modules that are not needed while armed."""
    for name in list(loaded):
        if name != "setup":
            del loaded[name]
            drop(name)


def drop(name):
    """Take one module out of the interpreter's tables."""
    sys.modules.pop("cryo.console." + name, None)
    if hasattr(package, name):
        delattr(package, name)


def barred(console):
    """Return the error of a command that is accepted only while the operator may choose; None when it is accepted."""
    s = console.app.supervisor
    if s.may_choose():
        return None
    first = "disarm first (ARM:OFF)"
    if s.mode == mode.FAULT:
        first = "FAULT? tells the remedy"
    elif s.mode == mode.SERVICE:
        first = "leave service mode first (SERV:EXIT)"
    elif s.mode < mode.STANDBY:
        first = "TEST? tells about the self-test"
    return console.error(-221, "not while {}: {}".format(mode.NAMES[s.mode], first))
