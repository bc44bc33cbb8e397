"""Numbers in an array, for machine code; all other code reads and writes them as attributes of the object."""

import numpy as np


def figure(index):
    """Return an attribute that stands for a place of the object's `figures`."""

    def get(self):
        return self.figures[index]

    def put(self, value):
        self.figures[index] = value

    return property(get, put)


class Figures:
    """An object with such attributes. `array` and `figures` share their memory; Python reads `figures` faster."""

    def __init__(self, count):
        self.array = np.zeros(count)
        self.figures = self.array.data
