"""Reads one line from the person at the terminal: it is drawn on standard error, and keys are read in raw mode.

A pressed key waits until it is read. Ctrl-C is a key while the terminal is raw, otherwise a signal. Either is kept
until the terminal has its old mode, and then ends the command. So no Ctrl-C is lost.
"""

import contextlib
import functools
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from host_tools.cryoctl.interrupts import Kept

try:
    import termios
except ImportError:  # not POSIX
    termios: Any = None


ALONE_S = 900.0  # longest time without a key while a device waits for the person
TURN_S = 1.0


class NoLine(Exception):
    """Ctrl-D was pressed, or the terminal is gone."""


class Nobody(Exception):
    """No key came for ALONE_S."""


class _Interrupted(Exception):
    """Ctrl-C came in the prompt's own loop."""


def line(
    message: str, earlier: Sequence[str] = (), secret: bool = False, meanwhile: Callable[[], bool] = lambda: False
) -> str:
    """Return what the person typed after `message`. Raises NoLine; KeyboardInterrupt for Ctrl-C, as a key or a signal.

    earlier    earlier lines for the arrow keys, the newest last
    secret     True: nothing of the line is shown
    meanwhile  is called every TURN_S; an exception from it ends the line. While it returns True, Nobody is raised after
               ALONE_S without a key
    """
    from prompt_toolkit.input.typeahead import get_typeahead

    keys, screen = _ends()
    plain = secret or os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    text = ""
    with Kept() as kept, byte_by_byte(keys):
        session, end = _session(message, keys, None if plain else screen, earlier)
        ahead = get_typeahead(keys)

        def wake():
            if session.app.loop:
                session.app.loop.call_soon_threadsafe(end)

        def started():
            if kept.heard:
                end()
            session.default_buffer.load_history_if_not_yet_loaded()
            session.app.create_background_task(_pressed(session.app, ahead))
            session.app.create_background_task(_meanwhile(session.app, meanwhile))

        kept.wake = wake
        try:
            with _written(session.default_buffer, message, secret) if plain else contextlib.nullcontext():
                text = session.prompt(pre_run=started, handle_sigint=False)
        except _Interrupted:
            kept.heard = True
        except EOFError:
            raise NoLine from None
        finally:
            kept.heard = _interrupted_behind(keys) or kept.heard
    return text


@functools.cache
def _ends():
    """Return the source of keys and the prompt's screen, one object each for all lines: they hold keys typed ahead."""
    from prompt_toolkit.input import create_input
    from prompt_toolkit.output import create_output

    screen: Any = create_output(sys.stderr)
    screen.enable_cpr = False  # if asked for its cursor's place, a terminal sends an answer that looks like typed keys
    return create_input(sys.stdin), screen


def _session(message, keys, screen, earlier):
    """Return (prompt_toolkit's session, a function that ends it like Ctrl-C). Without a screen nothing is drawn."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.history import InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.output import DummyOutput

    bindings = KeyBindings()
    session: PromptSession[str] = PromptSession(
        message,
        input=keys,
        output=screen or DummyOutput(),
        history=InMemoryHistory(list(earlier)),
        key_bindings=bindings,
        enable_suspend=True,
        interrupt_exception=_Interrupted,
        eof_exception=NoLine,
    )

    @bindings.add("c-@", filter=Condition(lambda: not session.default_buffer.text))
    def end_of_file(event):  # Ctrl-D that was pressed before the terminal was raw arrives as this byte
        event.app.exit(exception=NoLine)

    def end():
        if session.app.future and not session.app.future.done():
            session.app.exit(exception=_Interrupted())

    return session, end


def _interrupted_behind(keys) -> bool:
    """Return whether Ctrl-C was read as a key after the line's end; other keys are kept for the next line."""
    from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
    from prompt_toolkit.keys import Keys

    ahead = [*get_typeahead(keys), *keys.read_keys()]
    store_typeahead(keys, ahead)
    return any(press.key == Keys.ControlC for press in ahead)


async def _pressed(app, ahead):
    """Press the keys that came after the previous line. This is its own task, after the task that loads the history."""
    app.key_processor.feed_multiple(ahead)
    app.key_processor.process_keys()


async def _meanwhile(app, do):
    """Call `do` while the line waits, and end the line when nobody is there."""
    import asyncio

    pressed_s = time.monotonic()

    def pressed(_):
        nonlocal pressed_s
        pressed_s = time.monotonic()

    app.key_processor.before_key_press += pressed
    while True:
        await asyncio.sleep(TURN_S)
        try:
            if do() and time.monotonic() - pressed_s >= ALONE_S:
                raise Nobody
        except Exception as problem:
            if not app.future.done():
                app.exit(exception=problem)
            return


@contextlib.contextmanager
def byte_by_byte(keys):
    """A context around raw mode: no key is echoed (it may be a PIN's) or waits for Enter; Ctrl-C is a signal."""
    before = None
    if termios:
        with contextlib.suppress(termios.error):  # no terminal, in a test
            before, now = termios.tcgetattr(keys.fileno()), termios.tcgetattr(keys.fileno())
            now[3] &= ~(termios.ICANON | termios.ECHO)
            now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
            termios.tcsetattr(keys.fileno(), termios.TCSANOW, now)
    try:
        yield
    finally:
        if before:
            with contextlib.suppress(termios.error):  # it is gone
                termios.tcsetattr(keys.fileno(), termios.TCSANOW, before)


@contextlib.contextmanager
def _written(buffer, message, secret):
    """Show a line as it is typed, on a terminal that moves its cursor only by backspace; a secret line is not shown."""
    shown = ""

    def changed(_):
        nonlocal shown
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shown, buffer.text, strict=False)))
        gone = len(shown) - same
        _write("\b" * gone + " " * gone + "\b" * gone + buffer.text[same:])
        shown = buffer.text

    _write(message)
    if not secret:
        buffer.on_text_changed += changed
    try:
        yield
    finally:
        if not secret:
            buffer.on_text_changed -= changed
        _write("\n")


def _write(text):
    sys.stderr.write(text)
    sys.stderr.flush()
