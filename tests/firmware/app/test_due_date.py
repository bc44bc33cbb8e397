"""The virtual board knows the date, as a real board does after somebody sets it; its settings have due dates."""

import importlib

import pytest

from host_tools.simulator.twin import lanes


class Link:
    """A plant that never moves."""

    def exchange(self, out, tx, received, rx):
        pass


@pytest.fixture
def built():
    """Return a function that makes an application on the virtual board with these settings."""
    with lanes.firmware_imports() as hal:

        def make(settings):
            hal.attach(Link(), settings)
            board = importlib.import_module("board").build()
            return importlib.import_module("cryo.app").Applicator(board)

        yield make


def test_a_device_past_its_due_date_or_without_a_date_blocks(built):
    board = importlib.import_module("board")
    app = built({})
    assert app.board.today_d == board.TODAY_D and not app.supervisor.overdue
    assert built({"calibration_due_d": board.TODAY_D}).supervisor.overdue is False
    app = built({"calibration_due_d": board.TODAY_D - 1})
    assert app.supervisor.overdue
    app.set_today(board.TODAY_D - 1)
    assert not app.supervisor.overdue
    for unknown in (None, 0):
        app.set_today(unknown)
        assert app.supervisor.overdue


def test_a_device_never_calibrated_stays_blocked_whatever_the_date(built):
    app = built({"simulated": 0, "calibration_due_d": 0})
    for today_d in (None, app.board.today_d, 36_524):
        app.set_today(today_d)
        assert app.supervisor.overdue


def test_the_virtual_board_s_settings_are_in_real_slots(built):
    app = built({"serial": 42})
    config = importlib.import_module("cryo.config")
    assert list(app.board.files.files) == ["/settings.0"]
    assert config.load(app.board.files, True) == (app.board.config, None)
    assert (app.board.config.serial, app.board.config.simulated) == (42, 1)
    assert app.board.config_error is None


def test_the_skin_s_converter_is_given_its_calibration_s_offset_and_no_other(built):
    board = built({"skin_offset_mdegc": -1_500}).board
    assert (board.skin.offset_mdegc, board.nozzle.offset_mdegc) == (-1_500, 0)
    assert built({}).board.skin.offset_mdegc == 0


def test_settings_that_the_device_refuses_stop_the_twin(built):
    with pytest.raises(ValueError, match="limit 1"):
        built({"trip_mdegc": 1_000})
