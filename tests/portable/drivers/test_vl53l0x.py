"""VL53L0X against a fake of the chip; every poll has the heap locked."""

import binascii

import micropython
from chip_vl53l0x import MAP, NO_ECHO, Echo
from cryo.drivers import vl53l0x
from cryo.drivers.vl53l0x import NAMES
from cryo.drivers.vl53l0x_tuning import PAIRS
from cryo.limits import DISTANCE_AGE_MAX_US
from fake_vl53l0x import MASK, POLL_US, Rig

TUNING_SUM = 0x3C8D20A1  # [C] CRC-32 over register and value of each row of ST's DefaultTuningSettings (v36)
SCRIPT_SUM = 0x9744E13B  # [C] CRC-32 over operation, register and value of each step of the start-up
WRITTEN = 147  # bytes that the start-up writes, up to the first result
WRITTEN_SUM = 0xF7162B24  # [C] CRC-32 over register and value of each


def test_the_codes_are_a_closed_set_with_names():
    for code in range(len(NAMES)):
        assert getattr(vl53l0x, NAMES[code]) == code
    assert vl53l0x.OK == 0


def test_start_up_takes_under_two_seconds_of_ticks_then_a_distance_comes():
    rig = Rig()
    polls = rig.until(vl53l0x.OK)
    assert 0 < polls < 200
    assert rig.quantity.value == 120
    assert rig.fake.longest <= 15  # bytes of one transfer, addresses included


def test_the_tuning_is_written_whole_and_in_order():
    assert len(PAIRS) == 160
    rig = Rig().good()
    assert bytes(PAIRS) in bytes(rig.fake.writes)


def test_not_one_byte_of_the_tuning_is_another():
    """ST does not explain these values, so only this test can find a wrong one: the chip would measure worse."""
    assert binascii.crc32(bytes(PAIRS)) & 0xFFFFFFFF == TUNING_SUM


def test_not_one_byte_of_the_start_up_is_another():
    """The fake starts with zeros: it could not distinguish a whole write from a write of single bits."""
    assert binascii.crc32(vl53l0x._SCRIPT) & 0xFFFFFFFF == SCRIPT_SUM


def test_not_one_register_or_value_that_reaches_the_chip_is_another():
    rig = Rig().good()
    assert rig.fake.written == WRITTEN
    assert binascii.crc32(bytes(rig.fake.writes[: 2 * WRITTEN])) & 0xFFFFFFFF == WRITTEN_SUM


def test_bus_levels_are_set_only_when_asked_for():
    assert Rig(True).good().fake.pages[0][0x89] == 0x0D
    assert Rig(False).good().fake.pages[0][0x89] == 0x0C
    assert not Rig().sensor.identified
    for io_2v8 in (True, False):
        assert Rig(io_2v8).good().sensor.identified


