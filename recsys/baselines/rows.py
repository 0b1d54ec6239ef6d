"""Every row that a study knows: the methods that Thompson 2023 cites, its own models, and their ablation.

A row is a method and its settings; it is loaded when it is run, so listing the rows imports nothing heavy.
"""

from __future__ import annotations

import fnmatch
import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from recsys.columns import ATTRIBUTES, FEATURES
from recsys.config.run import BEFORE
from recsys.errors import UsageError

if TYPE_CHECKING:
    from recsys.baselines.counting import Method
    from recsys.baselines.network_settings import NetworkSettings

COUNTED: Final = "Counting and factorising"
NEURAL: Final = "Simpler networks"
ATTENTION: Final = "Published transformers"
OBJECTIVES: Final = "Bodies by objective"
PAPER: Final = "The paper's four"
OWN: Final = "The paper's four, our way"
ALONE: Final = "One feature alone"
LEFT_OUT: Final = "One feature left out"
INPUTS: Final = "How features enter"
TIME: Final = "Elapsed time, on the default model"
LOSSES: Final = "Losses of the transformer"
CHANGED: Final = "One change to the default model"

TRANSFORMER: Final = "recsys.baselines.transformer:Transformer"
# The paper's body and objective, and an output of embeddings alone: what a row does not say is this.
_PAPER: Final = {"body": "bert", "masking": "last", "climb_features": False, "direction": "auto"}
# What the default model leaves to the data.
_BY_DATA: Final = {"streams": "auto", "positions": "auto", "networks": 0, "direction": "auto"}


@dataclass(frozen=True)
class Row:
    """A method with its settings.

    Attributes
    ----------
    name, title, family:
        On the command line, in tables, and the group it stands in.
    source:
        Where the method was published.
    method:
        ``module:class`` of the settings, which are a `recsys.baselines.counting.Method` or a
        `recsys.baselines.network_settings.NetworkSettings`.
    settings:
        Arguments of the class; two rows that agree in method and settings share their cells.
    random:
        Whether a seed makes a difference; one seed is enough for a row where it does not.
    needs:
        Feature without which the row says nothing, or none.
    training:
        Settings of `recsys.config.training.TrainingConfig` that belong to the method, over the study's.
    """

    name: str
    title: str
    family: str
    source: str
    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    random: bool = True
    needs: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)

    @property
    def description(self) -> dict[str, Any]:
        """What decides the outcome, beside the data, the budget and the seed: defaults as well."""
        method = self.load()
        settings: Any
        if self.method == TRANSFORMER:
            settings = method.config.model_dump(mode="json")  # type: ignore[union-attr]
            # What was so before it could be set goes unsaid: no finished cell of a study is run again.
            before = BEFORE["model"]
            settings = {name: value for name, value in settings.items() if value != before.get(name, ...)}
        else:
            settings = [asdict(each) for each in getattr(method, "GRID", (method,))]  # type: ignore[arg-type]
        return {"method": self.method, "settings": settings, "training": dict(self.training)}

    def load(self) -> Method | NetworkSettings:
        """The settings object that fits or builds the method."""
        module, name = self.method.split(":")
        made: Method | NetworkSettings = getattr(importlib.import_module(module), name)(**self.settings)
        return made


def _transformer(
    name: str, title: str, family: str, source: str = "Thompson 2023", needs: str = "", **settings: Any
) -> Row:
    return Row(name, title, family, source, TRANSFORMER, {**_PAPER, **settings}, needs=needs)


def _counted() -> Iterator[Row]:
    def row(name: str, title: str, source: str, method: str, random: bool = False) -> Row:
        return Row(name, title, COUNTED, source, f"recsys.baselines.{method}", random=random)

    yield row("random", "Random", "-", "random:Random", random=True)
    yield row("popularity", "Popularity", "-", "popularity:Popularity")
    yield row("recent-popularity", "Recent popularity", "Ji et al. 2020", "recent:RecentPopularity")
    yield row("prompted-popularity", "Popularity by prompt", "ours", "prompted:PromptedPopularity")
    yield row("item-knn", "Item-kNN", "Sarwar et al. 2001", "itemknn:ItemKNN")
    sequential = "Kamehkhosh et al. 2017"
    yield row("sequential-knn", "Sequential item-kNN", sequential, "sequentialknn:SequentialKNN")
    yield row("als", "Implicit ALS", "Hu et al. 2008", "als:ImplicitALS", random=True)
    yield row("ease", "EASE", "Steck 2019", "ease:EASE")


