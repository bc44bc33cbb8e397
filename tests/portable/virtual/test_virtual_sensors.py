"""The virtual board's infrared, CO2 and distance sensors, from the port to the reading. Heap locked."""

import hal
import micropython
from cryo.core.reading import DEAD_BUS, OK, Reading
from cryo.core.records import Quantity
from cryo.drivers import vl53l0x
from cryo.drivers.mlx90614 import Mlx90614
from cryo.drivers.vl53l0x import Vl53l0x
from machine import I2C
from room import Room
from virtual_link import Link

# words with their check bytes, as the chip's CRC makes them: 29.99 and 31.97 degC at the object, 21.99 at the housing
OBJECT, OBJECT_2, HOUSING = 0x1F3B35, 0xEE3B98, 0xE639A5


def poll(driver, record, count, step_us=50_000):
    """Poll so often, step_us apart."""
    global now_us
    for _ in range(count):
        now_us = (now_us + step_us) & 0x3FFFFFFF
        micropython.heap_lock()
        try:
            driver.poll(now_us, record)
        finally:
            micropython.heap_unlock()


now_us = 0x3FFFFFFF - 200_000


def test_the_drivers_own_words_arrive():
    Link()
    hal.received[hal.IN_INFRARED] = OBJECT
    hal.received[hal.IN_INFRARED + 1] = HOUSING
    driver = Mlx90614(I2C(0), 64_224, every=1)
    reading = Reading()
    poll(driver, reading, 8)
    hal.received[hal.IN_INFRARED] = OBJECT_2
    poll(driver, reading, 3)
    assert reading.status == OK and reading.value_mdegc == 31_970 and reading.cold_junction_mdegc == 21_990


def test_a_silent_bus_is_told():
    Link()
    hal.received[hal.IN_INFRARED] = hal.received[hal.IN_INFRARED + 1] = -1
    reading = Reading()
    driver = Mlx90614(I2C(0), 64_224, every=1)
    driver.poll(now_us, reading)
    assert reading.status == DEAD_BUS and reading.value_mdegc is None


def test_room_samples_age_and_a_silent_sensor_has_no_value():
    Link()
    hal.received[hal.IN_ROOM_PPM] = 800
    hal.received[hal.IN_ROOM_SAMPLES] = 0
    driver = Room()
    q = Quantity()
    poll(driver, q, 3)
    assert q.status and q.value is None
    hal.received[hal.IN_ROOM_SAMPLES] = 1
    poll(driver, q, 1)
    assert q.status == 0 and q.value == 800 and q.age_us == 5_000_000
    hal.received[hal.IN_ROOM_PPM] = 900  # no new sample
    poll(driver, q, 20)
    assert q.value == 800 and q.age_us == 6_000_000
    hal.received[hal.IN_ROOM_PPM] = -1
    poll(driver, q, 1)
    assert q.status and q.value is None


def test_the_distance_of_each_measurement_arrives_and_a_silent_sensor_has_none():
    link = Link()
    driver = Vl53l0x(I2C(1))
    q = Quantity()
    for n in range(1, 200):  # the start-up, a measurement every second tick
        link.range = (n // 2, 11, 0x2D00, 2_560 + n, 60, 90 + n // 100)
        hal.exchange(10_000)
        poll(driver, q, 1, 10_000)
    assert q.status == vl53l0x.OK and q.value == 91 and q.age_us <= 60_000
    for _ in range(12):
        hal.exchange(10_000)  # no measurement: its age tells
        poll(driver, q, 1, 10_000)
    assert q.age_us > 100_000
    link.range = (-1, 0, 0, 0, 0, 0)
    hal.exchange(10_000)
    poll(driver, q, 1, 10_000)
    assert q.status == vl53l0x.DEAD_BUS and q.value is None


def test_the_display_takes_what_it_gets_and_an_empty_address_does_not():
    link = Link()
    bus = I2C(0)
    hal.exchange(0)
    before_us = link.now_us
    assert bus.writeto(0x3C, b"12345678") == 8
    hal.exchange(0)
    assert link.now_us - before_us == 9 * hal.COST_SLOW_BYTE_US
    for address in (0x3D, 0x29):
        try:
            bus.writeto(address, b"1")
        except OSError:
            continue
        raise AssertionError(address)
