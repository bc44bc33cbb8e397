"""Treats virtual patients by the thousand, without a fault, with one, with two: what does the true skin go through?"""
