"""A board's settings come from a module: none, half of one or a wrong one is no settings, and a sentence tells why."""

import sys

from cryo import config


class _Settings:
    def __init__(self, values):
        self.SETTINGS = values


class _Broken:
    def __getattr__(self, name):
        raise SyntaxError("invalid syntax")


def _load(module):
    kept = sys.modules.get("settings")
    sys.modules["settings"] = module
    try:
        return config.load()
    finally:
        del sys.modules["settings"]
        if kept is not None:
            sys.modules["settings"] = kept


def test_without_a_module_there_are_no_settings_and_no_defaults():
    assert config.load() == (None, "no settings on this board: provision it")


def test_a_module_gives_a_validated_record():
    settings, problem = _load(_Settings({"serial": 7, "jet_k_mdegc": 16_000}))
    assert problem is None
    assert (settings.serial, settings.jet_k_mdegc) == (7, 16_000)


def test_a_value_outside_its_range_is_no_settings():
    settings, problem = _load(_Settings({"trip_mdegc": 1_000}))
    assert settings is None
    assert "trip_mdegc" in problem and "limit 1" in problem


def test_a_module_that_cannot_be_read_is_told_and_starts_nothing():
    settings, problem = _load(_Broken())
    assert settings is None
    assert "cannot be read" in problem and "SyntaxError" in problem
