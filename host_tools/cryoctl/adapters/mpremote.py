"""Uses MicroPython's prompt on an open port, with mpremote's transport. Only this module imports mpremote.

The transport begins with Ctrl-C. So make a Prompt only after device.look() returned PROMPT: then no program runs.
"""

import ast
import base64
import contextlib
import hashlib
import time
from collections.abc import Callable
from typing import Any

from mpremote import transport_serial
from mpremote.transport import TransportError, TransportExecError

from host_tools.cryoctl.device import PROMPT, look
from host_tools.cryoctl.port import Port
from host_tools.cryoctl.problems import NoDevice, Problem, Refused

CHUNK = 4096  # bytes of a file in one program: little compared with the free heap of a board without application
KEEP = 4  # after so many chunks the board stores them: an interrupted file continues there
WAIT_S = 10  # longest time without any byte from the board
TALKS_S = 120  # longest time of one answer: hashing a whole file takes a tenth of it [E]
ENTER_S = 5  # for the raw prompt and its soft reset
TRIES = 3
_MAKE = "import binascii,os\nf=open({!r},{!r})\nw=f.write\na=binascii.a2b_base64"
_LOOK = """import os,hashlib,binascii
b=bytearray(1024)
m=memoryview(b)
def h(p):
 try:
  n=os.stat(p)[6]
  f=open(p,'rb')
 except OSError:
  return None
 s=hashlib.sha256()
 while 1:
  k=f.readinto(b)
  if not k:
   break
  s.update(m[:k])
 f.close()
 return n,binascii.hexlify(s.digest()).decode()
print({p:h(p) for p in %r})
"""
_FREE = "import os\nv=os.statvfs('/')\nprint(v[0]*v[3],v[0])"
_WHO = """import sys
i=sys.implementation
print((sys.platform,getattr(i,'_machine',''),tuple(i.version[:3]),getattr(i,'_mpy',0),i.name))
"""
_LINES = """f=open({!r},'rb')
h=b''
while len(h)<16384:
 l=f.readline()
 h+=l
 if len(l)<2:
  break
f.close()
print(h)
"""
_PARTS = """import hashlib,binascii
f=open({!r},'rb')
for p,n in {!r}:
 f.seek(p)
 s=hashlib.sha256()
 while n:
  d=f.read(min(n,1024))
  if not d:
   break
  s.update(d)
  n-=len(d)
 print(binascii.hexlify(s.digest()).decode())
f.close()
"""
_OLD = """
o=open({!r},'rb')
def c(p,n):
 o.seek(p)
 while n:
  d=o.read(min(n,1024))
  if not d:
   break
  w(d)
  n-=len(d)
"""
_READ = "import binascii\nprint(binascii.b2a_base64(open({!r},'rb').read()).decode())"

setattr(transport_serial, "print", lambda *_: None)  # noqa: B010 - what it fails with is raised, too; it is not the user's to read


class _OnOpenPort(transport_serial.SerialTransport):
    """The transport on a port that is open already and stays open, because opening a port resets some boards."""

    def __init__(self, stream, name):
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.device_name = name
        self.mounted = False
        self.serial = stream
        self.is_pty = False

    def read_until(self, min_num_bytes, ending, timeout=10, data_consumer=None, timeout_overall=None):
        """Do the same as mpremote's own, but the time limit also counts while a board sends without a pause."""
        got = bytearray()
        heard_s = begun_s = time.monotonic()
        most_s = TALKS_S if timeout_overall is None else timeout_overall
        while not got.endswith(ending):
            now_s = time.monotonic()
            if now_s >= begun_s + most_s or (timeout is not None and now_s >= heard_s + timeout):
                break
            new = self.serial.read(1) if self.serial.inWaiting() > 0 else b""
            if not new:
                time.sleep(0.01)
                continue
            heard_s = now_s
            got += new
            if data_consumer:
                data_consumer(new)
                del got[: -len(ending)]
        return bytes(got)


