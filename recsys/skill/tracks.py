"""Sends as tracks: one climber's sends of one discipline, in sessions (calendar days), grades in steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recsys.arrays import Array, evenly
from recsys.logbooks.grade_reading import ROUTE_OFFSET

DISCIPLINES: Final = ("boulder", "route")
OFFSETS: Final = {"boulder": 0.0, "route": ROUTE_OFFSET}


@dataclass(frozen=True, eq=False)
class Tracks:
    """Tracks end to end.

    Attributes
    ----------
    difficulty:
        Of each send, in steps of the discipline's own ladder, float64 [n_sends].
    sends:
        Index of each session's first send, with the end, int64 [n_sessions + 1].
    sessions:
        Index of each track's first session, with the end, int64 [n_tracks + 1].
    gaps:
        Days between a session and the one before it, float64 [n_sessions]; NaN at a track's first, and where
        days are not known.
    owners:
        Whose track it is, int64 [n_tracks].
    rows:
        Which of the sends given each one is, int64 [n_sends].
    """

    difficulty: Array
    sends: Array
    sessions: Array
    gaps: Array
    owners: Array
    rows: Array

    @classmethod
    def of(cls, climbers: Array, days: Array, difficulty: Array) -> Tracks:
        """Tracks of one discipline.

        Parameters
        ----------
        climbers, days, difficulty:
            Of each send, in order of climber and time, [n_sends] each. A send without a difficulty (NaN) is
            left out; where a day is NaN, each send is a session of its own.
        """
        rows = np.flatnonzero(np.isfinite(difficulty))
        owner, day = climbers[rows], np.floor(days[rows])
        fresh = np.ones(len(rows), dtype=bool)
        fresh[1:] = owner[1:] != owner[:-1]
        opens = fresh.copy()
        opens[1:] |= ~(day[1:] == day[:-1])
        starts = np.flatnonzero(opens)
        gaps = np.diff(day[starts], prepend=np.nan)
        gaps[fresh[starts]] = np.nan
        first = np.flatnonzero(fresh[starts])
        return cls(
            difficulty=np.asarray(difficulty[rows], dtype=np.float64),
            sends=np.append(starts, len(rows)),
            sessions=np.append(first, len(starts)),
            gaps=gaps,
            owners=owner[starts[first]],
            rows=rows,
        )

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self.owners)

    def every(self, most: int) -> Tracks:
        """So many tracks at the most, evenly spaced."""
        if len(self) <= most:
            return self
        kept = np.zeros(len(self), dtype=bool)
        kept[evenly(len(self), most)] = True
        return self._only(kept[self.track_of])

    def recent(self, most: int) -> Tracks:
        """The last sessions of each track, so many at the most."""
        lengths = np.diff(self.sessions)
        if lengths.max(initial=0) <= most:
            return self
        left = np.repeat(self.sessions[1:], lengths) - np.arange(len(self.gaps))  # of the track from here on
        return self._only(left <= most)

    def _only(self, sessions: Array) -> Tracks:
        """Some of the sessions, bool [n_sessions]; a track of which none is left is left out."""
        sends = sessions[self.session_of]
        lengths = np.bincount(self.track_of[sessions], minlength=len(self))
        return Tracks(
            self.difficulty[sends],
            _ends(np.diff(self.sends)[sessions]),
            _ends(lengths[lengths > 0]),
            self.gaps[sessions],
            self.owners[lengths > 0],
            self.rows[sends],
        )

    @property
    def session_of(self) -> Array:
        """The session of each send, int64 [n_sends]."""
        return np.repeat(np.arange(len(self.sends) - 1), np.diff(self.sends))

    @property
    def track_of(self) -> Array:
        """The track of each session, int64 [n_sessions]."""
        return np.repeat(np.arange(len(self)), np.diff(self.sessions))


def _ends(lengths: Array) -> Array:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def steps_of(ordinals: Array, discipline: str) -> Array:
    """Ordinals as steps of a discipline's own ladder, NaN where they are of another one, float64 [n]."""
    route = ordinals > ROUTE_OFFSET / 2
    own = route if discipline == "route" else ~route
    return np.where(own & np.isfinite(ordinals), ordinals - OFFSETS[discipline], np.nan)
