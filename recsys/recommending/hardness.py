"""How hard climbs are for the climber of a request: levels, badges, and the modes that filter by them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from recsys import columns as c
from recsys import run_files
from recsys.arrays import Array
from recsys.errors import UsageError
from recsys.logbooks.grades import ordinals
from recsys.manifest import read_manifest
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.levels import unordered
from recsys.recommending.logbook import Logbook
from recsys.skill.model import Levels, Skill
from recsys.skill.reach import EDGES
from recsys.skill.tracks import steps_of

MODES: Final = ("any", "auto", "warmup", "stretch", "project")
SORTS: Final = ("likely", "easiest", "hardest")
MOST: Final = 300  # sends that a level is read from: more than the recent sessions hold
BELOW: Final = 4.0  # grades below the ability at which "auto" and "warmup" end
ABOVE: Final = 3.0  # grades above it at which "auto" ends; asking for a project goes beyond
EASIER: Final = 1.0  # grades that a climb lies below the ability to be a warm-up
_BEYOND, _PROJECT, _STRETCH = EDGES
_SPANS: Final = {
    "auto": (_BEYOND, 1.0), "warmup": (_STRETCH, 1.0), "stretch": (_PROJECT, _STRETCH),
    "project": (_BEYOND, _PROJECT),
}  # fmt: skip


def load_skill(folder: Path, n_climbs: int) -> Skill | None:
    """The skill that a run or a bundle keeps and its manifest covers, or None."""
    if not (folder / run_files.SKILL).is_file() or run_files.SKILL not in read_manifest(folder):
        return None
    return Skill.load(folder / run_files.SKILL, n_climbs)


def difficulties(skill: Skill, catalogue: Catalogue, logbook: Logbook) -> Array:
    """Difficulty of each send: the climb's where it is known, else the grade logged; float64 [n_sends]."""
    indices = np.array([catalogue.indices.get(climb, -1) for climb in logbook.climbs], dtype=np.int64)
    known = np.where(indices >= 0, skill.difficulty.value[indices], np.nan)
    unknown = np.isnan(known)
    if unknown.any():  # grades are read where they are needed: reading them is what takes the time
        known[unknown] = ordinals(logbook.columns[c.GRADE][unknown].tolist())
    return known


def levels(skill: Skill, catalogue: Catalogue, logbook: Logbook) -> Levels:
    """The climber's ability after the last send, by discipline; empty where no send has a grade."""
    recent = logbook.tail(MOST)
    return skill.now(difficulties(skill, catalogue, recent), recent.columns[c.DAY])


def levels_each(skill: Skill, catalogue: Catalogue, logbooks: Sequence[Logbook]) -> list[Levels]:
    """`levels` of many logbooks at once."""
    recent = [each.tail(MOST) for each in logbooks]
    if not recent:
        return []
    owners = np.repeat(np.arange(len(recent)), [len(each) for each in recent])
    values = np.concatenate([difficulties(skill, catalogue, each) for each in recent])
    days = np.concatenate([each.columns[c.DAY] for each in recent])
    return list(skill.now_each(len(recent), owners, values, days))


def in_mode(mode: str, chances: Array, skill: Skill, climber: Levels) -> Array:
    """The climbs of a mode, bool [n_items].

    "any" is every climb, and so is every mode for a climber of whom no grade is known, "auto" but for what is
    beyond, more than `ABOVE` grades too hard or `BELOW` too easy; a climb without a grade is in none but
    these two.

    Raises
    ------
    UsageError
        There is no such mode, or nothing to tell by how hard climbs are.
    """
    check_ways(mode)
    if mode == "any" or (mode == "auto" and not climber):
        return np.ones(len(chances), dtype=bool)
    if np.isnan(skill.difficulty.value).all():
        raise unordered(f"`mode` {mode}")
    if not climber:
        raise UsageError(f"`mode` {mode}: no send of the logbook has a grade; log some, or leave it out")
    low, high = _SPANS[mode]
    with np.errstate(invalid="ignore"):
        margin = skill.difficulty.value - _ability(skill, climber)
        inside = (chances >= low) & (chances <= high) & (margin >= -BELOW)
        if mode == "auto":
            inside &= margin <= ABOVE
        if mode == "warmup":
            inside &= margin <= -EASIER
    return inside | np.isnan(chances) if mode == "auto" else inside


def check_ways(mode: str = "any", sort: str = "likely") -> None:
    """A `UsageError` where there is no such mode or order."""
    for name, value, known in (("mode", mode, MODES), ("sort", sort, SORTS)):
        if value not in known:
            raise UsageError(f"`{name}` {value}: choose one of {', '.join(known)}")


def _ability(skill: Skill, climber: Levels) -> Array:
    """The climber's ability in the discipline of each climb, float64 [n_items]; NaN where it is not known."""
    value = skill.difficulty.value
    found = np.full(len(value), np.nan)
    for name, level in climber.items():
        found[np.isfinite(steps_of(value, name))] = level.mean
    return found


def sorted_by(sort: str, indices: list[int], skill: Skill) -> list[int]:
    """The indices in an order: as they are ("likely"), or by difficulty; climbs without one come last."""
    check_ways(sort=sort)
    if sort == "likely":
        return indices
    sign = 1 if sort == "easiest" else -1
    value = skill.difficulty.value
    return sorted(indices, key=lambda index: (np.isnan(value[index]), sign * value[index]))
