"""Draws docs/cryoctl/monitor.svg: the screen at the end of docs/cryoctl/treatment.jsonl. Run as a module."""

import asyncio
import re
import threading

from host_tools.cryoctl.monitor.screen import MonitorApp
from host_tools.cryoctl.monitor.seen import Recorder, Seen
from host_tools.cryoctl.recording_file import read
from host_tools.places import ROOT

RECORDING = ROOT / "docs/cryoctl/treatment.jsonl"
PICTURE = ROOT / "docs/cryoctl/monitor.svg"
SIZE = (120, 34)


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(asyncio.run(picture()))


async def picture(size: tuple[int, int] = SIZE) -> str:
    """Return the screen as an SVG that loads nothing from elsewhere."""
    header, rows = read(RECORDING)
    seen = Seen(header, clock=lambda: 0.0)  # in a picture no time passes

    fed = threading.Event()

    def run(sink, stop, seconds):
        for row in rows:
            sink(row)
        fed.set()
        stop.wait()

    app = MonitorApp(seen, Recorder(seen), run)
    async with app.run_test(size=size) as pilot:
        await asyncio.to_thread(fed.wait)
        while len(app.query("FooterKey")) < len(app.BINDINGS):  # the footer is filled after the rest
            await pilot.pause()
        app.drain()
        app.show()
        await pilot.pause()
        svg = app.export_screenshot(title="cryoctl monitor - virtual board, simulation")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    main()
