"""Programs on the emulated board for comparison: three ways in which a person would write a burst, and the common load.

The load is the same for all: floats that are formatted into lines and kept for some time, a live heap that a collection
has to search, and a console that answers every line.
"""

LIVE_LISTS = 1_500  # about 36 KB of small objects: what an application of this size keeps
COLLECT_EVERY = 32_768  # bytes
COMMAND = b"MEAS:TEMP?\r\n"
COMMAND_EVERY_US = 125_000

LOAD = f"""
import gc, micropython, select, sys, time
from machine import SPI, Pin, Timer
micropython.alloc_emergency_exception_buf(100)
dose = Pin(2, Pin.OUT, value=0)
beat = Pin(23, Pin.OUT, value=0)
eye = Pin(7, Pin.IN)
trigger = Pin(9, Pin.IN)
drdy = Pin(21, Pin.IN)
spi = SPI(0, baudrate=4_000_000, polarity=0, phase=1, sck=Pin(18), mosi=Pin(19), miso=Pin(16))
select_skin = Pin(17, Pin.OUT, value=1)
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)
keep = [[i] for i in range({LIVE_LISTS})]
last = []
pauses = 0  # each of another length, so that bursts and collections do not keep step
stopped = False
gc.collect()
gc.threshold({COLLECT_EVERY})
def load():
    while poll.poll(0):
        sys.stdin.readline()
        sys.stdout.write("SKIN=24.23,161ms;NOZZLE=23.98,161ms;PREDICTED=23.66\\r\\n")
    last.append("{{:.2f}},{{:.1f}},{{}}".format(time.ticks_us() / 1e3, len(last) * 1.5, "DELIVERING"))
    if len(last) > 40:
        del last[:20]
def pause_ms():
    global pauses
    pauses += 1
    return 5 + pauses * 7 % 29
def skin_c():
    select_skin(0)
    spi.write(b"\\x0c")
    raw = spi.read(3)
    select_skin(1)
    return int.from_bytes(raw, "big") / 4096
def unsafe():
    return not eye.value() or trigger.value() or not drdy.value() and skin_c() < 4.0
"""

SLEEP = """
while True:
    load()
    if not unsafe():
        dose.on()
        time.sleep_ms(LENGTH_MS)
        dose.off()
        time.sleep_ms(pause_ms())
"""

ASYNCIO = """
import asyncio
async def burst():
    while not stopped:
        dose.on()
        await asyncio.sleep_ms(LENGTH_MS)
        dose.off()
        await asyncio.sleep_ms(pause_ms())
async def guard():
    global stopped
    while True:
        beat.toggle()
        if unsafe():
            stopped = True
            dose.off()
        await asyncio.sleep_ms(10)
async def busy():
    while True:
        load()
        await asyncio.sleep_ms(0)
async def main():
    asyncio.create_task(guard())
    asyncio.create_task(busy())
    await burst()
    while True:
        await asyncio.sleep_ms(1000)
asyncio.run(main())
"""

SOFT_TIMER = """
def end(_):
    dose.off()
def guard(_):
    global stopped
    beat.toggle()
    if unsafe():
        stopped = True
        dose.off()
tick = Timer(period=10, callback=guard)
one_shot = Timer()
next_ms = time.ticks_ms()
while True:
    load()
    if not stopped and not dose.value() and time.ticks_diff(time.ticks_ms(), next_ms) >= 0:
        next_ms = time.ticks_add(time.ticks_ms(), LENGTH_MS + pause_ms())
        dose.on()
        one_shot.init(mode=Timer.ONE_SHOT, period=LENGTH_MS, callback=end)
"""

# The best that an interrupt can do for the eye loop: a hard one that allocates nothing, while a log file grows.
HARD_INTERRUPT = """
def cut(_, off=dose.value):
    off(0)
eye.irq(cut, Pin.IRQ_FALLING, hard=True)
log = open("log.txt", "a")
dose.on()
while True:
    log.write("T=24.23,P=57.1,DELIVERING\\n" * 40)
    log.flush()
"""

OURS = """
from cryo.valve.rp2_pio import Lease, Valve
pulse = Pin(3, Pin.OUT, value=0)
valve = Valve(0, 2, Pin(7, Pin.IN), pulse)
lease = Lease(4, pulse, Pin(8, Pin.IN))
while True:
    lease.renew()
    load()
    if valve.result() != -1:
        valve.rearm()
        lease.renew()
        valve.fire(LENGTH_MS * 1000)
"""

PEERS = {"on, sleep_ms, off": SLEEP, "asyncio task": ASYNCIO, "soft Timer": SOFT_TIMER}
