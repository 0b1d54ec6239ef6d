"""The prompted transformer as one of the study's networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys.baselines.network_settings import NetworkSettings
from recsys.columns import ATTRIBUTES
from recsys.config.model import ModelConfig

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.model.prompted_transformer import PromptedTransformer


class Transformer(NetworkSettings):
    """Settings of `recsys.config.model.ModelConfig`, the window's length left to the study."""

    sequential = True

    def __init__(self, **settings: Any) -> None:
        self.config = ModelConfig(**settings)
        self.prompted = any(name in ATTRIBUTES for name in self.config.features)  # type: ignore[misc]

    @property
    def networks(self) -> int:
        """Networks side by side."""
        return self.config.networks

    @property
    def pretrained(self) -> int:
        """Width of a climb's embedding, where it begins as counted."""
        return self.config.climb_dim if self.config.pretrained else 0

    def alone(self) -> Transformer:
        """The settings of one of its networks."""
        return Transformer(**{**self.config.model_dump(), "networks": 1})

    def build(self, schema: Schema, length: int) -> PromptedTransformer:
        """An untrained model for windows of `length` sends."""
        from recsys.model.prompted_transformer import build_model

        return build_model(schema, self.config.model_copy(update={"length": length}))
