"""From options and a file of settings to a run's configuration, with errors in the person's words."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import ValidationError

from recsys.cli.config_file import KEYS, SECTIONS, read_settings, wrong_setting
from recsys.columns import FEATURES
from recsys.config.run import RunConfig
from recsys.errors import UsageError
from recsys.runs import Run

if TYPE_CHECKING:
    from recsys.study.config import StudyConfig

_NAMES = tuple(key.rpartition(".")[2] for key in KEYS)
_OPTIONS = {"schema_name": "schema"}  # settings whose option has another name


def typed(context: typer.Context) -> dict[str, Any]:
    """The settings that the person typed as options, by their names; what was left out is not among them."""
    settings = {}
    for name in _NAMES:
        option = _OPTIONS.get(name, name)
        source: Any = context.get_parameter_source(option)
        if source is not None and source.name == "COMMANDLINE":
            settings[name] = context.params[option]
    return settings


def configure(options: Mapping[str, Any], file: Path | None = None) -> tuple[RunConfig, set[str]]:
    """The run's configuration: the options over the file's settings over the defaults.

    Returns
    -------
    The configuration, and the names of the settings that were given, typed or in the file.

    Raises
    ------
    UsageError
        An option is out of its range, or settings cannot work together.
    DataError
        The file cannot be read, or a setting of it is unknown, of the wrong type or out of its range.
    """
    settings = read_settings(file) if file else {section: {} for section in SECTIONS}
    for name, value in options.items():
        _holder(settings, name)[name] = _plain(name, value)
    try:
        config = RunConfig.model_validate_json(json.dumps(settings, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][1 if first["loc"][0] in SECTIONS else 0])
        if file and name not in options:
            raise wrong_setting(file, first) from None
        raise UsageError(f"{_option(name)} {first['input']}: {first['msg'].lower()}") from None
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None if file else error
    return config, {name for name in _NAMES if name in _holder(settings, name)}


def configure_study(
    run: Mapping[str, Any], training: Mapping[str, Any], study: Mapping[str, Any]
) -> StudyConfig:
    """A study's configuration; a value out of its range is a `UsageError`."""
    from recsys.study.config import StudyConfig

    try:
        return StudyConfig(
            run={name: _plain(name, value) for name, value in run.items()}, training=training, **study
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{_option(str(first['loc'][-1]))} {first['input']}: {first['msg'].lower()}"
        ) from None


def refuse_changes(folder: Path, config: RunConfig, given: Collection[str]) -> None:
    """Refuse settings that differ from those that the run in `folder` was started with."""
    if not (folder / "config.json").is_file():
        return
    started = Run(folder).config
    for name in sorted(given):
        old, new = (_comparable(name, _value(each, name)) for each in (started, config))
        if old != new:
            raise UsageError(
                f"{_option(name)} {_value(config, name)}: {folder} was started with {_value(started, name)}; "
                "leave the option out to resume, or choose another --output"
            )


def _section(name: str) -> str | None:
    return next((section for section, part in SECTIONS.items() if name in part.model_fields), None)


def _holder(settings: dict[str, Any], name: str) -> dict[str, Any]:
    """The table that a setting stands in."""
    section = _section(name)
    return settings[section] if section else settings


def _value(config: RunConfig, name: str) -> Any:
    section = _section(name)
    return getattr(getattr(config, section) if section else config, name)


def _option(name: str) -> str:
    return "--" + _OPTIONS.get(name, name).replace("_", "-")


def _plain(name: str, value: Any) -> Any:
    """An option's value as JSON has it."""
    if name == "features":
        names = str(value).replace(" ", "")
        return list(FEATURES) if names == "all" else names.split(",")
    return str(value) if isinstance(value, Path) else value


def _comparable(name: str, value: Any) -> Any:
    """A value as it is compared: the data's path from wherever it is called."""
    return Path(value).absolute() if name == "data" and value is not None else value
