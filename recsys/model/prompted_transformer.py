"""The model: prompted inputs, a Transformers4Rec body, and a next-item head tied to the climbs' embeddings.

    schema ─ PromptedSequenceFeatures ─ TransformerBlock ─ NextItemPredictionTask
             embed, mask, hide, concat   xlnet, bert, ...    softmax or a ranking loss

It is a ``transformers4rec.torch.Model``, built from the schema's tags.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import torch
import transformers4rec.torch as tr
from merlin.schema import Tags
from transformers4rec.torch.block.base import BuildableBlock
from transformers4rec.torch.masking import masking_registry

import recsys.model.causal  # registers prompt-clm
import recsys.model.permutation  # noqa: F401 - registers prompt-plm
from recsys.arrays import Array
from recsys.columns import ATTRIBUTES, BIN, ELAPSED_DAYS, FIRST_BIN, FIRST_VALUE_ID, TEXT
from recsys.config.model import ModelConfig
from recsys.errors import UsageError
from recsys.model import packed
from recsys.model.aggregation import AGGREGATIONS
from recsys.model.body import build_body, token_width
from recsys.model.detection import Detector
from recsys.model.inputs import PromptedSequenceFeatures
from recsys.model.masking import PromptMasking
from recsys.model.network import Network
from recsys.model.numbers import freeze, make_periodic
from recsys.model.output import side_sizes
from recsys.model.packed import PackedConcat
from recsys.model.straight import straighten
from recsys.model.streams import TwoStreamFeatures
from recsys.model.task import NextClimbTask
from recsys.sequences.asking import Asking
from recsys.sequences.counts import Counts

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.sequences.store import Sequences
    from recsys.sequences.texts import Texts
    from recsys.sequences.windows import Batch


LEAST: Final = 0.05  # length of a counted embedding, as a share of their mean, below which it is none
BEGUN: Final = 0.5  # mean length of counted embeddings; 0.25 does as well, 1 and 2 less on MovieLens-1M


class Projection(BuildableBlock):
    """Aggregated features to the body's width: linear, layer norm, dropout."""

    def __init__(self, d_model: int, dropout: float, networks: int = 1) -> None:
        self.d_model = d_model
        self.dropout = dropout
        self.networks = networks

    def build(self, input_size: Any) -> tr.SequentialBlock:
        """The block for inputs of `input_size`, [batch, length, width]."""
        block = tr.SequentialBlock(
            packed.linear(self.networks, input_size[-1], self.d_model),
            packed.norm(self.networks, self.d_model),
            torch.nn.Dropout(self.dropout),
            output_size=torch.Size([*input_size[:-1], self.d_model]),
        )
        block.input_size = input_size
        return block


class ToClimbs(BuildableBlock):
    """The body's output to the width of a climb's embedding, of each network by itself.

    Its weights have the names of upstream's `MLPBlock`, by which earlier versions kept them.
    """

    def __init__(self, climb_dim: int, networks: int) -> None:
        self.climb_dim, self.networks = climb_dim, networks

    def build(self, input_size: Any) -> tr.SequentialBlock:
        """The block for outputs of `input_size`, [batch, length, width]."""
        layer = tr.SequentialBlock(packed.linear(self.networks, input_size[-1], self.climb_dim))
        block = tr.SequentialBlock(layer, output_size=torch.Size([*input_size[:-1], self.climb_dim]))
        block.input_size = input_size
        return block


def select_features(schema: Schema, config: ModelConfig) -> Schema:
    """The columns of the schema that the configuration asks for; a feature that the data lacks is left out.

    Numbers enter as bins or as standardised values, by ``config.numbers``.
    """
    numbers = {name.removesuffix(BIN) for name in schema.column_names if name.endswith(BIN)}
    suffix = BIN if config.numbers in ("binned", "one-hot") else ""
    wanted = [name + suffix if name in numbers else name for name in config.features]
    kept = schema.select_by_name([name for name in wanted if name in schema.column_names])
    if not kept.select_by_tag(Tags.ITEM_ID).column_names:
        raise UsageError("the schema has no column tagged ITEM_ID; the workflow in workflows/sends tags it")
    return kept


def read_columns(schema: Schema, config: ModelConfig) -> list[str]:
    """What the model reads of a batch: its features, and of standardised numbers also the bins.

    A number that was not logged is 0, the mean, once standardised; its bin says that it was not.
    """
    selected = select_features(schema, config).column_names
    bins = [name + BIN for name in selected if name + BIN in schema.column_names]
    times = [ELAPSED_DAYS + BIN] if config.reads_time else []
    texts = [TEXT] if reads_texts(schema, config) else []
    return list(dict.fromkeys([*selected, *bins, *times, *texts]))


