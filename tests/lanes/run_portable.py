"""Run tests of one portable file in MicroPython and print one marked line per event.

Written in the MicroPython subset. Lines that start with "#lane " are for the reader on the host:
`interpreter TEXT`, then for each test `start NAME` and `ok NAME` or `FAIL NAME`, and `end`. What stands
between start and its verdict is the test's own output and its traceback.
"""

import sys

import micropython


def _say(verb, value=""):
    print("\n#lane " + verb + " " + value)


def _interpreter():
    name = sys.implementation
    version = ".".join([str(part) for part in name[1][:3]])
    if name[1][3:] and name[1][3]:
        version += "-" + name[1][3]
    bits = 64 if sys.maxsize > 2**31 else 32
    return "{} {} ({}; {}; {}-bit)".format(name[0], version, sys.version.split("; ")[-1], name[2], bits)


def _unlock():
    """Release every level of the heap lock; return how many there were (stock builds cannot ask)."""
    depth = 0
    while True:
        try:
            bytearray(8)
            return depth
        except MemoryError:
            micropython.heap_unlock()
            depth += 1


def _run_test(function):
    try:
        function()
    except BaseException as error:
        _unlock()
        sys.print_exception(error)
        return False
    if _unlock():
        print("the test left the heap locked: unlock it in a finally clause")
        return False
    return True


def run(folders, path, names):
    """Import the file `path` with `folders` (list) as import path and run its functions `names`."""
    folder, _, file = path.rpartition("/")
    sys.path[:] = [folder] + [name for name in folders if name != folder] + [".frozen"]
    _say("interpreter", _interpreter())
    module = __import__(file[:-3])
    for name in names:
        _say("start", name)
        _say("ok" if _run_test(getattr(module, name)) else "FAIL", name)
    _say("end")


if __name__ == "__main__":
    run(sys.argv[1].split(","), sys.argv[2], sys.argv[3:])
