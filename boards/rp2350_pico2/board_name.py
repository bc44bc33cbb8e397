"""The board's name: that of its folder. It has its own file, because similar boards share all other files."""

NAME = "rp2350_pico2"
