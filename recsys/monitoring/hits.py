"""What was, or would have been, recommended before the new sends, against the new sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.errors import DataError, UsageError
from recsys.evaluation.bootstrap import Interval, intervals
from recsys.files import parsed_json, read_text
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request

LATER: Final = 10  # sends that a recommendation has to prove itself in
FEWEST: Final = 5  # sends of an unknown climber that are taken for a logbook
_AT_ONCE: Final = 64


@dataclass(frozen=True)
class Hits:
    """Hit rates over climbers, with 95% bootstrap intervals.

    Attributes
    ----------
    climbers:
        Of whom there was a recommendation and a later send.
    hit, share:
        Share of the climbers of whom one recommended climb or more was sent, and share of the recommended
        climbs that were, among the next `LATER` sends.
    popular:
        The same hit rate for the most popular climbs that the climber had not sent.
    """

    climbers: int
    hit: float
    hit_ci95: Interval
    share: float
    popular: float
    popular_ci95: Interval

    def to_json(self) -> dict[str, Any]:
        """The fields, as they are."""
        return dict(self.__dict__)


Case = tuple[str, Sequence[Mapping[str, Any]], set[str]]  # climber, logbook, later climbs


def replay(recommender: Recommender, sends: pd.DataFrame, k: int) -> Hits | None:
    """Recommend to each climber of the new sends as of the day before them; None where there is nobody.

    A climber whom the run knows has the stored logbook; of another the first half of the new sends is one.
    Who has sent the whole catalogue is not asked about.
    """
    catalogue, cases, sent = recommender.catalogue, list[Case](), list[set[str]]()
    known = frozenset(recommender.climbers)
    for name, rows in sends.groupby(c.CLIMBER_ID, sort=True):
        case = _case(known, str(name), rows)
        if case is None:
            continue
        mine = _sent(recommender, case)
        if len(set(catalogue.found(mine))) < len(catalogue.ids):
            cases.append(case)
            sent.append(set(mine))
    recommended = []
    for start in range(0, len(cases), _AT_ONCE):
        asked = [_request(climber, book, k) for climber, book, _ in cases[start : start + _AT_ONCE]]
        recommended += [[item.climb_id for item in items] for items in recommender.recommend_many(asked)]
    return _measured(recommender, recommended, [later for *_, later in cases], sent, k)


def of_answers(
    recommender: Recommender, answers: Mapping[str, list[str]], sends: pd.DataFrame, k: int
) -> Hits | None:
    """The same of recommendations that were kept: climber to climbs, best first."""
    later = {
        str(name): set(rows[c.CLIMB_ID].iloc[:LATER]) for name, rows in sends.groupby(c.CLIMBER_ID, sort=True)
    }
    names = [name for name in answers if name in later]
    sent = [
        set() if (book := recommender.backend.logbook(each)) is None else set(book.climbs) for each in names
    ]
    return _measured(recommender, [answers[n][:k] for n in names], [later[n] for n in names], sent, k)


def read_answers(path: Path) -> dict[str, list[str]]:
    """Answers of ``recsys recommend --json``, one document or one a line; the last of a climber counts."""
    text = read_text(path)
    try:
        rows = [parsed_json(text)]
    except ValueError:
        rows = [_line(path, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    rows = rows[0] if len(rows) == 1 and isinstance(rows[0], list) else rows
    try:
        return {str(row["climber"]): [str(item["climb_id"]) for item in row["items"]] for row in rows}
    except (TypeError, KeyError) as error:
        remedy = "give answers of recsys recommend --json"
        raise DataError("holds an answer without climber or items", path=path, remedy=remedy) from error


def _line(path: Path, number: int, line: str) -> Any:
    try:
        return parsed_json(line)
    except ValueError as error:
        remedy = "give answers of recsys recommend --json, one a line"
        raise DataError("is not JSON", path=path, row=number, value=line, remedy=remedy) from error


def _case(known: frozenset[str], climber: str, rows: pd.DataFrame) -> Case | None:
    plain = rows.astype(object).where(rows.notna(), None).to_dict("records")
    if climber in known:
        before, after = [], plain
    else:
        half = len(plain) // 2
        before, after = plain[:half], plain[half:]
        if half < FEWEST:
            return None
    return climber, before, {str(row[c.CLIMB_ID]) for row in after[:LATER]}


def _request(climber: str, book: Sequence[Mapping[str, Any]], k: int) -> Request:
    return Request(climber=climber, sends=book or None, k=k)


def _sent(recommender: Recommender, case: Case) -> list[str]:
    climber, book, _ = case
    return recommender.logbook(Request(climber=climber, sends=book or None)).climbs


def _measured(
    recommender: Recommender,
    recommended: list[list[str]],
    later: list[set[str]],
    sent: list[set[str]],
    k: int,
) -> Hits | None:
    if not later:
        return None
    catalogue = recommender.catalogue
    order = [catalogue.ids[index] for index in np.argsort(-catalogue.sends, kind="stable")]
    popular = [[each for each in order[: k + len(mine)] if each not in mine][:k] for mine in sent]
    values = {
        "hit": np.array([bool(set(a) & b) for a, b in zip(recommended, later, strict=True)], float),
        "share": np.array(
            [len(set(a) & b) / max(len(a), 1) for a, b in zip(recommended, later, strict=True)]
        ),
        "popular": np.array([bool(set(a) & b) for a, b in zip(popular, later, strict=True)], float),
    }
    around = intervals(values, np.arange(len(later)))
    means = {name: float(each.mean()) for name, each in values.items()}
    return Hits(len(later), means["hit"], around["hit"], means["share"], means["popular"], around["popular"])


def check_k(k: int) -> int:
    """`k`, or a `UsageError`."""
    if not 1 <= k <= 1000:
        raise UsageError(f"`k` {k}: give 1 to 1000")
    return k
