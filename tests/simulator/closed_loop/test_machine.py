"""Operator, patient and faults act on the closed loop in any order: the rules hold, whatever the order.

The short form is the same in every run (tests/drawn.py). The long form: HYPOTHESIS_PROFILE=campaign, which `make
campaign` sets.
"""

import os
import random
from collections import Counter
from typing import ClassVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from boards.virtual import pins
from host_tools.evidence.campaign import patients
from host_tools.evidence.campaign.faults import FAULTS
from host_tools.evidence.campaign.run import levels
from host_tools.simulator.twin.treatment import ATTESTATIONS
from tests.simulator.closed_loop.stepped import Device

_EVERY = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}
settings.register_profile("fast", max_examples=32, stateful_step_count=20, derandomize=True, database=None, **_EVERY)
settings.register_profile("campaign", max_examples=400, stateful_step_count=40, **_EVERY)
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "campaign"
PROFILE = settings.get_profile("campaign" if LONG else "fast")

TIMES_US = (10_000, 50_000, 200_000, 1_000_000, 2_500_000, 6_000_000)
PAUSE_S = 310
FAULTS_MAX = 2


class Treatments(RuleBasedStateMachine):
    """Any operator on any patient with up to two faults."""

    seen: ClassVar[Counter] = Counter()  # results of the runs, to notice a machine that does nothing

    @initialize(
        level=st.sampled_from(levels()),
        seed=st.integers(0, 1 << 20),
        wrap_us=st.integers(100_000, 30_000_000),
        treated_us=st.sampled_from((0, 500_000, 2_000_000, 6_000_000, 12_000_000)),
        fault=st.sampled_from(("", *sorted(FAULTS))),
    )
    def switch_on(self, level, seed, wrap_us, treated_us, fault):
        """Begin most runs in a treatment, in which something goes wrong."""
        patient = patients.draw(random.Random(seed), level, sound=False, moves=False)
        plant = patient.plant()
        plant.record.sampling = False
        plant.ticks_origin = patients.TICKS_MASK + 1 - wrap_us
        self.level = level
        self.point = 1
        self.device = Device(plant, reduced=level[0] != "CHRONIC")
        self.choose()
        if treated_us:
            self.arm(True)
            self.treat(treated_us)
        if fault:
            self.fault_in_a_pass(fault, seed, treated_us or 50_000)

    def choose(self):
        """Choose and attest as drawn; the device refuses when it is not allowed."""
        preset, number = self.level
        for command in (f"PRES {preset}", f"LEV {number}", "SITE LFOOT-SOLE", f"POIN {self.point}"):
            self.device.ask("TREAT:" + command)
        self.device.ask("TREAT:ATT " + ATTESTATIONS[preset])
        self.recover()

    def recover(self):
        """Set time and skin five minutes further, because the firmware would only wait."""
        session = self.device.sup.session
        session.uptime_s += PAUSE_S
        session.rest_left_us = 0
        self.device.plant.skin.idle(PAUSE_S)
        self.device.run(50_000)

    def in_mode(self, *names):
        """Return True in one of these modes."""
        return self.device.mode in names

    @rule(us=st.sampled_from(TIMES_US))
    def wait(self, us):
        self.device.run(us)

    @precondition(lambda self: self.in_mode("STANDBY", "COMPLETE"))
    @rule(right=st.sampled_from((True, True, True, False)))
    def arm(self, right):
        self.device.ask("ARM:REQ")
        self.device.ask(f"ARM:CONF {self.device.sup.nonce if right else 1}")

    @precondition(lambda self: self.in_mode("ARMED"))
    @rule(us=st.sampled_from(TIMES_US))
    def treat(self, us):
        """Wait for light, tone and proof test, then hold the trigger."""
        self.device.plant.trigger(False)
        self.device.run(3_200_000)
        self.device.plant.trigger(True)
        self.device.run(us)

    @rule()
    def press(self):
        self.device.plant.trigger(True)
        self.device.run(20_000)

    @rule()
    def release(self):
        self.device.plant.trigger(False)
        self.device.run(80_000)

    @rule(command=st.sampled_from(("ARM:OFF", "STOP", "FAULT:ACK", "ARM:REQ", "ARM:CONF 1", "TREAT:NEW", "STAT:WHY?")))
    def say(self, command):
        self.device.ask(command)

    @precondition(lambda self: self.in_mode("STANDBY", "COMPLETE"))
    @rule()
    def next_point(self):
        self.point = self.point % 8 + 1
        self.choose()

    @rule(what=st.sampled_from(("estop", "released", "released", "shield open", "shield closed", "shield closed")))
    def guard(self, what):
        plant = self.device.plant
        if what.startswith("shield"):
            plant.shield(what.endswith("closed"))
        else:
            plant.set_input(pins.ESTOP, int(what == "estop"))
        self.device.run(60_000)

    @precondition(lambda self: self.in_mode("FAULT"))
    @rule()
    def put_right(self):
        """Correct what an operator can correct, and acknowledge the fault."""
        plant = self.device.plant
        plant.trigger(False)
        plant.set_input(pins.ESTOP, 0)
        plant.shield(True)
        plant.probe.attach()
        plant.skin.idle(PAUSE_S)
        self.device.run(1_200_000)
        self.device.ask("FAULT:ACK")

    @rule(mm=st.floats(25, 240), mm_s=st.floats(20, 300))
    def move(self, mm, mm_s):
        self.device.plant.hand.move(mm, mm_s)
        self.device.run(50_000)

    @precondition(lambda self: self.device.faults < FAULTS_MAX)
    @rule(name=st.sampled_from(sorted(FAULTS)), seed=st.integers(0, 1 << 10))
    def fault(self, name, seed):
        self.device.faults += 1
        FAULTS[name].draw(random.Random(seed))[1](self.device.plant)
        self.device.run(100_000)

    @precondition(lambda self: self.device.faults < FAULTS_MAX and self.in_mode("DELIVERING"))
    @rule(name=st.sampled_from(sorted(FAULTS)), seed=st.integers(0, 1 << 10), then_us=st.sampled_from(TIMES_US))
    def fault_in_a_pass(self, name, seed, then_us):
        self.fault(name, seed)
        self.device.run(then_us)

    def teardown(self):
        if hasattr(self, "device"):
            self.device.run(1_500_000)
            record = self.device.plant.record
            self.seen["treated"] += bool(record.bursts)
            self.seen["bursts"] += len(record.bursts)
            self.seen["faults"] += self.device.faults
            self.seen["reset"] += self.device.boots > 1
            for name in self.device.latches:
                self.seen[f"latched {name}"] += 1


def test_whatever_the_order_gas_and_skin_stay_within_their_limits():
    Treatments.seen.clear()
    run_state_machine_as_test(Treatments, settings=PROFILE)
    seen = Treatments.seen
    print(dict(seen))
    assert seen["treated"] >= 5 and seen["bursts"] >= 50 and seen["faults"] >= 10
    assert sum(name.startswith("latched ") for name in seen) >= 4


def test_a_device_of_the_machine_boots_again_after_a_hang():
    plant = patients.draw(random.Random(1), ("CHRONIC", 3), sound=True).plant()
    device = Device(plant)
    plant.stall_us = 1_000_000
    device.run(1_500_000)
    assert device.boots == 2 and device.mode == "STANDBY"
    assert device.ask("SYST:CRAS?").startswith("MODE=STANDBY;FAULT=NONE")
