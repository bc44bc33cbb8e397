"""The board's name, which is its folder's: a file of its own, because boards that differ in little share all others."""

NAME = "rp2040_pico"
