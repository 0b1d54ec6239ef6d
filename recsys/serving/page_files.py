"""The page's own files; those that name climbs before a script runs are told in the words of the bundle."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Scope

from recsys.nouns import spoken, spoken_page

_FILES: Final = Path(__file__).parent / "page"
_INDEX, _MANIFEST = "index.html", "manifest.webmanifest"
_KINDS: Final = {_INDEX: "text/html", _MANIFEST: "application/manifest+json"}
# What the page says of another domain instead: of an element's text, and of the page's name.
_ELSEWHERE: Final = re.compile(r'(<(\w+)[^>]* data-elsewhere="([^"]*)"[^>]*>)[^<]*(</\2>)')
_JSON_TEXT: Final = re.compile(r'(: )("[^"]*")')  # the manifest's values, none of which has an escape
_NAME, _OTHER_NAME = "What to climb next", "Which climb next"


class PageFiles(StaticFiles):
    """The folder of the page. A browser asks each time whether a file is still the one that it has (ETag).

    What is told in the words of a bundle is made once, and again when another bundle has others.

    Parameters
    ----------
    nouns:
        Gives the words of the bundle that is served now; none where it is climbing.
    """

    def __init__(self, nouns: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(directory=_FILES, html=True)
        self._nouns = nouns
        self._made = _Told.of(nouns())

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or what it says in other words; 304 to who has it."""
        name = _INDEX if path in ("", ".") else path
        response = self._told(name, scope) or await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response

    def _told(self, name: str, scope: Scope) -> Response | None:
        nouns = self._nouns()
        if not nouns or name not in _KINDS or scope["method"] not in ("GET", "HEAD"):
            return None
        made = self._made
        if made.nouns != nouns:
            made = self._made = _Told.of(nouns)
        body, tag = made.files[name]
        response = Response(body, headers={"etag": tag}, media_type=_KINDS[name])
        same = self.is_not_modified(response.headers, Headers(scope=scope))
        return NotModifiedResponse(response.headers) if same else response


@dataclass(frozen=True)
class _Told:
    """The files of `_KINDS` in the words of a bundle, by name, each with its ETag."""

    nouns: Mapping[str, str]
    files: Mapping[str, tuple[bytes, str]]

    @classmethod
    def of(cls, nouns: Mapping[str, str]) -> _Told:
        files = {}
        for name in _KINDS if nouns else ():
            body = _spoken((_FILES / name).read_text(encoding="utf-8"), name, nouns).encode()
            files[name] = body, f'"{hashlib.sha256(body).hexdigest()}"'
        return cls(dict(nouns), files)


def _spoken(text: str, name: str, nouns: Mapping[str, str]) -> str:
    """The file in the words of another domain. Its name has a verb of climbing, which no noun stands for."""
    text = _ELSEWHERE.sub(r"\1\3\4", text).replace(_NAME, _OTHER_NAME)
    if name == _INDEX:
        return spoken_page(text, nouns)
    return _JSON_TEXT.sub(lambda found: found[1] + json.dumps(spoken(json.loads(found[2]), nouns)), text)
