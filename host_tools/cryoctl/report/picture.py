"""Draws docs/cryoctl/report.png: the page of the example log and recording there. Run as a module; needs Chromium."""

import shutil
import sys
import tempfile
from pathlib import Path

from host_tools.cryoctl.report import gather
from host_tools.cryoctl.report.page import page
from host_tools.places import ROOT

FOLDER = ROOT / "docs/cryoctl"
LOG, RECORDING, PICTURE = FOLDER / "device.jsonl", FOLDER / "treatment.jsonl", FOLDER / "report.png"
SIZE = {"width": 1040, "height": 1460}


def example() -> str:
    """Return the page."""
    found = gather.Found("2027-01-01T10:00:00+00:00")
    gather.from_log(LOG, found)
    gather.from_recording(RECORDING, found)
    return page(found)


def main() -> int:
    """Write the picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is missing: as root, apt-get install chromium", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        path.write_text(example(), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shown = browser.new_page(viewport=SIZE)  # pyright: ignore[reportArgumentType]
        shown.goto(path.as_uri())
        shown.wait_for_selector("#course0 .main-svg")
        mark = shown.locator("#points .scatterlayer .trace").last.locator(".point").nth(1)
        box = mark.bounding_box()
        assert box
        for off in (3, 0):  # the pointer must arrive here, not be here already
            shown.mouse.move(box["x"] + box["width"] / 2 - off, box["y"] + box["height"] / 2)
        shown.locator("#points .hoverlayer .hovertext").first.wait_for()
        shown.screenshot(path=str(PICTURE))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
