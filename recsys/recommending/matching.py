"""A logbook meets the catalogue: which of its climbs the model knows, whatever their sites call them.

A climb is known by its id; by a mapping of one's own (`--same ids.csv`); by its id once what pandas and Excel
do to numbers is undone ("130.0" and "00130" are 130), where that is unambiguous; or by its name with its crag
or region, case, accents and punctuation aside. Nearly the same name is a question, and never a match by
itself.
"""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from recsys import columns as c
from recsys.errors import DataError
from recsys.logbooks.grades import ordinal
from recsys.logbooks.importing.text import slug
from recsys.logbooks.sheets import open_path
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.known import BY_ID, BY_MAPPING, BY_NAME, BY_NUMBER, SHOWN, Match, Question
from recsys.recommending.logbook import Logbook

_WHOLE: Final = re.compile(r"0*(\d{1,40}?)(?:\.0*)?", re.ASCII)
_NEAR_GRADES: Final = 3.0
"""Steps that two sites' grades of one climb may lie apart."""
_MOST_QUESTIONS: Final = 100
_MOST_NAMES: Final = 400


@dataclass(frozen=True, eq=False)
class Matcher:
    """Matches logbooks with one catalogue; what it looks climbs up by is made once, when first needed."""

    catalogue: Catalogue

    def match(self, logbook: Logbook, same: Mapping[str, str] | None = None) -> Match:
        """How the logbook's climbs meet the catalogue. `same`: one's own ids, each with the catalogue's."""
        rows = {climb: index for index, climb in reversed([*enumerate(logbook.columns[c.CLIMB_ID])])}
        found: dict[str, str] = {}
        ways: Counter[str] = Counter()
        missing = []
        for climb, index in reversed(rows.items()):
            known, way = self._known(climb, index, logbook, same or {})
            if known is None:
                missing.append((climb, index))
            else:
                found[climb] = known
                ways[way] += 1
        questions = [
            q for climb, index in missing[:_MOST_QUESTIONS] if (q := self._question(climb, index, logbook))
        ]
        in_question = {each.climb_id for each in questions}
        others = [climb for climb, _ in missing if climb not in in_question]
        unknown = {climb: self._nearest(climb) if n < SHOWN else [] for n, climb in enumerate(others)}
        return Match(found, ways, len(rows), self._rests_on(logbook), questions, unknown)

    def known(self, logbook: Logbook, match: Match) -> Logbook:
        """The logbook with the catalogue's ids for the climbs that are known, and its regions where theirs
        are not.

        Of a logbook that tells the model nothing (no known climb, and neither grades, regions nor dates)
        nothing is left: what it is answered with is what is popular.
        """
        if not match.n_known and not match.rests_on:
            return logbook.tail(0)
        ids = [match.same.get(climb, climb) for climb in logbook.columns[c.CLIMB_ID]]
        regions = [
            self.catalogue.regions[self.catalogue.indices[climb]]
            if climb in self.catalogue.indices and region not in self._regions
            else region
            for climb, region in zip(ids, logbook.columns[c.REGION], strict=True)
        ]
        return Logbook.of({**logbook.columns, c.CLIMB_ID: ids, c.REGION: regions})

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

    def _known(
        self, climb: str, index: int, logbook: Logbook, same: Mapping[str, str]
    ) -> tuple[str | None, str]:
        if climb in same:
            return same[climb], BY_MAPPING
        if climb in self.catalogue.indices:
            return climb, BY_ID
        number = _whole(climb)
        if number is not None and len(self._numbers.get(number, ())) == 1:
            return self._numbers[number][0], BY_NUMBER
        named = self._named(index, logbook)
        return (named[0], BY_NAME) if len(named) == 1 else (None, "")

    def _named(self, index: int, logbook: Logbook) -> list[str]:
        """The catalogue's climbs of that name and place, and of a grade that is not far off."""
        name = logbook.columns[c.CLIMB_NAME][index]
        if not name:
            return []
        indices = _indices(logbook, index)
        found = {known for where in indices for known in self._names.get((_name(name), where), ())}
        return [self.catalogue.ids[each] for each in sorted(found) if self._near_grade(each, index, logbook)]

    def _near_grade(self, known: int, index: int, logbook: Logbook) -> bool:
        """False only where both have a grade and they are far apart, or of two disciplines."""
        theirs, ours = self.catalogue.ordinals[known], ordinal(logbook.columns[c.GRADE][index])
        return not abs(theirs - ours) > _NEAR_GRADES

    def _question(self, climb: str, index: int, logbook: Logbook) -> Question | None:
        """The climb of nearly that name at that place, or of the very name anywhere, to be asked about."""
        name = logbook.columns[c.CLIMB_NAME][index]
        if not name:
            return None
        word = _name(name)
        names = {
            each: i
            for where in _indices(logbook, index)
            for end in _ends(word)
            for each, i in islice(self._at.get((where, end), ()), _MOST_NAMES)
            if abs(len(each) - len(word)) < 4
        }
        near = difflib.get_close_matches(word, list(names), 1, 0.85)
        found = names[near[0]] if near else None
        if found is None:
            everywhere = [i for i in self._anywhere.get(word, ()) if self._near_grade(i, index, logbook)]
            found = everywhere[0] if len(everywhere) == 1 else None
        if found is None:
            return None
        return Question(climb, name, self.catalogue.ids[found], self.catalogue.names[found] or "")

    def _nearest(self, climb: str) -> list[str]:
        ids = [
            each for each in self.catalogue.ids if each[:2] == climb[:2] and abs(len(each) - len(climb)) < 4
        ]
        return difflib.get_close_matches(climb, ids[:_MOST_NAMES], n=2, cutoff=0.6)

    @cached_property
    def _numbers(self) -> dict[str, list[str]]:
        numbers: dict[str, list[str]] = defaultdict(list)
        for climb in self.catalogue.ids:
            if (number := _whole(climb)) is not None:
                numbers[number].append(climb)
        return numbers

    @cached_property
    def _names(self) -> dict[tuple[str, str], list[int]]:
        """(name, place) to climbs; the place is a region, an area, or the crag in an id such as name@crag."""
        names: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i, name in enumerate(self.catalogue.names):
            for where in self._wheres(i):
                names[_name(name or self.catalogue.ids[i].partition("@")[0]), where].append(i)
        return names

    @cached_property
    def _at(self) -> dict[tuple[str, str], list[tuple[str, int]]]:
        """(place, beginning or end of a name) to the names there."""
        indices: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        for i, name in enumerate(self.catalogue.names):
            word = _name(name or "")
            for where in self._wheres(i) if word else ():
                for end in _ends(word):
                    indices[where, end].append((word, i))
        return indices

    @cached_property
    def _anywhere(self) -> dict[str, list[int]]:
        names: dict[str, list[int]] = defaultdict(list)
        for i, name in enumerate(self.catalogue.names):
            if name:
                names[_name(name)].append(i)
        return names

    def _wheres(self, index: int) -> set[str]:
        areas = self.catalogue.areas or [None] * len(self.catalogue)
        crag = self.catalogue.ids[index].partition("@")[2]
        return {slug(each) for each in (self.catalogue.regions[index], areas[index], crag) if each} - {""}


