"""Writes each grade so that it is read right on its own: what tells its system is the rest of the logbook.

A grade's text goes on alone, into models and tables, where "9" is Ewbank and "7a" is French. Here, where the
type of the climb, its country and the logbook's other grades are at hand, the text is made to say it:

- a boulder's letters are upper case (7A, Font), a route's lower case (7a, French);
- a boulder logged "5.10a V0+" becomes "V0+ 5.10a", and a bare "5" becomes "V5" or "f5" (`grade_boulders`);
- a boulder's "V?" or "V+" becomes "Problem V?": it is no UIAA grade, and not read;
- a bare "9" beside "9-" or in a country of UIAA grades becomes "UIAA 9", in one of French grades "F9";
  beside "6a", where no country is told, a bare "5" becomes "F5";
- "10-" beside 5.9 or in the US becomes "5.10-"; elsewhere it is UIAA's;
- a British trad route's "6a" becomes "British 6a": it is the technical grade;
- a winter, ice or mixed grade that looks like a rock grade ("V", "III", "4+", "D") becomes "Winter V": it is
  not read.

All else stays as logged. A country or neighbours that tell alone make it a guess, which is counted; so is
whatever is read in Norway, Sweden, Finland or Brazil, whose own systems look like others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from recsys.errors import DataError
from recsys.logbooks import grade_lands as lands
from recsys.logbooks.grade_boulders import NUMBER, Boulders, boulders_of, of_number
from recsys.logbooks.grade_reading import Grade
from recsys.logbooks.grade_rockless import not_rock
from recsys.logbooks.grade_tables import BOULDER, ROUTE
from recsys.logbooks.grade_words import normalised, plain
from recsys.logbooks.grades import parse_grade

GUESSED: Final = "grade's system guessed from the logbook's others or the country"
_LETTERED: Final = re.compile(r"[1-9][a-cA-C]\+?(\s*[-/]\s*[1-9]?[a-cA-C]?\+?(?!\d))?", re.ASCII)
_BARE: Final = re.compile(r"(\d{1,2})(?:\s*[/-]\s*(\d{1,2}))?", re.ASCII)
_SIGNED: Final = re.compile(
    r"(?:[4-9]|1[0-2])-|(?:[6-9]|1[0-2])\+(?:\s*/.*)?|(?:[6-9]|1[0-2])[+-]?/.*[+-]", re.ASCII
)
# "10-", "11+", "10a/b" and "11+/12-" as Americans write 5.10-.
_DECIMAL: Final = re.compile(r"(?=.*[a-d+-])1[0-5][a-d+-]?(?:/(?:1[0-5])?[a-d+-]?)?", re.ASCII)
_BELOW_TEN: Final = re.compile(r"[6-9][+-]", re.ASCII)
_YDS: Final = re.compile(r"5\.(?:[6-9]|1[0-5]).*", re.ASCII)
_TECHNICAL: Final = re.compile(r"[4-7][a-cA-C]", re.ASCII)
_SPACED_V: Final = re.compile(r"[Vv](?:[ -]| - )(\d{1,2}[+-]?(?:[/-]\d{1,2})?)", re.ASCII)
_EASY_V: Final = re.compile(r"(?i)V[ -]*easy")
_HARDEST_UIAA: Final = 12
_LONGEST: Final = 40
_ALPINE: Final = re.compile(r"(?i)(F|PD|AD|D|TD|ED\d?|ABO)[+-]?")
_HIGHEST: Final = re.compile(r"[1-9]|1[0-2]", re.ASCII)
_AMBIGUOUS: Final = ("UIAA", "British", "Ewbank")
_NUMBERED: Final = ("UIAA", "Ewbank")


class Logged(NamedTuple):
    """A grade as logged and what is known beside it; `kind` is the type of climb in the site's own words."""

    grade: str
    discipline: str = ""
    kind: str = ""
    country: str = ""


class Settled(NamedTuple):
    """A grade's text as it is read right on its own, and whether its system is a guess."""

    text: str
    guessed: bool


