"""The first bad row of raw sends as an error, in the words of training."""

from __future__ import annotations

import re

from recsys.errors import DataError
from recsys.logbooks import reasons
from recsys.logbooks.importing.model import Parsed


def fail(parsed: Parsed, remedy: str = "or pass `bad_rows` drop") -> None:
    """Raise DataError, in the words of training, for the first row that is not as it should be, if there is
    one.
    """
    own = parsed.mapping
    left_out = own.keep.reason if own is not None and own.keep is not None else ""
    for reject in parsed.rejects:
        first, *_ = reject.reason.split("; ")
        if reject.reason == left_out or first in (reasons.ATTEMPT, "outcome unknown"):
            continue
        if first.startswith(("not a ", reasons.DUPLICATE)):
            continue
        column = reasons.column_of(first)
        words = reasons.reason(first, column, "1 to 5" if own is None else own.rating_span)
        named = column if own is None or not column else own.named(column)
        subject = f"{named} {words.problem}" if column else words.problem
        if first == reasons.RAGGED:
            subject, advice = reasons.ragged(*map(int, re.findall(r"\d+", reject.value)))
            value = reject.text
        else:
            value = reject.value
            advice = "correct it" if first == reasons.ALIEN_DATE else words.remedy  # no `schema` is read here
        raise DataError(subject, path=reject.file, row=reject.row, value=value, remedy=f"{advice}, {remedy}")