class Prompt:
    """The raw prompt after a soft reset: boot.py has run, nothing else is loaded. Use prompt() to make one.

    Every method raises NoDevice when the board is gone, Refused with MicroPython's own last line when a program fails
    on the board, and Problem when its file system is full. sent counts the sent bytes of file contents.
    """

    def __init__(self, transport: transport_serial.SerialTransport, name: str):
        self._transport = transport
        self._name = name
        self.sent = 0
        self.left = False  # by a restart

    def run(self, program: str) -> str:
        """Run a program; return what it printed."""
        try:
            return self._transport.exec(program).decode("utf-8", "replace")
        except TransportExecError as error:
            raise self._failed(error.error_output) from None
        except (TransportError, OSError) as error:
            raise self._lost(error) from None
        except UnicodeDecodeError:
            raise self._lost("what it sends is not text") from None

    def value(self, program: str) -> Any:
        """Run a program that prints one literal; return its value."""
        said = self.run(program)
        try:
            return ast.literal_eval(said.strip())
        except (ValueError, SyntaxError):
            raise self._lost(f"unexpected answer {said[:40]!r}") from None

    def who(self) -> tuple[str, str, tuple[int, int, int], int, str]:
        """Return sys.platform, sys.implementation's _machine, version, _mpy and name."""
        return self.value(_WHO)

    def files(self, paths: list[str]) -> dict[str, tuple[int, str] | None]:
        """Return path -> (size, SHA-256 as the board computes it), or None for a file that is not there."""
        return self.value(_LOOK % (list(paths),))

    def free(self) -> tuple[int, int]:
        """Return the free bytes of the file system, and the bytes of one block."""
        free, block = self.run(_FREE).split()
        return int(free), int(block)

    def read(self, path: str) -> bytes:
        """Return the whole content of a small file."""
        return base64.b64decode(self.run(_READ.format(path)))

    def write(self, path: str, data: bytes, begin: int = 0, progress: Callable[[int], None] = lambda _: None) -> None:
        """Write a file, or the part after its first `begin` bytes; progress() gets the number of bytes so far."""
        self.run(_MAKE.format(path, "ab" if begin else "wb"))
        self._send(data[begin:], lambda done: progress(begin + done))
        self.run("f.close()")

    def compose(
        self, path: str, old: str, pieces: list[tuple[int, int] | bytes], begin: int, progress: Callable[[int], None]
    ) -> None:
        """Write the part after a file's first `begin` bytes, from (place, length) of an older file and sent bytes."""
        self.run(_MAKE.format(path, "ab" if begin else "wb") + _OLD.format(old))
        done = begin
        for piece in pieces:
            if isinstance(piece, bytes):
                self._send(piece, lambda more, before=done: progress(before + more))
                done += len(piece)
            else:
                self.run(f"c({piece[0]},{piece[1]})")
                done += piece[1]
                progress(done)
        self.run("f.close()\no.close()")

    def lines(self, path: str) -> bytes:
        """Return the lines of a file up to and including the first empty one; or its first 16 KB."""
        return self.value(_LINES.format(path))

    def parts(self, path: str, places: list[tuple[int, int]]) -> list[str]:
        """Return the SHA-256 of each (place, length) of a file, as the board computes it."""
        return self.run(_PARTS.format(path, places)).split()

    def rename(self, old: str, new: str) -> None:
        """Rename a file; a file with the new name is replaced in the same step."""
        self.run(f"import os\nos.rename({old!r},{new!r})")

    def remove(self, path: str) -> None:
        """Remove a file."""
        self.run(f"import os\nos.remove({path!r})")

    def restart(self, first: str = "") -> None:
        """Run the program `first`, then restart the board: boot.py, main.py. Nothing more is read from the board."""
        self._last(first + "import machine\nmachine.reset()")

    def boot_loader(self) -> None:
        """Restart the board into its chip's boot loader."""
        self._last("import machine\nmachine.bootloader()")

    def _send(self, data, progress):
        for count, at in enumerate(range(0, len(data), CHUNK), 1):
            piece = data[at : at + CHUNK]
            keep = "" if count % KEEP else "\nf.flush()"
            self.run(f"w(a('{base64.b64encode(piece).decode()}')){keep}")
            self.sent += len(piece)
            progress(at + len(piece))

    def _last(self, program):
        self.left = True
        with contextlib.suppress(TransportError, OSError):  # its own port may disappear before it has answered
            self._transport.exec_raw_no_follow(program)

    def _failed(self, text):
        last = (text.strip().splitlines() or ["no reason given"])[-1]
        if "ENOSPC" in last or last.endswith("OSError: 28"):
            return full(self._name)
        return Refused(f"MicroPython on {self._name}: {last}", "run the same command again; -v prints more")

    def _lost(self, error):
        return NoDevice(
            f"{self._name}: MicroPython's prompt is lost ({error})",
            "plug the board in again, then run the same command again: what arrived is not sent twice",
        )


def full(name: str, needed: int = 0, free: int = 0) -> Problem:
    """Return the problem for a full file system."""
    figures = f": {needed} bytes are needed, {free} are free" if needed else ""
    return Problem(
        f"{name}: the board's file system is full{figures}",
        f"list the other files with `mpremote connect {name} tree :`, and remove what is not needed",
    )


@contextlib.contextmanager
def prompt(port: Port):
    """A context: yield the Prompt of a port for which look() returned PROMPT; at the end it is the friendly prompt."""
    for left in reversed(range(TRIES)):
        with port.lent(WAIT_S) as stream:
            transport = _OnOpenPort(stream, port.name)
            made = Prompt(transport, port.name)
            try:
                transport.enter_raw_repl(timeout_overall=ENTER_S)
            except TransportError as error:
                why = error
            else:
                try:
                    yield made
                finally:
                    if not made.left:
                        with contextlib.suppress(OSError):
                            transport.exit_raw_repl()
                return
        if not left or look(port)[0] != PROMPT:
            raise made._lost(why)


def sha256(data: bytes) -> str:
    """Return the board's answer about such a file."""
    return hashlib.sha256(data).hexdigest()
