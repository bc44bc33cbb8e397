"""Records sessions on the virtual board for its page: picocom under tmux, and mpremote. Run it as a module.

Exit code 0: written; 2: a program is missing.
"""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from host_tools.places import ROOT

PAGE = ROOT / "docs/virtual_board.md"
PICTURE = ROOT / "docs/virtual_board.svg"
WIDTH, HEIGHT = 112, 40
PATIENCE_S = 300  # longer than any step takes on a busy machine: only a step that hangs reaches it
SETTLED_S = 0.8  # an answer that does not change for so long is complete
READY = "Terminal ready"  # picocom drops characters that are typed before this line
TERMINAL = "picocom --baud 115200 --echo --imap lfcrlf {link}"
TYPED = (
    "*IDN?",
    "TREAT:PRES CHRONIC",
    "TREAT:LEV 3",
    "TREAT:SITE LFOOT-SOLE",
    "TREAT:POIN 1",
    "TREAT:ATT SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND",
    "MEAS:TEMP?",
    "ARM:REQ",
    "STAT:WHY?",
    "TREAT:LEVEL 9",
)
PROGRAM = "import sys; print(sys.implementation.name, 'on', sys.platform)"
TOOL = (
    ("exec", PROGRAM),
    ("mkdir", ":lib"),
    ("cp", "firmware/boot.py", ":lib/example.py"),
    ("tree", ":"),
    ("sha256sum", ":lib/example.py"),
    ("soft-reset",),
)


def main() -> int:
    """Record and write; returns the exit code."""
    missing = [name for name in ("picocom", "tmux") if not shutil.which(name)]
    if missing:
        print(f"missing Debian packages: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        screen = _terminal(Path(folder) / "a")
        tool = _tool(Path(folder) / "b")
    PAGE.write_text(placed(PAGE, {"picocom": screen, "mpremote": tool}))
    PICTURE.write_text(picture(screen, "picocom - virtual board, simulation"))
    return 0


def placed(page: Path, blocks: dict[str, str]) -> str:
    """Return a page with each block (name -> text) in its place. Raises ValueError where there is no such place."""
    text = page.read_text()
    for name, recorded in blocks.items():
        block = f"<!-- {name} -->\n```\n{recorded}\n```\n<!-- end -->"
        text, count = re.subn(rf"<!-- {name} -->.*?<!-- end -->", lambda _, b=block: b, text, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"{page}: no place for the recording of {name}")
    return text


def picture(text: str, title: str) -> str:
    """Return a terminal's text as an SVG that loads nothing from elsewhere."""
    console = Console(record=True, width=WIDTH, file=open("/dev/null", "w"), force_terminal=True)  # noqa: SIM115
    console.print(Text(text), soft_wrap=True)
    svg = console.export_svg(title=title, unique_id="virtual-board")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def _simulator(folder, *options):
    folder.mkdir()
    link = folder / "cryo"
    command = [sys.executable, "-m", "host_tools.cryoctl", "sim", "--headless"]
    process = subprocess.Popen(
        [*command, "--image", str(folder / "image"), "--link", str(link), *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    give_up = time.monotonic() + PATIENCE_S
    while not link.exists():
        if process.poll() is not None or time.monotonic() > give_up:
            process.kill()
            process.wait()
            raise RuntimeError("the simulator did not start")
        time.sleep(0.05)
    return process, link


def _terminal(folder):
    """Return the screen of a terminal program after TYPED."""
    process, link = _simulator(folder, "--deploy")
    tmux = ["tmux", "-S", str(folder / "tmux")]

    def told(*words):
        return subprocess.run([*tmux, *words], check=True, capture_output=True, text=True).stdout

    try:
        told("-f", "/dev/null", "new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), TERMINAL.format(link=link))
        settled(lambda: told("capture-pane", "-p").rstrip(), lambda screen: READY in screen)
        told("send-keys", "-R")
        told("clear-history")
        screen = ""
        for line in TYPED:
            before = screen
            told("send-keys", "-l", line)
            told("send-keys", "Enter")
            screen = answered(lambda: told("capture-pane", "-p").rstrip(), line, before)
        return screen
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def settled(look: Callable[[], str], complete: Callable[[str], bool]) -> str:
    """Return what look() shows once complete() accepts it and it does not change any more."""
    give_up = time.monotonic() + PATIENCE_S
    last, since = look(), time.monotonic()
    while time.monotonic() < give_up:
        time.sleep(0.05)
        now = look()
        if now != last:
            last, since = now, time.monotonic()
        elif complete(now) and time.monotonic() - since > SETTLED_S:
            return now
    raise RuntimeError(f"the terminal stands still at: {last}")


def answered(look: Callable[[], str], line: str, before: str) -> str:
    """Return what look() shows once a typed line is answered: the last line is another one, no part of the typed."""
    return settled(look, lambda screen: screen != before and not line.startswith(screen.rpartition("\n")[2].strip()))


def _tool(folder):
    """Return what a shell shows of TOOL, on a bare board."""
    process, link = _simulator(folder)
    program = str(Path(sys.executable).with_name("mpremote"))
    lines = []
    try:
        for words in TOOL:
            shown = " ".join(f'"{word}"' if " " in word else word for word in words)
            lines.append(f"$ mpremote connect ./cryo {shown}")
            done = subprocess.run(
                [program, "connect", str(link), *words], check=True, capture_output=True, text=True, cwd=ROOT
            )
            lines += done.stdout.splitlines()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
