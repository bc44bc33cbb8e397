"""Records docs/walkthrough.md: a virtual board from bare to its report. Every command runs as the page shows it.

Run it as a module; it needs tmux, picocom and chromium. Exit code 0: written; 2: a program is missing.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from host_tools.evidence.pages.recording import PATIENCE_S, READY, answered, picture, placed, settled
from host_tools.places import ROOT

PAGE = ROOT / "docs/walkthrough.md"
PICTURES = ROOT / "docs"
WIDTH, HEIGHT = 80, 24
SPEED = 5
COOL_DOWN_S = 300 / SPEED
KEPT_LINES = 24  # of a longer output
PROGRAMS = ("picocom", "tmux", "chromium")
TERMINAL = "picocom --baud 115200 --echo --imap lfcrlf cryo"
FILES = {
    "pin": "47110815\n",
    "board.toml": "serial = 42\ntrip_mdegc = 5000  # a degree above the limit\n",
    "ruler.csv": "reference_mm,reading_mm\n80,81\n140,139\n200,202\n",
}
CHOICE = (
    "TREAT:PRES CHRONIC;LEV 3;SITE LFOOT-SOLE;POIN 1",
    "TREAT:ATT SKIN,EYESPATIENT,EYESOPERATOR,CONTRA,WOUND",
)


def main() -> int:
    """Record and write; returns the exit code."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        print(f"missing Debian packages: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name, Walk(Path(name)) as walk:
        blocks = walk.through()
    PAGE.write_text(placed(PAGE, blocks))
    return 0


