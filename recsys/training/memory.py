"""What a training takes of memory, compared with what there is before any of it is taken.

Counted is what is sure to be needed, so that nothing is refused that might fit: weights with what their
training keeps of each; of a step what layers keep of tokens, attention's mask, and scores of drawn climbs.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from recsys.config.model import ModelConfig
from recsys.config.training import TrainingConfig
from recsys.errors import UsageError

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.baselines.network_settings import NetworkSettings
    from recsys.config.run import RunConfig
    from recsys.model.network import Network

_DEFAULT: Final = ModelConfig()
# What makes a network's weights many, and by which power.
_SIZES: Final = {
    "d_model": 2, "layers": 1, "inner": 1, "networks": 1, "length": 1,
    "climb_dim": 1, "climber_dim": 1, "attribute_dim": 1,
}  # fmt: skip
_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # a container's
CARD: Final = "the card"
_FLOAT: Final = 4  # bytes
_HALF: Final = 2  # bytes, of what a layer keeps on a card
_OF_LAYER: Final = 12  # widths of a token that a layer keeps for its gradient, at the least


def check_weights(method: NetworkSettings, schema: Schema, config: RunConfig) -> None:
    """Refuse a network whose weights and their training take more than the machine or the card has.

    It is built without memory, on torch's device "meta".

    Raises
    ------
    UsageError
        It does not fit; the text names the setting that is furthest above its default.
    """
    with torch.device("meta"):
        network = method.alone().build(schema, config.model.length)
    size = sum(each.numel() * each.element_size() for each in network.parameters())
    # Weights, gradients, Adam's two moments, the running average; of several networks all, and their copy.
    kept = max(5 if config.training.ema else 4, 2 * method.networks)
    where, there = memory_of(config.training)
    if kept * size <= there:
        return
    name = _furthest(config.model, method)
    remedy = f"lower `{name}`" if name else "take fewer climbs and climbers (`min_sends`)"
    asked = f"`{name}` {getattr(config.model, name)}: " if name else ""
    raise UsageError(
        f"{asked}the network has {_bytes(size)} of weights, and training it takes {_bytes(kept * size)} with "
        f"their gradients and averages; {where} has {_bytes(there)}: {remedy}"
    )


def check_step(network: Network, length: int, rows: int, config: TrainingConfig) -> None:
    """Refuse batches of `rows` windows whose step takes more than the machine or the card has.

    Raises
    ------
    UsageError
        It does not fit; the text names what to lower.
    """
    from recsys.model.prompted_transformer import PromptedTransformer

    if not isinstance(network, PromptedTransformer):  # another's sizes are a row's own
        return
    model, sampler = network.task.config, network.task.objective.sampler
    where, there = memory_of(config)
    number = _HALF if where == CARD else _FLOAT
    two = model.streams == "two"
    tokens = 2 * length if two else length
    needed = {
        "length": rows * tokens * model.d_model * model.layers * _OF_LAYER * number
        # What may be attended to, as it is and as numbers; without two streams windows may need none.
        + (rows * tokens**2 * (1 + number) if two else 0),
        "negatives": rows * sampler.negatives * _FLOAT if sampler else 0,
    }
    whole = sum(needed.values())
    if whole <= there:
        return
    name = max(needed, key=lambda each: needed[each])
    raise UsageError(
        f"a step of {rows} windows of {length} sends takes {_bytes(whole)} at the least, and {where} has "
        f"{_bytes(there)}: lower `batch_size` or `{name}`"
    )


def memory_of(config: TrainingConfig) -> tuple[str, int]:
    """Where a training's arrays lie, in words, and the bytes that there are of it."""
    if config.accelerator != "cpu" and torch.cuda.is_available():
        return CARD, int(torch.cuda.get_device_properties(0).total_memory)
    return "this machine", machine_memory()


def machine_memory() -> int:
    """Bytes of memory that this process may have at the most: the machine's, or its container's limit."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in map(Path, _LIMITS):
        with contextlib.suppress(OSError, ValueError):  # there is none, or it is "max"
            found.append(int(path.read_text()))
    return min(found)


def _furthest(model: ModelConfig, method: NetworkSettings) -> str | None:
    """The setting that adds most to the weights of a method, against its default; None where none does."""
    read = _SIZES if hasattr(method, "config") else ("length",)
    default = {**_DEFAULT.model_dump(), "inner": 4 * _DEFAULT.d_model}
    times = {name: (getattr(model, name) / default[name]) ** _SIZES[name] for name in read}
    name = max(times, key=lambda each: times[each])
    return name if times[name] > 1 else None


def _bytes(size: float) -> str:
    """A size as a person says it."""
    return f"{size / 2**30:,.0f} GiB" if size >= 10 * 2**30 else f"{size / 2**30:.1f} GiB"
