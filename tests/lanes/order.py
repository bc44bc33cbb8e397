"""The order of the files in a run by several processes: the longest first, so that none is left with one at the end.

A file that is not named comes after those that are. A wrong place costs time, nothing else.
"""

LONGEST = (
    "simulator/closed_loop/test_machine.py",
    "simulator/closed_loop/test_campaign.py",
    "simulator/closed_loop/test_presets.py",
    "simulator/closed_loop/test_jet.py",
    "simulator/emulated/test_exits.py",
    "simulator/emulated/test_application.py",
    "simulator/closed_loop/test_scenarios.py",
    "simulator/twin/test_demo.py",
    "cryoctl/test_service.py",
    "cryoctl/test_monitor.py",
    "cryoctl/test_armed.py",
    "cryoctl/test_flash.py",
    "cryoctl/test_calibrate.py",
    "cryoctl/test_config.py",
    "cryoctl/test_log_follow.py",
    "cryoctl/test_wheel.py",
    "portable/core/test_resets.py",
    "portable/console/test_console_fuzz.py",
    "portable/core/test_second_channel.py",
    "toolchain/packing/test_archive.py",
    "toolchain/packing/test_packing.py",
)
_PLACES = {name: place for place, name in enumerate(LONGEST)}


def longest_first(items: list) -> None:
    """Sort tests by their files; within a file their order stays."""
    items.sort(key=lambda item: _PLACES.get(item.path.as_posix().rpartition("/tests/")[2], len(LONGEST)))
