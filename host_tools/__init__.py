"""Tools that run on the host: command line, virtual board and virtual patient."""

import os
import sys

# Firmware, boards and docs stand beside this package in a clone. A wheel carries them inside it, where their names
# cannot meet those of other packages (pyproject.toml). places.py has the paths that others use.
# Only what Python has loaded for itself is imported here: the command line hears Ctrl-C a moment later (entry.py).
_HERE = os.path.dirname(os.path.realpath(__file__))
_CARRIED = os.path.join(_HERE, "carried")
INSTALLED = os.path.isdir(_CARRIED)
ROOT = _CARRIED if INSTALLED else os.path.dirname(_HERE)
if INSTALLED:
    sys.path.append(ROOT)  # `from boards...` finds them, after everything else of that name
