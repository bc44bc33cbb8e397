"""What ARM:REQ adds to READY when the target may be out of reach: distance and bottle are told before the start."""

from console_rig import App
from cryo.core import mode, supervisor

CLOSER = "; the target may not be reached: come closer or choose a lower level"


def asked(mm, mbar):
    """Return what stands behind READY and its number for CHRONIC 3, whose target needs K 6560 at the skin."""
    app = App()
    app.choose()
    app.inputs.distance.value = mm
    app.inputs.bottle.value = mbar
    answer = app.ask("ARM:REQ")
    assert answer[:6] == "READY " and answer[6:10].isdigit(), answer
    return answer[10:]


def test_the_jet_at_the_skin_counts_with_the_distance_and_with_the_bottle():
    for mm, mbar, said in (
        (145, 57_300, ""),  # as calibrated at 20 degC: just enough
        (146, 57_300, CLOSER),
        (140, 53_000, ""),  # 0.954 of the calibrated jet
        (145, 53_000, CLOSER),
        (148, 62_000, ""),  # a warm bottle reaches further
        (150, 62_000, CLOSER),
        (80, 52_500, CLOSER + ", or warm the bottle (52 bar)"),  # under 0.95, at whatever distance
        (146, 36_900, CLOSER + ", or warm the bottle (36 bar)"),
    ):
        assert asked(mm, mbar) == said, (mm, mbar)


def test_without_a_distance_nothing_is_promised():
    app = App()
    app.choose()
    app.inputs.distance.status = 2
    app.inputs.distance.value = None
    assert "; no distance yet" in app.ask("ARM:REQ")


def test_a_bottle_that_falls_silent_behind_the_request_breaks_no_answer():
    app = App()
    app.choose()
    app.stream.incoming += b"ARM:REQ\n"
    while app.inputs.request != supervisor.ARM:
        app.tick()
    app.supervisor.tick(app.supervisor.now_us + 10_000 & 0x3FFFFFFF, app.inputs, app.outputs)
    assert app.supervisor.mode == mode.READY
    app.inputs.request = supervisor.NONE
    app.inputs.bottle.status = 2  # its turn comes behind the decision
    app.inputs.bottle.value = None
    app.stream.written = b""
    app.console.poll()
    app.console.poll()
    assert app.stream.written.startswith(b"READY ")
    app.run(2)
    assert app.supervisor.mode == mode.STANDBY
