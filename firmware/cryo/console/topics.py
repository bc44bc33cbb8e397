"""Which modules of commands are in memory: the set-up's stays, of the others the last one, while nothing is armed."""

import sys

import cryo.console as room
from cryo.core import mode

_UNLOADABLE = 1 << mode.READY | 1 << mode.ARMED | 1 << mode.DELIVERING | 1 << mode.REST
_loaded = {}


def loadable(console):
    """True while a module may be loaded: a tick may be late, and what it leaves behind is collected before a burst."""
    return not _UNLOADABLE >> console.app.supervisor.mode & 1


def module(console, name):
    """Return the module of that name, or None while it may not be loaded."""
    found = _loaded.get(name)
    if found or not loadable(console):
        return found
    forget()
    found = _loaded[name] = _load(name)
    return found


def forget():
    """Drop the modules that are not needed while armed."""
    for name in list(_loaded):
        if name != "setup":
            del _loaded[name]
            drop(name)


def drop(name):
    """Take one module out of the interpreter's tables."""
    sys.modules.pop("cryo.console." + name, None)
    if hasattr(room, name):
        delattr(room, name)


def _load(name):
    # spelled out, one by one: packing finds what a board needs by its import statements
    if name == "setup":
        from cryo.console import setup as found
    elif name == "conf":
        from cryo.console import conf as found
    elif name == "calib":
        from cryo.console import calib as found
    elif name == "system":
        from cryo.console import system as found
    elif name == "log":
        from cryo.console import log as found
    elif name == "service":
        from cryo.console import service as found
    else:
        from cryo.console import help as found
    return found


def barred(console):
    """Return the error of a command that is taken only while the operator may choose, or None when it may."""
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
