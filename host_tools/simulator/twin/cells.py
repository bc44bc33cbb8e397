"""Advances hand, jet, skin, probe, infrared sensor and line from one event to the next, in steps of 1 ms.

These are plain functions of numbers and arrays, so that compiled.py can make machine code of them. physics.py calls
`advance` for all cells up to the next event; skin.py explains the arrays. A cell is one step.
"""

import math

import numpy as np

from host_tools.simulator.twin.jet import DISTANCE_EXPONENT, REFERENCE_MM, T_JET_C
from host_tools.simulator.twin.motion import moved_mm, trembling_mm

CELL_US = 1_000
SAMPLE_US = 10_000  # the record has a row for each of these
LINE_VENT_S = 0.005  # [E] trapped gas leaves through an open dose valve


def reached(part):
    """Return a part's figures in the form that `advance` reads fastest."""
    return part.figures


def toward(value, target, share):
    """Return the value after it has moved by this share of the distance to its target."""
    return value + (target - value) * share


def felt_c(under_c, gain, origin_c, around_c, detached):
    """Return the target of the probe's bead, degC: the skin under it, a part of its change, or the surroundings."""
    return around_c if detached else origin_c + gain * (under_c - origin_c)


def aimed_c(under_c, rest_c, stray, plume_k, flowing):
    """Return the target of the infrared sensor, degC: spot, skin at rest beside it, and plume while gas flows."""
    return under_c + stray * (rest_c - under_c) - (plume_k if flowing else 0.0)


def flux_w_m2(before_c, response, h_ambient, ambient_c, h_jet, jet_c):
    """Return the heat flow into the skin's surface, W/m2. Without it the surface would be at before_c.

    The jet replaces the air as far as the jet is stronger. A step of 1 W/m2 warms the surface by `response`.
    """
    h_air = max(h_ambient - h_jet, 0.0)
    h = h_air + h_jet
    return (h_air * ambient_c + h_jet * jet_c - h * before_c) / (1.0 + response * h)


def leaked_bar(line_bar, bar, tau_s, leaks_in_s, step_us, count):
    """Return the pressure of a shut line after so many steps: it loses gas, and gas from the bottle may leak in."""
    seconds = step_us / 1e6
    for _ in range(count):
        line_bar = max(1.0, line_bar * (1.0 - min(1.0, seconds / tau_s)))
        if leaks_in_s:
            line_bar += (bar - line_bar) * min(1.0, seconds / leaks_in_s)
    return line_bar


def skin_step(
    theta, decay, drive, weights, response, spread, gather, room, shape, looks, under,
    rest_c, h_ambient, ambient_c, top_rest_c, h_jet, jet_c,
):  # fmt: skip
    """Advance the skin by one step; return its coldest temperature, the probe's target and the infrared sensor's.

    h_jet is the coefficient on the axis. After the call, room holds each ring's outer temperature and, under the water,
    that of the tissue; skin2d.py explains the rest. compiled.py has the same as loops; without machine code those would
    take twenty times as long.
    """
    theta *= decay
    if shape.shape[1] == 1:
        before_c = rest_c + float(weights[0].dot(theta[0]))
        q = flux_w_m2(before_c, float(response[0]), h_ambient, ambient_c, h_jet, jet_c)
        theta += drive * q
        surface_c = before_c + float(response[0]) * q
        room[0, 0] = surface_c
        return surface_c, surface_c, surface_c
    before = rest_c + spread @ (weights * theta).sum(axis=1)
    at_jet = h_jet * shape[0]
    at_air = np.maximum(h_ambient - at_jet, 0.0)
    push = at_air * (ambient_c - shape[1]) + at_jet * (jet_c - shape[2])
    h = at_air + at_jet
    flux = gather @ ((push - h * before) / (1.0 + response[-1] * h))
    theta += drive * flux[:, None]
    room[0] = before + spread @ (response[:-1] * flux)
    room[3] += at_air * shape[1] + at_jet * shape[2]
    room[4] = top_rest_c + spread @ (under * theta).sum(axis=1) if len(under) else room[0]
    return min(float(room[4].min()), float(looks[2] @ room[4])), float(looks[0] @ room[4]), float(looks[1] @ room[0])


def advance(
    now_us, stop_us, step_us, flow_us, flowing, line_open, vents, h_reference, gas_g_s,
    body, hand, probe, noise, eye, rows, air,
    theta, decay, drive, response, weights, spread, gather, room, shape, looks, under,
):  # fmt: skip
    """Run whole cells of step_us up to stop_us, or until the hand arrives. Return the time at the end.

    In the first cell gas has already flowed for flow_us; it may flow on. The results are in the arrays; Physics,
    Motion, Probe, Thermopile and Skin name the places in them.
    """
    seconds = step_us / 1e6
    probe_share = -math.expm1(-seconds / probe[2])
    around_c = probe[7] if probe[8] else body[10]
    eye_share = -math.expm1(-seconds / eye[4])
    bar = body[1]
    line_bar = body[2]
    leaks_in_s = body[4]
    tau_s = LINE_VENT_S if vents else body[3]
    grams = body[0]
    flowed_us = 0
    mm = at_mm = hand[0]
    row = int(body[7])
    noise_at = int(probe[9])
    while now_us < stop_us:
        cell_us = (now_us // step_us + 1) * step_us
        if flowing:
            flow_us += cell_us - now_us
        now_us = cell_us
        arrived = False
        if mm != hand[1]:
            mm = moved_mm(mm, hand[1], hand[2] * seconds)
            arrived = mm == hand[1]
        told = now_us % SAMPLE_US == 0
        if flow_us or told:
            at_mm = trembling_mm(mm, hand[3], hand[4], now_us)
        h = 0.0
        if flow_us:
            body[6] = now_us
            grams += gas_g_s * flow_us / 1e6
            flowed_us += flow_us
            h = h_reference * (REFERENCE_MM / at_mm) ** DISTANCE_EXPONENT * flow_us / step_us
            flow_us = 0
        cold_c, under_probe_c, under_eye_c = skin_step(
            theta, decay, drive, weights, response, spread, gather, room, shape, looks, under,
            air[0], air[1], air[2], air[5], h, T_JET_C,
        )  # fmt: skip
        air[3] = cold_c
        air[4] = min(air[4], cold_c)
        probe[0] = toward(probe[0], felt_c(under_probe_c, probe[4], probe[5], around_c, probe[6]), probe_share)
        probe[1] = probe[0]
        if probe[3]:
            probe[1] += noise[noise_at] * probe[3]
            noise_at += 1
        eye[0] = toward(eye[0], aimed_c(under_eye_c, eye[1], eye[2], eye[3], flowing), eye_share)
        line_bar = bar if line_open else leaked_bar(line_bar, bar, tau_s, leaks_in_s, step_us, 1)
        if told:
            body[9] = min(body[9], cold_c)
            if body[8]:
                rows[row, 0] = now_us
                rows[row, 1] = cold_c
                rows[row, 2] = probe[1]
                rows[row, 3] = at_mm
                rows[row, 4] = bar
                rows[row, 5] = flowing
                row += 1
        if arrived:
            break
    hand[0] = mm
    probe[9] = noise_at
    body[0] = grams
    body[2] = line_bar
    body[5] = flowed_us
    body[7] = row
    return now_us
