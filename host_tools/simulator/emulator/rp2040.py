"""An emulated RP2040 that runs a real MicroPython image in virtual time, with other parts wired to its pins.

Everything is synchronous and deterministic: `run` executes instructions until a virtual time; nothing reads a wall
clock. The package rp2040py must be exactly 0.3.6: some of its private names are replaced here, each because of a defect
that a comment names. Times are virtual nanoseconds since power-on unless a name says otherwise.
"""

from collections.abc import Callable
from typing import Any

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.execute_batch import execute_batch
from rp2040py.gpio_pin import GPIOPinState
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.logging import ConsoleLogger, LogLevel

FS_START = 0xA0000  # RPI_PICO: 1408 KiB of littlefs behind the firmware
FS_BLOCK = 4096
FS_BLOCKS = 352
CLOCK_NS = 8  # of the system clock
CLK_PERI_HZ = 48_000_000  # what MicroPython sets; the package assumes 125 MHz
ERASE_NS = 45_000_000  # W25Q16JV, typical: 4 KiB sector
ERASE_BLOCK_NS = 150_000_000  # 64 KiB block
PROGRAM_NS = 400_000  # one page
USB_PACKET = 64
UART_DR = 0
UART_TX_INTERRUPT = 1 << 5


class Timeout(Exception):
    """The virtual time limit passed before the expected event happened."""


def littlefs(files: dict[str, bytes]) -> bytes:
    """Return a littlefs image that holds `files`, named by their path on the board."""
    from littlefs import LittleFS

    fs = LittleFS(block_size=FS_BLOCK, block_count=FS_BLOCKS, prog_size=256, disk_version=0x00020000)
    for path, data in sorted(files.items(), key=lambda item: item[0].count("/")):
        parts = path.split("/")[:-1]
        for depth in range(len(parts)):
            folder = "/".join(parts[: depth + 1])
            if folder not in made_folders(fs):
                fs.mkdir(folder)
        with fs.open(path, "wb") as file:
            file.write(data)
    fs.fs_gc()
    fs.unmount()
    return bytes(fs.context.buffer)


def made_folders(fs) -> set[str]:
    """Return the folders of a littlefs."""
    found = set()
    for root, dirs, _ in fs.walk("/"):
        found |= {(root.rstrip("/") + "/" + d).lstrip("/") for d in dirs}
    return found


