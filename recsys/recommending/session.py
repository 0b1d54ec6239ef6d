"""A day in one area: warm-ups, projects, cool-downs; or a circuit in one style (Thompson 2023, section 1).

    >>> plan_session(recommender, SessionRequest(climber="ada", region="Squamish", minutes=120))

Each climb is asked of the model with the ones before it as if they were sent, its grade as a prompt. Which
grades, and how many minutes a climb takes, are rules of thumb (`GRADES`, `MINUTES`); the ability that grades
are counted from is `recsys.skill`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.errors import UnknownError, UsageError
from recsys.recommending import hardness
from recsys.recommending.ahead import after, supposed
from recsys.recommending.blocked import OPEN, Blocked
from recsys.recommending.levels import unordered
from recsys.recommending.logbook import Logbook
from recsys.recommending.none_left import all_sent
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Asking, Item, as_written, known_region, nearest
from recsys.skill.model import Levels
from recsys.skill.reach import EDGES, names
from recsys.skill.tracks import steps_of

WARM_UP, PROJECT, COOL_DOWN, CIRCUIT = "warm-up", "project", "cool-down", "circuit"
# Grades from the ability, of the first and of the last climb of each part.
GRADES: Final = {WARM_UP: (-4.0, -1.5), PROJECT: (0.25, 1.75), COOL_DOWN: (-2.0, -3.5), CIRCUIT: (-1.5, -1.5)}
MINUTES: Final = {WARM_UP: 8, PROJECT: 25, COOL_DOWN: 6, CIRCUIT: 10}  # a climb, rests and tries included
SHARES: Final = {WARM_UP: 0.35, PROJECT: 0.4}  # of the climbs of a day; the rest cools down
WIDTHS: Final = (0.75, 1.5, 2.5)  # grades about the one wanted, tried in this order
# Grades from the ability: what is easier or harder is not named, though `WIDTHS` would reach a grade farther
# either way, and draws nobody to its crag.
BOUNDS: Final = (-5.5, 3.5)
MOST: Final = 40
COMFORTABLE: Final = EDGES[-1]  # the chance from which a climb warms up, and is no project
TRIED: Final = 6  # areas at the most, until one has what is wanted
ENOUGH: Final = 0.75  # of the minutes wanted
CROWD: Final = 2.0  # of 0, 0.25, 0.5, 1 and 2 the best on validation (docs/results/measurements.md)


@dataclass(frozen=True)
class SessionRequest(Asking):
    """What is asked for.

    Attributes
    ----------
    climber, sends:
        Whose session it is, as in `Request`.
    region, area:
        Where; None leaves the choice to the model. One crag is one area, or one region where areas lack.
    minutes, count:
        How long it is, or how many climbs it has; one of the two.
    style:
        A style of the catalogue makes it a circuit in that style.
    like:
        A climb makes it a circuit of climbs like it, where the log has no styles: by the model's embeddings.
    crowd:
        Weight of how often climbs are sent, beside the model's probability.
    blocked:
        Closed climbs and areas, which are left out.
    same:
        Climb ids of `sends`, each with the catalogue's id of the same climb.
    """

    climber: str | None = None
    sends: Sequence[Mapping[str, Any]] | None = None
    region: str | None = None
    area: str | None = None
    minutes: int | None = None
    count: int | None = None
    style: str | None = None
    like: str | None = None
    crowd: float = CROWD
    blocked: Blocked = OPEN
    same: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if self.minutes is not None and self.count is not None:
            raise UsageError("give `minutes` or `count`, not both")
        if self.count is not None and not 1 <= self.count <= MOST:
            raise UsageError(f"`count` {self.count}: ask for 1 to {MOST} climbs")
        if self.minutes is not None and not 10 <= self.minutes <= 720:
            raise UsageError(f"`minutes` {self.minutes}: give 10 to 720")


@dataclass(frozen=True)
class Planned:
    """One climb of a session: which part it belongs to, and the minutes it is given."""

    part: str
    item: Item
    minutes: int

    def to_json(self) -> dict[str, Any]:
        """The item's fields with the part and the minutes."""
        return {"part": self.part, "minutes": self.minutes, **self.item.to_json()}


@dataclass(frozen=True)
class Session:
    """A session in order; `area` is None where the catalogue has none. What found no climb is left out.

    `grade` is the grade of the ability, as the catalogue writes grades; `note` is what it lacks.
    """

    region: str | None
    area: str | None
    ability: float
    grade: str
    climbs: tuple[Planned, ...]
    note: str | None = None

    @property
    def minutes(self) -> int:
        """Minutes of all climbs together."""
        return sum(each.minutes for each in self.climbs)

    def to_json(self) -> dict[str, Any]:
        """{"region", "area", "ability", "minutes", "note", "climbs": [...]}."""
        return {
            "region": self.region, "area": self.area, "ability": self.grade,
            "minutes": self.minutes, "note": self.note, "climbs": [each.to_json() for each in self.climbs],
        }  # fmt: skip


