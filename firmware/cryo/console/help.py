"""HELP: the topics, one topic's commands with an example, or every command in one line."""

from cryo.console import topics


def _table():
    from cryo.console import table

    return table


def _help(console, word):
    table = _table()
    topics.drop("table")
    if not word:
        lines = ["{:<10} {}".format(topic[0], topic[2]) for topic in table.TOPICS]
        lines.append("HELP with one of these words tells more; HELP? lists all commands in one line")
        return "\n".join(lines) + "\nFORM:HUM gives answers as sentences, SYST:ECHO ON shows what you type"
    for name, _, title, (example, answer), rows in table.TOPICS:
        if name[: len(word)] == word:
            lines = [name + ": " + title]
            lines += ["  {:<30} {}".format(header + (" " + hint if hint else ""), what) for header, hint, what in rows]
            return "\n".join(lines) + "\nfor example\n  {}\n  -> {}".format(example, answer)
    return console.error(-224, "no such topic: HELP lists them")


def _list(console, _):
    table = _table()
    topics.drop("table")
    return "; ".join(header + (" " + hint if hint else "") for topic in table.TOPICS for header, hint, _ in topic[4])


DO = {"HELP": _help, "HELP?": _list}
