"""Regions, areas and climbs: where they stand, how hard they are, their hidden style, their popularity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recsys.logbooks.simulate.presets import CORE, Preset
from recsys.logbooks.simulate.sizes import Bools, Floats, Ints, head_for, pick, rank_sizes, shares

STYLES: Final = ("jugs", "crimps", "slopers", "slab", "highball")

# Sends by grade, V0 to V14: V4 the mode, a linear drop to V11, few beyond, fewer below (paper, section 3).
GRADE_SHARE: Final = np.array(
    [3.0, 5.0, 8.0, 11.5, 17.0, 13.4, 12.0, 10.0, 8.0, 6.0, 4.0, 2.0, 0.8, 0.45, 0.25]
)
EVENNESS: Final = 5.0  # how strictly the shares are kept when grades are dealt
RARE: Final = 12  # from this V grade on a climb is never among the most popular
AREA_CLIMBS: Final = 30  # climbs in an area, on average (10 to 40)
FAME: Final = 1.3  # spread of the areas' fame, in units of a climb's quality; classics cluster
CLIMBS_A_BOULDER: Final = 2.5
SPARE: Final = 2  # sends above the filter's five that even the least popular climb is aimed at


@dataclass(frozen=True)
class Crags:
    """All climbs as parallel arrays [climbs], ordered by region, area and guidebook order."""

    region: Ints  # index into the preset's regions
    area: Ints  # 0, 1, ... over all regions
    boulder: Ints  # index of the climb's boulder on the walk through its area
    grade: Ints  # V grade as the guidebook has it
    soft: Floats  # how much harder than its grade the climb feels, in V
    style: Ints  # index into STYLES; hidden from the log
    quality: Floats  # standard normal; classics are high
    target: Ints  # sends aimed at
    fringe: Bools  # stays below five sends
    area_start: Ints  # [areas + 1] first climb of each area
    area_region: Ints  # [areas]


def build_crags(preset: Preset, rng: np.random.Generator) -> Crags:
    """Lay out the preset's climbs, the fringe that the filter will remove among them."""
    extra = round(preset.climbs * preset.fringe_climbs)
    total = preset.climbs + extra
    region, area, area_region = _areas(preset, total, rng)
    fringe = np.zeros(total, dtype=np.bool_)
    fringe[rng.permutation(total)[:extra]] = True
    quality = rng.normal(size=total)
    target = _targets(preset, region, area, fringe, quality, rng)
    return Crags(
        region=region,
        area=area,
        boulder=_boulders(area, rng),
        grade=_grades(target, fringe, rng),
        soft=rng.normal(0, 0.3, size=total),
        style=_styles(area, len(area_region), rng),
        quality=quality,
        target=target,
        fringe=fringe,
        area_start=np.searchsorted(area, np.arange(len(area_region) + 1)).astype(np.int64),
        area_region=area_region,
    )


def _areas(preset: Preset, total: int, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    in_region = shares(total, np.array([r.climbs for r in preset.regions]), least=min(8, total // 40))
    sizes: list[int] = []
    owner: list[int] = []
    for index, climbs in enumerate(in_region.tolist()):
        areas = max(1, round(climbs / AREA_CLIMBS))
        sizes += shares(climbs, rng.uniform(0.5, 1.3, areas)).tolist()
        owner += [index] * areas
    area = np.repeat(np.arange(len(sizes)), sizes)
    area_region = np.array(owner, dtype=np.int64)
    return area_region[area], area, area_region


def _targets(
    preset: Preset, region: Ints, area: Ints, fringe: Bools, quality: Floats, rng: np.random.Generator
) -> Ints:
    """Popular climbs are good ones, more often in the hub; the most popular of all is in the hub."""
    size = (preset.climbs, preset.sends, preset.most_popular, CORE + SPARE)
    if preset.climbs * (CORE + SPARE) > 0.9 * preset.sends:
        size = (*size[:3], CORE)
    sizes = rank_sizes(*size, head_for(*size, preset.head_climbs, preset.head_sends))
    fame = rng.normal(0, FAME, area[-1] + 1)[area]
    usual = np.bincount(region, weights=fame) / np.bincount(region)
    tilt = np.array([r.tilt for r in preset.regions])[region] + fame - usual[region]
    key = np.where(fringe, -np.inf, 0.6 * quality + tilt + rng.normal(0, 0.8, len(region)))
    best_of_hub = int(np.argmax(np.where(region == 0, key, -np.inf)))
    key[best_of_hub] = np.inf
    target = rng.integers(1, CORE, size=len(region))
    target[np.argsort(-key, kind="stable")[: preset.climbs]] = sizes
    return target


def _grades(target: Ints, fringe: Bools, rng: np.random.Generator) -> Ints:
    """Deal grades from the most popular climb (a V4) down, making up for grades behind their share."""
    share = GRADE_SHARE / GRADE_SHARE.sum()
    grade = np.empty(len(target), dtype=np.int64)
    dealt = np.zeros(len(share))
    for climb in np.argsort(np.where(fringe, 1, 0) * 10_000 - target, kind="stable").tolist():
        sends = float(target[climb])
        due = share * (dealt.sum() + sends)
        weight = share * np.exp(EVENNESS * ((due - dealt) / (due + sends)).clip(-1, 1))
        if sends > target.max() / 10:
            weight[RARE:] = 0.0
        grade[climb] = pick(weight, rng) if dealt.any() else int(np.argmax(share))
        dealt[grade[climb]] += sends
    return grade


def _styles(area: Ints, areas: int, rng: np.random.Generator) -> Ints:
    """An area's rock favours one or two of the styles."""
    edges = np.cumsum(rng.dirichlet(np.full(len(STYLES), 0.6), size=areas), axis=1)[area]
    return (rng.random((len(area), 1)) > edges).sum(axis=1).clip(0, len(STYLES) - 1).astype(np.int64)


def _boulders(area: Ints, rng: np.random.Generator) -> Ints:
    step = (rng.random(len(area)) < 1 / CLIMBS_A_BOULDER).astype(np.int64)
    order = np.cumsum(step)
    first = np.searchsorted(area, area)
    return (order - order[first]).astype(np.int64)
