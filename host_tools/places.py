"""Where the project's own files are: in a clone, and in a wheel that was installed without one.

These places are read only in an installed wheel. What a user makes goes to the current folder, or to where platformdirs
says.
"""

from pathlib import Path

import host_tools

INSTALLED = host_tools.INSTALLED
HOST_TOOLS = Path(host_tools.__file__).resolve().parent
ROOT = Path(host_tools.ROOT)  # has firmware/, boards/ and docs/; the clone, where there is one
FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"
VIRTUAL = BOARDS / "virtual"
DOCS = ROOT / "docs"  # a wheel has only the settings' schema of it
GUEST = HOST_TOOLS / "simulator/twin/guest"  # the virtual board's modules, for MicroPython
STANDIN = HOST_TOOLS / "simulator/twin/cpython"  # MicroPython's modules, for CPython
# plotly.js in its bundle with lines and bars only; its version is that in Python's plotly
PLOTLY = ROOT / "plotly-basic.min.js" if INSTALLED else (
    HOST_TOOLS / "toolchain/node/node_modules/plotly.js-basic-dist-min/plotly-basic.min.js"
)  # fmt: skip
REPAIR = "`pipx reinstall cryo-applicator`" if INSTALLED else "`make setup`"  # what brings back a tool that is missing
