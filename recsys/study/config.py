"""What a study depends on: a frozen, serialisable configuration, kept as study.json beside its cells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recsys.baselines.rows import ROWS, Row
from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig

MEASURED = 1  # to be raised when a cell measures something else, so that no older cell is taken for it


class StudyConfig(BaseModel):
    """Data, rows, seeds and the budget that every row gets.

    The budget is one for all: a row that is trained by gradient has `training.epochs` readings of the
    validation score to choose an epoch from, and a row that counts has its few published settings to choose
    from; nothing else is tuned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    run: RunConfig = Field(description="data, schema, filter and split; its seed draws the split alone")
    rows: tuple[str, ...] = Field(description="names of the rows, in the order of the tables")
    seeds: int = Field(5, ge=1, le=1000, description="seeds of the weights and the training, from 0")
    length: int = Field(10, ge=2, le=4096, description="sends in a window, the target included")
    training: TrainingConfig = Field(description="the same for every row that is trained by gradient")
    reference: str = Field("item-knn", description="row that the others are compared with")
    training_cases: int = Field(2_000, ge=1, description="training sends that the training accuracy is of")
    paper: Literal["none", "bc", "world"] = Field("none", description="the paper's table to show beside")
    settings: Mapping[str, Mapping[str, float]] = Field({}, description="row to settings other than its own")

    @property
    def as_run(self) -> RunConfig:
        """The run's configuration with the study's windows and budget: what a row is fitted with."""
        model = self.run.model.model_copy(update={"length": self.length})
        return self.run.model_copy(update={"model": model, "training": self.training})

    def row(self, name: str) -> Row:
        """A row with the settings that this study gives it."""
        row = ROWS[name]
        return replace(row, settings={**row.settings, **self.settings.get(name, {})})

    def key(self, row: Row, seed: int) -> str:
        """Name of the cell of a row and a seed: a hash of everything that it depends on but the data."""
        parts: dict[str, Any] = {
            "measured": MEASURED,
            **row.description,
            "seed": seed,
            "length": self.length,
            "training": self.training.model_dump(),
            "training_cases": self.training_cases,
            "exclude_seen": self.run.exclude_seen,
        }
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
