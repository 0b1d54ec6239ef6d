"""Pictures of the page: python docs/making/pictures.py URL FOLDER [--all]. It needs Chromium and playwright.

`recsys serve BUNDLE` answers at URL. Without --all only those that the documentation shows are taken.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

DESK: Final = {"viewport": {"width": 1280, "height": 900}}
PHONE: Final = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SCREENS: Final[dict[str, dict[str, Any]]] = {"desk": DESK, "phone": PHONE}
VIEWS: Final = ("start", "climbs", "path", "session", "skill")
SHOWN: Final = {
    ("desk", "light", "climbs"), ("phone", "light", "start"), ("phone", "dark", "climbs"),
    ("phone", "light", "path"), ("phone", "light", "session"), ("desk", "light", "skill"),
}  # fmt: skip


def main(url: str, folder: Path, everything: bool) -> None:
    """Take the pictures, screen by screen and scheme by scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for screen, options in SCREENS.items():
            for scheme in ("light", "dark"):
                page = browser.new_page(color_scheme=scheme, **options)
                for view in VIEWS:
                    if everything or (screen, scheme, view) in SHOWN:
                        _open(page, url, view)
                        page.screenshot(path=folder / f"page-{view}-{screen}-{scheme}.png")
                page.close()
        browser.close()


def _open(page: Page, url: str, view: str) -> None:
    climber = page.request.get(f"{url}/api/sample").json()["climber"]
    asked = "" if view == "start" else f"?climber={climber}&view={view}"
    if view == "path":
        body = {"climber": climber, "mode": "project", "k": 1}
        found = page.request.post(f"{url}/api/recommend", data=body).json()
        asked += f"&project={found['items'][0]['climb_id']}"
    page.goto(f"{url}/{asked}")
    page.locator("#results[aria-busy=false]").wait_for()
    page.wait_for_timeout(400)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]), "--all" in sys.argv)
