"""An answer: recommended climbs, best first, as objects, a table, JSON or what a notebook shows."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, overload

from recsys.nouns import current, spoken
from recsys.recommending.batch import COLUMNS as BATCH
from recsys.recommending.batch import KEY
from recsys.recommending.known import Match
from recsys.recommending.request import Item

if TYPE_CHECKING:
    import pandas as pd

_OF_ITEM: Final = tuple(name for name in BATCH if name not in KEY)
COLUMNS: Final = ("rank", *_OF_ITEM)  # those of a batch, but for whom it is


class Recommendations(Sequence[Item]):
    """Climbs, best first.

    Parameters
    ----------
    items:
        The climbs.
    climber:
        Whom they are for, or None.
    notes:
        What is to be said beside them, a line each: how many climbs of a logbook are known, and that a
        method reads no prompt.
    known:
        What the model knows of the posted logbook's climbs (``known.n_known`` of ``known.n_climbs``,
        ``known.lines()``); None where none was posted.
    nouns:
        The words of the run's domain (`recsys.nouns`), which it is shown in whatever is opened later; None:
        those that are spoken now.
    scored:
        What the scores are, in a word: "probability", "cosine" ...

    Example
    -------
    >>> answer = recsys.load("runs/mine").recommend("ada", k=3)
    >>> answer[0].climb_id, answer.to_frame()
    """

    def __init__(
        self,
        items: Sequence[Item],
        climber: str | None = None,
        notes: Sequence[str] = (),
        known: Match | None = None,
        nouns: Mapping[str, str] | None = None,
        scored: str = "probability",
    ) -> None:
        self.items, self.climber, self.notes, self.known = tuple(items), climber, tuple(notes), known
        self.scored = scored
        self.nouns = current() if nouns is None else nouns

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Recommendations: ...
    def __getitem__(self, index: int | slice) -> Item | Recommendations:
        """The climb at an index, or the recommendations of a slice."""
        if isinstance(index, slice):
            told = self.climber, self.notes, self.known, self.nouns, self.scored
            return Recommendations(self.items[index], *told)
        return self.items[index]

    def __len__(self) -> int:
        """Number of climbs."""
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        """The climbs."""
        return iter(self.items)

    def rows(self) -> list[dict[str, Any]]:
        """A mapping of `COLUMNS` a climb, ranks from 1, and why where it was asked for."""
        found = []
        for rank, item in enumerate(self.items, 1):
            row = {"rank": rank, **{name: getattr(item, name) for name in _OF_ITEM}}
            if item.why is not None:
                row["because_of"] = ", ".join(each.name or each.climb_id for each in item.why.sends)
                row["prompt_share"] = item.why.prompt_share
            found.append(row)
        return found

    def to_frame(self) -> pd.DataFrame:
        """A table, one row a climb; it needs pandas."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=None if self.items else list(COLUMNS))

    def to_json(self) -> str:
        """The contract's JSON: {"climber": .., "items": [..]}."""
        answer: dict[str, Any] = {"climber": self.climber, "items": [item.to_json() for item in self.items]}
        if self.known is not None:
            answer["logbook"] = self.known.to_json()
        return json.dumps(answer, ensure_ascii=False)

    def __repr__(self) -> str:
        """A line a note, and a line a climb."""
        lines = [f"{row['rank']:>3}  {_text(row['name'] or row['climb_id'])}  {_text(row['grade'])}  "
                 f"{_text(row['region'])}  {self._score(row['score'])}" for row in self.rows()]  # fmt: skip
        return "\n".join([*map(self._said, self.notes), *(lines or [self._said("no climbs")])])

    def _repr_html_(self) -> str:
        """The table that a notebook shows."""
        heads = ["", "climb", "name", "grade", "region", self.scored]
        rows = ((*_shown(row), self._score(row["score"])) for row in self.rows())
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
        notes = "".join(f"<p>{html.escape(self._said(note))}</p>" for note in self.notes)
        head = "".join(f"<th>{html.escape(self._said(each))}</th>" for each in heads)
        return f"{notes}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _score(self, score: float) -> str:
        return f"{score:.2f}" if self.scored == "cosine" else f"{score:.1%}"

    def _said(self, text: str) -> str:
        return spoken(text, self.nouns)


def _shown(row: dict[str, Any]) -> list[str]:
    texts = [_text(row[name]) for name in ("climb_id", "name", "grade", "region")]
    return [str(row["rank"]), *texts]


def _text(value: object) -> str:
    return "-" if value is None else str(value)


def _cell(text: str) -> str:
    return f"<td>{html.escape(text)}</td>"
