"""A fitted method ready for inference, with temperature-calibrated probabilities.

    FOLDER/method.json    format, name, parts (a network, a counting method or both), temperature, weight of
                          an ensemble
           model.npz      arrays of the counting method, where there is one

Runs and bundles hold the same two files; the network beside them is model.safetensors or model.onnx.

An ensemble's score is ``log softmax(network) + weight * standardised(counts)``, each row of counts with mean
0 and variance 1 over the climbs. Probabilities are ``softmax(score / temperature)`` (temperature scaling: Guo
et al., ICML 2017). Weight and temperature were fitted on validation, one for questions with a prompt and one
for those without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from recsys import run_files
from recsys.arrays import Array, log_sum_exp
from recsys.bounds import LARGEST
from recsys.columns import ATTRIBUTES, GIVEN, is_prompt
from recsys.files import write_json
from recsys.recommending.counted import store
from recsys.recommending.counted.method import Counted
from recsys.recommending.features import ArrayBatch
from recsys.recommending.fields import Fields

FORMAT: Final = 1
TRANSFORMER: Final = "transformer"  # `recsys.config.run.TRANSFORMER`, which the light wing does not import


_TELLING: Final = [is_prompt(frozenset([name])) for name in ATTRIBUTES]


class ByPrompt(NamedTuple):
    """A number for questions without a prompt, and one for those with a part of one (`columns.is_prompt`)."""

    unprompted: float
    prompted: float

    def of(self, batch: ArrayBatch) -> Array:
        """Each question's, float32 [batch, 1]."""
        given = np.asarray(batch[GIVEN], dtype=bool)[:, _TELLING].any(1)
        return np.where(given, self.prompted, self.unprompted).astype(np.float32)[:, None]


NONE: Final = ByPrompt(0.0, 0.0)
AS_IT_IS: Final = ByPrompt(1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Answering:
    """A method that can be asked.

    Attributes
    ----------
    method:
        Its name: ``transformer``, or a row's.
    network:
        ArrayBatch to scores [batch, n_items], or None.
    counted:
        The counting method, or None: alone, or with a network in an ensemble.
    reads_prompt:
        Whether a prompt changes the scores; else grades and regions only filter.
    weight, temperature:
        Of an ensemble's counts; of the scores.
    """

    method: str
    network: Callable[[ArrayBatch], Array] | None
    counted: Counted | None = None
    reads_prompt: bool = True
    weight: ByPrompt = NONE
    temperature: ByPrompt = AS_IT_IS

    @property
    def vectors(self) -> Array:
        """What climbs are likened by where there is no network, float32 [n_items, dimension]."""
        assert self.counted is not None
        return self.counted.embeddings

    def length(self, window: int) -> int:
        """Sends that are read at the most, the one asked for included; a network reads `window`."""
        counted = 1 + self.counted.sends if self.counted is not None else 1
        return max(counted, window if self.network is not None else 1)

    def scores(self, batch: ArrayBatch) -> Array:
        """Scores of every climb as they are, [batch, n_items]."""
        if self.counted is None:
            assert self.network is not None
            return self.network(batch)
        counts = self.counted.scores(batch)
        return counts if self.network is None else added(self.network(batch), counts, self.weight.of(batch))

    def logits(self, batch: ArrayBatch) -> Array:
        """Scores whose softmax is each climb's probability, float32 [batch, n_items]."""
        return np.asarray(self.scores(batch) / self.temperature.of(batch), dtype=np.float32)


def added(logits: Array, counts: Array, weight: Array | float) -> Array:
    """The scores of an ensemble, float32 [batch, n_items].

    Climbs that joined the catalogue since the counting have no counts; they come last, and get the mean. The
    others' scores are what they were without them, to the last bit.
    """
    logs = logits - log_sum_exp(logits[:, : counts.shape[1]])
    deviation = counts.std(1, keepdims=True)
    standard = (counts - counts.mean(1, keepdims=True)) / np.where(deviation > 0, deviation, 1)
    standard = np.pad(standard, ((0, 0), (0, logits.shape[1] - counts.shape[1])))
    return np.asarray(logs + weight * standard, dtype=np.float32)


def write_method(answering: Answering, folder: Path) -> None:
    """Write method.json, and model.npz where something was counted."""
    counted = None if answering.counted is None else store.save(answering.counted, folder)
    about = {
        "format": FORMAT,
        "method": answering.method,
        "network": answering.network is not None,
        "counted": counted,
        "reads_prompt": answering.reads_prompt,
        "weight": answering.weight._asdict(),
        "temperature": answering.temperature._asdict(),
        "similar": similar(answering),
    }
    write_json(folder / run_files.METHOD, about)


@dataclass(frozen=True)
class About:
    """What method.json says, checked; its defaults are those of a transformer from before there was one."""

    method: str = TRANSFORMER
    network: bool = True
    counted: Fields | None = None
    reads_prompt: bool = True
    weight: ByPrompt = NONE
    temperature: ByPrompt = AS_IT_IS

    def lacks(self) -> list[str]:
        """The files of a model that the method does without."""
        there = {"model.onnx": self.network, run_files.WEIGHTS: self.network}
        there[run_files.COUNTS] = self.counted is not None
        return [name for name, is_there in there.items() if not is_there]


def read_about(folder: Path) -> About:
    """method.json of a run or a bundle.

    Raises
    ------
    RunError
        It is of another format, or not what `write_method` writes.
    """
    if not (folder / run_files.METHOD).is_file():
        return About()
    fields = Fields.read(folder / run_files.METHOD)
    if fields.get("format") != FORMAT:
        fields.refuse("format", f"is not {FORMAT}, which this version reads")
    counted = fields.get("counted")
    if counted is None and not fields.flag("network"):
        fields.refuse("network", "is false, and nothing was counted")
    return About(
        str(fields.get("method"))[:100],
        fields.flag("network"),
        None if counted is None else fields.table("counted"),
        fields.flag("reads_prompt"),
        _by_prompt(fields.table("weight"), 0, 1e6),
        _by_prompt(fields.table("temperature"), 1e-9, LARGEST),
    )


def read_method(
    folder: Path, network: Callable[[ArrayBatch], Array] | None, about: About, n_items: int
) -> Answering:
    """The method of a folder whose manifest has been checked, with its network, where it has one.

    Raises
    ------
    RunError
        A file is not what `write_method` writes, or is of another catalogue.
    """
    joined = network is not None  # then the counts may be of an earlier, smaller catalogue
    counted = None if about.counted is None else store.load(folder, about.counted, n_items, joined)
    return Answering(about.method, network, counted, about.reads_prompt, about.weight, about.temperature)


def _by_prompt(fields: Fields, low: float, high: float) -> ByPrompt:
    return ByPrompt(fields.number("unprompted", low, high), fields.number("prompted", low, high))


def similar(answering: Answering) -> str:
    """What climbs are likened by, in words."""
    if answering.network is not None or answering.counted is None:
        return "the network's embeddings of the climbs"
    return answering.counted.SIMILAR