def read_same(path: Path, catalogue: Catalogue) -> dict[str, str]:
    """A mapping of ids: the first two columns of a file (yours, the model's), with or without a header.

    Raises
    ------
    DataError
        The file cannot be read, has no second column, or names a climb that the model does not have.
    """
    sheet = open_path(path)
    heads = dict.fromkeys(delimiter for delimiter, cells in sheet.heads() if len(cells) > 1)
    remedy = "write two columns: your id, the model's id"
    if not heads:
        raise DataError("has no two columns", path=path, remedy=remedy)
    same = {}
    for number, row in enumerate(sheet.rows(next(iter(heads)))):
        ours, theirs = ([cell.strip() for cell in row.cells[:2]] + ["", ""])[:2]
        if theirs in catalogue.indices:
            same[ours] = theirs
        elif number and ours:
            problem = "names a climb that the model does not have"
            raise DataError(problem, path=path, row=number, value=theirs, remedy=remedy)
    return same


def _indices(logbook: Logbook, index: int) -> list[str]:
    crag = str(logbook.columns[c.CLIMB_ID][index]).partition("@")[2]
    texts = [logbook.columns[name][index] for name in (c.AREA, c.REGION)] + [crag]
    return list(dict.fromkeys(word for text in texts if text and (word := slug(text))))


def _ends(word: str) -> tuple[str, str]:
    """How a name begins and ends: names that are nearly the same share one of the two."""
    return f"{word[:3]}-", f"-{word[-3:]}"


def _name(text: str) -> str:
    """A name without case, accents, punctuation and a leading article."""
    return slug(text).removeprefix("the-").replace("-", "")


def _whole(climb: str) -> str | None:
    """The number that an id is, once zeros before it and a ".0" after it are gone; None for other ids."""
    match = _WHOLE.fullmatch(climb)
    return None if match is None else (match[1] or "0")
