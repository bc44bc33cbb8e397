"""The console at a terminal: a line that is edited here, answers above it, a status line below."""

import os
import sys
import threading
from pathlib import Path

from platformdirs import user_data_path
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.formatted_text import fragment_list_to_text
from prompt_toolkit.history import FileHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.layout.processors import Processor, Transformation
from prompt_toolkit.output import create_output
from prompt_toolkit.patch_stdout import patch_stdout

from host_tools.cryoctl.console import secret, words
from host_tools.cryoctl.console.link import Link
from host_tools.cryoctl.console.status import Status
from host_tools.cryoctl.console.transcript import Transcript
from host_tools.cryoctl.problems import NoDevice
from host_tools.cryoctl.shown import clean

PROMPT = "> "


def history_path() -> Path:
    """Return where the lines of earlier consoles are."""
    return user_data_path("cryo", appauthor=False) / "console_history"


class History(FileHistory):
    """Lines typed, in this run and the ones before, in a file of the user's alone. A line with a PIN is in neither."""

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


def run(link: Link, status: Status, transcript: Transcript, name: str) -> None:
    """Talk until Ctrl-D. Raises NoDevice when the device has gone."""
    with create_input(sys.stdin) as keys:
        screen = create_output(sys.stdout)
        screen.enable_cpr = False  # a terminal that is asked where its cursor is answers as if somebody typed
        session: PromptSession[str] = PromptSession(
            PROMPT, history=History(history_path()), completer=_Commands(status), complete_while_typing=False,
            input_processors=[_Masked()], bottom_toolbar=lambda: f" {name} | {clean(status.text())} ",
            input=keys, output=screen,
        )  # fmt: skip
        ended: list[NoDevice] = []

        def hear():
            try:
                while True:
                    line = link.line(None) or ""
                    transcript.said(line)
                    print(clean(line))
            except NoDevice as problem:
                end(problem)

        def end(problem):
            ended.append(problem)
            loop = session.app.loop
            if loop and session.app.is_running:
                loop.call_soon_threadsafe(lambda: session.app.is_running and session.app.exit(exception=problem))

        status._changed = session.app.invalidate
        with patch_stdout():
            hearing = threading.Thread(target=hear, daemon=True)
            hearing.start()
            status.start()
            _talk(session, link, status, transcript, ended)


def _talk(session, link, status, transcript, ended):
    while not ended:
        try:
            line = session.prompt().strip()
        except EOFError:
            return
        except KeyboardInterrupt as heard:
            if heard.args:  # a signal that ends the program
                raise
            continue  # the line is dropped; the device never hears it
        if line:
            transcript.typed(line)
            link.write(line)
            status.typed()
    raise ended[0]
