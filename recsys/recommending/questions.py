"""From a request to what the model is asked: the logbook with one more send, unknown but for its prompt.

A range of grades is asked for grade by grade. To explain, the same is asked with each of the last sends left
out, and once without any prompt; everything goes through the model as one batch. Where the model's days are
sets, a request for a date reads what was sent before it; climbs of the date itself still count as sent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import ELAPSED_DAYS, GIVEN
from recsys.errors import UsageError
from recsys.logbooks.days import day_number
from recsys.logbooks.grades import label
from recsys.recommending.backend import Backend
from recsys.recommending.features import ArrayBatch
from recsys.recommending.logbook import Logbook, days
from recsys.recommending.request import Request, Span

LEFT_OUT = 256  # sends that are left out in turn at the most, where a method reads more
_TARGET = "\0"  # the climb id of the request: no climb has it, so every vocabulary calls it unknown


@dataclass(frozen=True, eq=False)
class Question:
    """A logbook that ends with the send asked for, whose it is, and which attributes are its prompt."""

    logbook: Logbook
    climber: str | None
    given: frozenset[str]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a request asks of the model.

    Attributes
    ----------
    request, logbook:
        As asked, and the whole logbook that it is asked of.
    steps:
        Grades asked for one by one; the first is None, no grade.
    left_out:
        Indices of the sends that are left out in turn, most recent last; empty without an explanation.
    unprompted:
        Whether the last question is the request without its prompt.
    questions:
        Variants of the logbook (whole, then each send left out) times `steps`, then the unprompted one; none
        for an empty logbook, of which nothing is asked.
    """

    request: Request
    logbook: Logbook
    steps: tuple[float | None, ...]
    left_out: tuple[int, ...]
    unprompted: bool
    questions: tuple[Question, ...]

    def __len__(self) -> int:
        """Number of questions."""
        return len(self.questions)

    def blocks(self, logits: Array) -> tuple[Array, Array | None]:
        """Logits [n_questions, n_items] as [n_variants, n_steps, n_items], and the unprompted [n_items]."""
        n_variants = 1 + len(self.left_out)
        main = logits[: n_variants * len(self.steps)]
        return main.reshape(n_variants, len(self.steps), -1), logits[-1] if self.unprompted else None


def plan(request: Request, logbook: Logbook, backend: Backend) -> Plan:
    """Lay out the questions of a request, features and all."""
    steps: tuple[float | None, ...] = (None,)
    named = request.grades if isinstance(request.grades, str) else None  # a text, which has no steps
    if request.span is not None and backend.reads_prompt:
        steps = (None, *grade_steps(request.span))
    day = _day(request, logbook, backend)
    prompted = request.grades is not None or request.region is not None or day is not None
    prompted = prompted and backend.reads_prompt
    if not len(logbook):
        return Plan(request, logbook, steps, (), False, ())
    read = _before(logbook, day) if backend.day == "set" else logbook
    first = max(0, len(read) - min(backend.length, LEFT_OUT))  # what is before reaches no window
    left_out = tuple(range(first, len(read))) if request.explain else ()
    whole = read.tail(backend.reads(request.climber) + 1)
    shift = len(read) - len(whole)
    variants = [whole, *(whole.take(_all_but(index - shift, len(whole))) for index in left_out)]
    grades = [named if grade is None else label(grade) for grade in steps]
    targets = [(_target(whole, grade, request.region, day), grade) for grade in grades]
    questions = [
        (variant.then(send), _given(request, grade, day)) for variant in variants for send, grade in targets
    ]
    unprompted = request.explain and prompted
    if unprompted:
        questions.append((whole.then(_target(whole, None, None, None)), frozenset()))
    asks = tuple(Question(each, request.climber, given) for each, given in questions)
    return Plan(request, logbook, steps, left_out, unprompted, asks)


def encode(questions: Sequence[Question], backend: Backend) -> ArrayBatch:
    """The batch of some questions, of one request or of many: what `Backend.logits` takes."""
    batch = backend.encode([each.logbook for each in questions], [each.climber for each in questions])
    given = [[name in each.given for name in backend.attributes] for each in questions]
    batch[GIVEN] = np.array(given, dtype=bool).reshape(len(questions), len(backend.attributes))
    return batch


def grade_steps(span: Span) -> list[float]:
    """The whole grades of a range; its middle where it holds none."""
    return [float(g) for g in range(math.ceil(span[0]), math.floor(span[1]) + 1)] or [sum(span) / 2]


def _all_but(index: int, n: int) -> Array:
    return np.delete(np.arange(n), index)


def _before(logbook: Logbook, day: float | None) -> Logbook:
    """The sends before the day that is asked for, as a model was trained for which a day is a set.

    Sends with a time of day have an order and stay. A logbook of that day alone is read whole: it is all
    that is known. The sends are in order of time, so those that stay are the first.
    """
    dates = logbook.columns[c.DAY]
    same = np.zeros(len(logbook), bool) if day is None else (dates == day) & (dates == np.floor(dates))
    return logbook if same.all() else logbook.take(np.flatnonzero(~same))


def _target(logbook: Logbook, grade: str | None, region: str | None, day: float | None) -> dict[str, object]:
    """The send that is asked for; without a day it falls on that of the last send."""
    last = logbook.columns[c.DAY][-1]
    return {c.CLIMB_ID: _TARGET, c.GRADE: grade, c.REGION: region, c.DAY: last if day is None else day}


def _given(request: Request, grade: str | None, day: float | None) -> frozenset[str]:
    held = {c.GRADE: grade, c.REGION: request.region, ELAPSED_DAYS: day}
    return frozenset(name for name, value in held.items() if value is not None)


def _day(request: Request, logbook: Logbook, backend: Backend) -> float | None:
    """The day asked for, in days since the epoch, or None; refused where it can mean nothing."""
    if request.when is None:
        return None
    if not backend.has_time:
        raise UsageError(f"`when` {request.when}: the sends of this model have no dates; leave it out")
    read = days(request.when)
    day = float(day_number(request.when)) if read is None else read[0]  # in years that no file has
    last = logbook.columns[c.DAY][-1] if len(logbook) else math.nan
    if math.isfinite(last) and math.floor(last) > day:
        raise UsageError(f"`when` {request.when}: lies before the last send of the logbook; give a later day")
    return None if math.isnan(last) else max(day, last)
