"""A model's weights in a run's folder: safetensors, which hold numbers and no code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from safetensors.torch import load_model, save_model

from recsys.config.model import ModelConfig
from recsys.files import atomic_path
from recsys.model.network import Network
from recsys.model.recommender import PromptedTransformer, build_model

if TYPE_CHECKING:
    from merlin.schema import Schema

WEIGHTS: Final = "model.safetensors"


def save_weights(model: Network, folder: Path) -> None:
    """Write the weights; tensors that modules share are written once."""
    with atomic_path(folder / WEIGHTS) as fresh:
        save_model(model, str(fresh))


def load_weights(folder: Path, schema: Schema, config: ModelConfig) -> PromptedTransformer:
    """The trained model of a folder, on the CPU, in evaluation mode."""
    model = build_model(schema, config)
    load_model(model, str(folder / WEIGHTS))
    return model.eval()
