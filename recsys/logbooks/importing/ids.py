"""Ids of climbs that stay the same from import to import and from site to site, and climbs that look alike.

A site's own id comes first (`mp-271828`, `thecrag-11111`). Without one, the name with the crag is the id,
without case, accents and punctuation: `erdbeerkante@magic-wood`, whichever site it came from.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from recsys.logbooks.importing.model import Ascent
from recsys.logbooks.importing.text import slug

_SHORTEST: Final = 5
_LONGEST: Final = 60
_LONGEST_WORD: Final = 100
_NUMBERS: Final = re.compile(r"\d+|\b(?:left|right|sit|stand|direct|variation|extension)\b")


class Alike(NamedTuple):
    """Two ids that may be one climb: nearly the same name at the same crag."""

    crag: str
    first: tuple[str, str]
    second: tuple[str, str]
    """(id, name)"""


def climb_id(name: str, crag: str) -> str:
    """The id of a climb that its site gives none."""
    return f"{_word(name)}@{_word(crag) if crag else 'unknown'}"


def by_name(climb: Ascent) -> bool:
    """Whether its id is its name and place, and not its source's own."""
    return "@" in climb.climb_id and climb.source != "sends"


def near_duplicates(ascents: Iterable[Ascent]) -> list[Alike]:
    """Pairs of ids that may be one climb, each once; one of the two is from a logbook. Nothing is merged.

    Names are alike when they differ in one letter (or two swapped) and not in a number or a word such as
    "left". The work grows with the number of names, not with its square.
    """
    crags: dict[str, dict[str, Ascent]] = defaultdict(dict)
    for each in ascents:
        crags[slug(each.crag)].setdefault(each.climb_id, each)
    found = (
        pair
        for crag, climbs in crags.items()
        if crag and not _all_apart(climbs.values())
        for pair in _alike(climbs.values())
    )
    return [_report(a, b) for a, b in found]


def _word(text: str) -> str:
    """The slug; its beginning and a hash of the whole when it is long, or all punctuation ("!!!")."""
    word = slug(text)
    if 0 < len(word) <= _LONGEST_WORD:
        return word
    return f"{word[:40] or 'x'}-{hashlib.sha256(text.casefold().encode()).hexdigest()[:10]}"


def _alike(climbs: Iterable[Ascent]) -> Iterator[tuple[Ascent, Ascent]]:
    groups: dict[str, list[Ascent]] = defaultdict(list)
    for climb in climbs:
        for variant in _variants(climb.climb_name):
            groups[variant].append(climb)
    seen = set()
    for group in groups.values():
        # A group of many is a common name, and neighbours in it are enough to say so.
        for first, second in pairwise(group):
            pair = frozenset((first.climb_id, second.climb_id))
            if len(pair) == 2 and pair not in seen and not _known_apart(first, second):
                seen.add(pair)
                yield first, second


def _known_apart(first: Ascent, second: Ascent) -> bool:
    """Whether both ids are one site's own (or a file of sends'): then they are two climbs."""
    return first.source == second.source and not (by_name(first) or by_name(second))


def _all_apart(climbs: Iterable[Ascent]) -> bool:
    """Whether any two are known apart: of one file of sends all are, and names need no look."""
    return len({each.source for each in climbs}) == 1 and not any(map(by_name, climbs))


def _variants(name: str) -> set[str]:
    """The name without its separators, and with each one letter left out; its numbers stay beside it."""
    words = slug(name).removeprefix("the-")
    numbers = " ".join(_NUMBERS.findall(words.replace("-", " ")))
    letters = words.replace("-", "")
    if not letters or len(letters) > _LONGEST:
        return {f"{letters}|{numbers}"} if letters else set()
    cuts = range(len(letters)) if len(letters) >= _SHORTEST else ()
    return {f"{letters}|{numbers}", *(f"{letters[:i]}{letters[i + 1 :]}|{numbers}" for i in cuts)}


def _report(a: Ascent, b: Ascent) -> Alike:
    first, second = sorted(((a.climb_id, a.climb_name), (b.climb_id, b.climb_name)))
    return Alike(a.crag, first, second)
