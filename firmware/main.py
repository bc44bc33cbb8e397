"""Build the board and run the applicator. Whatever ends the application causes a reset, and after a reset the device
boots safe.

After SERV:REPL neither application nor watchdog starts: this file ends, and MicroPython's prompt follows.
"""

import gc

import archive  # noqa: F401 - first: the modules of the others are in it
from cryo.core.resets import prompt_asked
from scratch import Scratch

if not prompt_asked(Scratch()):
    import board

    gc.collect()  # loading leaves holes: later modules go there, and the rest of the heap stays in one piece
    from cryo.app import Applicator

    Applicator(board.build()).run()
