"""A request for climbs: whose, of which grade and region, and how many."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from recsys import columns as c
from recsys.errors import UsageError
from recsys.recommending.catalogue import Catalogue

Span = tuple[float, float]


@dataclass(frozen=True)
class Request:
    """What is asked for; grade and region are both part of the prompt and a hard filter.

    Attributes
    ----------
    climber:
        A climber of the run.
    grades:
        Lowest and highest ordinal, both included, or None for any.
    region:
        A region of the run, or None for any.
    k:
        Climbs to return.
    exclude_seen:
        Leave out what the climber sent before.
    """

    climber: str
    grades: Span | None = None
    region: str | None = None
    k: int = 10
    exclude_seen: bool = True


@dataclass(frozen=True)
class Item:
    """A recommended climb; `score` is the model's probability that it is the next one."""

    climb_id: str
    name: str | None
    grade: str | None
    region: str | None
    score: float

    def to_json(self) -> dict[str, Any]:
        """One of the contract's items."""
        return dict(self.__dict__)


def known_climber(name: str, climbers: list[str]) -> str:
    """The climber of that id, or a `UsageError` with the nearest ids."""
    if name in climbers:
        return name
    raise UsageError(f"no climber {name!r} among the {len(climbers)} of this run{_nearest(name, climbers)}")


def known_region(name: str, catalogue: Catalogue) -> str:
    """The region of that name, upper or lower case, or a `UsageError` with the nearest names."""
    if c.REGION not in catalogue.climbs:
        raise UsageError("--region: the sends of this run have no regions")
    regions = sorted(catalogue.climbs[c.REGION].dropna().unique())
    same = [region for region in regions if region.casefold() == name.casefold()]
    if same:
        return str(same[0])
    raise UsageError(f"no region {name!r} among the {len(regions)} of this run{_nearest(name, regions)}")


def _nearest(name: str, names: list[str]) -> str:
    folded = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.5)
    shown = [folded[each] for each in close] or names[:3]
    return f"; {'the nearest' if close else 'for example'}: {', '.join(shown)}"
