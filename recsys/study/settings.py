"""A study's configuration from settings by name, each in the part that knows it."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from recsys.config.run import RunConfig
from recsys.config.settings import SPOKEN, checked
from recsys.config.training import TrainingConfig
from recsys.errors import UsageError
from recsys.study.config import StudyConfig

# The budget of a study, smaller than that of one run.
BUDGET: Final = {"epochs": 5, "learning_rate": 3e-3, "validation_cases": 3000}


def configured(given: dict[str, Any], **own: Any) -> StudyConfig:
    """The study's configuration from settings by name, each in the part that knows it."""
    named = {name: given[spoken] for name, spoken in SPOKEN.items() if spoken in given}
    values = {**BUDGET, **{k: v for k, v in given.items() if k not in SPOKEN.values()}, **named, **own}
    values.setdefault("patience", values["epochs"])
    values["final_learning_rate"] = values["learning_rate"] / 10
    parts: dict[type[BaseModel], dict[str, Any]] = {StudyConfig: {}, RunConfig: {}, TrainingConfig: {}}
    for name, value in values.items():
        holder = next((each for each in parts if name in each.model_fields), None)
        if holder is None:
            raise UsageError(f"there is no setting {name} of a study")
        parts[holder][name] = value
    run, training = checked(RunConfig, parts[RunConfig]), checked(TrainingConfig, parts[TrainingConfig])
    found: StudyConfig = checked(StudyConfig, {**parts[StudyConfig], "run": run, "training": training})
    return found
