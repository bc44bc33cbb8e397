"""The first file that real MicroPython runs as the virtual board: connects to the plant, then boots as the chip does.

Arguments: the plant's pipe for reading, for writing, and the settings as JSON.
Exit status: 0 the plant ended the run, 3 the chip resets, 1 the application ended (the board is at its prompt).
"""

import json
import sys


class Pipes:
    """The exchange over two byte streams."""

    def __init__(self, reader, writer):
        self._in = open(reader, "rb")
        self._out = open(writer, "wb")

    def exchange(self, out, tx, received, rx):
        """Write the outputs, read the inputs; console bytes follow if there are any."""
        self._out.write(out)
        if out[3]:
            self._out.write(tx)
        if not self._in.readinto(received):
            sys.exit(0)
        if received[6]:
            self._in.readinto(rx)


def main(reader, writer, settings):
    """Boot, run, and return the exit status."""
    import hal
    import virtual_time

    sys.modules["time"] = virtual_time
    try:
        hal.attach(Pipes(reader, writer), json.loads(settings))
        try:
            __import__("boot")
            __import__("main")
        except Exception as error:
            sys.print_exception(error)
        hal.exchange(0)  # so that the last outputs reach the pins
    except hal.PowerOff:
        return 0
    except hal.Reset:
        return 3
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3]))
