"""Debian's Chromium, for tests that look at a page."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cryoctl.conftest import PATIENCE_S

CHROMIUM = shutil.which("chromium")


@contextlib.contextmanager
def browsing(what: str) -> Iterator[Any]:
    """Give a browser. Where Chromium is missing, skip the test and say what is not tested."""
    if CHROMIUM is None:
        pytest.skip(f"Chromium is missing: as root, apt-get install chromium; not tested: {what}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE_S * 1000)
        yield browser
        browser.close()