@dataclass(frozen=True)
class _Neighbours:
    """What the logbook's other grades are: signed as in UIAA ("9-"), numbers that only Ewbank has ("23").

    `lands` are those in which a grade is signed: one in Germany says nothing of a 6 in Spain. `boulders`
    tell V from Font. `yds`: some are 5.9 or its like, `french`: 6a or its like, `low`: below 10 and
    signed.
    """

    signed: bool
    high: bool
    lands: frozenset[str] = frozenset()
    boulders: Boulders = field(default_factory=Boulders)
    yds: bool = False
    french: bool = False
    low: bool = False


def settle(grades: Sequence[Logged]) -> list[Settled]:
    """The grades' texts, and which of them rest on a guess, [len(grades)]."""
    beside = _neighbours(grades)
    known = {logged: Settled(*_settled(logged, beside)) for logged in dict.fromkeys(grades)}
    return [known[logged] for logged in grades]


def _neighbours(grades: Iterable[Logged]) -> _Neighbours:
    different = list(dict.fromkeys(grades))
    rock = [each for each in different if each.discipline != BOULDER and not not_rock(each.kind)]
    routes = {each.grade for each in rock}
    numbers = [int(text) for text in routes if text.isascii() and text.isdigit() and len(text) < 3]
    yds = any(_YDS.fullmatch(text) for text in routes if len(text) < 12)
    american = {each.grade for each in rock if each.country.casefold() in lands.YDS}
    signed = {text for text in routes - american if len(text) < 12 and _SIGNED.fullmatch(text)}
    low = {text for text in signed if not _DECIMAL.fullmatch(text)}
    signed = low if yds else signed
    french = any(_is_french(each) for each in rock)
    where = frozenset(each.country.casefold() for each in rock if each.grade in signed)
    boulders = (each for each in different if each.discipline == BOULDER and len(each.grade) <= _LONGEST)
    told = boulders_of((normalised(each.grade), each.country.casefold()) for each in boulders)
    return _Neighbours(bool(signed), max(numbers, default=0) > 12, where, told, yds, french, bool(low))


def _is_french(logged: Logged) -> bool:
    """Whether a route is graded as "6a+", which in Britain may be a trad route's technical grade."""
    lettered = len(logged.grade) < 12 and _LETTERED.fullmatch(logged.grade)
    lower = logged.discipline == ROUTE or logged.grade.islower()
    return bool(lettered) and lower and "trad" not in logged.kind.casefold()


def _settled(logged: Logged, beside: _Neighbours) -> tuple[str, bool]:
    """(the text, whether it is a guess)."""
    if not logged.grade or len(logged.grade) > _LONGEST:
        return logged.grade, False
    grade = plain(logged.grade)
    if (word := not_rock(logged.kind)) and _looks_like_rock(grade):
        return f"{word} {grade}", False
    bare = normalised(grade)  # "7 A0" is a 7, "7a soft" a 7a
    if _LETTERED.fullmatch(bare):
        return _lettered(grade, bare, logged)
    if logged.discipline == BOULDER:
        return _of_boulder(grade, bare, logged.country.casefold(), beside.boulders)
    if logged.country.casefold() in lands.OWN and (found := _parsed(bare)) and found.system in _NUMBERED:
        return (f"UIAA {bare}" if _HIGHEST.fullmatch(bare) else grade), True
    if _BARE.fullmatch(bare):
        return _numbered(bare, logged, beside)
    land = logged.country.casefold()
    if _DECIMAL.fullmatch(bare) or (land in lands.YDS and _BELOW_TEN.fullmatch(bare)):
        return _decimal(bare, grade, land, beside)
    return _turned(grade, ROUTE) if logged.discipline == ROUTE else grade, False


