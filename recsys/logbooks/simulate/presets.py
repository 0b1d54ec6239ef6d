"""The communities that can be simulated, with the figures that the paper publishes for them.

Source of every published figure: L. Thompson, "Sequence Recommender with Item and User Embeddings" (2023),
section 3. They hold after the self-consistent filter (climbs and climbers with at least five sends each).
What the paper leaves out (the regions' shares, the fringe that the filter removes) is an assumption, and says
so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from recsys.errors import UsageError

MIN_SCALE: Final = 0.01
MAX_SCALE: Final = 10.0
BOOKS: Final = "books"  # a second domain (`recsys.logbooks.simulate.books`)
GYM: Final = "gym"  # a preset of another kind (`recsys.logbooks.simulate.gym`)
CORE: Final = 5
"""Fewest sends of a climb, and of a climber, that the filter keeps."""


@dataclass(frozen=True)
class Region:
    """A region: its share of the climbs, of the climbers who live there, and how popular its climbs are."""

    name: str
    climbs: float
    homes: float
    tilt: float = 0.0


@dataclass(frozen=True)
class Preset:
    """The published figures of one community, after the filter; counts unless a unit is given.

    Parameters
    ----------
    climbs, climbers, sends:
        Size of the filtered set. Sends a climber and sends a climb on average follow from them.
    longest_log:
        Sends of the climber who logged most.
    most_popular:
        Sends of the most popular climb ("nearly 700"; the paper gives no other figure for the world).
    head_sends, head_climbs:
        `head_climbs` climbs have more than `head_sends` sends (45 boulder problems beat the 240 of the most
        popular sport route).
    rated, mean_rating:
        Share of sends with a rating, and its mean in stars (1 to 5).
    commented, with_beta:
        Share of sends with a comment, and with beta.
    regions:
        The regions, the hub (where most sends are) first. An assumption: the paper names none but BC.
    fringe_climbs, fringe_climbers:
        Extra climbs and climbers below five sends, as shares of the kept ones. An assumption: every raw log
        has such a fringe, and the filter takes it away.
    """

    name: str
    climbs: int
    climbers: int
    sends: int
    longest_log: int
    most_popular: int
    head_sends: int
    head_climbs: int
    rated: float
    mean_rating: float
    commented: float
    with_beta: float
    regions: tuple[Region, ...]
    fringe_climbs: float = 0.2
    fringe_climbers: float = 0.3

    def scaled(self, scale: float) -> Preset:
        """Return a community with `scale` times the sends.

        Below 1 climbs, climbers and their largest counts shrink by ``scale ** 0.75``: with a plain factor a
        twentieth of the climbers would each have sent half of a twentieth of the climbs. Above 1 the factor
        is plain. Scales below 0.01 count as 0.01.
        """
        if checked_scale(scale) == 1:
            return self
        scale = max(scale, MIN_SCALE)
        size = scale**0.75 if scale < 1 else scale
        longest = round(self.longest_log * min(size, 1.5))
        return replace(
            self,
            climbs=round(self.climbs * size),
            climbers=round(self.climbers * size),
            sends=round(self.sends * scale),
            longest_log=longest,
            most_popular=round(self.most_popular * size),
            head_sends=round(self.head_sends * size),
            head_climbs=max(2, round(self.head_climbs * size)),
        )


_BC_REGIONS: Final = (
    Region("Squamish", 0.44, 0.58, tilt=0.35),
    Region("Sea to Sky", 0.12, 0.10),
    Region("Lower Mainland", 0.10, 0.10),
    Region("Okanagan", 0.09, 0.06),
    Region("Fraser Canyon", 0.07, 0.04),
    Region("Kootenays", 0.06, 0.04),
    Region("Vancouver Island", 0.05, 0.04),
    Region("Columbia Mountains", 0.03, 0.02),
    Region("Sunshine Coast", 0.02, 0.01),
    Region("Cariboo", 0.02, 0.01),
)

_ABROAD: Final = (
    Region("Washington", 0.11, 0.09),
    Region("Eastern Sierra", 0.07, 0.03),
    Region("Canadian Rockies", 0.05, 0.05),
    Region("Fontainebleau", 0.05, 0.02),
    Region("Nevada", 0.03, 0.01),
    Region("Mojave", 0.03, 0.01),
    Region("Oregon", 0.02, 0.02),
    Region("West Texas", 0.02, 0.01),
    Region("Yosemite", 0.02, 0.01),
    Region("Lake Tahoe", 0.02, 0.01),
    Region("Utah", 0.02, 0.01),
    Region("Colorado", 0.02, 0.01),
    Region("Ticino", 0.02, 0.01),
    Region("Cederberg", 0.01, 0.005),
    Region("Grampians", 0.01, 0.005),
)


def _with_abroad(regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """Add the rest of the world: BC keeps more than half of the sends, and three climbers in four."""
    home = tuple(Region(r.name, 0.58 * r.climbs, 0.76 * r.homes, r.tilt + 0.15) for r in regions)
    return home + _ABROAD


PRESETS: Final[dict[str, Preset]] = {
    "bc": Preset(
        name="bc",
        climbs=2844,
        climbers=1069,
        sends=68_336,
        longest_log=1281,
        most_popular=697,
        head_sends=240,
        head_climbs=45,
        rated=0.74,
        mean_rating=3.3,
        commented=0.38,
        with_beta=0.02,
        regions=_BC_REGIONS,
    ),
    "world": Preset(
        name="world",
        climbs=5367,
        climbers=1428,
        sends=116_997,
        longest_log=1578,
        most_popular=697,
        head_sends=240,
        head_climbs=45,
        rated=0.72,
        mean_rating=3.2,
        commented=0.41,
        with_beta=0.017,
        regions=_with_abroad(_BC_REGIONS),
    ),
}

CLIMBING: Final = (*PRESETS, GYM)  # the presets of climbers


def checked_scale(scale: float) -> float:
    """The scale, or a UsageError where it is out of range."""
    if not 0 < scale <= MAX_SCALE:
        raise UsageError(f"`scale` {scale!r} is out of range; choose one above 0 and at most {MAX_SCALE:g}")
    return scale


def preset_named(name: str) -> Preset:
    """Return the preset, or raise a UsageError that lists the known names."""
    if name not in PRESETS:
        raise UsageError(f"unknown preset {name!r}; choose one of {', '.join([*CLIMBING, BOOKS])}")
    return PRESETS[name]
