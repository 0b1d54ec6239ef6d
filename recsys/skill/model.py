"""Skill as a run and a bundle keep it: ladders, climbs' difficulty, and the curve from margin to chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys.arrays import Array, packed, unpacked
from recsys.atomic import atomic_path
from recsys.errors import DataError
from recsys.skill import reach as reaches
from recsys.skill.difficulty import Difficulty, difficulty
from recsys.skill.ladder import Ladder
from recsys.skill.learn import learn
from recsys.skill.posterior import Ability, filtered, latest, smoothed
from recsys.skill.reach import Reach
from recsys.skill.tracks import DISCIPLINES, OFFSETS, Tracks, steps_of

FORMAT: Final = 1
RECENT: Final = 24  # sessions that a request reads; what is older hardly moves the ability of today
UNSEEN: Final = 0.5  # grades; of the 95% intervals 77% held the truth without, 95% with it (simulated)
_ONCE_PLAIN: Final = (-0.5, 1.5)  # the curve of a discipline without data, kept by older runs
_PLAIN: Final = {"boulder": (-3.0, 20.0), "route": (-3.0, 36.0)}


@dataclass(frozen=True)
class Level:
    """A climber's ability in one discipline: an ordinal and its deviation in steps."""

    mean: float
    deviation: float


Levels = Mapping[str, Level]


