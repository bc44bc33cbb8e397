"""The console at a terminal: the line that you edit, a status line above it, and answers above that."""

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples, fragment_list_to_text
from prompt_toolkit.history import FileHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout.processors import Processor, Transformation
from prompt_toolkit.output import create_output
from prompt_toolkit.patch_stdout import patch_stdout

from host_tools.cryoctl.console import secret, words
from host_tools.cryoctl.console.link import Link
from host_tools.cryoctl.console.status import Status
from host_tools.cryoctl.console.transcript import Transcript
from host_tools.cryoctl.problems import Problem
from host_tools.cryoctl.prompt import byte_by_byte
from host_tools.cryoctl.shown import clean

PROMPT = "> "


def history_path() -> Path:
    """Return the file with the lines of earlier consoles."""
    return user_data_path("cryo", appauthor=False) / "console_history"


class History(FileHistory):
    """Typed lines of this run and of earlier runs, in a file that only the user can read. No line in it has a PIN."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        path.chmod(0o600)
        super().__init__(str(path))

    def append_string(self, string: str) -> None:
        """Keep a line."""
        if not secret.holds(string):
            super().append_string(string)


class _Masked(Processor):
    def apply_transformation(self, transformation_input):
        """Show stars in place of a PIN."""
        text = fragment_list_to_text(transformation_input.fragments)
        if not secret.holds(text):
            return Transformation(transformation_input.fragments)
        return Transformation([("", secret.masked(text))])


class _Commands(Completer):
    def __init__(self, status: Status):
        self._status = status

    def get_completions(self, document, complete_event):
        """Offer the device's commands."""
        last = document.text_before_cursor.rpartition(";")[2].lstrip()
        for word in words.fitting(self._status.words, document.text_before_cursor):
            yield Completion(word.short, -len(last), display=word.short, display_meta=word.takes)


def run(link: Link, status: Status, transcript: Transcript, name: str, hello: str) -> None:
    """Say hello, and talk until Ctrl-D. Raises NoDevice when the device is gone.

    The terminal keeps its mode between two lines: every key counts, whenever it is pressed. Ctrl-C empties the line; it
    is never sent to the device.
    """
    keys = create_input(sys.stdin)
    with byte_by_byte(keys):
        print(
            hello
        )  # from here on, keys that are pressed before the line is drawn are not echoed: one may be part of a PIN
        screen: Any = create_output(sys.stdout)
        screen.enable_cpr = (
            False  # if asked for its cursor's place, a terminal sends an answer that looks like typed keys
        )

        def line() -> StyleAndTextTuples:
            wide = screen.get_size().columns - 1
            return [("reverse", f" {name} | {clean(status.text())} "[:wide]), ("", f"\n{PROMPT}")]

        session: PromptSession[str] = PromptSession(
            line, history=History(history_path()), completer=_Commands(status), complete_while_typing=False,
            input_processors=[_Masked()], key_bindings=_keys(status), input=keys, output=screen,
        )  # fmt: skip
        ended: list[Problem] = []

        def end(problem):
            ended.append(problem)
            if session.app.loop:
                session.app.loop.call_soon_threadsafe(leave)

        def leave():
            if session.app.is_running and not session.app.is_done:
                session.app.exit(exception=EOFError)

        def typed(buffer):
            line = buffer.text.strip()
            if line:
                print(PROMPT + secret.masked(line))
                try:
                    transcript.typed(line)
                    link.write(line)
                except Problem as problem:
                    end(problem)
                status.typed()
            return False  # the next line is an empty one

        def hear():
            try:
                while True:
                    line = link.line(None) or ""
                    transcript.said(line)
                    print(clean(line))
            except Problem as problem:
                end(problem)

        def begin():
            session.default_buffer.accept_handler = typed
            if ended:
                leave()

        status.call(session.app.invalidate, end)
        with patch_stdout():
            threading.Thread(target=hear, daemon=True).start()
            status.start()
            with contextlib.suppress(EOFError):
                session.prompt(pre_run=begin)
        if ended:
            raise ended[0]


def _keys(status):
    bindings = KeyBindings()

    @bindings.add("tab")
    def complete(event):
        buffer = event.current_buffer
        typed = buffer.document.text_before_cursor
        last = typed.rpartition(";")[2].lstrip()
        found = [word.short for word in words.fitting(status.words, typed)]
        common = os.path.commonprefix(found)  # noqa: RUF071 - of characters, not of paths
        if common and (len(found) == 1 or len(common) > len(last)):
            buffer.delete_before_cursor(len(last))
            buffer.insert_text(common)
        elif found:
            buffer.start_completion()  # a menu

    @bindings.add("c-c", eager=True)
    @bindings.add("<sigint>", eager=True)
    def forget(event):
        event.current_buffer.reset()

    @bindings.add("c-@", filter=Condition(lambda: not get_app().current_buffer.text))
    def end_of_file(event):  # Ctrl-D that was pressed before the terminal was raw arrives as this byte
        event.app.exit(exception=EOFError)

    return bindings
