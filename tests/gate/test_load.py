"""`make load`: it fails when a run fails, prints the run's closing lines, and ends the processes that it started."""

import pytest

from tests.gate import load

EVERY_SECOND = """from pathlib import Path

def test_it():
    mark = Path(__file__).with_name("mark")
    mark.touch(exist_ok=False)
"""


def test_one_failed_run_of_two_is_told_and_is_the_exit_code(tmp_path, capsys):
    (tmp_path / "test_it.py").write_text(EVERY_SECOND)
    assert load.main(["--times", "2", "--busy", "1", str(tmp_path / "test_it.py")]) == 1
    said = capsys.readouterr().out
    first, _, second = said.partition("run 2 of 2:")
    assert "1 passed" in first and "FileExistsError" in second and "1 failed" in second
    assert said.endswith("2 runs beside 1 busy processes, 1 failed\n")


def test_runs_that_pass_are_told_with_their_figures(tmp_path, capsys):
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    assert load.main(["--times", "1", "--busy", "0", str(tmp_path / "test_it.py")]) == 0
    assert "1 passed" in capsys.readouterr().out


def test_busy_processes_are_ended_whatever_happens():
    with pytest.raises(KeyboardInterrupt), load.busy(2) as processes:
        assert [process.poll() for process in processes] == [None, None]
        raise KeyboardInterrupt
    assert all(process.returncode is not None for process in processes)


def test_every_file_that_talks_is_there():
    assert all((load.ROOT / path).exists() for path in load.TALKING)
