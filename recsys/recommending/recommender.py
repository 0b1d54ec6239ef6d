"""Answers requests: filters, probabilities, mixture and reasons, on top of a run or a bundle. NumPy only."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from recsys.arrays import Array, softmax
from recsys.errors import RunError, UsageError
from recsys.logbooks.importing.spelling import spelled_as
from recsys.logbooks.mapping import ColumnMapping
from recsys.logbooks.remembered import remembered
from recsys.nouns import nouns_of
from recsys.recommending import hardness
from recsys.recommending.backend import Backend
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.known import Match
from recsys.recommending.logbook import Logbook, read_logbook
from recsys.recommending.matching import Matcher
from recsys.recommending.mixture import mixture
from recsys.recommending.none_left import none_left
from recsys.recommending.questions import Plan, encode, plan
from recsys.recommending.reasons import why
from recsys.recommending.request import Item, Request, check_count, known_climber, known_region, read_day
from recsys.recommending.rerank import best, choose, unit_rows
from recsys.skill.model import Levels, Skill
from recsys.skill.reach import names

QUESTIONS = 256  # that go through the model at once
KEPT = 10_000  # climbers whose levels are kept


class Recommender:
    """Recommends climbs, finds similar ones, and searches by name.

    Parameters
    ----------
    backend:
        A run or a bundle; `recsys.load` chooses.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._open = lru_cache(maxsize=8)(self.catalogue.open)
        self._levels: dict[str, Levels] = {}

    @property
    def catalogue(self) -> Catalogue:
        """The climbs, in the order of the model's outputs."""
        return self.backend.catalogue

    @property
    def climbers(self) -> Sequence[str]:
        """Ids of the climbers whose logbooks are stored."""
        return self.backend.climbers

    @cached_property
    def mapping(self) -> ColumnMapping | None:
        """What the sends were read by, for a logbook with the same columns; None: the contract."""
        return remembered(self.facts)

    @property
    def facts(self) -> object:
        """What was said of the data that the run was trained on."""
        return self.backend.facts

    @cached_property
    def nouns(self) -> Mapping[str, str]:
        """What the run's mapping calls a climb, a send and so on (`recsys.nouns`); empty: as here."""
        return nouns_of(self.facts)

    @cached_property
    def units(self) -> Array:
        """The climbs' embeddings scaled to length one, float32 [n_items, dimension]."""
        return unit_rows(self.backend.embeddings)

    @cached_property
    def skill(self) -> Skill:
        """How hard the climbs are; by their usual grades alone where the run or bundle keeps no more."""
        kept = self.backend.skill
        return Skill.plain(self.catalogue.ordinals) if kept is None else kept

    def levels(self, request: Request, logbook: Logbook | None = None) -> Levels:
        """The climber's ability today, by discipline; a stored logbook's is kept for the next request."""
        stored = request.climber if request.sends is None else None
        if stored is not None and stored in self._levels:
            return self._levels[stored]
        found = hardness.levels(self.skill, self.catalogue, logbook or self.logbook(request))
        if stored is not None and len(self._levels) < KEPT:
            self._levels[stored] = found
        return found

    def levels_each(self, plans: Sequence[Plan]) -> list[Levels]:
        """`levels` of many plans at once; none is kept."""
        return hardness.levels_each(self.skill, self.catalogue, [each.logbook for each in plans])

    @cached_property
    def matcher(self) -> Matcher:
        """Finds the climbs of a logbook in the catalogue."""
        return Matcher(self.catalogue)

    def note(self, request: Request) -> str | None:
        """What is to be said beside an answer: that the method reads no prompt, where there is one."""
        prompted = request.grades is not None or request.region is not None or request.when is not None
        if not prompted or self.backend.reads_prompt:
            return None
        return "this model reads no prompt: what was asked for filters its climbs and does not rank them"

    def notes(self, request: Request, match: Match | None, same: str = "same") -> list[str]:
        """What a person is told beside an answer, a line each: what is known of the logbook, and `note`."""
        note = self.note(request)
        return [*(match.lines(same) if match else ()), *([note] if note else ())]

    def recommend(self, request: Request) -> list[Item]:
        """The most probable next climbs that the request allows, best first.

        Raises
        ------
        UsageError
            No climb of the catalogue fits the request, or the climber's logbook is not known.
        DataError
            A posted send cannot be read.

        Example
        -------
        >>> Recommender(Bundle.open(Path("bundle"))).recommend(Request(grades=(4, 6), region="Squamish", k=3))
        """
        return self.recommend_many([request])[0]

    def request(
        self,
        climber: str | None = None,
        sends: Sequence[Mapping[str, Any]] | None = None,
        grade: str | None = None,
        region: str | None = None,
        when: str | dt.date | None = None,
        **others: Any,
    ) -> Request:
        """A request in a climber's words: ``grade="V4:V6", region="squamish", when="2026-06-01", k=5``.

        Parameters
        ----------
        climber, sends:
            As in `Request`.
        grade:
            A grade or a range as climbers write them; where grades are text, one of them.
        region:
            A region of the catalogue, upper or lower case.
        when:
            A day, or ``today``.
        others:
            Further attributes of `Request`.

        Raises
        ------
        UsageError
            A grade, region or day that cannot be read, or that the catalogue does not have.
        """
        catalogue = self.catalogue
        return Request(
            climber=self.as_stored(climber) if sends is None else climber,
            sends=sends,
            grades=None if grade is None else catalogue.read_grades(grade),
            region=None if region is None else known_region(region, catalogue.known_regions),
            when=read_day(when),
            **others,
        )

    def as_stored(self, climber: str | None) -> str | None:
        """The id of a stored climber as it is written, where it is there in another spelling."""
        if climber is None or climber in self._climbers:
            return climber
        return spelled_as(climber, self._climbers) or climber

    @cached_property
    def _climbers(self) -> frozenset[str]:
        return frozenset(self.climbers)

    def recommend_many(self, requests: Sequence[Request]) -> list[list[Item]]:
        """An answer each; the questions of all of them go through the model together."""
        plans = [self.plan(request) for request in requests]
        return [self.answer(each, logits) for each, logits in zip(plans, self.ask(plans), strict=True)]

    def plan(self, request: Request) -> Plan:
        """What the request asks of the model; `answer` makes items of the logits."""
        return plan(request, self.logbook(request), self.backend)

    def ask(self, plans: Sequence[Plan]) -> list[Array]:
        """Logits of each plan's questions, [n_questions, n_items] each, `QUESTIONS` at a time."""
        questions = [each for one in plans for each in one.questions]
        if not questions:
            return [np.empty((0, len(self.catalogue)), dtype=np.float32)] * len(plans)
        parts = [
            self.backend.logits(encode(questions[start : start + QUESTIONS], self.backend))
            for start in range(0, len(questions), QUESTIONS)
        ]
        logits = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return np.split(logits, np.cumsum([len(each) for each in plans])[:-1])

    def answer(self, plan: Plan, logits: Array) -> list[Item]:
        """The items of a plan from its logits [n_questions, n_items]."""
        request = plan.request
        levels = self.levels(request, plan.logbook)
        chosen, probabilities = self.choose(plan, logits, levels)
        unprompted = None
        if request.explain and plan.questions:
            bare = plan.blocks(logits)[1]
            unprompted = None if bare is None else softmax(bare)
        return [
            self.catalogue.item(
                index,
                probabilities[0, index],
                why(plan, self.catalogue, index, probabilities[:, index], unprompted)
                if request.explain
                else None,
                *hard,
            )
            for index, hard in zip(chosen, self.hardness(chosen, levels), strict=True)
        ]

    def hardness(self, chosen: Sequence[int], levels: Levels) -> list[tuple[str | None, float | None]]:
        """How hard each of some climbs is, as `Item` tells it: the word, and the chance behind it."""
        return self.hardness_each([chosen], [levels])[0]

    def hardness_each(
        self, chosen: Sequence[Sequence[int]], levels: Sequence[Levels]
    ) -> list[list[tuple[str | None, float | None]]]:
        """`hardness` of the climbs of many climbers."""
        counts = [len(each) for each in chosen]
        climbs = np.array(list(itertools.chain(*chosen)), dtype=np.int64)
        chances = self.skill.chances_each(levels, np.repeat(np.arange(len(counts)), counts), climbs)
        told = zip(names(chances), chances.tolist(), strict=True)
        found = [(word, None if word is None else round(chance, 3)) for word, chance in told]
        ends = list(itertools.accumulate(counts, initial=0))
        return [found[low:high] for low, high in itertools.pairwise(ends)]

    def choose(self, plan: Plan, logits: Array, levels: Levels | None = None) -> tuple[list[int], Array]:
        """Indices of the climbs to name, best first, and every climb's probability [n_variants, n_items].

        A mode needs the climber's `levels`, which are worked out where they are not given.
        """
        request = plan.request
        allowed = self.allowed(request, plan.logbook)
        if request.mode != "any":
            levels = self.levels(request, plan.logbook) if levels is None else levels
            allowed = self._in_mode(plan, allowed, levels)
        if plan.questions:
            probabilities = mixture(plan.blocks(logits)[0], plan.steps, self.catalogue.ordinals)
        else:
            probabilities = self.catalogue.popularity[None]
        chosen = choose(probabilities[0], allowed, request, self.catalogue, self.units)
        return hardness.sorted_by(request.sort, chosen, self.skill), probabilities

    def _in_mode(self, plan: Plan, allowed: Array, climber: Levels) -> Array:
        """The allowed climbs of the request's mode, bool [n_items]; a `UsageError` if there is none."""
        request, chances = plan.request, self.skill.chances(climber)
        of_mode = hardness.in_mode(request.mode, chances, self.skill, climber)
        found = allowed & of_mode
        if found.any():
            return found
        if request.mode == "auto":
            return allowed
        fit = self.allowed(replace(request, exclude_seen=False), plan.logbook) & of_mode
        raise UsageError(none_left(request, self.catalogue, int(fit.sum()), request.mode))

    def probabilities(self, request: Request) -> Array:
        """Probability of every climb to be the next, float64 [n_items]; it sums to 1 before any filter."""
        plan = self.plan(request)
        if not plan.questions:
            return self.catalogue.popularity
        logits = plan.blocks(self.ask([plan])[0])[0]
        return mixture(logits, plan.steps, self.catalogue.ordinals)[0]

    def allowed(self, request: Request, logbook: Logbook) -> Array:
        """The climbs that the request allows, bool [n_items]; a `UsageError` if there is none."""
        if request.span is not None and not self.catalogue.graded:
            raise UsageError("`grade`: the sends of this run have no grades")
        allowed = self.catalogue.allowed(request.grades, request.region, request.min_stars)
        if request.blocked.entries:
            allowed &= self._open(request.blocked)
        fit = int(allowed.sum())
        if request.exclude_seen:
            allowed[self.catalogue.found(logbook.climbs)] = False
        if not allowed.any():
            raise UsageError(none_left(request, self.catalogue, fit))
        return allowed

    def logbook(self, request: Request) -> Logbook:
        """The logbook that a request is asked of: the posted one, else the climber's, else an empty one."""
        if request.sends is not None:
            return request.once(("logbook", self), lambda: self._posted(request))
        if request.climber is None:
            return read_logbook([])
        stored = self.backend.logbook(request.climber)
        if stored is None:
            known_climber(request.climber, self.climbers)
            raise RunError(f"the logbook of {request.climber!r} is missing; export the run again")
        return stored

    def _posted(self, request: Request) -> Logbook:
        day = self.backend.day
        return self.matcher.known(self._read(request, day), self._matched(request, day))

    def match(self, request: Request) -> Match | None:
        """How the posted logbook's climbs meet the catalogue; None where none was posted."""
        return None if request.sends is None else self._matched(request, "file")

    def _matched(self, request: Request, day: str) -> Match:
        read = self._read(request, day)
        return request.once(("match", self, day), lambda: self.matcher.match(read, request.same))

    def _read(self, request: Request, day: str) -> Logbook:
        leveled = self.catalogue.leveled
        return request.once(("read", day), lambda: read_logbook(request.sends or (), day, leveled))

    def similar(self, climb_id: str, k: int = 10) -> list[Item]:
        """The climbs whose embeddings point most nearly the same way; scores are cosines, -1 to 1.

        Raises
        ------
        UsageError
            The catalogue has no such climb, or none is asked for.
        """
        check_count(k)
        index = self.catalogue.index(climb_id)
        cosines = self.units @ self.units[index]
        others = np.arange(len(cosines)) != index
        return [self.catalogue.item(int(each), cosines[each]) for each in best(cosines, others, k)]

    def search(self, text: str, k: int = 10) -> list[Item]:
        """Climbs whose name or id holds the text; scores are their shares of all sends, 0 to 1."""
        check_count(k)
        found = self.catalogue.search(text)[:k]
        return [self.catalogue.item(index, self.catalogue.popularity[index]) for index in found]
