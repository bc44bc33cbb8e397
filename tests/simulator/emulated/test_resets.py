"""The watchdog's scratch registers carry the crash record over a reset of the emulated chip."""

import pytest

from tests.lanes import summary

pytestmark = pytest.mark.long

HANGS = b"""import archive
import board
from cryo.app import Applicator

applicator = Applicator(board.build())
tick = applicator.supervisor.tick

def hangs(now_us, i, o):
    tick(now_us, i, o)
    while applicator.resets.count == 0 and applicator.supervisor.session.uptime_s >= 2:
        pass

applicator.supervisor.tick = hangs
applicator.run()
"""


@pytest.fixture(scope="module")
def device(uf2):
    """A device in its second boot, after the first one ended in a hang."""
    from host_tools.simulator.emulator.applicator import EmulatedApplicator, application

    device = EmulatedApplicator(uf2, application(overlay={"main.py": HANGS}))
    device.until_state("STANDBY")
    device.first = device.ask("SYST:CRAS?")
    device.run_until(lambda: device.board.resets, 4_000_000)
    device.until_state("STANDBY")
    device.interpreter = device.ask("SYST:INT?")
    return device


def test_after_power_on_there_is_no_record_and_after_a_hang_it_names_mode_and_time(device, request):
    request.node.user_properties.append((summary.INTERPRETER, device.interpreter + ", emulated"))
    assert device.first == "NONE;RESTARTS=0"
    assert device.ask("SYST:CRAS?") in (f"MODE=STANDBY;FAULT=NONE;UPTIME_S={s};RESTARTS=1" for s in (1, 2))


def test_a_restart_that_was_asked_for_does_not_count(device, request):
    request.node.user_properties.append((summary.INTERPRETER, device.interpreter + ", emulated"))

    def restart(device):
        device.board.write(b"SYST:REST\n")
        device.run_until(lambda: len(device.board.resets) == 2, 1_000_000)
        device.until_state("STANDBY")
        return device.ask("SYST:CRAS?")

    assert device.branch(restart) == "NONE;RESTARTS=1"
