"""What a study depends on: a frozen, serialisable configuration, kept as study.json beside its cells."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recsys.baselines.rows import ROWS, Row
from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig

MEASURED = 2  # to be raised when a cell measures something else, so that no older cell is taken for it


class Budget(BaseModel):
    """Training until it no longer helps, for the rows that matter.

    A row that is published, or that a claim rests on, is trained until its validation score has not grown
    for `patience` epochs; the others get the study's `training`, the same few epochs for all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[str, ...] = Field(
        ("paper-*", "sasrec", "gru4rec-1-ce", "bert4rec-*", "default"),
        description="names and patterns of the rows that are trained to the end",
    )
    epochs: int = Field(100, ge=1, le=10_000, description="epochs at the most, over which the rate falls")
    patience: int = Field(10, ge=1, description="epochs without a better validation score before stopping")

    def of(self, row: str) -> dict[str, int]:
        """The settings of training that a row gets over the study's; none where it is not among the rows."""
        if not any(fnmatch.fnmatch(row, pattern) for pattern in self.rows):
            return {}
        return {"epochs": self.epochs, "patience": self.patience}


class StudyConfig(BaseModel):
    """Data, rows, seeds and the budget that every row gets.

    Without a `budget` it is one for all: a row that is trained by gradient has `training.epochs` readings of
    the validation score to choose an epoch from, and a row that counts has its few published settings to
    choose from; nothing else is tuned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    run: RunConfig = Field(description="data, schema, filter and split; its seed draws the split alone")
    rows: tuple[str, ...] = Field(description="names of the rows, in the order of the tables")
    seeds: int = Field(5, ge=1, le=1000, description="seeds of the weights and the training, from 0")
    length: int = Field(10, ge=2, le=4096, description="sends in a window, the target included")
    training: TrainingConfig = Field(description="of every row that is trained by gradient")
    budget: Budget | None = Field(None, description="of rows that are trained to the end; none: no rows")
    reference: str = Field("item-knn", description="row that the others are compared with")
    training_cases: int = Field(2_000, ge=1, description="training sends that the training accuracy is of")
    paper: Literal["none", "bc", "world"] = Field("none", description="the paper's table to show beside")
    settings: Mapping[str, Mapping[str, float]] = Field({}, description="row to settings other than its own")

    def as_run(self, row: Row) -> RunConfig:
        """The run's configuration with the study's windows and the row's budget."""
        model = self.run.model.model_copy(update={"length": self.length})
        return self.run.model_copy(update={"model": model, "training": self.training_of(row)})

    def training_of(self, row: Row) -> TrainingConfig:
        """How a row is trained; what the row itself sets (`Row.training`) comes on top of it."""
        return self.training.model_copy(update=self.budget.of(row.name) if self.budget else {})

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
            "training": self.training_of(row).model_dump(),
            "training_cases": self.training_cases,
            "exclude_seen": self.run.exclude_seen,
        }
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
