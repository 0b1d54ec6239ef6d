"""Types of climbs in the words of sites and people, and the discipline that they or a grade tell."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from recsys.logbooks.grade_words import normalised
from recsys.logbooks.grades import LONGEST
from recsys.logbooks.importing.model import BOULDER, ROUTE

_BOULDER_GRADE: Final = re.compile(r"(?i:V(\d|[BE]\b|-easy))|(?:f|Font|Fb)\s*\d|\d[ABC]|[1-9][abc]\+?/V")
_ROUTE_GRADE: Final = re.compile(
    r"5\.\d|[1-9][abc]|\d\d\b|(M|D|VD|HVD|MS|S|HS|MVS|VS|HVS|E\d+|Mod|Diff|VDiff)\b"
)
_BLOCS: Final = (
    "bloc blocs block blocks blöcke bloque bloques blocco blocchi blok bloky bloków búlder búlders bulder "
    "bulders bulderi bouldr buldr buldring buldrowanie buldering baldy baldów buldery болдер болдеринг "
    "боулдер боулдеринг ボルダー ボルダリング 볼더 볼더링 抱石 攀石"
)
_VOIES: Final = (
    "voie voies vía vías via vias couenne corde corda cuerda cordata tour touren seil sportklettern "
    "mehrseillänge mehrseillängen deportiva sportiva sportive sportif clásica clasica tradicional multipitch "
    "lead moulinette vorstieg nachstieg droga drogi cesta cesty led rute ruter weg touw 루트 ルート リード"
)
_BOULDERS: Final = frozenset(_BLOCS.split())
"""Words for a boulder, beside those that hold "boulder"."""
_ROUTES: Final = frozenset(_VOIES.split())
_ROUTE_PARTS: Final = ("sport", "trad", "top", "route", "alpine", "ice", "mixed", "aid", "winter")


def discipline_of(grade: str) -> str:
    """The discipline that a grade alone tells, or "": V and upper-case Font are boulders."""
    grade = normalised(grade[:LONGEST])
    if _BOULDER_GRADE.match(grade):
        return BOULDER
    return ROUTE if _ROUTE_GRADE.match(grade) else ""


@lru_cache(maxsize=4096)
def is_boulder(kind: str) -> bool:
    """Whether a type of climb names boulders, in whichever language."""
    return "boulder" in kind.casefold() or bool(_words(kind) & _BOULDERS)


def discipline(climb_type: str, grade: str) -> str:
    """The discipline by the type of climb, which may name several, else by the grade."""
    boulder = is_boulder(climb_type)
    others = _is_route(climb_type)
    if boulder and others:
        return discipline_of(grade) or BOULDER
    return BOULDER if boulder else ROUTE if others else discipline_of(grade)


def told_discipline(text: str) -> str:
    """A discipline as a file names it, in our word for it where that is known."""
    return discipline(text, "") or text.casefold()


def climb_type(text: str) -> str:
    """One type in the contract's words: of several ("Trad, Alpine") the first of a fixed order."""
    found = text.casefold()
    if is_boulder(found):
        return "boulder"
    for kind in ("trad", "sport", "top rope", "ice", "mixed", "aid", "alpine"):
        if kind in found or (kind == "top rope" and ("toprope" in found or "top-rope" in found)):
            return kind
    return found


@lru_cache(maxsize=4096)
def _is_route(kind: str) -> bool:
    return any(part in kind.casefold() for part in _ROUTE_PARTS) or bool(_words(kind) & _ROUTES)


def _words(kind: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", kind.casefold()))