def reads_texts(schema: Schema, config: ModelConfig) -> bool:
    """Whether a model reads what was written of climbs: it is to, and something was."""
    return config.text != "none" and TEXT in schema.column_names


class PromptedTransformer(tr.Model, Network):
    """Transformers4Rec's model; `prompted` where there are attributes to prompt with.

    As in Thompson (2023): the climb alone is masked and its other features prompt it; climb and climber
    embeddings, region, grade, rating, elapsed days and whether there is a comment or beta are concatenated;
    a transformer of width 64 in 1 to 2 layers; softmax over all climbs; Adam with a warm-up to 1e-3 and a
    cosine down to 1e-4.

    What differs by default: causal pre-norm blocks (`recsys.model.prenorm`) with learned positions and a
    feed-forward layer four times as wide (there BERT's layers, fixed positions, and a dense layer as wide as
    the rest); every send of a window is a target (there the last alone); numbers in bins (there as they are);
    the output tied to the climbs' embeddings; training hides prompts, attributes, climbers and climbs by
    chance, so that the model also answers without a prompt and for new climbers (there nothing but the last
    climb is hidden); windows lie end to end, shorter ones padded, of a small log half of them backwards
    (`recsys.sequences.mirrored`; there windows are full, and only a climber with fewer than ten sends is
    padded); climbs' embeddings begin as counted (`recsys.baselines.pairs`); the epoch is chosen by the mean
    of prompted and unprompted MRR@20 (there by accuracy). The study's rows ``paper-*`` undo all of these but
    the tied output.
    """

    detector: Detector | None  # for rtd; a value here would hide the module

    def asking(self, length: int) -> Asking:
        """What the masking asks for."""
        inputs: Any = self.get_submodule("heads.0.body").inputs
        asking: Asking = inputs.masking.asking()
        return replace(asking, mirrored=self.task.config.direction == "both")

    @property
    def note(self) -> str:  # type: ignore[override]
        """Which loss was chosen by the size of the catalogue, where it is not the whole softmax."""
        return f"loss: {self.task.reason}" if self.task.sampled_by_size else ""

    def read_sends(self, sequences: Sequences, sends: Array) -> None:
        """Count the climbs' usual attributes among sends, int64 [n], for the output; take over texts."""
        self.read_counts(Counts.of(sequences, sends), sequences.texts)

    def read_counts(self, counts: Counts, texts: Texts | None) -> None:
        """`read_sends` of what was counted of them."""
        self.task.pre.read_counts(counts)
        inputs: Any = self.get_submodule("heads.0.body").inputs
        if inputs.texts is not None:
            assert texts is not None, "the schema says so"
            inputs.texts.read(texts.table)
            if self.task.pre.texts is not None:
                self.task.pre.texts.read(texts.of_climbs)

    def begin_climbs(self, vectors: Array) -> None:
        """Begin with these embeddings of the climbs, turned at random so that each seed has its own axes.

        Their mean length becomes `BEGUN`. A climb whose vector is next to zero, for it has no pairs, or those
        that are in no vector this wide, keeps the drawn one, of length 1.
        """
        given = torch.from_numpy(vectors).float()
        lengths = given.norm(dim=1)
        if not lengths.any():
            return
        known = lengths > LEAST * lengths[lengths > 0].mean()
        table = self.task.pre.table.weight
        turn = torch.nn.init.orthogonal_(torch.empty(table.shape[1], table.shape[1]))
        begun = given * (BEGUN / lengths[known].mean()) @ turn[: given.shape[1]]
        with torch.no_grad():
            table[FIRST_VALUE_ID:][known] = begun[known]

    @property
    def task(self) -> NextClimbTask:
        """The head's one task."""
        head: Any = self.get_submodule("heads.0")
        (task,) = head.prediction_task_dict.values()
        found: NextClimbTask = task
        return found

    def training_loss(self, batch: Batch) -> torch.Tensor:
        """Mean loss over the predicted positions of the batch; for rtd, with the weighted detection's."""
        predicted = self(dict(batch), training=True)
        loss: torch.Tensor = predicted["loss"]
        if self.detector is None:
            return loss
        body = self.get_submodule("heads.0.body")
        detection: torch.Tensor = self.detector(body, batch, predicted["predictions"])
        return loss + detection

    def next_scores(self, batch: Batch) -> torch.Tensor:
        """Scores of every climb for the last position of each window, [batch, n_items]."""
        body = self.get_submodule("heads.0.body")  # by itself: the head would work out the loss, too
        scores: torch.Tensor = self.task(body(dict(batch), training=False, testing=True))
        return scores[:, FIRST_VALUE_ID:]


