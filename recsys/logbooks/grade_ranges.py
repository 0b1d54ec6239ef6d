"""Which written grades a range of grades holds.

Within one system what is written decides, on that system's own ladder: its grades in their order, a step
each. The shared ladder of `recsys.logbooks.grades` is too coarse for that: there Font's 6B, 6B+ and 6C are
V4, V4 or V5, and V5. A grade with a sign that is no step of its own (V4+) is a quarter of a step off its
grade, and is held by it; a grade of a whole number (5.10, Font 6) is any of its letters. Between two systems
of one discipline the intervals on the shared ladder have to overlap.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from recsys.logbooks.grade_reading import Grade, Span
from recsys.logbooks.grade_tables import TABLES

_FONT: Final = (
    "1 2 3 3A 3B 3C 3+ 4 4A 4B 4C 4+ 5 5A 5A+ 5B 5B+ 5C 5C+ 5+ 6A 6A+ 6B 6B+ 6C 6C+ 7A 7A+ 7B 7B+ 7C 7C+ "
    "8A 8A+ 8B 8B+ 8C 8C+ 9A"
)
_WHOLE: Final = {"French": "[4-9]", "Font": "[3-8]", "YDS": r"5\.1[0-5][+-]?|easy 5(th)?|5th"}
TECHNICAL: Final = "British, technical"
_SIGN: Final = 0.25  # of a step, that a "+" or "-" moves a grade


@dataclass(frozen=True)
class GradeRange:
    """From one grade to another of its discipline, both included; `text` is what was asked for."""

    first: Grade
    last: Grade
    text: str

    @property
    def span(self) -> Span:
        """Lowest and highest ordinal."""
        return self.first.span[0], self.last.span[1]

    @property
    def discipline(self) -> str:
        """Of both ends."""
        return self.first.discipline

    def holds(self, grade: Grade | None) -> bool:
        """Whether a climb of that grade is of the range; one between two grades (V4-5) belongs to both."""
        if grade is None or grade.discipline != self.discipline:
            return False
        if (scale := scale_of(grade)) == scale_of(self.first) == scale_of(self.last):
            return _overlap(self._own, _own(scale, grade.names))
        return overlap(self.span, grade)

    @cached_property
    def _own(self) -> Span:
        scale = scale_of(self.first)
        ends = [_ladder(scale)[name][0] for each in (self.first, self.last) for name in each.names]
        return min(low for low, _ in ends), max(high for _, high in ends)


def overlap(span: Span, grade: Grade | None) -> bool:
    """Whether a grade's interval on the shared ladder meets one of ordinals."""
    return grade is not None and _overlap(_stepped(span), _stepped(grade.span))


def scale_of(grade: Grade) -> str:
    """The ladder that a grade is written on: its system; British technical grades have one of their own."""
    return TECHNICAL if grade.system == "British" and grade.names[0][:1].isdigit() else grade.system


def _overlap(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _stepped(span: Span) -> Span:
    """The interval, with the nearest step where it holds none: V4+ is V4."""
    low, high = span
    step = round((low + high) / 2)
    return span if math.ceil(low) <= math.floor(high) else (min(low, step), max(high, step))


def _own(scale: str, names: tuple[str, str]) -> Span:
    spans = [_ladder(scale)[name][1] for name in names]
    return min(low for low, _ in spans), max(high for _, high in spans)


@cache
def _ladder(scale: str) -> dict[str, tuple[Span, Span]]:
    """Each name of a scale: what it holds where it is asked for, and where it lies itself."""
    system, technical = ("British", True) if scale == TECHNICAL else (scale, False)
    table = {n: s for n, s in TABLES[system].items() if system != "British" or n[:1].isdigit() == technical}
    middle = {name: (low + high) / 2 for name, (low, high) in table.items()}
    place = _places(scale, middle)
    found = {}
    for name, span in table.items():
        if (base := _base(name, middle)) is not None:
            at = place[base] + math.copysign(_SIGN, middle[name] - middle[base])
            found[name] = (at, at), (at, at)
        elif re.fullmatch(_WHOLE.get(scale, "(?!)"), name):
            letters = [at for each, at in place.items() if re.match(f"{re.escape(name)}[A-Za-z]", each)]
            inside = letters or [at for each, at in place.items() if span[0] <= middle[each] <= span[1]]
            at = place.get(name, inside[0])
            hull = min(*inside, at), max(*inside, at)
            found[name] = hull, (at, at) if name in place else hull
        else:
            at = place[name]
            found[name] = (at - _SIGN, at + _SIGN), (at, at)
    return found


def _places(scale: str, middle: dict[str, float]) -> dict[str, float]:
    """The step of each grade that is one, in the order of how hard they are; equals are one step."""
    if scale == "Font":  # grades of its own are as hard as each other: 5A and 5
        return {name: float(at) for at, name in enumerate(_FONT.split())}
    whole = re.compile(_WHOLE.get(scale, "(?!)"))
    plain = [name for name in middle if _base(name, middle) is None and not whole.fullmatch(name)]
    steps = sorted({middle[name] for name in plain})
    return {name: float(steps.index(middle[name])) for name in plain}


def _base(name: str, middle: dict[str, float]) -> str | None:
    """The grade that one with a sign is a quarter of a step off; None where the sign is a step of its own."""
    base = name.rstrip("+-")
    return base if base != name and abs(middle.get(base, math.inf) - middle[name]) == _SIGN else None
