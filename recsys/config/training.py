"""How a model is trained: a frozen, serialisable configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

RATE: Final = "learning_rate"
LAST_RATE: Final = "final_learning_rate"


def over(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Settings over others: a highest rate of its own does not end at the rate that goes with another's."""
    kept = {name: value for name, value in lower.items() if name != LAST_RATE or RATE not in upper}
    return {**kept, **upper}


class TrainingConfig(BaseModel):
    """Optimiser, schedule and device."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int = Field(20, ge=1, le=1_000_000, description="epochs at the most")
    patience: int = Field(5, ge=1, description="epochs without a better validation score before stopping")
    batch_size: int = Field(
        0, ge=0, le=1_048_576, description="windows in a batch; 0: 128, fewer where a log is small"
    )
    learning_rate: float = Field(3e-3, gt=0, description="highest learning rate of Adam")
    weight_decay: float = Field(0.0, ge=0, description="decay of the linear layers' weights (AdamW)")
    final_learning_rate: float | None = Field(
        None, gt=0, description="learning rate at the end of the cosine; left out: a tenth of the highest"
    )
    warmup: float = Field(0.02, ge=0, le=1, description="share of the steps in which the rate grows")
    ema: float = Field(
        2.0, ge=0, le=1000, description="epochs that the running average of the weights reaches back; 0: none"
    )
    clip: float = Field(1.0, gt=0, description="largest norm of a gradient")
    windows: float = Field(
        1.0, gt=0, le=100, description="prediction targets an epoch, as a multiple of the training sends"
    )
    whole_windows: bool = Field(
        False, description="draw only windows that are full, and each shorter history once (masking last)"
    )
    criterion: Literal["mrr@20", "ndcg@10", "recall@10", "accuracy"] = Field(
        "mrr@20", description="validation metric that chooses the epoch"
    )
    criterion_prompting: Literal["both", "prompted", "unprompted"] = Field(
        "both", description="how validation is asked for it; both: the mean, where the model takes prompts"
    )
    validation_cases: int = Field(
        10_000, ge=1, le=1_000_000_000, description="validation cases scored after an epoch, at most"
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field("auto", description="where to train")
    devices: int = Field(
        1, ge=1, le=1024, description="processes of each node, one a device (a batch is each one's)"
    )
    nodes: int = Field(
        1, ge=1, le=65_536, description="machines that train together, each started with torchrun"
    )
    precision: Literal["auto", "32", "bf16"] = Field("auto", description="auto: bf16 on a GPU, 32 on a CPU")
    onednn: bool = Field(
        True, description="on a CPU multiply by oneDNN where that is as exact: twice as fast on AMD's"
    )
    compile: bool = Field(
        False, description="the body through torch.compile: faster on a GPU, after a minute of compiling"
    )
    stream: int = Field(
        0, ge=0, description="parts of 250,000 sends in memory at a time, the others on disk; 0: all sends"
    )
    dask: str | None = Field(
        None, description="prepare on a Dask cluster: local:N workers here, or a scheduler's address"
    )
    dask_memory: str = Field("2GB", description="memory of each of the local Dask workers")

    @property
    def last_rate(self) -> float:
        """The learning rate at the end of the cosine."""
        own = self.final_learning_rate
        return float(f"{self.learning_rate / 10:.12g}") if own is None else own  # as it is written

    @property
    def out_of_core(self) -> bool:
        """Whether the sends are prepared a range of climbers at a time, never all in memory."""
        return bool(self.stream or self.dask)
