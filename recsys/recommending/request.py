"""A request for climbs: whose, of which grade and region, how many, and in what mixture."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from recsys.errors import UnknownError, UsageError
from recsys.logbooks.days import DAY_SECONDS, day_number, is_beyond
from recsys.logbooks.grade_ranges import GradeRange
from recsys.logbooks.importing.spelling import folded, spelled_as
from recsys.logbooks.reasons import YEARS
from recsys.recommending.blocked import OPEN, Blocked

Span = tuple[float, float]
_Made = TypeVar("_Made")
_COMPARED = 200  # characters of a name that was mistyped; comparing takes time by their square


@dataclass(frozen=True)
class Request:
    """What is asked for; grade and region are both part of the prompt and a hard filter.

    Attributes
    ----------
    climber:
        A climber's id. With `sends`, one that the model does not know is read through the sends alone.
    sends:
        A logbook in the contract's columns (climb_id and date are needed), in place of the stored one. With
        neither climber nor sends, or with no sends at all, the answer is what is popular.
    grades:
        A range of grades, or a grade of the catalogue where its grades are text (`Catalogue.read_grades`); or
        lowest and highest ordinal, both included; None for any.
    region:
        A region of the catalogue, or None for any.
    min_stars:
        Least mean rating, 1 to 5: a filter only. Climbs that nobody rated do not pass it.
    when:
        Day of the climb to be named: tells the model how many days lie between it and the last send.
    k:
        Climbs to return.
    exclude_seen:
        Leave out what the climber sent before.
    blocked:
        Closed climbs and areas, which are never named.
    explain:
        Say of each item which sends moved it, and how much of it is the prompt's doing.
    diversity:
        0 (by probability alone) to 1 (each climb as unlike the ones before it as can be).
    novelty:
        0 (by probability alone) to 1 (the climbs with the fewest sends first).
    mode:
        How hard for the climber (`recsys.recommending.hardness`): "any", "auto" (a band about the ability),
        "warmup", "stretch" or "project". A filter only.
    sort:
        Order of the climbs once they are chosen: "likely", "easiest" or "hardest".
    same:
        Climb ids of `sends`, each with the catalogue's id of the same climb.
    """

    climber: str | None = None
    sends: Sequence[Mapping[str, Any]] | None = None
    grades: GradeRange | Span | str | None = None
    region: str | None = None
    min_stars: float | None = None
    when: dt.date | None = None
    k: int = 10
    exclude_seen: bool = True
    blocked: Blocked = OPEN
    explain: bool = False
    diversity: float = 0.0
    novelty: float = 0.0
    mode: str = "any"
    sort: str = "likely"
    same: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        check_count(self.k)
        for name in ("diversity", "novelty"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"`{name}` {getattr(self, name)}: give a number from 0 to 1")
        if self.min_stars is not None and not 1 <= self.min_stars <= 5:
            raise UsageError(f"`min_stars` {self.min_stars}: give 1 to 5")
        if self.same is not None and self.sends is None:
            raise UsageError("`same` is of the ids of a `logbook`; give one, or leave it out")

    @property
    def span(self) -> Span | None:
        """Lowest and highest ordinal asked for; None where no grades are, or one that is text."""
        if isinstance(self.grades, GradeRange):
            return self.grades.span
        return None if isinstance(self.grades, str) else self.grades

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What `make` works out of it, the first time only: the parts of an answer ask for the same.

        Reading 5,000 posted sends, and looking their climbs up, takes a part of a second.
        """
        if key not in self._made:
            self._made[key] = make()
        made: _Made = self._made[key]
        return made

    @cached_property
    def _made(self) -> dict[Hashable, Any]:
        return {}


class Asking:
    """What is asked of a logbook: a base of requests that have these fields of `Request`."""

    climber: str | None
    sends: Sequence[Mapping[str, Any]] | None
    same: Mapping[str, str] | None

    @cached_property
    def whose(self) -> Request:
        """The logbook that it starts from, as a request that asks for nothing else."""
        return Request(climber=self.climber, sends=self.sends, same=self.same)


