"""Computes the constants of the firmware's observer: `python -m host_tools.evidence.observer_fit [--check]`.

The surface of a semi-infinite solid under a constant flux falls with root t. The observer replaces root t by
sum w_i (1 - exp(-t / tau_i)) with w_i >= 0, fitted by least squares over the times that a point can take. The weight
t**-0.25 is a compromise between equal absolute (t**0) and equal relative (t**-0.5) errors.
"""

import argparse
import importlib
import math
import sys

import numpy as np

from host_tools.places import FIRMWARE, STANDIN

FIRST_S = 0.008  # just under one tick
LAST_S = 70.0  # beyond the longest point of 60 s
TIMES = 500
WEIGHT_EXPONENT = -0.25
TICK_MS = 10
STATE_SHIFT = 6  # a state is shifted down by this before its decay is multiplied
GAIN_BITS = 18
PROBE_BITS = 14


def nnls(matrix, target):
    """Return x >= 0 that minimises |matrix x - target| (Lawson and Hanson's active set)."""
    count = matrix.shape[1]
    active = np.zeros(count, dtype=bool)
    x = np.zeros(count)
    gradient = matrix.T @ target
    tolerance = 1e-10 * float(np.abs(gradient).max())
    while not active.all() and gradient[~active].max() > tolerance:
        active[np.argmax(np.where(active, -np.inf, gradient))] = True
        while True:
            trial = np.zeros(count)
            trial[active] = np.linalg.lstsq(matrix[:, active], target, rcond=None)[0]
            if trial[active].min() > 0.0:
                break
            falling = active & (trial <= 0.0)
            step = (x[falling] / (x[falling] - trial[falling])).min()
            x = x + step * (trial - x)
            active &= x > 1e-12
            x[~active] = 0.0
        x = trial
        gradient = matrix.T @ (target - matrix @ x)
    return x


def fit_weights_e4(tau_ms):
    """Return the fitted weights of the states, 1e-4 root seconds, as floats."""
    t = np.geomspace(FIRST_S, LAST_S, TIMES)
    scale = t**WEIGHT_EXPONENT
    basis = 1.0 - np.exp(-t[:, None] * 1000.0 / np.array(tau_ms, dtype=float))
    return 1e4 * nnls(basis * scale[:, None], np.sqrt(t) * scale)


def tables(tau_ms, weight_e4):
    """Return (DECAY, DECAY_SHIFT, GAIN) of one tick, as the integers that the firmware holds."""
    decay, shift, gain = [], [], []
    for tau, weight in zip(tau_ms, weight_e4, strict=True):
        share = -math.expm1(-TICK_MS / tau)
        bits = 0
        while round(share * 2 ** (STATE_SHIFT + bits + 1)) < 1024:
            bits += 1
        shift.append(bits)
        decay.append(round(share * 2 ** (STATE_SHIFT + bits)))
        gain.append(round(weight * 1e-4 * share * 2**GAIN_BITS))
    return tuple(decay), tuple(shift), tuple(gain)


def probe_decay(tau_ms):
    """Return the share of one tick of the probe's lag, in 2**-14."""
    return round(-math.expm1(-TICK_MS / tau_ms) * 2**PROBE_BITS)


def root_t_error(tau_ms, weight_e4, first_s=0.010, last_s=60.0):
    """Return the greatest relative error of the sum against root t."""
    t = np.geomspace(first_s, last_s, 2000)
    total = (1.0 - np.exp(-t[:, None] * 1000.0 / np.array(tau_ms, dtype=float))) @ (np.array(weight_e4) * 1e-4)
    return float(np.abs(total / np.sqrt(t) - 1.0).max())


def _firmware():
    for folder in (FIRMWARE, STANDIN):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    return importlib.import_module("cryo.core.observer")


def check(observer=None):
    """Return what differs between cryo.core.observer (or a stand-in) and this fit, as sentences; empty when nothing."""
    observer = observer or _firmware()
    problems = []
    fitted = fit_weights_e4(observer.TAU_MS)
    for have, want in zip(observer.WEIGHT_E4, fitted, strict=True):
        if abs(have - want) > max(1.0, 1e-4 * want):  # one unit, or the fourth digit of a large weight
            problems.append(f"WEIGHT_E4 holds {have}, the fit gives {want:.1f}")
    decay, shift, gain = tables(observer.TAU_MS, observer.WEIGHT_E4)
    for name, want in (("DECAY", decay), ("DECAY_SHIFT", shift), ("GAIN", gain)):
        have = tuple(getattr(observer, name))
        if have != want:
            problems.append(f"{name} holds {have}, computed {want}")
    if probe_decay(observer.PROBE_TAU_MS) != observer._PROBE_DECAY:
        problems.append(f"_PROBE_DECAY holds {observer._PROBE_DECAY}, computed {probe_decay(observer.PROBE_TAU_MS)}")
    return problems


def main(arguments=None):
    """Print the constants, or with --check compare them; returns the exit status."""
    parser = argparse.ArgumentParser(description="Constants of the observer.")
    parser.add_argument("--check", action="store_true", help="compare with the firmware, exit 1 when they differ")
    options = parser.parse_args(arguments)
    observer = _firmware()
    if options.check:
        problems = check(observer)
        print("\n".join(problems) or "the observer's constants are those of the fit")
        return 1 if problems else 0
    weights = tuple(round(w) for w in fit_weights_e4(observer.TAU_MS))
    decay, shift, gain = tables(observer.TAU_MS, weights)
    print(f"TAU_MS = {observer.TAU_MS}\nWEIGHT_E4 = {weights}")
    print(f"DECAY = {decay}\nDECAY_SHIFT = {shift}\nGAIN = {gain}\n_PROBE_DECAY = {probe_decay(observer.PROBE_TAU_MS)}")
    print(f"greatest error against root t, 10 ms to 60 s: {100 * root_t_error(observer.TAU_MS, weights):.2f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
