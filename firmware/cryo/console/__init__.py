"""The line console: one command a line, one answer a line."""
