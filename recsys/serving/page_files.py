"""The page's own files; those that name climbs before a script runs are told in the words of the bundle."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from recsys.nouns import spoken, spoken_page

_FILES: Final = Path(__file__).parent / "page"
_INDEX, _MANIFEST = "index.html", "manifest.webmanifest"
_KINDS: Final = {_INDEX: "text/html", _MANIFEST: "application/manifest+json"}
# What the page says of another domain instead: of an element's text, and of the page's name.
_ELSEWHERE: Final = re.compile(r'(<(\w+)[^>]* data-elsewhere="([^"]*)"[^>]*>)[^<]*(</\2>)')
_NAME, _OTHER_NAME = "What to climb next", "Which climb next"


class PageFiles(StaticFiles):
    """The folder of the page.

    Parameters
    ----------
    nouns:
        Gives the words of the bundle that is served now; none where it is climbing.
    """

    def __init__(self, nouns: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(directory=_FILES, html=True)
        self._nouns = nouns

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or what it says in other words."""
        name = _INDEX if path in ("", ".") else path
        nouns = self._nouns()
        if not nouns or name not in _KINDS or scope["method"] not in ("GET", "HEAD"):
            return await super().get_response(path, scope)
        text = (_FILES / name).read_text(encoding="utf-8")
        return Response(_told(text, name, nouns), media_type=_KINDS[name])


def _told(text: str, name: str, nouns: Mapping[str, str]) -> str:
    """The file in the words of another domain. Its name has a verb of climbing, which no noun stands for."""
    text = _ELSEWHERE.sub(r"\1\3\4", text).replace(_NAME, _OTHER_NAME)
    if name == _INDEX:
        return spoken_page(text, nouns)
    return re.sub(r'(: ")([^"]*)', lambda found: found[1] + spoken(found[2], nouns), text)
