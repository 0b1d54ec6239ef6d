"""From options to a run's configuration, with errors in the person's words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from recsys.errors import UsageError
from recsys.model.config import FEATURES
from recsys.runs import Run, RunConfig

if TYPE_CHECKING:
    from recsys.study.config import StudyConfig


def configure(
    given: Mapping[str, Any], run: Sequence[str], model: Sequence[str], training: Sequence[str]
) -> RunConfig:
    """The run's configuration from options by name; a value out of its range is a `UsageError`."""
    values = dict(given)
    values["data"] = str(values["data"]) if values.get("data") is not None else None
    if "features" in values:
        names = str(values["features"]).replace(" ", "")
        values["features"] = FEATURES if names == "all" else tuple(names.split(","))
    with _as_options():
        return RunConfig(
            **{name: values[name] for name in (*run, "schema_name") if name in values},
            model={name: values[name] for name in model if name in values},
            training={name: values[name] for name in training if name in values},
        )


def configure_study(
    run: Mapping[str, Any], training: Mapping[str, Any], study: Mapping[str, Any]
) -> StudyConfig:
    """A study's configuration; a value out of its range is a `UsageError`."""
    from recsys.study.config import StudyConfig

    data = str(run["data"]) if run.get("data") is not None else None
    with _as_options():
        return StudyConfig(run={**run, "data": data}, training=training, **study)


@contextlib.contextmanager
def _as_options() -> Iterator[None]:
    """Say which option a refused value was given with."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][-1]).replace("_", "-")
        raise UsageError(f"{option} {first['input']}: {first['msg'].lower()}") from None


def refuse_changes(
    folder: Path, config: RunConfig, typed: Sequence[str], model: Sequence[str], training: Sequence[str]
) -> None:
    """Refuse options that differ from those that the run in `folder` was started with."""
    if not (folder / "config.json").is_file():
        return
    started = Run(folder).config
    for name in typed:
        section = "model" if name in model else "training" if name in training else None
        old, new = ((getattr(c, section) if section else c) for c in (started, config))
        if _comparable(name, getattr(old, name)) != _comparable(name, getattr(new, name)):
            option = f"--{name.replace('_', '-')} {getattr(new, name)}"
            raise UsageError(
                f"{option}: {folder} was started with {getattr(old, name)}; leave the option out to resume, "
                "or choose another --output"
            )


def _comparable(name: str, value: Any) -> Any:
    """A value as it is compared: the data's path from wherever it is called."""
    return Path(value).absolute() if name == "data" and value is not None else value
