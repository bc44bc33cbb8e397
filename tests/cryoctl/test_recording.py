"""What the page of the virtual board shows was recorded from a real terminal program."""

import shutil

import pytest

from host_tools.cryoctl import recording


@pytest.mark.skipif(not shutil.which("picocom") or not shutil.which("tmux"), reason="needs picocom and tmux")
def test_a_terminal_program_shows_questions_and_answers_on_lines_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "TYPED", ("*IDN?", "TREAT:PRES CHRONIC", "TREAT:LEV 9"))
    lines = recording._terminal(tmp_path / "sim").splitlines()
    assert lines[0].endswith("*IDN?") and lines[1].startswith("CO2 cryotherapy applicator,virtual,")
    assert lines[2:4] == ["TREAT:PRES CHRONIC", "OK"]
    assert lines[5].startswith("ERROR -222")


def test_the_picture_loads_nothing_from_elsewhere():
    svg = recording.picture("*IDN?\n<answer>", "a terminal")
    assert "&lt;answer&gt;" in svg
    assert "url(http" not in svg and "@import" not in svg


def test_the_page_has_a_place_for_each_recording():
    page = recording.PAGE.read_text()
    for name in ("picocom", "mpremote"):
        assert page.count(f"<!-- {name} -->") == 1
    assert recording.PICTURE.exists()
