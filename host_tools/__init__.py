"""Tools that run on the host: command line, virtual board and virtual patient."""