@dataclass(frozen=True, eq=False)
class Skill:
    """What is known of ability and difficulty; `ladders` and `reaches` by discipline."""

    ladders: Mapping[str, Ladder]
    reaches: Mapping[str, Reach]
    difficulty: Difficulty

    @classmethod
    def plain(cls, usual: Array) -> Skill:
        """Where nothing was learnt: climbs are worth their usual grades, float64 [n_climbs]."""
        ladders = {name: Ladder.plain(*span) for name, span in _PLAIN.items()}
        return cls(
            ladders, {name: Reach() for name in DISCIPLINES}, Difficulty(usual, np.full(len(usual), 0.5))
        )

    @classmethod
    def fit(cls, climbers: Array, days: Array, climbs: Array, logged: Array, usual: Array) -> Skill:
        """Skill from training sends.

        Parameters
        ----------
        climbers, days, climbs, logged:
            Of each send, in order of climber and time: number of the climber, day (NaN = not known), index of
            the climb, ordinal of the grade logged (NaN = none), [n_sends] each.
        usual:
            Ordinal of each climb's usual grade, float64 [n_climbs].
        """
        votes = difficulty(climbs, logged, usual)
        known = np.where(np.isfinite(votes.value[climbs]), votes.value[climbs], logged)
        ladders, curves = {}, {}
        ahead = np.full(len(climbs), np.nan)
        for name in DISCIPLINES:
            tracks = Tracks.of(climbers, days, steps_of(known, name))
            ladder = ladders[name] = learn(tracks) if len(tracks) else Ladder.plain(*_PLAIN[name])
            curves[name] = _curve(ladder, tracks)
            if len(tracks):
                strong = smoothed(ladder, tracks).mean[tracks.session_of] + OFFSETS[name]
                ahead[tracks.rows] = strong - usual[climbs[tracks.rows]]
        return cls(ladders, curves, difficulty(climbs, logged, usual, ahead))

    def over_time(
        self, ordinals: Array, days: Array, sent: Array | None = None
    ) -> dict[str, tuple[Array, Array, Ability]]:
        """Ability through a logbook: discipline to its sessions' last sends, graded sends each, ability then.

        The deviation holds what the ladder does not know of itself (`UNSEEN`).

        Parameters
        ----------
        ordinals, days:
            Difficulty (NaN = none) and day (NaN = not known) of each send in order, float64 [n] each.
        sent:
            Which of them are counted as sends, bool [n]; None: all.
        """
        found = {}
        counted = np.ones(len(ordinals), dtype=bool) if sent is None else sent
        for name, tracks in self._tracks(ordinals, days).items():
            ability = smoothed(self.ladders[name], tracks)
            rows = tracks.rows[tracks.sends[1:] - 1]
            then = Ability(ability.mean + OFFSETS[name], as_told(ability.deviation))
            sends = np.add.reduceat(counted[tracks.rows].astype(np.int64), tracks.sends[:-1])
            found[name] = (rows, sends, then)
        return found

    def now(self, ordinals: Array, days: Array) -> dict[str, Level]:
        """Ability at the end of a logbook, by discipline that it has; the last `RECENT` sessions are read."""
        found = {}
        for name, tracks in self._tracks(ordinals, days).items():
            mean, deviation = latest(self.ladders[name], tracks.recent(RECENT))
            found[name] = Level(mean + OFFSETS[name], deviation)
        return found

    def now_each(self, count: int, owners: Array, ordinals: Array, days: Array) -> list[dict[str, Level]]:
        """`now` of so many logbooks at once, which takes a fifth of the time.

        Parameters
        ----------
        count:
            How many.
        owners, ordinals, days:
            Of all their sends, a logbook after the other: number of the logbook, difficulty, day, [n] each.
        """
        found: list[dict[str, Level]] = [{} for _ in range(count)]
        for name, every in self._tracks(ordinals, days, owners).items():
            tracks = every.recent(RECENT)
            ability = filtered(self.ladders[name], tracks)
            last = tracks.sessions[1:] - 1
            told = zip(
                tracks.owners, ability.mean[last] + OFFSETS[name], ability.deviation[last], strict=True
            )
            for owner, mean, deviation in told:
                found[owner][name] = Level(float(mean), float(deviation))
        return found

    def chances(self, levels: Levels) -> Array:
        """Chance of every climb to be in reach (`recsys.skill.reach`), float64 [n_climbs]; NaN: not known."""
        climbs = np.arange(len(self.difficulty.value))
        return self.chances_each([levels], np.zeros_like(climbs), climbs)

    def chances_each(self, levels: Sequence[Levels], owners: Array, climbs: Array) -> Array:
        """Chance of each of some climbs for somebody of many, float64 [n]; NaN: not known.

        Parameters
        ----------
        levels:
            Of everybody.
        owners, climbs:
            Index of whom, and of the climb, int64 [n].
        """
        value, deviation = (each[climbs] for each in self.difficulty)
        found = np.full(len(climbs), np.nan)
        for name in DISCIPLINES:
            told = [astuple(each[name]) if name in each else (np.nan, np.nan) for each in levels]
            mean, spread = np.array(told, dtype=np.float64).reshape(-1, 2).T[:, owners]
            mine = np.isfinite(steps_of(value, name)) & np.isfinite(mean)
            if mine.any():
                reach = self.reaches[name]
                found[mine] = reach.chance(value[mine], deviation[mine], mean[mine], spread[mine])
        return found

    def _tracks(self, ordinals: Array, days: Array, owners: Array | None = None) -> dict[str, Tracks]:
        if owners is None:
            owners = np.zeros(len(ordinals), dtype=np.int64)
        steps = {name: steps_of(ordinals, name) for name in DISCIPLINES}
        made = {
            name: Tracks.of(owners, days, each) for name, each in steps.items() if np.isfinite(each).any()
        }
        return {name: tracks for name, tracks in made.items() if len(tracks)}

    def save(self, path: Path) -> None:
        """Write everything as NumPy arrays, whole or not at all."""
        arrays: dict[str, Any] = {"format": FORMAT, "difficulty": np.stack(self.difficulty)}
        for name, ladder in self.ladders.items():
            arrays |= {f"{name}.{each.name}": getattr(ladder, each.name) for each in fields(Ladder)}
            arrays[f"{name}.reach"] = [self.reaches[name].level, self.reaches[name].slope]
        with atomic_path(path) as fresh:
            fresh.write_bytes(packed(arrays))

    @classmethod
    def load(cls, path: Path, n_climbs: int) -> Skill:
        """Read what `save` wrote; a `DataError` where it is something else, or of other climbs."""
        try:
            return cls._read(unpacked(path), n_climbs)
        except (ValueError, KeyError, TypeError) as error:
            problem = (
                f"is no skill of {n_climbs} climbs ({(str(error).splitlines() or ['unreadable'])[0][:80]})"
            )
            raise DataError(problem, path=path, remedy="train or export again") from error

    @classmethod
    def _read(cls, arrays: Mapping[str, Array], n_climbs: int) -> Skill:
        if int(arrays["format"]) != FORMAT:
            raise ValueError(f"format {int(arrays['format'])}, this version reads {FORMAT}")
        if arrays["difficulty"].shape != (2, n_climbs):
            raise ValueError(f"difficulty of shape {arrays['difficulty'].shape}")
        ladders, curves = {}, {}
        for name in DISCIPLINES:
            values = [arrays[f"{name}.{each.name}"] for each in fields(Ladder)]
            plain: list[Any] = [float(each) if each.ndim == 0 else each for each in values]
            ladders[name] = Ladder(*plain)
            curve = tuple(float(each) for each in arrays[f"{name}.reach"])
            curves[name] = Reach() if curve == _ONCE_PLAIN else Reach(*curve)
            _check(ladders[name])
        return cls(ladders, curves, Difficulty(*np.asarray(arrays["difficulty"], dtype=np.float64)))


def as_told(deviation: Array) -> Array:
    """The deviation of an ability, [n], as it is shown: with what the ladder does not see of itself."""
    return np.asarray(np.hypot(deviation, UNSEEN))


def _check(ladder: Ladder) -> None:
    """A `ValueError` unless the arrays belong to one grid and are numbers."""
    n = len(ladder.states)
    if ladder.first.shape != (n,) or ladder.supply.shape != (n,) or not 4 <= n <= 1000:
        raise ValueError(f"a ladder of {n} states")
    for each in fields(Ladder):
        if not np.isfinite(getattr(ladder, each.name)).all():
            raise ValueError(f"{each.name} is not finite")


def _curve(ladder: Ladder, tracks: Tracks) -> Reach:
    if not len(tracks):
        return Reach()
    ability = filtered(ladder, tracks)
    sessions, _, hardest = reaches.cases(tracks)
    if not len(sessions):
        return Reach()
    margins, reached = reaches.at_margins(ability, sessions, hardest)
    return Reach.fit(margins.ravel(), reached.ravel())
