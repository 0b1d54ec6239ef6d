"""A logbook meets the catalogue: which of its climbs the model knows, whatever their sites call them.

A climb is known by its id; by a mapping of one's own (`--same ids.csv`); by its id in another case or
spelling, or once what pandas and Excel do to numbers is undone ("130.0" and "00130" are 130), where that is
unambiguous; or by its name with its crag or region; case, accents, punctuation, an article and an "and"
aside. Nearly the same name, or the same name elsewhere, is a question, and never a match by itself.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

import numpy as np

from recsys import columns as c
from recsys.errors import UsageError
from recsys.logbooks.grades import far_apart, ordinal
from recsys.logbooks.importing.climb_names import keys_of, loose_key, name_key, words_of
from recsys.logbooks.importing.numbers import whole
from recsys.logbooks.importing.spelling import by_letters, letters
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.known import BY_CASE, BY_ID, BY_MAPPING, BY_NAME, BY_NUMBER, SHOWN, Match, Question
from recsys.recommending.logbook import Logbook
from recsys.recommending.places import Places, ends_of

_MOST_QUESTIONS: Final = 100
_MOST_NAMES: Final = 400


@dataclass(frozen=True, eq=False)
class Matcher:
    """Matches logbooks with one catalogue; what it looks climbs up by is made once, when first needed."""

    catalogue: Catalogue

    @cached_property
    def places(self) -> Places:
        """What the catalogue's climbs are looked up by."""
        return Places(self.catalogue)

    def match(self, logbook: Logbook, same: Mapping[str, str] | None = None) -> Match:
        """How the logbook's climbs meet the catalogue. `same`: one's own ids, each with the catalogue's.

        Raises
        ------
        UsageError
            `same` names a climb that the catalogue does not have.
        """
        rows = {climb: index for index, climb in reversed([*enumerate(logbook.columns[c.CLIMB_ID])])}
        checked = self._checked(same or {})
        told = {**by_letters(checked), **checked}
        found: dict[str, str] = {}
        ways: Counter[str] = Counter()
        missing = []
        for climb, index in reversed(rows.items()):
            known, way = self._known(climb, index, logbook, told)
            if known is None:
                missing.append((climb, index))
            else:
                found[climb] = known
                ways[way] += 1
        questions = [
            q for climb, index in missing[:_MOST_QUESTIONS] if (q := self._question(climb, index, logbook))
        ]
        in_question = {each.climb_id for each in questions}
        others = {climb: index for climb, index in missing if climb not in in_question}
        names = {climb: logbook.columns[c.CLIMB_NAME][index] for climb, index in others.items()}
        unknown = {climb: self._nearest(climb) if n < SHOWN else [] for n, climb in enumerate(others)}
        unused = bool(same) and not ways[BY_MAPPING]
        return Match(found, ways, len(rows), self._rests_on(logbook), questions, unknown, unused, names)

    def known(self, logbook: Logbook, match: Match) -> Logbook:
        """The logbook with the catalogue's ids for the climbs that are known, its regions where theirs are
        not, and its grades where none is told.

        Of a logbook that tells the model nothing (no known climb, and neither grades, regions nor dates)
        nothing is left: what it is answered with is what is popular.
        """
        if not match.n_known and not match.rests_on:
            return logbook.tail(0)
        ids = [match.same.get(climb, climb) for climb in logbook.columns[c.CLIMB_ID]]
        regions, grades = (list(logbook.columns[name]) for name in (c.REGION, c.GRADE))
        for at, index in enumerate(map(self.catalogue.indices.get, ids)):
            if index is None:
                continue
            if regions[at] not in self._regions:
                regions[at] = self.catalogue.regions[index]
            if grades[at] is None:
                grades[at] = self.catalogue.grades[index]
        return Logbook.of({**logbook.columns, c.CLIMB_ID: ids, c.REGION: regions, c.GRADE: grades})

    def namesakes(self, logbook: Logbook) -> dict[str, str]:
        """The climbs of a logbook that has each once which are the catalogue's by name and place.

        Of two that would be one neither is: two ids are two climbs.
        """
        named = {climb: self._named(index, logbook) for index, climb in enumerate(logbook.climbs)}
        found = {climb: ids[0] for climb, ids in named.items() if len(ids) == 1}
        times = Counter(found.values())
        return {climb: known for climb, known in found.items() if times[known] == 1}

    def _rests_on(self, logbook: Logbook) -> tuple[str, ...]:
        columns = logbook.columns
        told = {
            "grades": any(not math.isnan(ordinal(each)) for each in set(columns[c.GRADE]) - {None}),
            "regions": any(each in self._regions for each in set(columns[c.REGION])),
            "dates": not np.isnan(columns[c.DAY]).all(),
        }
        return tuple(name for name, there in told.items() if there)

    @cached_property
    def _regions(self) -> frozenset[str]:
        return frozenset(self.catalogue.known_regions)

    def _checked(self, same: Mapping[str, str]) -> dict[str, str]:
        known = {ours: self.places.by_id(theirs) for ours, theirs in same.items()}
        wrong = next((same[ours] for ours, climb in known.items() if climb is None), None)
        if wrong is not None:
            raise UsageError(f"`same` {wrong[:80]}: the model has no such climb; map your ids to the model's")
        return {ours: climb for ours, climb in known.items() if climb is not None}

    def _known(
        self, climb: str, index: int, logbook: Logbook, same: Mapping[str, str]
    ) -> tuple[str | None, str]:
        if mapped := same.get(climb) or same.get(whole(climb) or letters(climb)):
            return mapped, BY_MAPPING
        if climb in self.catalogue.indices:
            return climb, BY_ID
        if (known := self.places.by_id(climb)) is not None:
            return known, BY_NUMBER if whole(climb) is not None else BY_CASE
        named = self._named(index, logbook)
        return (named[0], BY_NAME) if len(named) == 1 else (None, "")

    def _named(self, index: int, logbook: Logbook) -> list[str]:
        """The climbs of that name, of a grade that is not far off, at most of the places (crag, region)."""
        name = logbook.columns[c.CLIMB_NAME][index]
        if not name:
            return []
        wheres = _wheres(logbook, index)
        for key, table in ((name_key, self.places.named), (loose_key, self.places.loosely)):
            found = Counter(known for where in wheres for known in table.get((key(name), where), ()))
            near = {each: n for each, n in found.items() if self._near_grade(each, index, logbook)}
            if near:
                most = max(near.values())
                return [self.catalogue.ids[each] for each, n in sorted(near.items()) if n == most]
        return []

    def _near_grade(self, known: int, index: int, logbook: Logbook) -> bool:
        """False only where both have a grade and they are far apart, or of two disciplines."""
        theirs, ours = self.catalogue.ordinals[known], ordinal(logbook.columns[c.GRADE][index])
        return not far_apart(theirs, ours)

    def _question(self, climb: str, index: int, logbook: Logbook) -> Question | None:
        """The climb of nearly that name at that place, or of the very name anywhere, to be asked about."""
        name = logbook.columns[c.CLIMB_NAME][index]
        if not name:
            return None
        word = name_key(name)
        wheres = _wheres(logbook, index)
        names = {
            each: i
            for where in wheres
            for end in ends_of(word)
            for each, i in islice(self.places.ends.get((where, end), ()), _MOST_NAMES)
            if abs(len(each) - len(word)) < 4
        }
        near = difflib.get_close_matches(word, list(names), 1, 0.85)
        found = names[near[0]] if near else self._elsewhere(name, index, logbook)
        if found is None:
            return None
        return Question(
            climb, name, self.catalogue.ids[found], self.catalogue.names[found] or self.catalogue.ids[found]
        )

    def _elsewhere(self, name: str, index: int, logbook: Logbook) -> int | None:
        """The one climb of that name; of several the one whose place shares a word with the logbook's."""
        everywhere = self.places.anywhere.get(loose_key(name), ())
        found = [each for each in everywhere if self._near_grade(each, index, logbook)]
        if len(found) > 1:
            ours = words_of(_places(logbook, index))
            found = [each for each in found if ours & self.places.words(each)]
        return found[0] if len(found) == 1 else None

    def _nearest(self, climb: str) -> list[str]:
        ids = [
            each for each in self.catalogue.ids if each[:2] == climb[:2] and abs(len(each) - len(climb)) < 4
        ]
        return difflib.get_close_matches(climb, ids[:_MOST_NAMES], n=2, cutoff=0.6)


def _places(logbook: Logbook, index: int) -> list[str | None]:
    crag = str(logbook.columns[c.CLIMB_ID][index]).partition("@")[2]
    return [*(logbook.columns[name][index] for name in (c.AREA, c.REGION)), crag]


def _wheres(logbook: Logbook, index: int) -> list[str]:
    return keys_of(_places(logbook, index))
