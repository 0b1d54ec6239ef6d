"""The climbs that can be recommended, and which of them a request allows. NumPy only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.errors import UnknownError
from recsys.logbooks.grade_ranges import GradeRange, overlap
from recsys.logbooks.grade_reading import Grade
from recsys.logbooks.grade_tables import DISCIPLINES
from recsys.logbooks.grades import ordinals, parse_range, read_grade, read_range
from recsys.logbooks.importing.spelling import folded
from recsys.recommending.blocked import Blocked
from recsys.recommending.fields import Fields
from recsys.recommending.forms import Forms
from recsys.recommending.levels import as_text, has_levels, level, told
from recsys.recommending.request import Item, Span, Why, nearest, some

STARS = "stars"
SENDS = "sends"
_NOWHERE = -1  # code of a region that no climb is in
_LATER = (c.AREA, c.STYLE, c.CLIMB_TYPE)  # kept only where a climb has one
Texts = Sequence["str | None"]
Facts = tuple[str, "str | None", "str | None", "str | None", "str | None", "float | None", int]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Climbs in the order of the model's outputs; every column has the length n_items.

    Attributes
    ----------
    ids, names, grades, regions, areas, styles, types:
        Text; None where nothing was logged.
    stars:
        Mean rating in training, 1 to 5, float64; NaN where nobody rated the climb.
    sends:
        Sends in training, float64.
    """

    ids: Sequence[str]
    names: Texts
    grades: Texts
    regions: Texts
    areas: Texts
    styles: Texts
    types: Texts
    stars: Array
    sends: Array

    @classmethod
    def from_columns(cls, columns: Mapping[str, Sequence[Any]]) -> Catalogue:
        """The catalogue of a table by columns; what it lacks is None, or NaN, or one send."""
        n = len(columns[c.CLIMB_ID])
        blank = [None] * n
        return cls(
            ids=list(columns[c.CLIMB_ID]),
            names=list(columns.get(c.CLIMB_NAME, blank)),
            grades=list(columns.get(c.GRADE, blank)),
            regions=list(columns.get(c.REGION, blank)),
            areas=list(columns.get(c.AREA, blank)),
            styles=list(columns.get(c.STYLE, blank)),
            types=list(columns.get(c.CLIMB_TYPE, blank)),
            stars=np.array(columns.get(STARS, blank), dtype=np.float64),
            sends=np.array(columns.get(SENDS, [1] * n), dtype=np.float64),
        )

    def to_columns(self) -> dict[str, list[Any]]:
        """The same table as plain lists, for JSON."""
        stars = [None if np.isnan(each) else float(each) for each in self.stars]
        texts = {c.CLIMB_ID: self.ids, c.CLIMB_NAME: self.names, c.GRADE: self.grades}
        texts |= {c.REGION: self.regions, c.AREA: self.areas, c.STYLE: self.styles}
        texts[c.CLIMB_TYPE] = self.types
        plain = {name: list(values) for name, values in texts.items() if name not in _LATER or any(values)}
        return {**plain, STARS: stars, SENDS: [int(each) for each in self.sends]}

    def __len__(self) -> int:
        """Number of climbs."""
        return len(self.ids)

    @cached_property
    def ordinals(self) -> Array:
        """Ordinal of each climb's usual grade, float64 [n_items], NaN where there is none."""
        return ordinals(self.grades)

    @cached_property
    def graded(self) -> bool:
        """Whether some climb has a grade that can be read; else grades are text, or there are none."""
        return bool(np.isfinite(self.ordinals).any())

    @cached_property
    def leveled(self) -> bool:
        """Whether grades are another domain's levels, L0 and up."""
        return has_levels(self.grades)

    @cached_property
    def known_grades(self) -> list[str]:
        """Each grade once, as text, sorted."""
        return sorted({each for each in self.grades if each is not None})

    def read_grades(self, text: str) -> GradeRange | str:
        """What is asked for: a range of grades, or of a catalogue whose grades are text one of them.

        What is no grade of the climbs' discipline is read as one that is, where it can be: where all climbs
        are boulders 6b is Font's 6B, and where they have V grades 5 is V5.

        Raises
        ------
        DataError
            No range of grades.
        UsageError
            The catalogue's grades are text, and this is none of them; or it has no grades.
        """
        if self.graded:
            return self._asked(text, told("V4 or V4:V6", self.leveled))
        return as_text(text, self.known_grades)

    def _asked(self, text: str, like: str) -> GradeRange:
        """The range as it is read, if climbs are of its discipline; else in a system of theirs."""
        ways = (None, *self._systems, *self.disciplines)
        found = [asked for prefer in ways if (asked := read_range(text, prefer)) is not None]
        fits = (asked for asked in found if asked.discipline in self.disciplines)
        return next(fits, None) or parse_range(text, like=like)

    @cached_property
    def disciplines(self) -> list[str]:
        """Those of the climbs' grades, the most usual first."""
        return list(dict.fromkeys(DISCIPLINES[system] for system in self._systems))

    @cached_property
    def _systems(self) -> list[str]:
        """The systems that the climbs' grades are written in, the most usual first."""
        return [name for name, _ in Counter(each.system for each in self._read if each).most_common()]

    @cached_property
    def _read(self) -> list[Grade | None]:
        """Each climb's grade, as it is read."""
        return [None if each is None else read_grade(each) for each in self.grades]

    @cached_property
    def _different(self) -> tuple[list[Grade | None], Array]:
        """The different grades, and which of them each climb has, int64 [n_items]."""
        codes = {grade: at for at, grade in enumerate(dict.fromkeys(self._read))}
        return list(codes), np.array([codes[each] for each in self._read], dtype=np.int64)

    def grades_told(self) -> str:
        """From which grade to which the climbs are, by discipline: "boulders V0 to V12"."""
        lines = []
        for name in self.disciplines:
            own = [grade for grade in self._different[0] if grade and grade.discipline == name]
            ends = min(own, key=lambda each: each.ordinal), max(own, key=lambda each: each.ordinal)
            lines.append(f"{'' if self.leveled else f'{name}s '}{ends[0].raw} to {ends[1].raw}")
        return " and ".join(lines)

    def grade_of(self, ordinal: float) -> str:
        """The nearest plain grade of an ordinal, as a person of this domain is told it."""
        return level(ordinal, self.leveled)

    @cached_property
    def indices(self) -> dict[str, int]:
        """A climb's id to its index."""
        return {climb: index for index, climb in enumerate(self.ids)}

    @cached_property
    def known_regions(self) -> list[str]:
        """The regions in order of their names."""
        return sorted({region for region in self.regions if region is not None})

    @cached_property
    def popularity(self) -> Array:
        """Each climb's share of all sends, float64 [n_items]; sums to 1."""
        return self.sends / self.sends.sum()

    @cached_property
    def novelty(self) -> Array:
        """Self-information of the popularity, -log2(share), over the largest: float64 [n_items], 0 to 1."""
        bits = -np.log2(np.maximum(self.popularity, 1e-12))
        return bits / bits.max() if bits.max() > 0 else np.zeros_like(bits)

    @cached_property
    def facts(self) -> list[Facts]:
        """What is told of each climb: id, name, grade, region, area, stars to two places, and sends."""
        stars = [None if math.isnan(each) else round(each, 2) for each in self.stars.tolist()]
        texts = (self.ids, self.names, self.grades, self.regions, self.areas)
        return list(zip(*texts, stars, map(int, self.sends.tolist()), strict=True))

    def allowed(
        self, grades: GradeRange | Span | str | None, region: str | None, min_stars: float | None = None
    ) -> Array:
        """The climbs of those grades, that region and those stars, bool [n_items]; None allows every one.

        A climb between two grades belongs to both: V4-5 is allowed by V4 and by V5. Ordinals allow the climbs
        whose grade's interval meets them, a text those whose grade it is.
        """
        allowed = np.ones(len(self), dtype=bool)
        if isinstance(grades, str):
            allowed &= np.array([each == grades for each in self.grades], dtype=bool)
        elif grades is not None:
            different, codes = self._different
            holds = grades.holds if isinstance(grades, GradeRange) else partial(overlap, grades)
            allowed &= np.array([holds(each) for each in different], dtype=bool)[codes]
        if min_stars is not None:
            with np.errstate(invalid="ignore"):
                allowed &= self.stars >= min_stars
        if region is not None:
            allowed &= self._region_codes == self._codes_of_regions.get(region, _NOWHERE)
        return allowed

    def open(self, blocked: Blocked) -> Array:
        """The climbs that are not closed, by id, area or region: bool [n_items]."""
        closed = set(self._meant(blocked).values())
        return np.array([closed.isdisjoint(names) for names in self._called], dtype=bool)

    def unknown(self, blocked: Blocked) -> list[str]:
        """Entries that name no climb, area or region of the catalogue, in order."""
        return sorted(entry for entry, name in self._meant(blocked).items() if name not in self._names)

    def _meant(self, blocked: Blocked) -> dict[str, str]:
        """Each entry as it is called here: 130.0 or 00130 is the climb 130."""
        return {
            each: each if each in self._names else folded(self._forms.known(each) or each)
            for each in blocked.entries
        }

    def misspelt(self, blocked: Blocked, say: Callable[[str], str]) -> list[str]:
        """A line on what of a list of closed climbs names nothing here, in the domain's words; or none."""
        unknown = self.unknown(blocked)
        return [f"{say('no climb or area is called')} {some(unknown)}"] if unknown else []

    def without(self, climbs: Sequence[str]) -> Array:
        """All climbs but these ids, bool [n_items]; ids that the catalogue lacks are ignored."""
        kept = np.ones(len(self), dtype=bool)
        kept[self.found(climbs)] = False
        return kept

    def found(self, climbs: Sequence[str]) -> list[int]:
        """Indices of those of these ids that the catalogue has."""
        return [index for index in map(self.indices.get, climbs) if index is not None]

    def index(self, climb_id: str) -> int:
        """The index of a climb, or an `UnknownError` with the nearest ids, or those of that name."""
        if climb_id not in self.indices:
            wanted = folded(climb_id)
            named = [each for each in self.search(climb_id) if wanted in folded(self.names[each] or "")][:3]
            if named:
                ids = ", ".join(f"{self.ids[each]} ({self.names[each] or 'no name'})" for each in named)
                raise UnknownError(f"no climb has the id {climb_id[:80]!r}; of that name there are {ids}")
            raise UnknownError(
                f"no climb {climb_id[:80]!r} among the {len(self)} of this run{nearest(climb_id, self.ids)}"
            )
        return self.indices[climb_id]

    def item(
        self,
        index: int,
        score: float,
        why: Why | None = None,
        hard: str | None = None,
        reach: float | None = None,
    ) -> Item:
        """The climb at an index as an item of an answer."""
        climb_id, name, grade, region, area, stars, sends = self.facts[index]
        return Item(climb_id, name, grade, region, float(score), why, area, stars, sends, hard, reach)

    def search(self, text: str) -> list[int]:
        """Indices whose name or id holds the text, upper or lower case: beginnings first, then by sends."""
        wanted = folded(text)
        found = []
        for index, texts in enumerate(self._folded):
            if wanted and any(wanted in each for each in texts):
                begins = any(each.startswith(wanted) for each in texts)
                found.append((not begins, -self.sends[index], index))
        return [index for _, _, index in sorted(found)]

    @cached_property
    def _codes_of_regions(self) -> dict[str | None, int]:
        """A region's code: every one of the catalogue, and None, has its own."""
        return {region: code for code, region in enumerate(dict.fromkeys(self.regions))}

    @cached_property
    def _region_codes(self) -> Array:
        """Each climb's region, int64 [n_items]: to compare texts took longer than the rest of an answer."""
        return np.array([self._codes_of_regions[each] for each in self.regions], dtype=np.int64)

    @cached_property
    def _called(self) -> list[set[str]]:
        """What each climb goes by: its id, its area, its region."""
        each = zip(self.ids, self.areas, self.regions, strict=True)
        return [{folded(name) for name in names if name is not None} for names in each]

    @cached_property
    def _names(self) -> frozenset[str]:
        """All that climbs go by."""
        return frozenset().union(*self._called)

    @cached_property
    def _forms(self) -> Forms:
        return Forms(self.ids)

    @cached_property
    def _folded(self) -> list[tuple[str, str]]:
        pairs = zip(self.names, self.ids, strict=True)
        return [(folded(name or ""), folded(climb)) for name, climb in pairs]


def read_catalogue(path: Path) -> Catalogue:
    """climbs.json as a bundle holds it.

    Raises
    ------
    RunError
        A column is missing, or holds what it should not.
    """
    fields = Fields.read(path)
    ids = fields.texts(c.CLIMB_ID, same=False)
    if not ids:
        fields.refuse(c.CLIMB_ID, "names no climb")
    columns = {name: fields.texts(name, len(ids), blanks=True) for name in (c.CLIMB_NAME, c.GRADE, c.REGION)}
    for name in _LATER:
        if name in fields:
            columns[name] = fields.texts(name, len(ids), blanks=True)
    columns[STARS] = fields.numbers(STARS, len(ids), -1e6, 1e6, blanks=True)
    columns[SENDS] = fields.numbers(SENDS, len(ids), 0, 2**53)
    if not any(columns[SENDS]):
        fields.refuse(SENDS, "are all 0")
    return Catalogue.from_columns({c.CLIMB_ID: ids, **columns})
