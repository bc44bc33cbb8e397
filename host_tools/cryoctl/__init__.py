"""cryoctl, the command line: a virtual board, and what engineers and technicians do with a board on a serial port."""
