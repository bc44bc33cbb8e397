"""The first file that real MicroPython runs as the virtual board with its own flash: boots as the chip does.

Its flash is mounted at "/", in place of the host's files; boot.py and main.py come from there, then the prompt.

Arguments: the simulator's pipe for reading, for writing, the image's path, "raw" or "friendly".
Exit status: 0 the simulator ended the run, 3 the board restarts, 4 it restarts into the raw prompt, 5 no file system.
"""

import os
import sys

import hal
from sim_link import CLAIMED, Link

OFF = 0
RESTARTS = 3
RESTARTS_RAW = 4
NO_FILES = 5
PROG_SIZE = 256


def board(link):
    """Put the virtual board's modules where MicroPython finds a chip's own modules."""
    hal.sleep_us = link.sleep_us
    hal.event = link.event
    hal.application = "/application"
    import machine
    import micropython
    import virtual_micropython
    import virtual_time

    virtual_micropython.kbd_intr = link.kbd_intr
    uart = machine.UART

    def claimed(*args, **named):
        link.flags |= CLAIMED
        return uart(*args, **named)

    machine.UART = claimed
    for name in ("machine", "umachine"):
        sys.modules[name] = machine
    for name in ("time", "utime"):
        sys.modules[name] = virtual_time
    sys.modules["micropython"] = virtual_micropython
    micropython.kbd_intr(3)
    del sys.modules["pins"]  # the board's own modules come from its flash


def mount(path):
    """Mount the image at "/". Raises OSError when there is no file system on it."""
    import vfs

    from flash import Flash

    files = vfs.VfsLfs2(Flash(path), progsize=PROG_SIZE)
    vfs.umount("/")
    vfs.mount(files, "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    sys.argv[:] = []


def main(reader, writer, image, kind):
    """Boot, run, and return the exit status."""
    from prompt import Prompt

    link = Link(reader, writer)
    board(link)
    try:
        mount(image)
    except OSError as error:
        print("no file system that can be mounted:", error)
        return NO_FILES
    prompt = Prompt(link, kind == "raw")
    try:
        hal.attach(link, None)  # the settings are on the image
        booted = False
        while True:
            try:
                if not booted:
                    booted = True
                    prompt.boot()
                prompt.run()
            except KeyboardInterrupt:  # the Ctrl-C came when no program ran
                pass
    except hal.PowerOff:
        return OFF
    except hal.Reset:
        return RESTARTS_RAW if prompt.raw else RESTARTS


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
