"""Build the board and run the applicator. Whatever ends the application ends in a reset, and a reset boots safe."""

import board
from cryo.app import Applicator

Applicator(board.build()).run()
