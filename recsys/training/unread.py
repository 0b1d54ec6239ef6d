"""Settings that nothing would read, told where a person gave them: not those of a run's own config.json.

`recsys.config.model` refuses what cannot work together; what stands here would change nothing, and is refused
as well. A budget that is given to each row of a loop alike (`epochs`, `learning_rate`) is only said to be
unread by one that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from recsys.baselines.rows import COUNTING
from recsys.columns import ATTRIBUTES, CLIMBER
from recsys.config.model import ModelConfig
from recsys.config.run import RunConfig
from recsys.config.settings import value_of
from recsys.config.training import TrainingConfig
from recsys.console import warn
from recsys.errors import UsageError


@dataclass(frozen=True)
class Reader:
    """What alone reads a setting.

    Attributes
    ----------
    words:
        What follows "is read".
    has:
        Whether a configuration has it.
    refuses:
        Whether a setting that is not read is an error, and not a warning.
    """

    words: str
    has: Callable[[RunConfig], bool]
    refuses: bool = True


def _with(words: str, has: Callable[[ModelConfig], bool]) -> Reader:
    """A choice of the transformer's; another network that reads the setting reads it always."""
    return Reader(f"with {words}", lambda config: not config.trains_transformer or has(config.model))


_MAIN: Final = Reader("by the main transformer", lambda config: config.trains_transformer)
_NETWORK: Final = Reader("by networks", lambda config: config.method not in COUNTING, refuses=False)
_CLM: Final = _with("`masking` clm", lambda model: model.masking == "clm")
_PRENORM: Final = _with("`body` prenorm", lambda model: model.body == "prenorm")
_CONCAT: Final = _with("`aggregation` concat", lambda model: model.aggregation == "concat")
_PROMPT: Final = _with(
    "an attribute among the `features`", lambda model: not set(ATTRIBUTES).isdisjoint(model.features)
)
_CHOICES: Final[Mapping[str, Reader]] = {
    "soft_bins": _with("`numbers` soft", lambda model: model.numbers == "soft"),
    "climber_dim": _CONCAT,
    "attribute_dim": _CONCAT,
    "mlm_probability": _with(
        "`masking` mlm, rtd or plm", lambda model: model.masking in ("mlm", "rtd", "plm")
    ),
    "span_length": _with("`masking` span", lambda model: model.masking == "span"),
    "rtd_weight": _with("`masking` rtd", lambda model: model.masking == "rtd"),
    "compile": _MAIN,
    "whole_windows": _with("`masking` last", lambda model: model.masking == "last"),
    "whole_history": _CLM,
    "feed_forward": _PRENORM,
    "straight": _PRENORM,
    "negatives": _with(
        "a `loss` that draws climbs", lambda model: model.loss != "softmax" and model.masking != "rtd"
    ),
    "chunked": _with(
        "`loss` softmax, of another `masking` than rtd",
        lambda model: model.loss in ("auto", "softmax") and model.masking != "rtd",
    ),
    "label_smoothing": _with("`loss` softmax", lambda model: model.loss in ("auto", "softmax")),
    "text_output": _with("`text`", lambda model: model.text != "none"),
    "hide_climber": _with("climber among the `features`", lambda model: CLIMBER in model.features),
    "hide_prompt": _PROMPT,
    "hide_attribute": _PROMPT,
    "criterion_prompting": _PROMPT,
}
# What every method reads: the length of a history, by what one is chosen, and how sends are prepared.
_BY_ALL: Final = ("length", "validation_cases", "accelerator", "stream", "dask", "dask_memory")
#: Each setting with all that has to be there for it to be read, the widest first.
READERS: Final[Mapping[str, tuple[Reader, ...]]] = MappingProxyType(
    {
        name: (widest, *filter(None, [_CHOICES.get(name)]))
        for part, widest in ((ModelConfig, _MAIN), (TrainingConfig, _NETWORK))
        for name in part.model_fields
        if name not in _BY_ALL
    }
)


def refuse_unread(config: RunConfig, given: Collection[str], of: RunConfig | None = None) -> None:
    """One line where a setting was given, other than its default, that nothing reads: an error, or a warning.

    Parameters
    ----------
    config:
        The settings, resolved (`recsys.training.resolve`).
    given:
        Names of those that a person gave: no row's, and none of a run's own config.json.
    of:
        What decides who reads them, where a run goes on that has its own.
    """
    whole = of or config
    default = RunConfig()
    for name in sorted(READERS.keys() & given):
        value = value_of(config, name)
        lacked = next((reader for reader in READERS[name] if not reader.has(whole)), None)
        if lacked is None or value == value_of(default, name):
            continue
        other = "" if whole.trains_transformer else f", not by `model` {whole.method}"
        if lacked.refuses:
            raise UsageError(f"`{name}` {value}: is read {lacked.words} alone{other}; leave it out")
        warn(f"`{name}` {value}: is read {lacked.words} alone{other}")
