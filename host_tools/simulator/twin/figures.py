"""Numbers that machine code reads and writes in an array, and everybody else as attributes of the object."""

import numpy as np


def figure(index):
    """Return an attribute that stands for a place of the object's `figures`."""

    def get(self):
        return self.figures[index]

    def put(self, value):
        self.figures[index] = value

    return property(get, put)


class Figures:
    """What has such attributes. `array` and `figures` are the same memory: the second is quick to reach from Python."""

    def __init__(self, count):
        self.array = np.zeros(count)
        self.figures = self.array.data
