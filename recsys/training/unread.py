"""Settings that nothing would read, refused where a person gave them: not those of a run's own config.json.

`recsys.config.model` refuses what cannot work together; what stands here would change nothing. A budget that
is given to each row of a loop alike (`epochs`, `learning_rate`) is only said to be unread by one that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from recsys.baselines.rows import COUNTING
from recsys.columns import ATTRIBUTES, CLIMBER
from recsys.config.run import RunConfig
from recsys.config.settings import section_of, value_of
from recsys.config.training import TrainingConfig
from recsys.console import warn
from recsys.errors import UsageError

#: What reads a setting, in words, and whether a configuration has it.
Reader = tuple[str, Callable[[RunConfig], bool]]

_CLM: Final[Reader] = "`masking` clm", lambda config: config.model.masking == "clm"
_PRENORM: Final[Reader] = "`body` prenorm", lambda config: config.model.body == "prenorm"
_CONCAT: Final[Reader] = "`aggregation` concat", lambda config: config.model.aggregation == "concat"
_PROMPT: Final[Reader] = (
    "an attribute among the `features`",
    lambda config: not set(ATTRIBUTES).isdisjoint(config.model.features),
)
# Of the transformer.
READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "soft_bins": ("`numbers` soft", lambda config: config.model.numbers == "soft"),
        "climber_dim": _CONCAT,
        "attribute_dim": _CONCAT,
        "mlm_probability": (
            "`masking` mlm, rtd or plm",
            lambda config: config.model.masking in ("mlm", "rtd", "plm"),
        ),
        "span_length": ("`masking` span", lambda config: config.model.masking == "span"),
        "rtd_weight": ("`masking` rtd", lambda config: config.model.masking == "rtd"),
        "whole_windows": ("`masking` last", lambda config: config.model.masking == "last"),
        "whole_history": _CLM,
        "feed_forward": _PRENORM,
        "straight": _PRENORM,
        "negatives": (
            "a `loss` that draws climbs",
            lambda config: config.model.loss != "softmax" and config.model.masking != "rtd",
        ),
        "chunked": (
            "`loss` softmax, of another `masking` than rtd",
            lambda config: config.model.loss in ("auto", "softmax") and config.model.masking != "rtd",
        ),
        "label_smoothing": ("`loss` softmax", lambda config: config.model.loss in ("auto", "softmax")),
        "text_output": ("`text`", lambda config: config.model.text != "none"),
        "hide_climber": ("climber among the `features`", lambda config: CLIMBER in config.model.features),
        "hide_prompt": _PROMPT,
        "hide_attribute": _PROMPT,
        "criterion_prompting": _PROMPT,
    }
)
# Of the training, what a method that counts reads as well: by what it is chosen, and how sends are prepared.
_COUNTED: Final = ("validation_cases", "accelerator", "stream", "dask", "dask_memory")


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
    for name in sorted(given):
        if section_of(name) is None or value_of(config, name) == _default(config, name):
            continue
        value = value_of(config, name)
        if whole.method in COUNTING:
            if name in TrainingConfig.model_fields and name not in _COUNTED:
                warn(f"{name} {value} is of networks, and {whole.method} counts: not read")
        elif whole.trains_transformer and name in READERS:
            reader, reads = READERS[name]
            if not reads(whole):
                raise UsageError(f"`{name}` {value}: is read with {reader} alone; leave it out")


def _default(config: RunConfig, name: str) -> object:
    section = getattr(config, str(section_of(name)))
    return type(section).model_fields[name].default
