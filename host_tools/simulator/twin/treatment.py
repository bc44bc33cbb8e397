"""The operator's part of a treatment: choose, attest, arm in two steps, hold the trigger, go to the next point."""

from dataclasses import dataclass

from host_tools.simulator.twin.guided import GuidedHand
from host_tools.simulator.twin.people import fields

ATTESTATIONS = {
    "CHRONIC": "SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND",
    "DIABETIC": "SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND,SENSATION",
    "CIPN": "SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND,SENSATION,OXALIPLATIN",
}
TREATING = ("ARMED", "DELIVERING", "REST")
BOOT_COOL_DOWN_US = 310_000_000
INDICATION_US = 2_200_000  # light and tone
LIFT_MM_S = 100.0  # [E]
PROOF_POLLS = 40  # the proof test of the valves takes half a second, a failing one just over one


class RefusedError(Exception):
    """The device refused a step; the text is its own answer."""


@dataclass
class Plan:
    """What the operator wants."""

    preset: str = "CHRONIC"
    level: int = 3
    site: str = "LFOOT-SOLE"
    points: tuple[int, ...] = (1, 2)
    distance_mm: float = 100.0
    attestations: str | None = None
    warm_up: bool = True  # wait for the cool-down that follows switch-on; False shortens it (cpython lane)
    guided: tuple[float, float] | None = None  # the hand follows the guidance: reaction s, speed mm/s
    warm: bool = False  # the cool-down is over: the firmware began to count so long ago
    stated: tuple[str, ...] = ()  # commands that state more than the attestations do, such as how the points lie
    probe_s: float = 0.0  # to lift the hand to distance_mm and to move the probe to the next point

    def words(self) -> str:
        """Return what the operator attests."""
        return self.attestations or ATTESTATIONS.get(self.preset.upper(), "SKIN")


def arm(op, plan):
    """Choose, attest and arm the plan's first point, wait for light, tone and proof test: all before the trigger."""
    yield from confirm(op, plan)
    yield from indicated(op)


def confirm(op, plan):
    """Choose, attest and arm the plan's first point: light and tone have begun."""
    yield from op.wait_for(("STANDBY",), 5_000_000)
    yield from _choose(op, plan)
    yield from _must(op, f"TREAT:POIN {plan.points[0]}")
    yield from _must(op, f"TREAT:ATT {plan.words()}")
    while (yield from op.state())["BLOCKERS"] != "NONE":
        yield 20_000
    yield from _confirm(op)


def treatment(plan, results):
    """Return an operator's script for the plan; results receives the fields of TREAT:RES? of each point."""

    def script(op):
        if plan.guided:
            op.hand = GuidedHand(op.plant, *plan.guided)
        yield from op.wait_for(("STANDBY",), 5_000_000)
        yield from _choose(op, plan)
        left = list(plan.points)
        for number in range(len(left)):
            point = yield from _soonest(op, left)
            left.remove(point)
            if number == 0:
                yield from _must(op, f"TREAT:ATT {plan.words()}")
                for command in plan.stated:
                    yield from _must(op, command)
                if plan.warm:
                    pass
                elif plan.warm_up:
                    yield BOOT_COOL_DOWN_US
                else:
                    op.plant.applicator.supervisor.session.uptime_s += BOOT_COOL_DOWN_US // 1_000_000
            if number:
                yield from _move_on(op, plan)
            op.plant.record.visit(plan.points.index(point))
            if number:
                op.plant.new_skin(seed=number + 1)
            status = yield from _point(op)
            answer = yield from op.ask("TREAT:RES?")
            results.append(fields(answer))
            if status.get("STATE") != "COMPLETE":
                return

    return script


def _soonest(op, points):
    """Choose the point that the device lets begin first, of several the first one; return it."""
    waits_s = {}
    for point in points:
        yield from _must(op, f"TREAT:POIN {point}")
        if len(points) > 1 and op.plant.record.bursts:  # before the first burst all wait alike
            status = yield from op.state()
            waits_s[point] = max(int(status["REST_S"]), int(status["COOL_S"]))
            if waits_s[point]:
                continue
        return point
    soonest = min(points, key=waits_s.__getitem__)
    yield from _must(op, f"TREAT:POIN {soonest}")
    return soonest


def _move_on(op, plan):
    """Lift the hand and move the probe to the chosen point."""
    if plan.probe_s:
        op.plant.catch_up()
        op.plant.hand.move(plan.distance_mm, LIFT_MM_S)
        yield round(plan.probe_s * 1e6)


def _choose(op, plan):
    for command in (f"TREAT:PRES {plan.preset}", f"TREAT:LEV {plan.level}", f"TREAT:SITE {plan.site}"):
        yield from _must(op, command)


def _arm(op):
    yield from _confirm(op)
    yield from indicated(op)


def _confirm(op):
    answer = yield from _must(op, "ARM:REQ")
    yield from _must(op, f"ARM:CONF {answer.split()[1].rstrip(';')}")


def indicated(op):
    """Wait for the end of light and tone, and of the valves' proof test when one is due."""
    yield INDICATION_US
    for _ in range(PROOF_POLLS):
        status = yield from op.state()
        if status.get("STATE") != "ARMED" or "PROOF" not in status["BLOCKERS"]:
            return
        yield 50_000


def _must(op, command):
    answer = yield from op.ask(command)
    if answer.startswith(("ERROR", "REFUSED")):
        raise RefusedError(f"{command}: {answer}")
    return answer


def _point(op):
    """Arm and treat one point; returns the last status seen."""
    yield from _wait_while_blocked(op)
    yield from _arm(op)
    if op.hand is not None:
        yield from op.hand.ready()
    plant = op.plant
    plant.trigger(True)
    yield 400_000
    while True:
        status = yield from op.state()
        if status.get("STATE") not in TREATING:
            plant.trigger(False)
            return status
        yield from op.ask("MEAS:TEMP?")
        yield 20_000
        if status["STATE"] == "ARMED" and "INDICATION" not in status["BLOCKERS"]:  # a pass ended: press again
            plant.trigger(False)
            yield 200_000
            plant.trigger(True)
            yield 400_000


def _wait_while_blocked(op):
    """Wait while a blocker stands that only time removes. The last second is asked for often: no time is lost."""
    for _ in range(400):
        status = yield from op.state()
        waiting = {"COOL_DOWN", "REST", "SKIN_PROBE"} & set(status["BLOCKERS"].split(","))
        if not waiting:
            return
        left_s = max(int(status["REST_S"]), int(status["COOL_S"]) - 1)
        yield 1_000_000 if left_s > 0 or "SKIN_PROBE" in waiting else 50_000