def build_model(schema: Schema, config: ModelConfig) -> PromptedTransformer:
    """Build an untrained model.

    Parameters
    ----------
    schema:
        The workflow's schema: ITEM_ID, USER_ID, CATEGORICAL and CONTINUOUS tags and the ids' domains.
    config:
        Body, masking, features and sizes.
    """
    if config.reads_time and ELAPSED_DAYS + BIN not in schema.column_names:
        raise UsageError(
            "`positions` time and `time_bias` read dates, and these sends have none; leave them out"
        )
    config = config.packed
    selected = select_features(schema, config)
    dims = _widths(selected, config)
    kind = TwoStreamFeatures if config.streams == "two" else PromptedSequenceFeatures
    inputs = kind.from_schema(
        selected,
        max_sequence_length=config.length,
        aggregation=_aggregation(config),
        pretrained_embeddings_tags=None,
        continuous_soft_embeddings=config.numbers in ("soft", "periodic"),
        embedding_dims=dims,
        embeddings_initializers={
            # Rows of about unit length, whatever their dimension.
            name: torch.nn.init.eye_
            if config.numbers == "one-hot" and name.endswith(BIN)
            else functools.partial(torch.nn.init.normal_, std=1 / math.sqrt(dim))
            for name, dim in dims.items()
        },
        soft_embedding_dims=dims,
        soft_embedding_cardinalities=_soft_bins(schema, config),
        projection=Projection(token_width(config), config.dropout, config.networks),
        masking=_masking(config),
    )
    if config.numbers == "periodic":
        make_periodic(inputs, dims)
    if config.numbers == "one-hot":
        freeze(inputs, [name for name in selected.column_names if name.endswith(BIN)])
    texts = reads_texts(schema, config)
    inputs = inputs.prepare(config, int(schema[TEXT].int_domain.max) if texts else 0)
    body = tr.SequentialBlock(inputs, build_body(config, inputs.masking))
    to_climbs = ToClimbs(config.climb_dim, config.networks)
    sides = _sides(selected) if config.climb_features else {}
    task = NextClimbTask(config, sides, texts and config.text_output)
    model = PromptedTransformer(tr.Head(body, task, task_blocks=to_climbs, inputs=inputs))
    if config.straight and config.body == "prenorm":
        straighten(inputs, model.task.task_block)
    model.detector = Detector(config.d_model, config.rtd_weight) if config.masking == "rtd" else None
    model.prompted = any(name.removesuffix(BIN) in ATTRIBUTES for name in selected.column_names)
    return model


def item_embeddings(model: PromptedTransformer) -> Array:
    """What climbs are scored by, float32 [n_items, climb_dim], in the order of the scores."""
    return model.task.pre.vectors().detach().float().cpu().numpy()[FIRST_VALUE_ID:]


def _widths(selected: Schema, config: ModelConfig) -> dict[str, int]:
    """Each feature's dimension: its own where they are concatenated, the climb's where they are summed."""
    if config.aggregation == "sum":
        return dict.fromkeys(selected.column_names, config.climb_dim)
    dims = dict.fromkeys(selected.column_names, config.attribute_dim)
    if config.numbers == "one-hot":
        dims |= {each.name: int(each.int_domain.max) + 1 for each in selected if each.name.endswith(BIN)}
    dims |= dict.fromkeys(selected.select_by_tag(Tags.ITEM_ID).column_names, config.climb_dim)
    return dims | dict.fromkeys(selected.select_by_tag(Tags.USER_ID).column_names, config.climber_dim)


def _aggregation(config: ModelConfig) -> Any:
    """Upstream's concatenation or a sum, which is each network's own as it is."""
    if config.networks > 1 and config.aggregation == "concat":
        return PackedConcat(config.networks)
    return AGGREGATIONS[config.aggregation]


def _soft_bins(schema: Schema, config: ModelConfig) -> dict[str, int]:
    """Bins of each number's soft one-hot: as many as its bins that hold a value, unless a number is set."""
    numbers = [name for name in schema.column_names if name + BIN in schema.column_names]
    return {
        name: config.soft_bins or int(schema[name + BIN].int_domain.max) + 1 - FIRST_BIN for name in numbers
    }


def _sides(selected: Schema) -> dict[str, int]:
    """The attributes that describe a climb, name to number of ids, of those that the model reads."""
    categorical = selected.select_by_tag(Tags.CATEGORICAL)
    return side_sizes({each.name: int(each.int_domain.max) + 1 for each in categorical})


def _masking(config: ModelConfig) -> PromptMasking:
    name = "clm-days" if config.streams == "two" else config.masking
    return masking_registry.parse(f"prompt-{name}")(
        hidden_size=config.climb_dim,
        mlm_probability=config.mlm_probability,
        span_length=config.span_length,
    )
