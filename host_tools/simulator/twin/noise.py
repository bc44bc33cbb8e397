"""Draws of a normal distribution, many at once: the numbers that random.Random(seed).gauss() gives, in order."""

import math
import random

import numpy as np

_BLOCK = 2_048  # values; even, as they come in pairs


class Noise:
    """`values` are draws of deviation 1, in order. Code that takes some keeps the place of the next one."""

    def __init__(self, seed):
        _, words, _ = random.Random(seed).getstate()
        self._source = np.random.RandomState(0)  # the same generator as Python's; a seed from the system takes longer
        self._source.set_state(("MT19937", np.array(words[:-1], np.uint32), words[-1], 0, 0.0))
        self.values = np.empty(0)

    def reserve(self, count, at):
        """Drop the draws before place `at`, and add count more after those that are left."""
        even = self._source.random_sample(max(_BLOCK, count + count % 2))
        turn, length = even[0::2] * math.tau, np.sqrt(-2.0 * np.log(1.0 - even[1::2]))
        fresh = np.empty(len(even))
        fresh[0::2], fresh[1::2] = np.cos(turn) * length, np.sin(turn) * length
        self.values = np.concatenate((self.values[at:], fresh))