def _networks() -> Iterator[Row]:
    def row(name: str, title: str, source: str, method: str, **settings: Any) -> Row:
        return Row(name, title, NEURAL, source, f"recsys.baselines.{method}", settings)

    yield row("fpmc", "FPMC", "Rendle et al. 2010", "fpmc:FPMC")
    yield row("cbow", "CBOW", "Mikolov et al. 2013", "cbow:CBOW")
    losses = {
        "ce": ("softmax", "cross-entropy"),
        "top1": ("top1", "TOP1"),
        "bpr": ("bpr", "BPR"),
        "top1-max": ("top1-max", "TOP1-max"),
        "bpr-max": ("bpr-max", "BPR-max"),
    }
    for short, (loss, words) in losses.items():
        source = "Hidasi & Karatzoglou 2018" if loss.endswith("-max") else "Hidasi et al. 2015"
        for layers in (1, 2):
            name, title = f"gru4rec-{layers}-{short}", f"GRU4Rec, {layers} x 128, {words}"
            sampled = {} if loss == "softmax" else {"negatives": 256}
            yield row(name, title, source, "gru4rec:GRU4Rec", layers=layers, loss=loss, **sampled)


def _attention() -> Iterator[Row]:
    def row(name: str, title: str, source: str, method: str, **settings: Any) -> Row:
        return Row(name, title, ATTENTION, source, f"recsys.baselines.{method}", settings)

    yield row("sasrec", "SASRec", "Kang & McAuley 2018", "sasrec:SASRec")
    yield row("sse-pt", "SSE-PT", "Wu et al. 2020", "sse_pt:SSEPT")
    for positions in ("fixed", "learned"):
        title = f"BERT4Rec, {positions} positions"
        yield row(f"bert4rec-{positions}", title, "Sun et al. 2019", "bert4rec:BERT4Rec", positions=positions)
    yield row("bst", "BST", "Chen et al. 2019", "bst:BST")


def _objectives() -> Iterator[Row]:
    bodies = {
        "last": ("bert", "xlnet", "gpt2", "electra", "albert", "prenorm"),
        "mlm": ("bert", "xlnet", "electra", "albert", "prenorm"),
        "rtd": ("bert", "xlnet", "electra", "albert", "prenorm"),
        "clm": ("xlnet", "gpt2", "prenorm"),
        "plm": ("xlnet",),
    }
    names = {"bert": "BERT", "xlnet": "XLNet", "gpt2": "GPT-2", "electra": "ELECTRA", "albert": "ALBERT"}
    names["prenorm"] = "Pre-norm"
    for masking, can in bodies.items():
        source = "Thompson 2023" if masking == "last" else "de Souza Pereira Moreira et al. 2021"
        for body in can:
            title = f"{names[body]}, {masking if masking == 'last' else masking.upper()}"
            yield _transformer(f"{body}-{masking}", title, OBJECTIVES, source, body=body, masking=masking)
    yield Row("default", "the default model", OBJECTIVES, "ours", TRANSFORMER, _BY_DATA)


# Thompson 2023 as far as it is told: fixed positions, a dense layer as wide as the rest, numbers as they are,
# nothing hidden but the last climb, logbooks read forwards, and no embedding counted beforehand.
_AS_PUBLISHED: Final[dict[str, Any]] = {
    "positions": "sinusoidal", "inner": 64, "numbers": "continuous",
    "hide_prompt": 0.0, "hide_attribute": 0.0, "hide_climber": 0.0, "hide_climb": 0.0,
    "direction": "forward", "pretrained": False,
}  # fmt: skip
_TRAINED_AS_PUBLISHED: Final[dict[str, Any]] = {
    "learning_rate": 1e-3, "final_learning_rate": 1e-4, "whole_windows": True, "criterion": "accuracy",
    "criterion_prompting": "prompted",
}  # fmt: skip


def _paper() -> Iterator[Row]:
    four = (
        ("climbs", "climb embeddings", ("climb",)),
        ("features", "and other features", ("climb", *ATTRIBUTES)),
        ("all", "and climber embeddings", FEATURES),
        ("climber", "climber embeddings, no other features", ("climb", "climber")),
    )
    for name, title, features in four:
        row = _transformer(f"paper-{name}", title, PAPER, features=features, **_AS_PUBLISHED)
        yield replace(row, training=_TRAINED_AS_PUBLISHED)
    for name, title, features in four:
        yield _transformer(f"own-{name}", title, OWN, features=features)


def _features() -> Iterator[Row]:
    def row(name: str, title: str, family: str, features: Sequence[str], needs: str = "") -> Row:
        kept = tuple(f for f in FEATURES if f in features)
        return _transformer(name, title, family, needs=needs, features=kept)

    for name in ATTRIBUTES:
        words = name.replace("_", " ")
        yield row(f"only-{name.replace('_', '-')}", f"climbs and {words}", ALONE, ("climb", name), needs=name)
    for name in ATTRIBUTES:
        words = name.replace("_", " ")
        rest = [f for f in FEATURES if f != name]
        yield row(f"without-{name.replace('_', '-')}", f"all but {words}", LEFT_OUT, rest, needs=name)
    yield _transformer("concat", "features concatenated", INPUTS)
    yield _transformer("sum", "features summed", INPUTS, aggregation="sum")
    yield _transformer("numbers-binned", "numbers in bins", INPUTS)
    yield _transformer("numbers-continuous", "numbers as they are", INPUTS, numbers="continuous")
    yield _transformer("numbers-soft", "numbers as soft one-hot", INPUTS, numbers="soft")
    yield _transformer("numbers-one-hot", "numbers as one-hot bins", INPUTS, numbers="one-hot")
    periodic = "Gorishniy et al. 2022"
    yield _transformer(
        "numbers-periodic", "numbers as sines and cosines", INPUTS, periodic, numbers="periodic"
    )


