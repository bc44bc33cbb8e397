"""The emulated board counts as a real one: it refuses a virtual board's settings by name, and does not arm."""

import pytest

from host_tools.toolchain.settings import config
from tests.lanes import summary


@pytest.mark.long
def test_a_virtual_board_s_settings_are_refused_by_name(uf2, request):
    from host_tools.simulator.emulator.applicator import SETTINGS, EmulatedApplicator, application

    device = EmulatedApplicator(uf2, application({**SETTINGS, "simulated": 1}))
    assert "UNPROVISIONED" in device.until_state("STANDBY")["BLOCKERS"]
    request.node.user_properties.append((summary.INTERPRETER, device.ask("SYST:INT?") + ", emulated"))
    assert device.ask("*IDN?").split(",")[2] == "unprovisioned"
    assert device.ask("CONF?") == f"ERROR -221 {config.FOREIGN}"
    assert device.ask("ARM:REQ").startswith("REFUSED UNPROVISIONED")
