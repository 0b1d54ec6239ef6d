"""What a run depends on: a frozen, serialisable configuration, kept as config.json in the run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recsys.config.bad_rows import WHAT, BadRows
from recsys.config.model import ModelConfig
from recsys.config.training import TrainingConfig
from recsys.errors import UsageError

TRANSFORMER: Final = "transformer"
TABLES: Final = "CSV, Parquet, JSON or Excel, packed or not, or a folder of them"  # that are read
RAW_SENDS: Final = f"raw sends: {TABLES}"
BY_SIZE: Final = "auto"  # an ensemble that the log's size decides (`recsys.training.settle`)
SplitName = Literal["climber", "temporal", "leave-one-out"]
DayOrder = Literal["set", "file", "seeded"]
# What earlier versions did where a setting came later, whatever the default is now.
BEFORE: Final[Mapping[str, Mapping[str, Any]]] = {
    "model": {"text_output": False, "direction": "forward", "pretrained": False},
    "training": {"ema": 0.0},
}
_GONE: Final = frozenset({"whole_days"})  # settings that changed nothing of what a trained model answers


def as_stored(values: Any) -> Any:
    """What a file of settings holds, with what the version did that wrote it."""
    if not isinstance(values, dict):
        return values
    told = {part: values[part] for part in BEFORE if isinstance(values.get(part), dict)}
    kept = {part: {name: own[name] for name in own.keys() - _GONE} for part, own in told.items()}
    return {**values, **{part: {**BEFORE[part], **own} for part, own in kept.items()}}


class RunConfig(BaseModel):
    """All that a run depends on; ``data`` is a path, or None for the simulated BC logbooks."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    data: str | None = Field(None, description=f"{RAW_SENDS} (default: the simulated BC logbooks)")
    schema_name: str | None = Field(
        None, description="how the data's columns map: a name or a TOML (default: by its columns)"
    )
    split: SplitName = Field("climber", description="what is held out")
    validation_climbers: int | None = Field(
        None,
        ge=1,
        description="of leave-one-out: how many climbers, drawn by seed, have a validation; the last send "
        "but one of the others is trained on (default: all)",
    )
    min_sends: int = Field(5, ge=1, description="fewest sends of a climb and of a climber that are kept")
    min_sends_of: Literal["all", "train"] = Field(
        "all", description="the sends that min_sends counts: all of them, or those of training alone"
    )
    day: DayOrder = Field(
        "set",
        description="sends of one date that nothing orders: a set, in the file's order, or by seed",
    )
    bad_rows: BadRows = Field("fail", description=WHAT)
    exclude_seen: bool = Field(
        True,
        description="whether climbs already sent are left out of the ranking",
        json_schema_extra={"off": "--include-seen"},
    )
    method: str = Field(
        TRANSFORMER, description="what is trained: transformer, or a row that recsys study --list-rows prints"
    )
    ensemble: str | None = Field(
        None,
        description="a counting method whose scores join the network's: ease, item-knn, ... or none; of "
        "several, with commas, the one that validation prefers; where nothing is said, the default model of "
        "a small log is joined with ease (of many climbs item-knn) or sequential-knn",
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of the split, the weights and the training")
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    facts: dict[str, Any] = Field(default_factory=dict, description="what was found on reading the data")

    @field_validator("ensemble")
    @classmethod
    def _each_once(cls, ensemble: str | None) -> str | None:
        """Partners without blanks, each once, so that a list is one however it is written."""
        if ensemble is None:
            return None
        return ",".join(dict.fromkeys(each.strip() for each in ensemble.split(",") if each.strip()))

    @model_validator(mode="after")
    def _of_leave_one_out(self) -> RunConfig:
        if self.validation_climbers is not None and self.split != "leave-one-out":
            raise UsageError(
                f"`validation_climbers` is for `split` leave-one-out, and not {self.split}: "
                "leave one of them out"
            )
        return self

    @property
    def label(self) -> str:
        """What is trained, in a word that a folder can have for its name."""
        name = f"{self.model.masking}-{self.model.body}" if self.trains_transformer else self.method
        joined = "-or-".join(self.partners)
        return str(self.facts.get("row", name)) + (f"-{joined}" if joined else "")

    @property
    def partners(self) -> tuple[str, ...]:
        """The counting methods of which one joins the network; none where that is not decided yet."""
        return () if not self.ensemble or self.ensemble == BY_SIZE else tuple(self.ensemble.split(","))

    @property
    def trains_transformer(self) -> bool:
        """Whether the main model is trained, and not another row of the study."""
        return self.method == TRANSFORMER
