"""Recommends from a run: the request becomes one more send, unknown but for its prompt, and is ranked.

The climber's logbook and that send go through the run's own workflow, exactly as the training sends did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from recsys import columns as c
from recsys.errors import UsageError
from recsys.logbooks.grades import label
from recsys.model.config import ATTRIBUTES
from recsys.model.inputs import GIVEN
from recsys.model.recommender import next_climb_scores
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.request import Item, Request
from recsys.runs import Run
from recsys.sequences.prepare import load_workflow
from recsys.sequences.store import Array, Sequences
from recsys.sequences.windows import Windows
from workflows import sends as workflow_of

_ASKED = "\0"  # the climb id of the request: no climb has it, so the workflow calls it unknown


class Recommender:
    """Answers requests from a finished run.

    Parameters
    ----------
    run:
        As returned by `Run.open`, which has checked the manifest.
    """

    def __init__(self, run: Run) -> None:
        self.config = run.config
        self.catalogue = Catalogue(pd.read_parquet(run.folder / "climbs.parquet"))
        self.sends = pd.read_parquet(run.folder / "sends.parquet")
        self.workflow = load_workflow(run.folder)
        self.model = run.load_model(workflow_of.read_schema(run.folder / "schema.pbtxt"))

    @property
    def climbers(self) -> list[str]:
        """Ids of the climbers whose logbooks the run holds."""
        return [str(each) for each in self.sends[c.CLIMBER_ID].unique()]

    def recommend(self, request: Request) -> list[Item]:
        """The most probable next climbs that the request allows, best first.

        Raises
        ------
        UsageError
            No climb of the catalogue fits the request.
        """
        if request.grades is not None and np.isnan(self.catalogue.grades()).all():
            raise UsageError("--grade: the sends of this run have no grades")
        allowed = self.catalogue.allowed(request.grades, request.region)
        history = self.sends[self.sends[c.CLIMBER_ID] == request.climber]
        if request.exclude_seen:
            allowed &= ~self.catalogue.climbs[c.CLIMB_ID].isin(history[c.CLIMB_ID]).to_numpy()
        if not allowed.any():
            raise UsageError("no climb that was not sent yet fits; ask for more grades or regions")
        probability = self.probabilities(history, request)
        order = np.lexsort((np.arange(len(allowed)), -probability))
        return [self._item(i, probability) for i in order[allowed[order]][: request.k]]

    def probabilities(self, history: pd.DataFrame, request: Request) -> Array:
        """Probability of every climb to be the next, float [n_items]; it sums to 1 before any filter.

        A range of grades is asked for grade by grade, and each answer counts by how likely that grade is for
        this climber: P(climb) = sum over grades of P(grade) P(climb | grade). P(grade) is what the answer
        without a grade gives to the climbs of that grade.
        """
        if request.grades is None:
            return self._ask(history, [None], request.region)[0]
        steps = _steps(request.grades)
        unasked, *answers = self._ask(history, [None, *map(label, steps)], request.region)
        off = np.abs(self.catalogue.grades()[None] - np.array(steps)[:, None])  # [steps, n_items]
        weights = np.where(off <= 0.5, unasked, 0.0).sum(1)
        return np.average(answers, axis=0, weights=weights if weights.sum() > 0 else None)

    @torch.inference_mode()
    def _ask(self, history: pd.DataFrame, grades: Sequence[str | None], region: str | None) -> Array:
        """One answer a grade asked for (None: no grade), float [questions, n_items]."""
        asked = pd.DataFrame({c.GRADE: grades}).assign(**{c.CLIMB_ID: _ASKED, c.REGION: region})
        sends = pd.concat([history, asked], ignore_index=True)
        sends[[c.CLIMBER_ID, c.DAY]] = sends[[c.CLIMBER_ID, c.DAY]].ffill()
        sends[c.ROW] = np.arange(len(sends))
        sequences = Sequences.from_table(workflow_of.transform(self.workflow, sends))
        first = len(history)  # every question follows the history, and none follows another
        windows = Windows(sequences, np.arange(first, len(sends)), self.config.model.length)
        batch = windows.cut(np.full(len(grades), first))
        for name, values in sequences.features.items():
            batch[name][:, -1] = torch.from_numpy(values[first:].astype(np.float64))
        given = [{c.GRADE: grade is not None, c.REGION: region is not None} for grade in grades]
        batch[GIVEN] = torch.tensor([[row.get(name, False) for name in ATTRIBUTES] for row in given])
        return np.asarray(next_climb_scores(self.model, batch).double().softmax(-1))

    def _item(self, item: int, probability: Array) -> Item:
        text = self.catalogue.text
        return Item(
            climb_id=str(text(item, c.CLIMB_ID)),
            name=text(item, c.CLIMB_NAME),
            grade=text(item, c.GRADE),
            region=text(item, c.REGION),
            score=float(probability[item]),
        )


def _steps(span: tuple[float, float]) -> list[float]:
    """The whole grades of a range; its middle where it holds none."""
    return [float(g) for g in range(math.ceil(span[0]), math.floor(span[1]) + 1)] or [sum(span) / 2]


def open_recommender(folder: Path) -> Recommender:
    """A recommender from a run's folder, its manifest checked first."""
    return Recommender(Run.open(folder))
