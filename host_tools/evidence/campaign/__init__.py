"""Treats thousands of virtual patients, without a fault, with one and with two, and records the true skin."""