def enabled(spads):
    rig = Rig()
    rig.fake.spads = spads
    rig.good()
    page = rig.fake.pages[0]
    return [i for i in range(48) if page[0xB0 + i // 8] >> (i % 8) & 1]


def test_reference_spads_are_the_first_good_ones_of_their_kind():
    good = [i for i in range(48) if MAP[i // 8] >> (i % 8) & 1]
    assert enabled(5) == good[:5]
    assert enabled(0x85) == [i for i in good if i >= 12][:5]
    assert enabled(0x80 | 100) == [i for i in good if i >= 12]
    assert enabled(0) == []


def test_every_code_of_the_chip_has_its_status():
    expected = {
        11: vl53l0x.OK,
        1: vl53l0x.HARDWARE_FAIL,
        2: vl53l0x.HARDWARE_FAIL,
        3: vl53l0x.HARDWARE_FAIL,
        4: vl53l0x.SIGNAL_FAIL,
        6: vl53l0x.PHASE_FAIL,
        9: vl53l0x.PHASE_FAIL,
        8: vl53l0x.MIN_RANGE,
        10: vl53l0x.MIN_RANGE,
    }
    for code in range(16):
        rig = Rig().good()
        rig.fake.code = code
        rig.poll(8)
        assert rig.quantity.status == expected.get(code, vl53l0x.NO_UPDATE)


def test_every_range():
    rig = Rig().good()
    for mm in range(0, 0x10000, 53):
        rig.fake.mm = mm
        rig.poll(11)
        if mm <= 2000:
            assert rig.quantity.status == vl53l0x.OK
            assert rig.quantity.value == mm
        else:
            assert rig.quantity.status == vl53l0x.TOO_FAR


def test_fog_drops_the_number_at_the_first_result_and_it_comes_back_with_the_first_good_one():
    rig = Rig().good()
    for code in (4, 6, 9, 8):
        rig.fake.code = code
        before = rig.fake.results
        while rig.quantity.status == vl53l0x.OK:
            rig.poll()
            assert rig.fake.results - before <= 2
        rig.fake.code = 11
        assert 0 < rig.until(vl53l0x.OK, 9)


def test_a_jump_is_no_distance_until_the_next_result_agrees():
    for step_mm, refused in ((40, False), (41, True), (-40, False), (-41, True)):
        rig = Rig().good()
        sequence = rig.quantity.sequence
        rig.fake.mm += step_mm
        seen = []
        while len(seen) < 3:
            rig.poll()
            if rig.quantity.sequence != sequence:
                sequence = rig.quantity.sequence
                seen.append(rig.quantity.status)
        assert (vl53l0x.SIGMA_FAIL in seen) == refused
        assert seen[2] == vl53l0x.OK
        assert rig.quantity.value == 120 + step_mm


def test_the_age_is_never_less_than_the_truth_and_stays_within_what_is_used():
    rig = Rig().good()
    random = 12345
    oldest_us = 0
    for i in range(1500):
        random = (random * 1103 + 12345) & 0x7FFFF
        jitter_us = (random >> 3) % 4_000 - 2_000 if i > 700 else 0
        rig.poll(1, POLL_US + jitter_us)
        if rig.sensor._part:  # a result was read just now
            assert rig.quantity.age_us >= rig.fake.begun_ago_us
        oldest_us = max(oldest_us, rig.quantity.age_us)
        assert rig.quantity.status == vl53l0x.OK
    assert oldest_us < 100_000


def test_measurements_that_stop_are_told_and_the_chip_is_restarted():
    rig = Rig().good()
    rig.fake.ranging = False
    age_us = rig.quantity.age_us
    rig.poll(5)
    assert rig.quantity.age_us > age_us + 30_000
    assert rig.until(vl53l0x.NO_ANSWER, 25) > 0
    assert rig.until(vl53l0x.OK) > 0


LOST_US = 110_000  # limit 14: after the last live result, what the guard of the distance takes as its age included


def not_live(rig):
    """Poll until there is no distance; return the time since the chip's last live result."""
    result_us = rig.fake.since_us
    for i in range(30):
        if rig.quantity.status != vl53l0x.OK or rig.quantity.age_us > DISTANCE_AGE_MAX_US:
            return result_us + i * POLL_US
        rig.poll()
    raise AssertionError("still a distance")


def test_a_chip_that_repeats_itself_or_falls_silent_is_lost_within_110_ms():
    for period_us in (19_000, 20_000, 20_400, 22_000):
        for polls in range(12):  # at every phase of chip and tick
            for hang in (-1, 3):
                rig = Rig()
                rig.fake.period_us = period_us
                rig.good().poll(polls)
                rig.fake.noisy = False
                rig.fake.hang = hang
                assert 40_000 < not_live(rig) <= LOST_US
                rig.fake.noisy = True
                rig.fake.hang = -1
                assert rig.until(vl53l0x.OK, 9) > 0


def test_a_chip_that_repeats_itself_slowly_is_lost_within_100_ms_of_results():
    """Seldom results stay under the age; the same words again do not make them younger for ever."""
    rig = Rig().good()
    rig.fake.period_us = 55_000
    rig.poll(12)
    assert rig.quantity.status == vl53l0x.OK
    rig.fake.noisy = False
    assert rig.until(vl53l0x.FROZEN, 18) > 0


def test_live_light_is_never_taken_for_frozen():
    """Dark cloth, skin and a white surface, in the dark and by a lamp, dead still, at each end of the window."""
    echo = Echo()
    for reflects in (0.03, 0.55, 0.9):
        for ambient in (0.0, 8.0):
            for mm in (70, 220):
                echo.reflects = reflects
                echo.ambient = ambient
                rig = Rig(True, echo)
                rig.fake.mm = mm
                rig.good()
                for _ in range(300):
                    rig.poll()
                    assert rig.quantity.status in (vl53l0x.OK, vl53l0x.SIGNAL_FAIL, vl53l0x.SIGMA_FAIL)
                    assert rig.quantity.age_us < DISTANCE_AGE_MAX_US
                assert rig.quantity.status == vl53l0x.OK or (reflects < 0.1 and mm > 200)


def light_of(rig, mm, error_mm=0):
    """Return the light at a distance, once it has settled."""
    for _ in range(160):
        rig.fake.mm = mm
        rig.error_mm = error_mm
        rig.poll()
    return rig.quantity.light


class Erring(Echo):
    """Give the light of the true distance, and a wrong figure."""

    rig = None

    def measure(self, mm, error_mm=0.0):
        return Echo.measure(self, mm, self.rig.error_mm)


def test_the_light_stays_whatever_the_distance_and_grows_where_the_range_does_not_follow():
    for reflects in (0.3, 0.55, 0.9):
        echo = Erring(3, reflects)
        rig = echo.rig = Rig(True, echo)
        rig.error_mm = 0
        rig.fake.mm = 120
        rig.good()
        first = light_of(rig, 120)
        assert first > 1_000
        for mm in (90, 75, 100, 150, 200):
            assert 0.85 < light_of(rig, mm) / first < 1.15, mm
        light_of(rig, 120)
        assert 1.4 < light_of(rig, 95, 25) / first < 1.8  # 120 says the sensor: (120 / 95) squared is 1.6
        light_of(rig, 120)
        assert light_of(rig, 120, -25) / first < 0.75


def test_the_light_of_any_words_fits_31_bits():
    rig = Rig().good()
    for spads, rate, mm in ((1, 0xFFFF, 250), (0xFFFF, 0xFFFF, 250), (1, 0xFFFF, 0), (0, 0xFFFF, 100), (256, 0, 20)):
        rig.sensor._before[:] = bytes((4, 89, 0, spads >> 8, spads & 255, 0, 0, rate >> 8, rate & 255, 0, 0, 0, mm))
        rig.quantity.value = mm
        rig.quantity.light = 0
        micropython.heap_lock()
        try:
            rig.sensor._weigh(rig.quantity)
        finally:
            micropython.heap_unlock()
        assert 0 <= rig.quantity.light * 150 < 1 << 30
    before = rig.quantity.light = 777
    rig.quantity.value = 251
    rig.sensor._weigh(rig.quantity)
    assert rig.quantity.light == before


def test_the_echo_has_noise_in_each_word_and_its_rates_follow_the_surface():
    for reflects, ambient, mm in ((0.03, 0.0, 100), (0.55, 1.0, 100), (0.9, 8.0, 72)):
        echo = Echo(3, reflects, ambient)
        rows = [tuple(echo.measure(mm)) for _ in range(200)]
        changes = [len(set(row[n] for row in rows)) for n in (2, 3, 4)]
        assert changes[0] > 5 and changes[2] > 5 and (changes[1] > 5) == (ambient > 0)
        assert abs(sum(row[4] for row in rows) / 200 - mm) < 2
    near, far = Echo(3, 0.2).measure(100), Echo(3, 0.2).measure(200)
    assert 3.5 < near[2] * far[1] / (far[2] * near[1]) < 4.5  # for each SPAD a quarter at twice the distance
    assert Echo(3, 0.005).measure(220)[0] == NO_ECHO
    assert Echo(1).measure(100) != Echo(2).measure(100)


def test_a_frozen_chip_is_restarted():
    rig = Rig().good()
    rig.fake.noisy = False
    rig.until(vl53l0x.FROZEN, 100)
    written = rig.fake.written
    rig.poll(80)
    assert rig.fake.writes[2 * written] and rig.fake.written > written + 30


def restarted(rig):
    """Poll until the sensor starts again."""
    for _ in range(400):
        rig.poll()
        if rig.sensor._step == 0:
            return rig
    raise AssertionError("it goes on")


def test_a_restart_begins_from_nothing():
    rig = Rig().good()
    rig.fake.code = 1  # the chip reports its laser: ten times, and it is restarted, a result not yet cleared
    restarted(rig).fake.power()
    rig.fake.mm = 500  # no jump: there is nothing before it
    before = rig.quantity.sequence
    for _ in range(400):
        rig.poll()
        if rig.quantity.sequence != before:
            break
    assert rig.quantity.status == vl53l0x.HARDWARE_FAIL and rig.sensor._step  # its first one, not the eleventh
    rig.fake.code = 11
    before = rig.quantity.sequence
    assert rig.until(vl53l0x.OK, 9) > 0
    assert rig.quantity.value == 500 and rig.quantity.sequence == before + 1
    rig = Rig().good()
    rig.fake.code = 1
    restarted(rig).fake.power()
    rig.fake.code = 11
    rig.good()
    assert rig.fake.written == WRITTEN
    assert binascii.crc32(bytes(rig.fake.writes[: 2 * WRITTEN])) & 0xFFFFFFFF == WRITTEN_SUM


def test_a_chip_that_repeats_itself_over_a_restart_gives_no_distance():
    """Limit 14: repeated words are not live. Otherwise each restart would allow 0.5 s of gas by an old distance."""
    rig = Rig().good()
    rig.fake.noisy = False
    assert rig.until(vl53l0x.FROZEN) > 0
    restarted(rig)
    results = rig.fake.results
    seen = set()
    for _ in range(400):
        rig.poll()
        seen.add(rig.quantity.status)
    assert rig.fake.results > results + 10
    assert vl53l0x.OK not in seen
    rig.fake.noisy = True
    rig.good()


def test_each_failed_transfer_is_a_result_of_its_own():
    rig = Rig().good()
    rig.fake.nack = OSError(5)
    before = rig.quantity.sequence
    rig.poll(3)
    assert (rig.quantity.sequence - before) & 0xFFFF == 3


def test_each_step_of_the_start_up_that_never_ends_is_told():
    for hang in range(4):
        rig = Rig()
        rig.fake.hang = hang
        assert rig.until(vl53l0x.NO_ANSWER) > 0
        rig.poll(300)
        assert rig.quantity.status == vl53l0x.NO_ANSWER
        rig.fake.hang = -1
        assert rig.until(vl53l0x.OK) > 0


def test_a_chip_that_takes_no_writes_gives_no_distance():
    rig = Rig()
    rig.fake.deaf = True
    assert rig.until(vl53l0x.NO_ANSWER) > 0
    assert rig.until(vl53l0x.OK) == -1


def test_another_chip_is_refused():
    for identity in (b"\xee\xaa\x11", b"\xef\xaa\x10", b"\xee\xab\x10", b"\xea\xcc\x10"):
        rig = Rig()
        rig.fake.identity = identity
        rig.fake.power()
        assert rig.until(vl53l0x.WRONG_CHIP, 6) > 0
        rig.poll(300)
        assert rig.quantity.status == vl53l0x.WRONG_CHIP


def test_a_dead_bus_from_the_start():
    for dead in (0x00, 0xFF):
        rig = Rig()
        rig.fake.dead = dead
        assert rig.until(vl53l0x.DEAD_BUS, 6) > 0
        rig.poll(300)
        assert rig.quantity.status == vl53l0x.DEAD_BUS


def test_a_bus_that_dies_later_gives_no_distance_and_is_told():
    for dead in (0x00, 0xFF):
        rig = Rig().good()
        rig.fake.dead = dead
        sequence = rig.quantity.sequence
        polls = 0
        while rig.quantity.status != vl53l0x.DEAD_BUS:
            rig.poll()
            polls += 1
            assert rig.quantity.status != vl53l0x.OK or rig.quantity.sequence == sequence
            assert polls < 60
        rig.fake.dead = -1
        assert rig.until(vl53l0x.OK) > 0


def test_an_error_of_the_bus_drops_the_number_and_one_alone_costs_no_restart():
    rig = Rig().good()
    rig.fake.nack = OSError(5)
    rig.poll()
    assert rig.quantity.status == vl53l0x.DEAD_BUS
    rig.fake.nack = None
    assert 0 < rig.until(vl53l0x.OK, 9)
    rig.fake.nack = OSError(110)
    rig.poll(100)
    assert rig.quantity.status == vl53l0x.DEAD_BUS
    rig.fake.nack = None
    assert rig.until(vl53l0x.OK) > 50


def test_single_errors_now_and_then_cost_no_restart():
    rig = Rig().good()
    written = rig.fake.written
    for _ in range(30):
        rig.fake.nack = OSError(5)
        rig.poll()
        rig.fake.nack = None
        assert 0 < rig.until(vl53l0x.OK, 9)
    assert rig.fake.written - written < 60


def test_a_chip_that_lost_its_supply_is_started_again():
    rig = Rig().good()
    rig.fake.power()
    assert rig.until(vl53l0x.NO_ANSWER, 30) > 0
    assert rig.until(vl53l0x.OK) > 0


def test_the_age_saturates():
    rig = Rig().good()
    rig.fake.nack = OSError(5)
    rig.poll(6, 0x0FFFFFFF)
    assert rig.quantity.age_us == 0x1FFFFFFF
    rig.poll(1, MASK)
    assert rig.quantity.age_us == 0x1FFFFFFF


def test_the_first_result_is_no_older_than_any_other():
    rig = Rig()
    while not rig.fake.ranging:
        rig.poll()
    rig.poll(1, 25_000)  # late: it is there at the first look
    assert rig.quantity.status == vl53l0x.OK and rig.quantity.age_us == 22_000 + 25_000
