"""A run or a bundle that is open for questions: ``climbs = recsys.load("runs/mine")``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from recsys.api import arguments as given
from recsys.api.frames import as_file
from recsys.api.opening import open_recommender
from recsys.api.recommendations import Recommendations
from recsys.config.bad_rows import BadRows, check_bad_rows
from recsys.console import warn
from recsys.errors import UsageError
from recsys.logbooks.importing.own import parse_columns
from recsys.logbooks.mapping import ColumnMapping
from recsys.nouns import spoken
from recsys.recommending.batch import COLUMNS, answers, unanswered
from recsys.recommending.blocked import Blocked
from recsys.recommending.logbook_file import read_files
from recsys.recommending.recommender import Recommender

if TYPE_CHECKING:
    import pandas as pd

    Id: TypeAlias = str | int
    LogbookLike: TypeAlias = pd.DataFrame | str | Path | Sequence[str | Path] | Sequence[Mapping[str, Any]]


def load(folder: str | Path) -> Climbs:
    """Open a run's folder or a bundle's.

    Raises
    ------
    UsageError
        No path was given.
    RunError
        The folder is neither, is not finished, or a file of it was changed.

    Example
    -------
    >>> recsys.load("runs/demo").recommend("sim-climber-0042", grade="V4:V6", region="Squamish", k=5)
    """
    return Climbs(open_recommender(given.place(folder, "folder")))


class Climbs:
    """Recommends climbs and finds similar ones; from a run or a bundle alike.

    A run answers through the bundle that it keeps, without PyTorch; where it keeps none, with it.

    Parameters
    ----------
    recommender:
        The opened run or bundle; `load` opens one.
    """

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender

    def recommend(
        self,
        climber: Id | None = None,
        *,
        logbook: LogbookLike | None = None,
        columns: str | None = None,
        same: Mapping[Id, Id] | None = None,
        bad_rows: BadRows = "fail",
        grade: str | None = None,
        region: str | None = None,
        when: str | dt.date | None = None,
        block: Id | Iterable[Id] = (),
        **settings: Any,
    ) -> Recommendations:
        """The most probable next climbs, best first.

        Parameters
        ----------
        climber:
            Id of a climber whose logbook is stored; with `logbook`, of one in it. Ids may be integers.
        logbook:
            Sends in place of the stored ones: a DataFrame, a file or several (the contract's columns, or a
            site's own export), or mappings with ``climb_id`` and ``date``. How many of its climbs the model
            knows stands in the answer's ``known``.
        columns:
            Of a spreadsheet of one's own: "date=Datum,climb=Route,grade=Grad".
        same:
            Climb ids of the logbook, each with the model's id of the same climb.
        bad_rows:
            "fail" raises on the first bad row of raw sends in a table; "drop" leaves such rows out, and the
            answer's notes count them.
        grade, region, when:
            Prompt and filter as climbers write them: "V4" or "V4:V6", "Squamish", "2026-06-01".
        block:
            Closed climbs and areas, by id or name: never named.
        settings:
            ``k``, ``min_stars``, ``exclude_seen``, ``explain``, ``diversity``, ``novelty``, ``mode`` and
            ``sort``, as in `Request`.

        Raises
        ------
        UsageError
            A climber, region or grade that is not there, something of another type than asked for, or no
            climb fits.
        DataError
            The logbook cannot be read; it names the row.
        """
        own, name = self.recommender.mapping, given.optional(climber, "climber")
        if logbook is None and (columns is not None or bad_rows != "fail"):
            told = "columns" if columns is not None else "bad_rows"
            raise UsageError(f"`{told}` is of a `logbook`; give one, or leave it out")
        sends, said = (None, []) if logbook is None else _read(logbook, name, columns, bad_rows, own)
        asked = _asked(grade=grade, region=region, when=when, block=block, **settings)
        request = self.recommender.request(name, sends, same=given.ids_by_id(same, "same"), **asked)
        items = self.recommender.recommend(request)
        match = self.recommender.match(request)
        nouns = self.recommender.nouns
        closed = self.recommender.catalogue.misspelt(request.blocked, lambda text: spoken(text, nouns))
        notes = [*said, *closed, *self.recommender.notes(request, match)]
        return Recommendations(items, name, notes, match, nouns)

    def recommend_all(
        self, k: int = 20, climbers: Iterable[Id] | None = None, **settings: Any
    ) -> pd.DataFrame:
        """The next climbs of every stored climber, in batches, in the columns of ``recsys batch``.

        Climbers for whom nothing fits have no row; a line on standard error counts them.

        Parameters
        ----------
        k:
            Climbs for each.
        climbers:
            Ids of climbers; None: all.
        settings:
            As in `recommend`, but for ``explain``: grade, region, when, block, min_stars ...

        Raises
        ------
        UsageError
            A climber, region or grade that is not there.
        """
        import pandas as pd

        whose = self.climbers if climbers is None else list(dict.fromkeys(given.texts(climbers, "climbers")))
        asked = _asked(k=k, without=("explain",), **settings)
        requests = (self.recommender.request(climber, **asked) for climber in whose)
        catalogue = self.recommender.catalogue
        found = list(answers(self.recommender, requests))
        empty = [answer.climber for answer in found if answer.problem is not None]
        if empty:
            warn(unanswered(empty))
        rows = [row for answer in found for row in answer.rows(catalogue)]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def similar(self, climb_id: Id, k: int = 10) -> Recommendations:
        """The climbs whose embeddings point most nearly the same way; scores are cosines, -1 to 1."""
        asked = given.text(climb_id, "climb_id")
        found = self.recommender.similar(asked, given.count(k, "k"))
        return Recommendations(found, nouns=self.recommender.nouns, scored="cosine")

    def search(self, text: str, k: int = 10) -> Recommendations:
        """Climbs whose name or id holds the text; scores are their shares of all sends."""
        found = self.recommender.search(given.text(text, "text"), given.count(k, "k"))
        return Recommendations(found, nouns=self.recommender.nouns, scored="share of sends")

    @property
    def climbers(self) -> list[str]:
        """Ids of the climbers whose logbooks are stored."""
        return list(self.recommender.climbers)

    def catalogue(self) -> pd.DataFrame:
        """The climbs that can be recommended, one row each, with their grades, regions, stars and sends."""
        import pandas as pd

        return pd.DataFrame(self.recommender.catalogue.to_columns())

    def __copy__(self) -> Climbs:
        """Another one of the same run."""
        return Climbs(self.recommender)

    def __reduce__(self) -> NoReturn:
        """It cannot be pickled: what it opened are files, and memory that is mapped."""
        raise UsageError(
            "what recsys.load opened cannot be pickled or copied; pass the folder's path, and load it there"
        )

    def __repr__(self) -> str:
        """How much there is to ask."""
        return f"<recsys.Climbs: {len(self.recommender.catalogue)} climbs, {len(self.climbers)} climbers>"


def _asked(
    grade: Any = None,
    region: Any = None,
    when: Any = None,
    block: Any = (),
    without: Collection[str] = (),
    **settings: Any,
) -> dict[str, Any]:
    """What is asked for beside whose climbs, as `Recommender.request` takes it, whatever a caller gives.

    Settings of `without` cannot be set.
    """
    prompt = {"grade": given.grade(grade), "region": given.optional(region, "region")}
    closed = Blocked.of(given.texts(block, "block"))
    return {**prompt, "when": given.day(when), "blocked": closed, **given.settings(settings, without)}


def _check_files(parts: Sequence[str | Path]) -> None:
    """A `UsageError` where texts are ids, it seems, rather than files."""
    if not any(Path(each).suffix or Path(each).exists() or set(str(each)) & set("/\\") for each in parts):
        raise UsageError(
            f"`logbook` {given.shown(parts[0])}: there is no such file; "
            "give a DataFrame, files, or mappings with climb_id and date"
        )


def _read(
    logbook: LogbookLike,
    climber: str | None,
    columns: str | None,
    bad_rows: BadRows,
    mapping: ColumnMapping | None = None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """The sends, and what is to be said of the reading."""
    check_bad_rows(bad_rows)
    if hasattr(logbook, "to_parquet"):
        with as_file(logbook) as path:
            return _read(str(path), climber, columns, bad_rows, mapping)
    parts: Any = [logbook] if isinstance(logbook, (str, Path)) else logbook
    parts = list(parts) if isinstance(parts, Sequence) and not isinstance(parts, bytes) else [parts]
    if parts and all(isinstance(each, (str, Path)) and str(each).strip() for each in parts):
        if not isinstance(logbook, (str, Path)):
            _check_files(parts)
        own = None if columns is None else parse_columns(columns)
        book = read_files([Path(each) for each in parts], climber, own, bad_rows, mapping)
        return list(book.sends), book.lines()
    odd = next((each for each in parts if not isinstance(each, Mapping)), None)
    if odd is not None:
        form = "give a DataFrame, files, or mappings with climb_id and date"
        raise UsageError(f"`logbook` {given.shown(odd)}: {form}")
    if not parts:
        return [], []
    import pandas as pd

    table = pd.DataFrame(list(parts), dtype=object)  # of objects, so that an id beside a blank stays whole
    return _read(table, climber, columns, bad_rows, mapping)
