"""A release has one number: firmware/cryo/__init__.py holds it, and everything else reads it there."""

import re
import subprocess
import tomllib

from cryo import __version__
from host_tools.places import ROOT

NUMBER = re.compile(r"\d+\.\d+\.\d+")


def test_the_newest_chapter_of_the_change_log_has_the_version():
    chapters = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert NUMBER.match(chapters[0]).group() == __version__
    assert all(NUMBER.match(chapter) for chapter in chapters)


def test_the_wheel_takes_the_version_from_the_firmware():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "firmware/cryo/__init__.py"


def test_no_other_file_states_it():
    """Without records of runs, and without tests that imitate a device."""
    words = ["git", "grep", "-lF", f'"{__version__}"', "--", "firmware", "boards", "host_tools", "*.toml", "Makefile"]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert said in ([], ["firmware/cryo/__init__.py"])