def plan_session(recommender: Recommender, request: SessionRequest) -> Session:
    """The session that fits.

    Raises
    ------
    UsageError
        There is no such region, area or style, no grade in the logbook, or nothing unsent that fits.
    """
    bare = request.whose
    logbook = recommender.logbook(bare)
    levels = recommender.levels(bare, logbook)
    if not recommender.catalogue.graded:
        raise unordered("a session")
    if not levels:
        raise UsageError(
            "a session starts from a logbook with grades; log some sends with their grades first"
        )
    catalogue = recommender.catalogue
    region = None if request.region is None else known_region(request.region, catalogue.known_regions)
    named = None if request.area is None else _named(recommender, request.area)
    asked = _style(recommender, request.style) & _like(recommender, request.like)
    asked &= catalogue.allowed(None, region) & _inside(recommender, named)
    kind = _usual(recommender, logbook, levels, asked)
    if kind is None:
        kinds = " or ".join(levels)
        raise _nothing(request, named or region, f"is a {kinds}, as all grades of the logbook are")
    ability = levels[kind].mean
    slots = _slots(request, ability)
    allowed = asked & catalogue.allowed((ability + BOUNDS[0], ability + BOUNDS[1]), None)
    allowed &= catalogue.open(request.blocked)
    fit = int(allowed.sum())
    allowed &= catalogue.without(logbook.climbs)
    badges, plans = recommender.skill.chances(levels), []
    for there, area, here in _crags(recommender, request, logbook, allowed, region, named):
        climbs = tuple(_filled(recommender, request, logbook, there, here, slots, badges, ability))
        note = _lacking(slots, climbs)
        plans.append(Session(there, area, ability, catalogue.grade_of(ability), climbs, note))
        if note is None:
            break
    best = max(plans, key=_fullness)
    if not best.climbs:
        where = best.area or best.region
        if fit and not allowed.any():
            sent = all_sent(bare, catalogue, fit, f"of these grades in {where or 'this catalogue'}")
            raise UsageError(f"{sent}; {_remedy(request) or 'a session names what was not sent yet'}")
        raise _nothing(request, where, "that was not sent yet fits")
    return best


def _fullness(plan: Session) -> tuple[bool, int]:
    """What an area goes before another by, if it lacks something: whether there is a project, and minutes."""
    return any(each.part in (PROJECT, CIRCUIT) for each in plan.climbs), plan.minutes


def _lacking(slots: list[tuple[str, float]], climbs: Sequence[Planned]) -> str | None:
    """What a person is told of a plan that is short or lacks a part; None where nothing is amiss."""
    found = sum(each.minutes for each in climbs)
    wanted = sum(MINUTES[part] for part, _ in slots)
    parts = sorted({part for part, _ in slots} - {each.part for each in climbs})
    if not parts and found >= ENOUGH * wanted:
        return None
    lack = f" and no {' or '.join(parts)}" if parts else ""
    return (
        f"too few climbs of these grades were not sent yet: {found} of {wanted} minutes{lack}; "
        "try another area or region"
    )


def _nothing(request: SessionRequest, where: str | None, what: str) -> UsageError:
    """That nothing there fits or is what is wanted, and what of the request to change."""
    remedy = _remedy(request) or "log more sends with their grades"
    return UsageError(f"nothing in {where or 'this catalogue'} {what}; {remedy}")


def _remedy(request: SessionRequest) -> str | None:
    """What of the request to change; None where it asks for no place and no kind."""
    asked = {"area": request.area, "region": request.region, "style": request.style, "like": request.like}
    given = [f"`{name}`" for name, value in asked.items() if value is not None]
    return f"change {' or '.join(given)}, or leave it out" if given else None


def _slots(request: SessionRequest, ability: float) -> list[tuple[str, float]]:
    """Part and grade wanted of each climb."""
    if request.count is not None:
        return _parts(request, request.count, ability)
    minutes = request.minutes or 120
    for count in range(MOST, 0, -1):
        slots = _parts(request, count, ability)
        if sum(MINUTES[part] for part, _ in slots) <= minutes:
            return slots
    count = minutes // MINUTES[WARM_UP]  # no time for a project
    return [(WARM_UP, ability + float(grade)) for grade in np.linspace(*GRADES[WARM_UP], count)]


def _parts(request: SessionRequest, count: int, ability: float) -> list[tuple[str, float]]:
    if request.style is not None or request.like is not None:
        return [(CIRCUIT, ability + GRADES[CIRCUIT][0])] * count
    warm = round(SHARES[WARM_UP] * count)
    hard = max(1, round(SHARES[PROJECT] * count))
    counts = {WARM_UP: warm, PROJECT: hard, COOL_DOWN: count - warm - hard}
    return [
        (part, ability + float(grade))
        for part, n in counts.items()
        for grade in np.linspace(*GRADES[part], n)
    ]


def _usual(recommender: Recommender, logbook: Logbook, levels: Levels, asked: Array) -> str | None:
    """The discipline of the last graded send that the climbs asked for have too; None: they have none."""
    there = recommender.catalogue.ordinals[asked]
    known = [name for name in levels if np.isfinite(steps_of(there, name)).any()]
    graded = hardness.difficulties(recommender.skill, recommender.catalogue, logbook)
    last = {name: np.flatnonzero(np.isfinite(steps_of(graded, name)))[-1] for name in known}
    return max(known, key=last.__getitem__, default=None)


