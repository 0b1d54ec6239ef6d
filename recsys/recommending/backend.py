"""What a recommender stands on: a trained run (PyTorch) or a bundle (ONNX, NumPy), behind one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recsys.arrays import Array
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.features import ArrayBatch
from recsys.recommending.logbook import Logbook
from recsys.skill.model import Skill


class Backend(Protocol):
    """A model with its features, its catalogue and its climbers' logbooks.

    Attributes
    ----------
    catalogue:
        Climbs in the order of the logits.
    embeddings:
        One row a climb, float32 [n_items, dimension].
    attributes:
        What a prompt can hold, in the order of the batch's ``given``.
    length:
        Sends that are read at the most, the one asked for included.
    has_time:
        Whether the model reads elapsed days.
    reads_prompt:
        Whether a prompt changes the scores; else what is asked for only filters.
    day:
        How the model was asked of days without an order (`recsys.config.run.RunConfig.day`): of a "set", with
        nothing of the target's own day.
    climbers:
        Ids of the climbers whose logbooks are stored.
    facts:
        What was said of the data that the run was trained on.
    skill:
        How hard the climbs are; None where no more is kept than their grades.
    """

    catalogue: Catalogue
    embeddings: Array
    attributes: Sequence[str]
    length: int
    has_time: bool
    reads_prompt: bool
    day: str
    climbers: Sequence[str]
    facts: object
    skill: Skill | None

    def logbook(self, climber: str) -> Logbook | None:
        """A stored logbook, or None."""

    def reads(self, climber: str | None) -> int:
        """Maximum number of a climber's sends that are encoded, the target's included.

        `length` for a climber whom the model knows; for another one the whole logbook, which tells whom the
        climber resembles.
        """

    def encode(self, logbooks: Sequence[Logbook], climbers: Sequence[str | None]) -> ArrayBatch:
        """Windows that end at each logbook's last send, which is the one asked for.

        Every feature int64 or float32 [n_logbooks, length], the climber's id int64 [n_logbooks]. A
        counting method reads whole logbooks: its features, named apart, are as long as the longest.
        """

    def logits(self, batch: ArrayBatch) -> Array:
        """Scores whose softmax is each climb's probability to be the last send, float32 [batch, n_items].

        `batch` is what `encode` gave, and ``given``, bool [batch, n_attributes].
        """
