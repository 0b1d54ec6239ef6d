"""How a model is trained: a frozen, serialisable configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainingConfig(BaseModel):
    """Optimiser, schedule and device."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int = Field(30, ge=1, description="epochs at the most")
    patience: int = Field(10, ge=1, description="epochs without a better validation score before stopping")
    batch_size: int = Field(128, ge=1, description="windows in a batch")
    learning_rate: float = Field(1e-3, gt=0, description="highest learning rate of Adam")
    final_learning_rate: float = Field(1e-4, gt=0, description="learning rate at the end of the cosine")
    warmup: float = Field(0.02, ge=0, le=1, description="share of the steps in which the rate grows")
    clip: float = Field(1.0, gt=0, description="largest norm of a gradient")
    windows: float = Field(1.0, gt=0, le=1, description="share of all windows that an epoch draws")
    validation_cases: int = Field(10_000, ge=1, description="validation cases scored after an epoch, at most")
    accelerator: Literal["auto", "cpu", "gpu"] = Field("auto", description="where to train")
    devices: int = Field(1, ge=1, description="number of devices")
    precision: Literal["auto", "32", "bf16"] = Field("auto", description="auto: bf16 on a GPU, 32 on a CPU")