class Walk:
    """A folder, a virtual board whose front panel has its own terminal, and a shell."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._tmux = ["tmux", "-S", str(folder / "tmux")]
        tools = str(Path(sys.executable).parent)
        self._env = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "XDG_DATA_HOME": str(folder / "data"),
            "COLUMNS": str(WIDTH),
            "NO_COLOR": "1",
        }
        self.blocks: dict[str, str] = {}

    def __enter__(self):
        for name, text in FILES.items():
            (self._folder / name).write_text(text)
            (self._folder / name).chmod(0o600)  # of a PIN that others can read, each command warns
        return self

    def __exit__(self, *_):
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def through(self) -> dict[str, str]:
        """Do everything in its order; returns name -> text of each block of the page."""
        self._window("panel", f"cryoctl sim --image board.img --link cryo --speed {SPEED}")
        self._until(lambda: (self._folder / "cryo").exists(), "the board's port")
        self.shell("devices", "cryoctl devices")
        self.shell("files", "cat board.toml")
        self.shell("flash", "cryoctl flash --port cryo --settings board.toml --pin-file pin")
        self.shell("again", "cryoctl flash --port cryo --settings board.toml --pin-file pin")
        self.shell("config", "cryoctl config get trip_mdegc --port cryo")
        self.shell("refused", "cryoctl config set trip_mdegc 3000 --port cryo --pin-file pin", code=2)
        self.shell("calibrate", self._calibration())
        self.shell("status", "cryoctl calibrate status --port cryo", code=None)
        self._treat()
        self.shell("log", "cryoctl log --port cryo")
        self._followed()
        self.shell("report", "cryoctl report --port cryo --recording treatment.jsonl -o report.html")
        self._pictured_report()
        return self.blocks

    # --- steps --------------------------------------------------------------------------------------------------------
    def _calibration(self):
        return (
            "cryoctl calibrate distance --port cryo --pin-file pin --points ruler.csv --technician 'A. Fitter' "
            "--instrument 'ruler 7' --certificate distance.html --yes"
        )

    def _treat(self):
        """Choose and arm at a terminal, then press the trigger and watch."""
        self._window("console", TERMINAL)
        settled(self._console, lambda screen: READY in screen)
        self._told("send-keys", "-t", "console", "-R")
        screen = ""
        for line in CHOICE:
            screen = self._typed(line, screen)
        screen = self._typed("ARM:REQ", screen)
        while "READY" not in screen:
            time.sleep(COOL_DOWN_S / 4)
            screen = self._typed("ARM:REQ", screen)
        number = re.findall(r"READY (\d+)", screen)[-1]
        screen = self._typed(f"ARM:CONF {number}", screen)
        screen = self._typed("STAT?", screen)
        self.blocks["console"] = screen
        while not re.search("BLOCKERS=(TRIGGER|NONE)", screen.rpartition("STAT?")[2]):
            screen = self._typed("STAT?", screen)
        self._told("send-keys", "-t", "console", "C-a", "C-x")
        watching = "cryoctl monitor --port cryo --plain --period-ms 2000 --seconds 16 --record treatment.jsonl"
        process = subprocess.Popen(watching.split(), cwd=self._folder, env=self._env, stdout=subprocess.PIPE, text=True)
        time.sleep(2)
        self._told("send-keys", "-t", "panel", "Space")
        time.sleep(2)
        self._pictured("panel", "walkthrough_panel.svg")
        said, _ = process.communicate(timeout=PATIENCE_S)
        self._told("send-keys", "-t", "panel", "Space")
        self.blocks["monitor"] = f"$ {watching}\n{_shortened(said)}"

    def _followed(self):
        """Follow the log until Ctrl-C, while the emergency stop is pressed at the front panel, then released."""
        following = "cryoctl log --port cryo --follow"
        told = self._folder / "followed"
        with told.open("w") as out:
            process = subprocess.Popen(
                following.split(), cwd=self._folder, env=self._env, stdout=out, stderr=subprocess.STDOUT
            )
        for words in ("following", "ESTOP"):
            self._until(lambda words=words: words in told.read_text(), words)
            self._told("send-keys", "-t", "panel", "e")
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
        self.blocks["follow"] = f"$ {following}\n{told.read_text().rstrip()}"

    def _pictured_report(self):
        from playwright.sync_api import sync_playwright  # here: only this needs a browser

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1000, "height": 760})
            page.goto((self._folder / "report.html").as_uri())
            page.wait_for_selector(".js-plotly-plot .main-svg")
            page.screenshot(path=PICTURES / "walkthrough_report.png")
            browser.close()

    # --- shell, terminals ---------------------------------------------------------------------------------------------
    def shell(self, name: str, command: str, code: int | None = 0) -> None:
        """Run a command and keep it with its output; `code`: the expected exit code, None: any."""
        done = subprocess.run(
            command, shell=True, cwd=self._folder, env=self._env, text=True, timeout=4 * PATIENCE_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if code is not None and done.returncode != code:
            raise RuntimeError(f"{command}: exit code {done.returncode}\n{done.stdout}")
        self.blocks[name] = f"$ {command}\n{_shortened(done.stdout)}".replace(f"{self._folder}/", "").rstrip()

    def _window(self, name, command):
        first = not self.blocks and name == "panel"
        new = ["-f", "/dev/null", "new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT)] if first else ["new-window"]
        words = [*self._tmux, *new, "-n", name, "-c", str(self._folder), command]
        subprocess.run(words, check=True, env=self._env, capture_output=True)

    def _told(self, *words):
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True).stdout

    def _typed(self, line, before):
        self._told("send-keys", "-t", "console", "-l", line)
        self._told("send-keys", "-t", "console", "Enter")
        return answered(self._console, line, before)

    def _console(self):
        return self._told("capture-pane", "-t", "console", "-p").rstrip()

    def _pictured(self, window, name):
        text = self._told("capture-pane", "-t", window, "-p").rstrip()
        (PICTURES / name).write_text(picture(text, "cryoctl sim - virtual board, simulation"))

    def _until(self, condition, what):
        give_up = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > give_up:
                raise RuntimeError(f"it did not come: {what}")
            time.sleep(0.1)


def _shortened(text):
    """Return an output; of a long one only the first and last lines."""
    lines = text.splitlines()
    if len(lines) > KEPT_LINES:
        lines = [*lines[: KEPT_LINES // 2], "...", *lines[-KEPT_LINES // 2 :]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
