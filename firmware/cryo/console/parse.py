"""From a line to a command: chains, short and long forms, paths, and what each command takes.

A header is looked up in three steps: the short form of each word (words.NODES); the commands that always work
(live.DO); then the module of its first word (words.ROOTS), which is loaded only while nothing is armed.
"""

from cryo.console import heard, live, topics, words
from cryo.core import mode
from micropython import const

_PARTS_MAX = const(16)
_STOPS = ("STOP", "ARM:OFF")
# a tool's session may send questions without a check sum, and these commands
_BARE = ("STOP", "ARM:OFF", "*CLS", "SYST:LOC", "HELP")


def begin(console, text):
    """Execute the first command of a line; the others follow, one a tick."""
    console.failed = False
    console.path = ""
    if text[:1] == "@":
        _wrapped(console, text)
        return
    if ";" in text:
        parts = text.split(";")
        if len(parts) > _PARTS_MAX:
            console.reply(console.error(-223, "too many commands: {} a line at most".format(_PARTS_MAX)))
            return
        if not parts[-1].strip():
            parts.pop()
        console.parts = parts[1:]
        text = parts[0]
    execute(console, text)


def go_on(console):
    """Execute the next command of a chain. After a command that failed, only commands that stop are executed."""
    if not console.failed:
        execute(console, console.parts.pop(0))
        return
    parts = console.parts
    console.parts = []
    stops = [part for part in parts if part.strip().upper() in _STOPS]
    if stops:
        execute(console, stops[0])
    else:
        console.reply(console.error(-200, "left out behind an error: {} of this line".format(len(parts))))


def execute(console, text):
    """Execute one command. Its answer is sent now, or after the tick that takes its request."""
    answer = _execute(console, text.strip())
    if answer is not None:
        console.reply(answer)


def canonical(head):
    """Return a header, in capitals, with the short form of each word."""
    mark = ""
    if head[-1:] == "?":
        mark = "?"
        head = head[:-1]
    nodes = words.NODES
    if ":" in head:
        return ":".join([nodes.get(node, node) for node in head.split(":")]) + mark
    return nodes.get(head, head) + mark


def _execute(console, text):
    head, _, argument = text.partition(" ")
    word = head.upper()
    do = None
    if console.path and word[:1] not in ":*":
        under = canonical(console.path + word)
        do = _find(console, under)
        if do:
            word = under
    if do is None:
        do = live.DO.get(word)
    if do is None:
        word = canonical(word[1:] if word[:1] == ":" else word)
        do = _find(console, word)
    if do is None:
        return _unknown(console, head, word)
    if do is _barred:
        return _barred(console, head)
    console.word = word
    if word[:1] != "*":
        console.path = word[: word.rfind(":") + 1]
    tool = console.tool
    if tool and tool.open and not tool.answering and word[-1] != "?" and word not in _BARE:
        return console.error(202, "a tool's session: send it as @number command *sum, or end it (SYST:LOC)")
    argument = argument.strip().upper()
    hint = words.ARGUMENTS.get(word)
    if hint is None:
        if argument:
            return console.error(-108, "{} takes no argument".format(head))
    elif not argument and hint[0] != "[":
        return console.error(-109, "{} needs an argument: {}".format(head, hint))
    elif ".." in hint:
        argument = _whole(argument)
    return do(console, argument)


def _whole(text):
    """Return the digits of a whole number below a million that is written as IEEE 488.2 lets numbers be written (+3,
    3.0, 6.0E1). Another text comes back as it is: the command refuses it.
    """
    for ch in text:
        if ch not in "0123456789.+-E":  # Python's float takes more: INF, 1_0
            return text
    if text.isdigit() or not text.partition("E")[0].strip("+-."):  # MicroPython's float takes E1 and a point for 0
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if 0 <= value < 1_000_000 and value == int(value) else text


def _find(console, word):
    """Return a command's function, None when there is none, or _barred while its module may not be loaded."""
    do = live.DO.get(word)
    if do:
        return do
    root = word.split(":")[0]
    name = words.ROOTS.get(root[:-1] if root[-1:] == "?" else root)
    if name is None:
        return None
    module = _module(console, name)
    return _barred if module is None else module.DO.get(word)


def _module(console, name):
    """Return the module of commands of that name, or None while it may not be loaded."""
    found = topics.loaded.get(name)
    if found or not topics.loadable(console):
        return found
    topics.forget()
    found = topics.loaded[name] = _load(name)
    return found


def _load(name):
    # one import statement each: packing finds the modules that a board needs by these statements
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


def _barred(console, head):
    return console.error(-221, "{} not while {}: disarm first (ARM:OFF)".format(head, _state(console)))


def _unknown(console, head, word):
    if not word:
        return console.error(-102, "no command there")
    said = "unknown command"
    if head[:3].upper() != "SER":  # the line may hold a PIN
        said += " " + head
    if not topics.loadable(console):
        return console.error(-113, said)  # finding the nearest word takes ten ticks
    from cryo.config import nearest
    from cryo.console import table

    known = table.known()
    asks = word[-1] == "?"
    stems = [one.rstrip("?") for one in known if one[0] == word[0]] or [one.rstrip("?") for one in known]
    near = nearest(word.rstrip("?"), stems)
    if near not in known or (asks and near + "?" in known):
        near += "?"
    answer = console.error(-113, "{}: nearest is {}".format(said, near))
    topics.drop("table")
    return answer


def _wrapped(console, text):
    if console.tool is None:
        if not topics.loadable(console):
            if heard.wrapped(text.encode(), len(text)):  # a tool came when its module could not be loaded any more
                execute(console, text[:-6].partition(" ")[2])
                return
            console.reply(console.error(-221, "no check sums while {}".format(_state(console))))
            return
        from cryo.console.wrap import Tool

        console.tool = Tool(console, execute)
    console.tool.begin(text)


def sentence(console, text):
    """Return an answer as a sentence for people, while there is time for that."""
    if not topics.loadable(console):
        return text
    from cryo.console import sentences

    text = sentences.of(console, console.word, text)
    topics.drop("sentences")
    return text


def _state(console):
    return mode.NAMES[console.app.supervisor.mode]
