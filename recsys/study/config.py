"""What a study depends on: a frozen, serialisable configuration, kept as study.json beside its cells.

`configured` makes it from settings by name, each in the part that knows it.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from recsys.baselines.rows import ROWS, Row
from recsys.config.run import RunConfig
from recsys.config.settings import SPOKEN, checked
from recsys.config.training import TrainingConfig
from recsys.errors import UsageError

MEASURED: Final = 2  # to be raised when a cell measures something else, so that no older cell is taken for it
HOW: Final = {
    "nodes",
    "stream",
    "dask",
    "dask_memory",
    "onednn",
}  # where it is trained and prepared: of no cell
_LATER: Final = ("ema", "compile")  # settings that studies of before do not have
# The budget of a study, smaller than that of one run.
BUDGET: Final = {"epochs": 5, "learning_rate": 3e-3, "validation_cases": 3000}
# Of a run, and read by no cell: a row is a method alone, prepared in memory, here, on a schedule of its own.
UNREAD: Final = ("model", "ensemble", "nodes", "stream", "dask", "dask_memory", "final_learning_rate")
_PARTS: Final = ("run", "training", "facts")  # of the configuration, none of them a setting


class StudyConfig(BaseModel):
    """Data, rows, seeds and the budget that every row gets.

    The rows that are published, or that a claim rests on, are trained until their validation score no longer
    grows (`converge`); another that is trained by gradient has `training.epochs` readings of the score to
    choose an epoch from, and one that counts has its few published settings to choose from; nothing else is
    tuned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    run: RunConfig = Field(description="data, schema, filter and split; its seed draws the split alone")
    rows: tuple[str, ...] = Field(description="names of the rows, in the order of the tables")
    seeds: int = Field(5, ge=1, le=1000, description="seeds of the weights and the training, from 0")
    length: int = Field(10, ge=2, le=4096, description="sends in a window, the target included")
    training: TrainingConfig = Field(description="of every row that is trained by gradient")
    converge: str = Field(
        "paper-*,sasrec,gru4rec-1-ce,bert4rec-*,default",
        description="rows trained until validation no longer grows: names and patterns, comma-separated",
    )
    converge_epochs: int = Field(100, ge=1, le=10_000, description="most epochs of those rows")
    converge_patience: int = Field(10, ge=1, description="epochs without a better score before they stop")
    reference: str = Field("item-knn", description="row that the others are compared with")
    training_cases: int = Field(2_000, ge=1, description="training sends that the training accuracy is of")
    paper: Literal["none", "bc", "world"] = Field("none", description="the paper's table to show beside")
    settings: Mapping[str, Mapping[str, float]] = Field({}, description="row to settings other than its own")

    @field_validator("settings", mode="before")
    @classmethod
    def _spelt_alike(cls, given: Any) -> Any:
        """What a study.json from before all rows wrote `regularization` says."""
        if not isinstance(given, Mapping):
            return given
        old, new = "regularisation", "regularization"
        return {
            row: {new if name == old else name: value for name, value in own.items()}
            if isinstance(own, Mapping)
            else own
            for row, own in given.items()
        }

    def as_run(self, row: Row) -> RunConfig:
        """The run's configuration with the study's windows and the row's budget."""
        model = self.run.model.model_copy(update={"length": self.length})
        return self.run.model_copy(update={"model": model, "training": self.training_of(row)})

    def training_of(self, row: Row) -> TrainingConfig:
        """How a row is trained; what the row itself sets (`Row.training`) comes on top of it."""
        if not any(fnmatch.fnmatch(row.name, each.strip()) for each in self.converge.split(",")):
            return self.training
        longer = {"epochs": self.converge_epochs, "patience": self.converge_patience}
        return self.training.model_copy(update=longer)

    def row(self, name: str) -> Row:
        """A row with the settings that this study gives it."""
        row = ROWS[name]
        return replace(row, settings={**row.settings, **self.settings.get(name, {})})

    def _training_key(self, row: Row) -> dict[str, Any]:
        """The row's training; no average of the weights, and no compiling, go unsaid as before there were."""
        training = self.training_of(row)
        told = training.model_dump(exclude=HOW | {name for name in _LATER if not getattr(training, name)})
        # To the last bit as when each study wrote it: no finished cell is run again.
        last = training.final_learning_rate or training.learning_rate / 10
        return told | {"final_learning_rate": last} | dict(row.training)

    def key(self, row: Row, seed: int) -> str:
        """Name of the cell of a row and a seed: a hash of everything that it depends on but the data."""
        parts: dict[str, Any] = {
            "measured": MEASURED,
            **row.description,
            "seed": seed,
            "length": self.length,
            "training": self._training_key(row),
            "training_cases": self.training_cases,
            "exclude_seen": self.run.exclude_seen,
        }
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def configured(given: dict[str, Any], **own: Any) -> StudyConfig:
    """The study's configuration from settings by name, each in the part that knows it.

    Raises
    ------
    UsageError
        There is no such setting, a study does not read it, or it is out of its range.
    """
    for name in given:
        if name in UNREAD:
            raise UsageError(f"`{name}` is a setting of train.py that a study does not read; leave it out")
    named = {name: given[spoken] for name, spoken in SPOKEN.items() if spoken in given}
    values = {**BUDGET, **{k: v for k, v in given.items() if k not in SPOKEN.values()}, **named, **own}
    values.setdefault("patience", values["epochs"])
    parts: dict[type[BaseModel], dict[str, Any]] = {StudyConfig: {}, RunConfig: {}, TrainingConfig: {}}
    for name, value in values.items():
        holder = next((each for each in parts if name in each.model_fields), None)
        if holder is None or name in _PARTS:
            raise UsageError(f"there is no setting {name} of a study")
        parts[holder][name] = value
    run, training = checked(RunConfig, parts[RunConfig]), checked(TrainingConfig, parts[TrainingConfig])
    found: StudyConfig = checked(StudyConfig, {**parts[StudyConfig], "run": run, "training": training})
    return found
