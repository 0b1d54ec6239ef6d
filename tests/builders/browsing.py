"""Headless Chromium, for the tests of pages; `browser` in tests/conftest.py starts it."""

from __future__ import annotations

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
browsing = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