def _style(recommender: Recommender, style: str | None) -> Array:
    """The climbs of a style, bool [n_items]; all of them where none is asked for."""
    styles = recommender.catalogue.styles
    if style is None:
        return np.ones(len(recommender.catalogue), dtype=bool)
    known = sorted({each for each in styles if each})
    if not known:
        raise UsageError(f"`style` {style}: the sends of this run have no styles; leave it out")
    found = np.array([(each or "").casefold() == style.casefold() for each in styles], dtype=bool)
    if not found.any():
        raise UsageError(f"`style` {style}: no climb of this run has it{nearest(style, known)}")
    return found


def _like(recommender: Recommender, climb: str | None) -> Array:
    """The tenth of the climbs that is most like one, bool [n_items]; all of them where none is named."""
    if climb is None:
        return np.ones(len(recommender.catalogue), dtype=bool)
    cosines = recommender.units @ recommender.units[recommender.catalogue.index(climb)]
    return np.asarray(cosines >= np.quantile(cosines, 0.9))


def _crags(
    recommender: Recommender,
    request: SessionRequest,
    logbook: Logbook,
    allowed: Array,
    region: str | None,
    area: str | None,
) -> Iterator[tuple[str | None, str | None, Array]]:
    """Region, area, and the allowed climbs there, bool [n_items]: where the model would go, likeliest first.

    Of an area's name that several regions have each is one.
    """
    if not allowed.any():  # an area of another region would be named
        yield region, area, allowed
        return
    groups = _areas(recommender)
    chance = after(recommender.backend, [logbook], request.climber, region)[0]
    worth: dict[tuple[str | None, str | None], float] = {}
    for index in np.flatnonzero(allowed):
        worth[groups[index]] = worth.get(groups[index], 0.0) + float(chance[index])
    for best in sorted(worth, key=lambda group: -worth[group])[:TRIED]:
        yield *best, allowed & np.array([group == best for group in groups], dtype=bool)


def _named(recommender: Recommender, area: str) -> str:
    """An area that was asked for, as the catalogue writes it."""
    known = sorted({name for _, name in _areas(recommender) if name})
    if not known:
        raise UsageError(f"`area` {area}: the sends of this run have no areas; give a `region`")
    same = as_written(area, known)
    if same is None:
        raise UnknownError(f"no area {area[:80]!r} among the {len(known)} of this run{nearest(area, known)}")
    return same


def _inside(recommender: Recommender, area: str | None) -> Array:
    """The climbs of an area in any region, bool [n_items]; all of them where none is named."""
    if area is None:
        return np.ones(len(recommender.catalogue), dtype=bool)
    return np.array([name == area for _, name in _areas(recommender)], dtype=bool)


def _areas(recommender: Recommender) -> list[tuple[str | None, str | None]]:
    catalogue = recommender.catalogue
    pairs = zip(catalogue.regions, catalogue.areas, strict=True)
    return [(region, area or None) for region, area in pairs]


def _filled(
    recommender: Recommender,
    request: SessionRequest,
    logbook: Logbook,
    region: str | None,
    here: Array,
    slots: list[tuple[str, float]],
    reach: Array,
    ability: float,
) -> list[Planned]:
    """The likeliest climb for each slot in turn; one for which there is none is left out.

    Warm-ups and cool-downs are comfortable (`reach`), or not above the ability where nothing is, as for a
    beginner; projects are not comfortable.
    """
    catalogue, book, left = recommender.catalogue, logbook, here.copy()
    sent = np.maximum(catalogue.popularity, 1e-12) ** request.crowd
    easy, within = reach >= COMFORTABLE, catalogue.ordinals <= ability
    suits = {WARM_UP: (easy, within), PROJECT: (~easy,), COOL_DOWN: (easy, within), CIRCUIT: (here,)}
    today, planned = float(logbook.columns[c.DAY][-1]), []
    easiest = float(np.nanmin(catalogue.ordinals[here], initial=ability))
    for part, wanted in slots:
        grade = max(wanted, easiest)  # below a beginner there is nothing
        chance = after(recommender.backend, [book], request.climber, region, [grade], today=today)[0]
        near = np.abs(np.nan_to_num(catalogue.ordinals, nan=-99.0) - grade)
        near_enough = (left & suit & (near <= width) for suit in suits[part] for width in WIDTHS)
        fits = next((fit for fit in near_enough if fit.any()), None)
        if fits is None:
            continue
        index = int(np.argmax(np.where(fits, chance * sent, -1.0)))
        left[index] = False
        book = book.then(supposed(catalogue, index, today + 1))
        badge = names(reach[[index]])[0]
        known = None if badge is None else round(float(reach[index]), 3)
        planned.append(Planned(part, catalogue.item(index, chance[index], None, badge, known), MINUTES[part]))
    return planned