class Rp2040Board:
    """One chip. `files` (path -> bytes) become its file system; None leaves it erased: MicroPython then formats it.

    console    bytearray of everything the guest sent over USB; `sent` holds (ns, bytes) of each packet
    edges      (ns, pin, level) of every watched pin; level None: the pad went high-impedance
    resets     (ns, "watchdog") of every chip reset
    """

    def __init__(self, uf2, files=None, usb=True):
        self.simulator = Simulator(rp2040=RP2040())
        self.mcu = self.simulator.rp2040
        self.clock = self.simulator.clock
        self.mcu.load_bootrom(BOOTROM_B1)  # this erases the flash: image and files come after it
        self.mcu.logger = ConsoleLogger(LogLevel.ERROR)
        load_uf2(uf2, self.mcu)
        if files is not None:
            image = littlefs(files)
            self.mcu.flash[FS_START : FS_START + len(image)] = image
        self.mcu.clk_peri = CLK_PERI_HZ
        self.console = bytearray()
        self.sent = []
        self.edges = []
        self.resets = []
        self.on_reset: Callable[[str], None] | None = None  # called with the reason, before the pins change
        self.reading = True  # False: the host keeps the port open and takes no more bytes
        self.taken_by_guest = 0  # bytes that the guest took over USB
        self._to_guest = bytearray()
        self._out_wanted = 0
        self._watched = {}
        self._external = {}
        self._chips = {}
        self._transfers = []  # (alarm, answer) of each SPI bus
        self._alarm = self.clock.create_alarm(self._stop)
        self._fix_uart()
        self._fix_flash()
        self.cdc = USBCDC(self.mcu.usb_ctrl)
        self._fix_usb()
        if not usb:
            self.mcu.usb_ctrl.on_usb_enabled = None
        self.mcu.watchdog.on_watchdog_trigger = self._watchdog
        self.mcu.core.pc = FLASH_START_ADDRESS

    # --- time -----------------------------------------------------------------------------------------------------
    @property
    def ns(self) -> float:
        """Virtual time, ns."""
        return self.clock.nanos

    @property
    def us(self) -> float:
        """Virtual time, us."""
        return self.clock.nanos / 1000

    def _stop(self):
        self.simulator.stopped = True

    def stop(self):
        """End the present `run` after this instruction: for listeners."""
        self.simulator.stopped = True

    def run(self, us: float) -> None:
        """Let `us` of virtual time pass; a listener may end the run earlier with `stop`."""
        self.schedule(self._alarm, us * 1000)
        self.simulator.stopped = False
        while not self.simulator.stopped:
            execute_batch(self.simulator, 1)
        self._alarm.cancel()

    def run_until(self, done: Callable[[], bool], limit_us: float, step_us: float = 200) -> None:
        """Run until done() holds, asked every step_us. Raises Timeout at the limit."""
        end = self.us + limit_us
        while not done():
            if self.us >= end:
                raise Timeout(f"nothing after {limit_us} us; console ends {bytes(self.console[-300:])!r}")
            self.run(step_us)

    def schedule(self, alarm, ns: float) -> None:
        """Let an alarm come ns from now, at a whole system clock.

        While the processor sleeps, the package gives PIO the whole clocks up to each alarm and drops the rest: an alarm
        between two clocks costs it one, and then a machine that is late by it a whole instruction.
        """
        now = self.clock.nanos
        alarm.schedule(-(-(now + ns) // CLOCK_NS) * CLOCK_NS - now)

    def at(self, delay_us: float, callback: Callable[[], None]):
        """Call back once after delay_us; returns the alarm (cancel, schedule(ns))."""
        alarm = self.clock.create_alarm(callback)
        self.schedule(alarm, delay_us * 1000)
        return alarm

    def every(self, period_us: float, callback: Callable[[], None]):
        """Call back every period_us from now on."""

        def again():
            self.schedule(alarm, period_us * 1000)
            callback()

        alarm = self.clock.create_alarm(again)
        self.schedule(alarm, period_us * 1000)
        return alarm

    def keep_pio_running(self, period_ns: float):
        """Run an alarm of PIO's period (or a divisor): without one PIO stops while the CPU sleeps. It costs speed."""
        return self.every(period_ns / 1000, lambda: None)

    # --- pins -----------------------------------------------------------------------------------------------------
    def watch(self, *numbers: int, callback=None) -> None:
        """Record the edges of these outputs, and loop them back to their input, as pads do."""
        for number in numbers:
            pin = self.mcu.gpio[number]
            if number not in self._watched:
                self._watched[number] = []
                pin.add_listener(lambda value, last, n=number: self._edge(n, value))
                self._loop_back(number)
            if callback:
                self._watched[number].append(callback)

    def _edge(self, number, value):
        level = {GPIOPinState.HIGH: 1, GPIOPinState.LOW: 0}.get(value)
        self.edges.append((self.ns, number, level))
        self._loop_back(number)
        for callback in self._watched[number]:
            callback(level)

    def _loop_back(self, number):
        pin = self.mcu.gpio[number]
        if pin.output_enable:
            # an unchanged level would latch an edge interrupt
            if not pin._driven or pin._raw_input_value != pin.output_value:
                pin.set_input_value(pin.output_value)
        elif number in self._external:
            self._put(number, self._external[number])
        elif pin._driven:
            pin.release_input()

    def drive(self, number: int, level: int) -> None:
        """Drive an input from outside."""
        self._external[number] = level
        self._put(number, level)

    def _put(self, number, level):
        pin = self.mcu.gpio[number]
        if not pin._driven or pin._raw_input_value != bool(level):
            pin.set_input_value(bool(level))

    def level(self, number: int):
        """Return what the pad drives: 1, 0, or None for high-impedance."""
        return {GPIOPinState.HIGH: 1, GPIOPinState.LOW: 0}.get(self.mcu.gpio[number].value)

    def analogue(self, number: int, fraction: float) -> None:
        """Put a voltage on ADC pin 26..29, as a fraction of the reference."""
        self.mcu.adc.channel_values[number - 26] = max(0, min(4095, round(fraction * 4095)))

    # --- SPI ------------------------------------------------------------------------------------------------------
    def attach_spi(self, bus: int, select_pin: int, chip) -> None:
        """Put a chip on a bus. chip.select() at the falling edge of its select; chip.byte(out) -> byte shifted in."""
        self.watch(select_pin, callback=lambda level: chip.select() if level == 0 else None)
        if bus in self._chips:
            self._chips[bus].append((select_pin, chip))
            return
        self._chips[bus] = [(select_pin, chip)]
        spi = self.mcu.spi[bus]
        answer = []
        alarm = self.clock.create_alarm(lambda: spi.complete_transmit(answer.pop(0)))

        def transmit(value):
            chosen = [c for p, c in self._chips[bus] if self.level(p) == 0]
            answer.append(chosen[0].byte(value) if len(chosen) == 1 else 0xFF)
            self.schedule(alarm, 8e9 / (spi.clock_frequency or 1e6))  # in the package a transfer takes no time

        self._transfers.append((alarm, answer))
        spi.on_transmit = transmit

    # --- console --------------------------------------------------------------------------------------------------
    def write(self, data: bytes) -> None:
        """Send bytes to the guest's USB serial port."""
        self._to_guest += data
        self._feed()

    @property
    def waiting_for_guest(self) -> int:
        """Bytes written to the guest that it did not take yet."""
        return len(self._to_guest)

    def lines(self) -> list[str]:
        """Return what the guest printed, as lines."""
        return self.console.decode(errors="replace").replace("\r", "").split("\n")

    def wait_for(self, text: bytes, limit_us: float, start: int = 0) -> int:
        """Run until the guest sent `text` (searched from console[start]); return the offset behind it."""
        self.run_until(lambda: self.console.find(text, start) >= 0, limit_us)
        return self.console.find(text, start) + len(text)

    def boot_to_prompt(self, limit_us: float = 3_000_000) -> None:
        """Run from power-on to the MicroPython prompt; what it printed before USB was up stays in its buffer."""
        self.run_until(lambda: self.cdc._initialized, limit_us)
        self.run(1000)
        self.write(b"\r")
        self.wait_for(b">>> ", limit_us)

    def exec(self, code: str, limit_us: float = 5_000_000) -> str:
        """Run code through the raw prompt; return what it printed. Raises RuntimeError on a guest's exception."""
        if not code.strip():
            return ""  # an empty program at the raw prompt is a soft reset
        mark = len(self.console)
        self.write(b"\r\x01")
        mark = self.wait_for(b"raw REPL; CTRL-B to exit\r\n>", 500_000, mark)
        data = code.encode()
        for at in range(0, len(data), 128):  # the guest's ring buffer holds 512 bytes
            self.write(data[at : at + 128])
            self.run_until(lambda: not self._to_guest, 500_000)
        self.write(b"\x04")
        mark = self.wait_for(b"OK", 1_000_000, mark)
        end = self.wait_for(b"\x04", limit_us, mark)
        out = bytes(self.console[mark : end - 1])
        end2 = self.wait_for(b"\x04", 500_000, end)
        error = bytes(self.console[end : end2 - 1])
        if error:
            raise RuntimeError((out + b"\n" + error).decode(errors="replace"))
        return out.decode(errors="replace").replace("\r\n", "\n")

    # --- defects of the package -----------------------------------------------------------------------------------
    def _feed(self):
        if self._out_wanted and self._to_guest:
            packet = bytes(self._to_guest[: min(self._out_wanted, USB_PACKET)])
            del self._to_guest[: len(packet)]
            self.taken_by_guest += len(packet)
            self._out_wanted = 0
            self.mcu.usb_ctrl.endpoint_read_done(self.cdc._out_endpoint, packet)

    def _fix_usb(self):
        usb: Any = self.mcu.usb_ctrl
        stock_read = usb.on_endpoint_read
        stock_reset = usb.on_reset

        def read(endpoint, size):
            # No answer until there is data, as from a host that sends nothing. The package completes at once with 0
            # bytes, which causes interrupts without end.
            if endpoint == self.cdc._out_endpoint:
                self._out_wanted = size
                self._feed()
            else:
                stock_read(endpoint, size)

        def reset():
            self._out_wanted = 0
            self._to_guest.clear()
            stock_reset()

        def data(packet):
            self.console += packet
            self.sent.append((self.ns, bytes(packet)))

        stock_ready = usb._indicate_buffer_ready

        def ready(endpoint, out):
            # With a host that does not read, the packet stays in the chip's buffer and is never reported as taken.
            if out or self.reading or endpoint != self.cdc._in_endpoint:
                stock_ready(endpoint, out)

        usb._indicate_buffer_ready = ready
        usb.on_endpoint_read = read
        usb.on_reset = reset
        self.cdc.on_serial_data = data

    def _fix_uart(self):
        # The package raises the transmit interrupt at every read, so that nothing can clear it. Here a sent byte raises
        # it.
        for uart in self.mcu.uart:

            def check(u=uart):
                u.rp2040.set_interrupt(u.irq, bool(u._interrupt_status & u._interrupt_mask))

            def write(offset, value, u=uart, stock=uart.write_uint32):
                if offset == UART_DR:
                    u._interrupt_status |= UART_TX_INTERRUPT
                stock(offset, value)
                if offset == UART_DR:
                    check(u)

            uart.check_interrupts = check
            uart.write_uint32 = write

    def _fix_flash(self):
        # In the package erase and program take no time. Here the ROM polls the busy bit with interrupts off, as on a
        # chip.
        ssi: Any = self.mcu.ssi
        stock_apply, stock_shift = ssi._apply_command, ssi._shift_byte
        busy = [0.0]

        def apply():
            command = ssi._tx_buffer[0] if ssi._tx_buffer else None
            armed = ssi._write_enabled
            stock_apply()
            if armed and command in (0x20, 0xD8, 0x02):
                busy[0] = self.ns + {0x20: ERASE_NS, 0xD8: ERASE_BLOCK_NS, 0x02: PROGRAM_NS}[command]

        def shift(value):
            answer = stock_shift(value)
            if len(ssi._tx_buffer) > 1 and ssi._tx_buffer[0] == 0x05 and self.ns < busy[0]:
                answer |= 1
            return answer

        ssi._apply_command, ssi._shift_byte = apply, shift

    def _watchdog(self):
        self.resets.append((self.ns, "watchdog"))
        if self.on_reset is not None:
            self.on_reset("watchdog")
        for alarm, answer in self._transfers:
            alarm.cancel()
            answer.clear()
        before = {n: self.level(n) for n in self._watched}
        self.mcu.enter_reset(from_watchdog=True)
        self.mcu.clk_peri = CLK_PERI_HZ
        for number, level in before.items():  # the package does not tell listeners that pads became high-impedance
            if level is not None and self.level(number) is None:
                self.edges.append((self.ns, number, None))
                self._loop_back(number)
                for callback in self._watched[number]:
                    callback(None)
        self.mcu.leave_reset()
