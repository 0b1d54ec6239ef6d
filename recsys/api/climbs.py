"""A run or a bundle that is open for questions: ``climbs = recsys.load("runs/mine")``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from recsys.api.opening import open_recommender
from recsys.api.recommendations import Recommendations
from recsys.logbooks.importing.own import parse_columns
from recsys.logbooks.mapping import Mapping as ColumnsOfRun
from recsys.recommending.batch import answers
from recsys.recommending.blocked import Blocked
from recsys.recommending.logbook_file import of_climber, read_files
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request

if TYPE_CHECKING:
    import pandas as pd

    LogbookLike: TypeAlias = pd.DataFrame | str | Path | Sequence[str | Path] | Sequence[Mapping[str, Any]]


def load(folder: str | Path) -> Climbs:
    """Open a run's folder or a bundle's.

    Raises
    ------
    RunError
        The folder is neither, is not finished, or a file of it was changed.

    Example
    -------
    >>> recsys.load("runs/demo").recommend("sim-climber-0042", grade="V4:V6", region="Squamish", k=5)
    """
    return Climbs(open_recommender(Path(folder)))


class Climbs:
    """Recommends climbs and finds similar ones; from a run (PyTorch) or a bundle (ONNX) alike.

    Parameters
    ----------
    recommender:
        The opened run or bundle; `load` opens one.
    """

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender

    def recommend(
        self,
        climber: str | None = None,
        *,
        logbook: LogbookLike | None = None,
        columns: str | None = None,
        same: Mapping[str, str] | None = None,
        bad_rows: str = "fail",
        grade: str | None = None,
        region: str | None = None,
        when: str | dt.date | None = None,
        block: Iterable[str] = (),
        **settings: Any,
    ) -> Recommendations:
        """The most probable next climbs, best first.

        Parameters
        ----------
        climber:
            Id of a climber whose logbook is stored; with `logbook`, of one in it.
        logbook:
            Sends in place of the stored ones: a DataFrame, a file or several (the contract's columns, or a
            site's own export), or mappings with ``climb_id`` and ``date``. How many of its climbs the model
            knows stands in the answer's ``known``.
        columns:
            Of a spreadsheet of one's own: "date=Datum,climb=Route,grade=Grad".
        same:
            Climb ids of the logbook, each with the model's id of the same climb.
        bad_rows:
            "fail" raises on the first bad row of raw sends in a file; "drop" leaves such rows out, and the
            answer's notes count them.
        grade, region, when:
            Prompt and filter as climbers write them: "V4" or "V4:V6", "Squamish", "2026-06-01".
        block:
            Closed climbs and areas, by id or name: never named.
        settings:
            ``k``, ``min_stars``, ``exclude_seen``, ``explain``, ``diversity``, ``novelty``, as in `Request`.

        Raises
        ------
        UsageError
            A climber, region or grade that is not there, or no climb fits.
        DataError
            The logbook cannot be read; it names the row.
        """
        own = self.recommender.mapping
        sends, said = (None, []) if logbook is None else _read(logbook, climber, columns, bad_rows, own)
        request = self.recommender.request(
            climber, sends, grade, region, when, blocked=Blocked.of(block), same=same, **settings
        )
        items = self.recommender.recommend(request)
        match = self.recommender.match(request)
        return Recommendations(items, climber, [*said, *self.recommender.notes(request, match)], match)

    def recommend_all(
        self, k: int = 20, climbers: Iterable[str] | None = None, **settings: Any
    ) -> pd.DataFrame:
        """The next climbs of every stored climber, in batches: climber_id, rank, climb_id, name, ..., score.

        Parameters
        ----------
        k:
            Climbs for each.
        climbers:
            Ids of climbers; None: all.
        settings:
            As in `recommend`: grade, region, when, min_stars ...

        Raises
        ------
        UsageError
            A climber, region or grade that is not there.
        """
        import pandas as pd

        asked = self.climbers if climbers is None else list(climbers)
        requests = (self.recommender.request(climber, k=k, **settings) for climber in asked)
        catalogue = self.recommender.catalogue
        rows = [row for found in answers(self.recommender, requests) for row in found.rows(catalogue)]
        return pd.DataFrame(rows, columns=None if rows else ["climber_id", "rank", "climb_id", "score"])

    def similar(self, climb_id: str, k: int = 10) -> Recommendations:
        """The climbs whose embeddings point most nearly the same way; scores are cosines, -1 to 1."""
        return Recommendations(self.recommender.similar(climb_id, k))

    def search(self, text: str, k: int = 10) -> Recommendations:
        """Climbs whose name or id holds the text; scores are their shares of all sends."""
        return Recommendations(self.recommender.search(text, k))

    @property
    def climbers(self) -> list[str]:
        """Ids of the climbers whose logbooks are stored."""
        return list(self.recommender.climbers)

    def catalogue(self) -> pd.DataFrame:
        """The climbs that can be recommended, one row each, with their grades, regions, stars and sends."""
        import pandas as pd

        return pd.DataFrame(self.recommender.catalogue.to_columns())

    def __repr__(self) -> str:
        """How much there is to ask."""
        return f"<recsys.Climbs: {len(self.recommender.catalogue)} climbs, {len(self.climbers)} climbers>"


def read_sends(
    logbook: LogbookLike, climber: str | None = None, columns: str | None = None
) -> list[dict[str, Any]]:
    """One climber's logbook as mappings: of files by their reader, of a DataFrame row by row, blanks as None.

    Raises
    ------
    DataError
        A file cannot be read.
    UsageError
        It holds several climbers, and not the one that was named; or `columns` cannot be right.
    """
    return _read(logbook, climber, columns, "fail")[0]


def _read(
    logbook: LogbookLike,
    climber: str | None,
    columns: str | None,
    bad_rows: str,
    mapping: ColumnsOfRun | None = None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """The sends, and what is to be said of the reading."""
    if hasattr(logbook, "to_dict"):
        frame: Any = logbook
        rows: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
        return of_climber(rows, climber), []
    parts = [logbook] if isinstance(logbook, (str, Path)) else list(logbook)
    paths = [Path(each) for each in parts if isinstance(each, (str, Path))]
    if paths:
        own = None if columns is None else parse_columns(columns)
        book = read_files(paths, climber, own, bad_rows, mapping)
        return list(book.sends), book.lines()
    return of_climber([dict(each) for each in parts if not isinstance(each, (str, Path))], climber), []


__all__ = ["Climbs", "Request", "load"]