def _lettered(grade: str, bare: str, logged: Logged) -> tuple[str, bool]:
    """A number with a letter: Font's of a boulder, French of a route; in Britain a trad route's is technical.

    Brazil's own 7a looks like the French one.
    """
    land = logged.country.casefold()
    text = _LETTERED.sub(lambda found: _cased(found[0], logged.discipline), grade, count=1)
    if logged.discipline == BOULDER:
        return text, False
    if land in lands.BRITISH and "trad" in logged.kind.casefold() and _TECHNICAL.fullmatch(bare):
        return f"British {bare.lower()}", True
    return text, land in lands.BRAZIL


def _of_boulder(grade: str, bare: str, land: str, beside: Boulders) -> tuple[str, bool]:
    """A boulder's grade: a number is V's or Font's, "V 5" no winter grade, and V or Font come first.

    What only systems of routes have, and no letter or number tells ("V?", "V+"), is not read.
    """
    if NUMBER.fullmatch(bare):
        return of_number(bare, land, beside)
    if apart := _SPACED_V.fullmatch(bare):
        return f"V{apart[1]}", False
    if _EASY_V.fullmatch(grade):
        return "V-easy", False
    text = _turned(grade, BOULDER)
    found = _parsed(text)
    untold = found and (found.system in _NUMBERED or (found.system == "British" and found.names[0].isalpha()))
    return (f"Problem {text}" if untold else text), False


def _decimal(bare: str, grade: str, land: str, beside: _Neighbours) -> tuple[str, bool]:
    """A number with a sign or a letter: YDS without its "5." in America and beside YDS, else UIAA's.

    Of UIAA it is a guess unless the country or signs on lower numbers tell that.
    """
    if (land in lands.YDS or (not land and beside.yds and not beside.signed)) and _parsed(f"5.{bare}"):
        return f"5.{bare}", not (land in lands.YDS and beside.yds)
    found = _parsed(grade)
    return grade, found is not None and found.system == "UIAA" and land not in lands.UIAA and not beside.low


def _cased(grade: str, discipline: str) -> str:
    return grade.upper() if discipline == BOULDER else grade.lower() if discipline == ROUTE else grade


def _numbered(grade: str, logged: Logged, beside: _Neighbours) -> tuple[str, bool]:
    """A bare number: Ewbank's unless the country or the neighbours say UIAA or French."""
    match = _BARE.fullmatch(grade)
    highest = max(int(part) for part in match.groups() if part) if match else 0
    land = logged.country.casefold()
    if not 1 <= highest <= _HARDEST_UIAA:
        return grade, False
    if land in lands.EWBANK or (beside.high and not land and not beside.signed):
        return grade, False
    signed = land in beside.lands if land in lands.FRENCH else beside.signed
    if land in lands.UIAA or signed:
        return f"UIAA {grade}", not (signed and land in lands.UIAA)
    french = land in lands.FRENCH or (not land and beside.french)
    return (f"F{grade}" if french and highest <= 9 else grade), True


def _turned(grade: str, discipline: str) -> str:
    """A grade of several words ("5.10a V0+") with one of the climb's own discipline first."""
    words, grades = grade.split(), normalised(grade).split()
    if not 2 <= len(words) <= 4 or (whole := _parsed(grade)) is None or whole.discipline == discipline:
        return grade
    read = [_parsed(word) for word in grades]
    if None in read:  # "Fb 7a" is one grade
        return grade
    own = [word for word, each in zip(grades, read, strict=True) if each and each.discipline == discipline]
    return " ".join([*own, *(word for word in words if word.strip("()[]") not in own)])


@lru_cache(maxsize=4096)
def _looks_like_rock(grade: str) -> bool:
    """Whether a winter or alpine grade would be read as a rock grade: "V", "III", "D", "5", "4+"."""
    found = _parsed(grade)
    numbered = NUMBER.fullmatch(normalised(grade)) or _ALPINE.fullmatch(grade)
    return found is not None and (found.system in _AMBIGUOUS or bool(numbered))


def _parsed(grade: str) -> Grade | None:
    try:
        return parse_grade(grade)
    except DataError:
        return None
