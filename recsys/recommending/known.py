"""What the model knows of a logbook's climbs, and how a person is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from recsys.nouns import spoken

BY_ID, BY_MAPPING, BY_NUMBER, BY_CASE, BY_NAME = "id", "mapping", "number", "case", "name"
_WORDS: Final = {
    BY_MAPPING: "by your mapping", BY_NUMBER: "as mangled numbers (130.0 or 00130 for 130)",
    BY_CASE: "in another case or spelling", BY_NAME: "by name and place",
}  # fmt: skip
SHOWN: Final = 3


class Question(NamedTuple):
    """A climb that may be one of the catalogue's: both ids and names."""

    climb_id: str
    name: str
    known_id: str
    known_name: str


@dataclass(frozen=True)
class Match:
    """What the model knows of a logbook's climbs.

    Attributes
    ----------
    same:
        Ids of the logbook, each with the catalogue's id that it stands for.
    ways:
        How many different climbs were known in which way (`BY_ID`...).
    n_climbs:
        Different climbs in the logbook.
    rests_on:
        What else than climbs the logbook tells the model: grades, regions, dates.
    questions:
        Climbs that are not known but have nearly the name of one at the same place.
    unknown:
        Other climbs that are not known, each with the nearest ids of the catalogue; the first few.
    unused:
        A mapping was given, and none of its ids is in the logbook.
    names:
        The logbook's names of the climbs that are not known, by id; None where it has none.
    """

    same: Mapping[str, str]
    ways: Mapping[str, int]
    n_climbs: int
    rests_on: Sequence[str] = ()
    questions: Sequence[Question] = ()
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unused: bool = False
    names: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def n_known(self) -> int:
        """Different climbs of the logbook that the model knows."""
        return sum(self.ways.values())

    def lines(self, same: str = "same", nouns: Mapping[str, str] | None = None) -> list[str]:
        """What a person is told, a line each: nothing where there is no climb.

        `same` is what to call that, and `nouns` are the words of the domain (`recsys.nouns`), which names and
        ids are not told in; without them the lines are of climbing.
        """

        def say(text: str) -> str:
            return spoken(text, nouns or {})

        if not self.n_climbs:
            return []
        ways = [f"{self.ways[way]} {words}" for way, words in _WORDS.items() if self.ways.get(way)]
        known = f"{self.n_known} of {self.n_climbs} climbs of the logbook are known to the model"
        lines = [say(known + (f" ({', '.join(ways)})" if ways else ""))]
        if not self.n_known:
            *others, last = self.rests_on or ("popularity",)
            rest = f"{', '.join(others)} and {last}" if others else last
            rest = f"its {rest}" if self.rests_on else rest
            lines = [
                say(
                    f"none of the logbook's climbs is known to the model (0 of {self.n_climbs}): the answer "
                    f"rests on {rest} alone"
                )
            ]
        for each in self.questions[:SHOWN]:
            lines.append(
                f"{each.name} ({each.climb_id}) may be {each.known_name} ({each.known_id}): "
                f"if so, say it in {same}"
            )
        if self.unused:
            lines.append(say(f"none of the ids in {same} is in the logbook"))
        if self.unknown:
            shown = "; ".join(
                self.names.get(climb) or climb + (f" (nearest: {', '.join(near)})" if near else "")
                for climb, near in list(self.unknown.items())[:SHOWN]
            )
            lines.append(f"not known: {shown}{'; ...' if len(self.unknown) > SHOWN else ''}")
        return lines

    def to_json(self) -> dict[str, Any]:
        """{"climbs", "known", "ways", "questions", "unknown"}."""
        return {
            "climbs": self.n_climbs,
            "known": self.n_known,
            "ways": dict(self.ways),
            "rests_on": list(self.rests_on),
            "questions": [each._asdict() for each in self.questions[:20]],
            "unknown": {climb: list(near) for climb, near in list(self.unknown.items())[:20]},
        }
