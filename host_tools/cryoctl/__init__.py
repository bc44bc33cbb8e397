"""The command line: `cryoctl sim` is the virtual board on a serial port."""
