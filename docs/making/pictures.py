"""Pictures of the page: python docs/making/pictures.py URL FOLDER [--all]. It needs Chromium and playwright.

`recsys serve BUNDLE` answers at URL. Those that the documentation shows alone are kept whole, with --all all
of them; of each view there is a sheet, at half the size: desk and phone, light and dark. Where URL is the
path of a study's report.html, its upper part is taken: study.png.
"""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DESK: Final = {"viewport": {"width": 1280, "height": 900}}
PHONE: Final = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
REPORT: Final = {"width": 960, "height": 2250}
SCREENS: Final[dict[str, dict[str, Any]]] = {"desk": DESK, "phone": PHONE}
SCHEMES: Final = ("light", "dark")
GAP: Final = 20  # pixels
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
        if url.endswith(".html"):
            page = browser.new_page(viewport=REPORT)
            page.goto(Path(url).absolute().as_uri())
            page.screenshot(path=folder / "study.png")
            return
        for screen, options in SCREENS.items():
            for scheme in SCHEMES:
                page = browser.new_page(color_scheme=scheme, **options)
                for view in VIEWS:
                    _open(page, url, view)
                    page.screenshot(path=folder / _name(view, screen, scheme))
                page.close()
        browser.close()
    for view in VIEWS:
        _sheet(folder, view)
    if not everything:
        for screen, scheme, view in _all():
            if (screen, scheme, view) not in SHOWN:
                (folder / _name(view, screen, scheme)).unlink()


def _all() -> Iterator[tuple[str, str, str]]:
    return itertools.product(SCREENS, SCHEMES, VIEWS)


def _name(view: str, screen: str, scheme: str) -> str:
    return f"page-{view}-{screen}-{scheme}.png"


def _sheet(folder: Path, view: str) -> None:
    """One picture of a view's four, side by side, in 128 colours."""
    pictures = [Image.open(folder / _name(view, screen, scheme)) for screen in SCREENS for scheme in SCHEMES]
    width = sum(each.width for each in pictures) + GAP * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, max(each.height for each in pictures)), "white")
    left = 0
    for each in pictures:
        sheet.paste(each, (left, 0))
        left += each.width + GAP
    half = sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS)
    half.quantize(128).save(folder / f"page-{view}.png", optimize=True)


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
