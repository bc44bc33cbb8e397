"""Build the board and run the applicator. Whatever ends the application ends in a reset, and a reset boots safe."""

import gc

import archive  # noqa: F401 - first: the modules of the others are in it
import board

gc.collect()  # loading leaves holes: modules that follow go there, and the rest of the heap stays in one piece
from cryo.app import Applicator  # noqa: E402

Applicator(board.build()).run()