@dataclass(frozen=True)
class Cause:
    """A send that moved an item: the item's score is lower by `drop` when the send is left out."""

    climb_id: str
    name: str | None
    drop: float


@dataclass(frozen=True)
class Why:
    """What moved an item.

    Attributes
    ----------
    sends:
        The sends whose absence lowers the score most, strongest first; none where every one lowers it.
    prompt_share:
        (with - without) / the larger of the two: the prompt's share of the score, -1 to 1; below 0 the prompt
        spoke against the climb. None where nothing was asked for.
    """

    sends: tuple[Cause, ...]
    prompt_share: float | None

    def to_json(self) -> dict[str, Any]:
        """{"sends": [{"climb_id", "name", "drop"}], "prompt_share"}."""
        return {"sends": [dict(each.__dict__) for each in self.sends], "prompt_share": self.prompt_share}


@dataclass(frozen=True)
class Item:
    """A climb in an answer.

    `hard` is how hard it is for the climber ("comfortable", "stretch", "project", "beyond"), and `reach` the
    chance behind that word (`recsys.skill.reach`), 0 to 1; None where grades are lacking.

    `score` is the model's probability that it is the next one; its share of all sends where the logbook is
    empty and in a search; the cosine where similar climbs were asked for. `stars` is the mean rating and
    `sends` the number of sends in training.
    """

    climb_id: str
    name: str | None
    grade: str | None
    region: str | None
    score: float
    why: Why | None = None
    area: str | None = None
    stars: float | None = None
    sends: int | None = None
    hard: str | None = None
    reach: float | None = None

    def plain(self) -> dict[str, Any]:
        """Its columns, without the reasons."""
        return {name: value for name, value in self.__dict__.items() if name != "why"}

    def to_json(self) -> dict[str, Any]:
        """One of the contract's items; `why` only where it was asked for."""
        return self.plain() if self.why is None else {**self.plain(), "why": self.why.to_json()}


def read_day(text: str | dt.date | None) -> dt.date | None:
    """The day of a text as 2026-06-01, of ``today``, or of a date; None stays None."""
    if text is None:
        return None
    if isinstance(text, dt.date):
        day = text
    elif text.casefold() == "today":
        return dt.date.today()
    else:
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            raise UsageError(f"`when` {text}: write a day as 2026-06-01, or today") from None
    if is_beyond(day_number(day) * DAY_SECONDS):
        raise UsageError(f"`when` {text}: is outside the years {YEARS}; correct its year")
    return day


def check_count(k: int) -> None:
    """A `UsageError` where not one climb is asked for."""
    if k < 1:
        raise UsageError(f"`k` {k}: ask for one climb or more")


def known_climber(name: str, climbers: Sequence[str]) -> str:
    """The climber of that id, in whichever spelling, or an `UnknownError` with the nearest ids."""
    same = spelled_as(name, climbers)
    if same is not None:
        return same
    raise UnknownError(
        f"no climber {name[:80]!r} among the {len(climbers)} of this run{nearest(name, climbers)}"
    )


def known_region(name: str, regions: Sequence[str]) -> str:
    """The region of that name, upper or lower case, or an `UnknownError` with the nearest names."""
    if not regions:
        raise UsageError("`region`: the sends of this run have no regions")
    same = as_written(name, regions)
    if same is not None:
        return same
    raise UnknownError(
        f"no region {name[:80]!r} among the {len(regions)} of this run{nearest(name, regions)}"
    )


def as_written(name: str, names: Sequence[str]) -> str | None:
    """The one of the names that `name` is: to the letter, else the first in another case or spelling.

    None: no one.
    """
    if name in names:
        return name
    return next((each for each in names if folded(each) == folded(name)), None)


def some(names: Sequence[str]) -> str:
    """The first three of some names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def nearest(name: str, names: Sequence[str]) -> str:
    """The end of a message that names what comes nearest to `name`."""
    plain = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(name[:_COMPARED].casefold(), list(plain), n=3, cutoff=0.5)
    shown = [plain[each] for each in close] or list(names[:3])
    return f"; {'the nearest' if close else 'for example'}: {', '.join(shown)}"
