"""The table of remedies and the file that boards read agree; a text that cannot be shown is refused."""

import pytest

from host_tools.toolchain import remedies


def test_the_file_is_what_the_table_gives(tmp_path, monkeypatch, capsys):
    assert remedies.main(["--check"]) == 0
    monkeypatch.setattr(remedies, "FILE", tmp_path / "remedies.txt")
    assert remedies.main(["--check"]) == 1
    assert "python -m host_tools.toolchain.remedies" in capsys.readouterr().err
    assert remedies.main([]) == 0
    assert remedies.main(["--check"]) == 0
    monkeypatch.setitem(remedies.FAULTS, "ESTOP", "Do something else.")
    assert remedies.main(["--check"]) == 1


@pytest.mark.parametrize("table", ["FAULTS", "BLOCKERS"])
def test_a_name_without_a_sentence_and_a_sentence_without_a_name_are_refused(table, monkeypatch):
    monkeypatch.setitem(getattr(remedies, table), "ANOTHER", "Do nothing at all, please.")
    with pytest.raises(ValueError, match="same names"):
        remedies.text()
    monkeypatch.undo()
    monkeypatch.delitem(getattr(remedies, table), "ESTOP")
    with pytest.raises(ValueError, match="same names"):
        remedies.text()


def test_a_code_that_is_a_blocker_s_number_is_refused(monkeypatch):
    monkeypatch.setattr(remedies._board, "BLOCKERS", 32)
    with pytest.raises(ValueError, match="numbers"):
        remedies.text()


@pytest.mark.parametrize("sentence", ["a word of seventeen_letters", "word " * 40, "5 \N{DEGREE SIGN}C"])
def test_what_the_display_cannot_show_is_refused(sentence):
    with pytest.raises(ValueError, match="no place"):
        remedies.record(sentence)
    assert remedies.record("close the eye shield").startswith("close the eye   \nshield          \n")
