"""Recommends from a run: the request becomes one more send, unknown but for its prompt, and is ranked.

The climber's logbook and that send go through the run's own workflow, exactly as the training sends did.
"""

from __future__ import annotations

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
        allowed = self.catalogue.allowed(request.grades, request.region)
        history = self.sends[self.sends[c.CLIMBER_ID] == request.climber]
        if request.exclude_seen:
            allowed &= ~self.catalogue.climbs[c.CLIMB_ID].isin(history[c.CLIMB_ID]).to_numpy()
        if not allowed.any():
            raise UsageError("no climb is left of these grades in this region; ask for a wider range")
        probability = self.probabilities(history, request)
        order = np.lexsort((np.arange(len(allowed)), -probability))
        return [self._item(i, probability) for i in order[allowed[order]][: request.k]]

    @torch.inference_mode()
    def probabilities(self, history: pd.DataFrame, request: Request) -> Array:
        """Probability of every climb to be the next, float [n_items]; it sums to 1 before any filter."""
        asked = {c.CLIMBER_ID: request.climber, c.CLIMB_ID: _ASKED, c.REGION: request.region}
        if request.grades is not None:
            asked[c.GRADE] = label(sum(request.grades) / 2)
        sends = pd.concat([history, pd.DataFrame([asked])], ignore_index=True)
        sends[c.DAY] = sends[c.DAY].ffill().fillna(0.0)
        sends[c.ROW] = np.arange(len(sends))
        sequences = Sequences.from_table(workflow_of.transform(self.workflow, sends))
        batch = Windows(sequences, np.array([len(sequences) - 1]), self.config.model.length)[0]
        given = {c.GRADE: request.grades is not None, c.REGION: request.region is not None}
        batch[GIVEN] = torch.tensor([[given.get(name, False) for name in ATTRIBUTES]])
        return np.asarray(next_climb_scores(self.model, batch)[0].double().softmax(-1))

    def _item(self, item: int, probability: Array) -> Item:
        text = self.catalogue.text
        return Item(
            climb_id=str(text(item, c.CLIMB_ID)),
            name=text(item, c.CLIMB_NAME),
            grade=text(item, c.GRADE),
            region=text(item, c.REGION),
            score=float(probability[item]),
        )


def open_recommender(folder: Path) -> Recommender:
    """A recommender from a run's folder, its manifest checked first."""
    return Recommender(Run.open(folder))
