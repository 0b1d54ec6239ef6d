"""Climbs that several files name differently, brought under one id: by a mapping of one's own, by ids that a
program changed, or by name and place.

Ids of raw sends in two files are one where they differ in case or spelling alone, or are one number however a
program has written it ("130.0", "00130"), and neither file holds both.

Two climbs of different sources are one when they have one name and one place (crag, area or region; case,
accents and punctuation aside), grades that are not far apart, and when that is unambiguous: two ids of one
source are two climbs. Raw sends' ids stay, then those of the file that was given first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from recsys.logbooks.grades import far_apart, ordinal
from recsys.logbooks.importing.climb_names import keys_of, loose_key
from recsys.logbooks.importing.model import Ascent, Parsed
from recsys.logbooks.importing.numbers import whole
from recsys.logbooks.importing.pairs import read_pairs
from recsys.logbooks.importing.spelling import by_letters, form, letters

ONE_CLIMB: Final = "climbs that two sources name differently, by name and place taken for one"
BY_FORM: Final = (
    "climbs whose ids differ in case or spelling, or as mangled numbers (130.0 for 130): taken for one"
)
BY_MAPPING: Final = "climbs under another id by your --same"
_OWN_IDS: Final = ("sends", "own")  # sources whose files' ids are whatever their owner wrote


@dataclass(frozen=True)
class _Climb:
    """A climb as one source has it."""

    source: str
    climb_id: str
    name: str
    grade: float
    places: frozenset[str]


def unite(files: Sequence[Parsed], same: Mapping[str, str] | None = None) -> list[Parsed]:
    """The files with one id a climb; what was changed is counted in the notes of the file."""
    told = by_letters(same or {})
    given = _in_one_form([_renamed(each, _told(each, same or {}, told), BY_MAPPING) for each in files])
    if len({each.source for each in given}) < 2:
        return given
    ids = _one_ids(_climbs(given))
    return [_renamed(each, ids.get(each.source, {}), ONE_CLIMB) for each in given]


def read_same(path: Path) -> dict[str, str]:
    """A mapping of ids, {an id: the id to use instead}; DataError where a row of the file is none."""
    return {pair.ours: pair.theirs for pair in read_pairs(path)}


def _told(parsed: Parsed, same: Mapping[str, str], told: Mapping[str, str]) -> Mapping[str, str]:
    """What a mapping says of a file's ids; one that it has in another spelling is told by that."""
    if not same:
        return same
    ids = {row.climb_id for row in parsed.rows} - set(same)
    return {**same, **{each: told[key] for each in ids if (key := whole(each) or letters(each)) in told}}


def _renamed(parsed: Parsed, ids: Mapping[str, str], note: str) -> Parsed:
    n = len({row.climb_id for row in parsed.rows if ids.get(row.climb_id, row.climb_id) != row.climb_id})
    if not n:
        return parsed
    rows = [row._replace(climb_id=ids.get(row.climb_id, row.climb_id)) for row in parsed.rows]
    return replace(parsed, rows=rows, notes={**parsed.notes, note: n})


def _in_one_form(files: Sequence[Parsed]) -> list[Parsed]:
    """The files with one form of each id that stands in two of them."""
    own = [{row.climb_id for row in each.rows} if each.source in _OWN_IDS else set() for each in files]
    forms: dict[str, list[set[str]]] = defaultdict(list)
    for ids in own:
        mine: dict[str, set[str]] = defaultdict(set)
        for climb in ids if len(files) > 1 else ():
            mine[form(climb)].add(climb)
        for each, climbs in mine.items():
            forms[each].append(climbs)
    one = {
        climb: each if each.isdigit() and each in set().union(*several) else min(several[0])
        for each, several in forms.items()
        if len(several) > 1 and all(len(climbs) == 1 for climbs in several)
        for climb in set().union(*several)
    }
    return [_renamed(each, one, BY_FORM) if each.source in _OWN_IDS else each for each in files]


def _climbs(files: Iterable[Parsed]) -> list[_Climb]:
    """The different climbs of each source, raw sends' first."""
    found: dict[tuple[str, str], _Climb] = {}
    for parsed in sorted(files, key=lambda each: each.source != "sends"):
        for row in parsed.rows:
            pair = (parsed.source, row.climb_id)
            if pair not in found and row.climb_name:
                found[pair] = _Climb(*pair, loose_key(row.climb_name), ordinal(row.grade), _places(row))
    return list(found.values())


def _one_ids(climbs: Sequence[_Climb]) -> dict[str, dict[str, str]]:
    """{source: {its id: the id that stands for it}}."""
    at: dict[tuple[str, str], list[_Climb]] = defaultdict(list)
    for climb in climbs:
        for place in climb.places:
            at[climb.name, place].append(climb)
    ids: dict[str, dict[str, str]] = defaultdict(dict)
    for climb in climbs:
        others = {each.climb_id: each for place in climb.places for each in at[climb.name, place]}
        mine = [each for each in others.values() if each.source == climb.source]
        first = next((each for each in others.values() if each.source != climb.source), None)
        rivals = [each for each in others.values() if first and each.source == first.source]
        if (
            first
            and len(mine) == 1
            and len(rivals) == 1
            and _before(first, climb, climbs)
            and not far_apart(first.grade, climb.grade)
        ):
            ids[climb.source][climb.climb_id] = ids[first.source].get(first.climb_id, first.climb_id)
    return ids


def _before(first: _Climb, climb: _Climb, climbs: Sequence[_Climb]) -> bool:
    order = list(dict.fromkeys(each.source for each in climbs))
    return order.index(first.source) < order.index(climb.source)


def _places(row: Ascent) -> frozenset[str]:
    return frozenset(keys_of((row.crag, row.area, row.region)))
