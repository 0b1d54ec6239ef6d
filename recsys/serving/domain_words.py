"""The description of the API in the words of the served bundle's domain: what it tells and its examples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from recsys.nouns import spoken
from recsys.recommending.levels import told
from recsys.serving.backend import LoadedBundle
from recsys.serving.model_fields import DISCIPLINE, GRADE_NAMES, GRADES, ORDINALS

_ID: Final = re.compile(r"(climber|climb)(-\d{4})")
_GRADE: Final = re.compile(r"(?:soft )?V\d+(?::V\d+)?")
_PLACES: Final = {"Squamish": "region", "Grand Wall Boulders": "area", "slab": "style"}
_OF_LEVELS: Final = {
    GRADE_NAMES: "L0 and up",
    ORDINALS: "steps of the ladder: L5 is 5",
    DISCIPLINE: "Skill over time and the grade pyramid, hardest first.",
}
_OF_TEXT: Final = {GRADES: "one of the bundle's grades", GRADE_NAMES: "a grade", ORDINALS: "steps of grades"}
_TOLD: Final = ("description", "summary")
_SHOWN: Final = ("examples", "example")
_NO_EXAMPLE: Final = object()  # the bundle has no such thing


@dataclass(frozen=True)
class DomainWords:
    """What a bundle of another domain is told in; names of fields, schemas and routes stay what they are.

    Attributes
    ----------
    nouns:
        What a climb and so on are called.
    leveled, graded:
        Whether grades are levels, L0 and up; whether they can be read at all.
    places:
        A region, an area and a style of the bundle, by these names, as far as it has them.
    """

    nouns: Mapping[str, str]
    leveled: bool
    graded: bool
    places: Mapping[str, str]

    @classmethod
    def of(cls, bundle: LoadedBundle) -> DomainWords:
        """Those of a bundle."""
        lists = {name: bundle.places[f"{name}s"] for name in _PLACES.values()}
        places = {name: rows[0][name] for name, rows in lists.items() if rows}
        return cls(bundle.nouns, bundle.levels, bundle.graded, places)

    def speak(self, part: Any) -> None:
        """Tell a part of a description in these words, at any depth, in place."""
        if isinstance(part, dict):
            for name in list(part):
                if name in _TOLD and isinstance(part[name], str):
                    part[name] = self._said(part[name])
                elif name in _SHOWN:
                    part[name] = self._example(part[name])
                    if part[name] in (_NO_EXAMPLE, []):
                        del part[name]
                else:
                    self.speak(part[name])
        elif isinstance(part, list):
            for each in part:
                self.speak(each)

    def _said(self, text: str) -> str:
        for climbing, other in self._others.items():
            text = text.replace(climbing, other)
        return spoken(told(text, self.leveled), self.nouns)

    @cached_property
    def _others(self) -> Mapping[str, str]:
        """What is told of climbing alone, to what is told in its place."""
        if not self.graded:
            return {**_OF_LEVELS, **_OF_TEXT}
        return _OF_LEVELS if self.leveled else {}

    def _example(self, value: Any) -> Any:
        """An example of the bundle's domain; `_NO_EXAMPLE` where it has nothing of that kind."""
        if isinstance(value, dict):
            rows = {name: self._example(each) for name, each in value.items()}
            return {name: each for name, each in rows.items() if each is not _NO_EXAMPLE}
        if isinstance(value, list):
            return [each for each in map(self._example, value) if each is not _NO_EXAMPLE]
        if not isinstance(value, str):
            return value
        if value in _PLACES:
            return self.places.get(_PLACES[value], _NO_EXAMPLE)
        if _GRADE.fullmatch(value):
            return told(value, self.leveled) if self.graded else _NO_EXAMPLE
        identifier = _ID.fullmatch(value)
        if identifier is None:
            return self._said(value)
        return self.nouns.get(identifier[1], identifier[1]).replace(" ", "-") + identifier[2]