def _times() -> Iterator[Row]:
    def row(name: str, title: str, source: str, **settings: Any) -> Row:
        own = {"streams": "auto", **settings}
        return Row(name, title, TIME, source, TRANSFORMER, own, needs="elapsed_days")

    hstu = "Zhai et al. 2024; Ye et al. 2025"
    yield row("positions-learned", "positions by order, learned", "ours")
    yield row("positions-rotary", "positions by order, rotary", "Su et al. 2021", positions="rotary")
    yield row("positions-time", "positions by order and by days, rotary", "ours", positions="time")
    yield row("positions-time-alone", "positions by days alone, rotary", "ours", positions="time-alone")
    yield row("time-bias", "attention biased by days between sends", hstu, time_bias=True)
    yield row("positions-time-bias", "both", hstu, positions="time", time_bias=True)


def _losses() -> Iterator[Row]:
    sampled = "Bengio & Senecal 2008"
    yield _transformer("loss-softmax", "softmax cross-entropy", LOSSES)
    yield _transformer("loss-sampled", "sampled softmax, logQ", LOSSES, sampled, loss="sampled-softmax")
    yield _transformer("loss-bpr-max", "BPR-max", LOSSES, "Hidasi & Karatzoglou 2018", loss="bpr-max")
    yield _transformer("loss-gbce", "gBCE", LOSSES, "Petrov & Macdonald 2023", loss="gbce")


def _changed() -> Iterator[Row]:
    def row(name: str, title: str, source: str = "ours", **settings: Any) -> Row:
        return Row(f"default-{name}", title, CHANGED, source, TRANSFORMER, {**_BY_DATA, **settings})

    nobody = tuple(name for name in FEATURES if name != "climber")
    yield row("no-hiding", "training hides no prompt", hide_prompt=0.0, hide_attribute=0.0)
    yield row("no-climber", "no embedding of climbers", features=nobody)
    yield row("known-climber", "training hides no climber", hide_climber=0.0)
    yield row("forward", "logbooks read forward alone", direction="forward")
    yield row("drawn", "climbs' embeddings begin at random", pretrained=False)
    yield row("forward-drawn", "both of these", direction="forward", pretrained=False)
    yield row("swap-climb", "a tenth of the climbs swapped", "Wu et al. 2019", swap_climb=0.1)
    yield row("plain-output", "climbs scored by their embeddings alone", climb_features=False)
    yield row("one-stream", "one token a send, in an order", streams="one")
    yield row("ligr", "gated layers", "Borisyuk et al. 2025", feed_forward="ligr")
    yield row("smoothing", "a tenth of a target spread out", "Szegedy et al. 2016", label_smoothing=0.1)
    alone = row("no-average", "no average of the weights", "Polyak & Juditsky 1992")
    yield replace(alone, training={"ema": 0.0})


ROWS: Final[Mapping[str, Row]] = MappingProxyType(
    {
        row.name: row
        for part in (
            _counted,
            _networks,
            _attention,
            _paper,
            _features,
            _times,
            _objectives,
            _losses,
            _changed,
        )
        for row in part()
    }
)
ALIASES: Final = {"gru4rec": "gru4rec-1-ce", "bert4rec": "bert4rec-learned"}
"""The usual settings of methods that have several rows, by the method's name."""
COUNTING: Final = frozenset(row.name for row in ROWS.values() if row.family == COUNTED)
FAMILIES: Final = tuple(dict.fromkeys(row.family for row in ROWS.values()))


def row_named(name: str) -> Row | None:
    """The row of a name or of an alias; None where there is none."""
    return ROWS.get(ALIASES.get(name, name))


def select(names: str) -> tuple[Row, ...]:
    """The rows that a comma-separated list of names and patterns asks for, in the order of `ROWS`.

    Parameters
    ----------
    names:
        ``all``, or names, `ALIASES` too, and shell patterns: ``item-knn,paper-*,gru4rec-?-ce``.

    Raises
    ------
    UsageError
        A name or pattern that fits no row.
    """
    patterns = [part.strip() for part in names.split(",") if part.strip()]
    chosen: set[str] = set()
    for pattern in ["*" if part == "all" else part for part in patterns]:
        found = fnmatch.filter(ROWS, ALIASES.get(pattern, pattern))
        if not found:
            raise UsageError(f"`rows`: no row is called {pattern!r}; recsys study --list-rows prints them")
        chosen.update(found)
    if not chosen:
        raise UsageError("`rows` names no row; recsys study --list-rows prints them")
    return tuple(row for row in ROWS.values() if row.name in chosen)
