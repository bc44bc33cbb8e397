"""The pictures on the virtual board's page were recorded from a real terminal program."""

import re
import shutil

import pytest

from host_tools.evidence.pages import recording, walkthrough


@pytest.mark.skipif(
    not shutil.which("picocom") or not shutil.which("tmux"),
    reason="needs picocom and tmux; not tested: a person's terminal",
)
def test_a_terminal_program_shows_questions_and_answers_on_lines_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "TYPED", ("*IDN?", "TREAT:PRES CHRONIC", "TREAT:LEV 9"))
    lines = recording._terminal(tmp_path / "sim").splitlines()
    assert lines[0].endswith("*IDN?") and lines[1].startswith("CO2 cryotherapy applicator,virtual,")
    assert lines[2:4] == ["TREAT:PRES CHRONIC", "OK"]
    assert lines[5].startswith("ERROR -222")


def test_an_echo_that_stands_still_is_not_taken_for_the_answer(monkeypatch):
    monkeypatch.setattr(recording, "SETTLED_S", 0)
    shown = iter(["$", "$", "$\n*ID", "$\n*ID", "$\n*IDN?", "$\n*IDN?", "$\n*IDN?\nCO2", "$\n*IDN?\nCO2"])
    assert recording.answered(lambda: next(shown), "*IDN?", "$") == "$\n*IDN?\nCO2"


def test_the_picture_loads_nothing_from_elsewhere():
    svg = recording.picture("*IDN?\n<answer>", "a terminal")
    assert "&lt;answer&gt;" in svg
    assert "url(http" not in svg and "@import" not in svg


def test_the_page_has_a_place_for_each_recording():
    page = recording.PAGE.read_text()
    for name in ("picocom", "mpremote"):
        assert page.count(f"<!-- {name} -->") == 1
    assert recording.PICTURE.exists()


def test_the_walk_through_has_a_recording_in_each_of_its_places():
    text = walkthrough.PAGE.read_text()
    places = re.findall(r"<!-- (\w+) -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert [name for name, _ in places] == [
        "devices", "files", "flash", "again", "config", "refused", "calibrate", "status", "console", "monitor", "log",
        "follow", "report",
    ]  # fmt: skip
    for name, recorded in places:
        assert recorded.startswith("```\n") and len(recorded.splitlines()) > 3, name
        assert str(walkthrough.ROOT) not in recorded and "Traceback" not in recorded
    for picture in re.findall(r"\]\((walkthrough_\w+\.\w+)\)", text):
        assert (walkthrough.PICTURES / picture).stat().st_size > 1_000
