"""Current of the dose valve's coil, from a low-side shunt and an amplifier: what the coil really draws.

The amplifier gives 3.0 V at 1.2 times the peak current (boards/rp2040_pico/bom.toml), and 0 V without current. So there
is no live zero and no lower band: a broken wire, an amplifier without supply and a coil without current all read 0 mA.
Only a comparison with the command can tell them apart: core/valves.py. The driver cannot give a current above 3.0 V:
there the coil is shorted, or the wire touches the supply.
"""

from micropython import const

OK = const(0)
OVER = const(3)  # above 1.2 times the peak current

_FULL = const(59_578)  # 3.0 V of 3.3 V in 65536 counts


class Coil:
    """Reads the coil's current in mA into a Quantity."""

    def __init__(self, adc, full_ma):
        """`full_ma` is the current that gives 3.0 V, 100..18000 mA: 31 bits hold its product with the counts.

        Raises ValueError for anything else.
        """
        if not 100 <= full_ma <= 18_000:
            raise ValueError("full_ma must be 100..18000 mA, 1.2 times the coil's peak current; got " + repr(full_ma))
        self._adc = adc
        self._full_ma = full_ma

    def poll(self, now_us, quantity):
        """Take one reading, 0..full_ma, whatever now_us is; its status is OK or OVER. Does not allocate."""
        counts = self._adc.read_u16()
        quantity.sequence = (quantity.sequence + 1) & 0xFFFF
        quantity.age_us = 0
        if counts > _FULL:
            quantity.status = OVER
            quantity.value = None  # no number: a comparison without a check of the status fails at once
        else:
            quantity.status = OK
            quantity.value = counts * self._full_ma // _FULL
