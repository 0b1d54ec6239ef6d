"""What a name of ``model`` means: the transformer, a row of the study that is a setting of it, or another."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from recsys.baselines.rows import COUNTING, ROWS, TRANSFORMER, Row, row_named
from recsys.config.file import read_settings, written_in
from recsys.config.model import ModelConfig
from recsys.config.run import BY_SIZE, RunConfig
from recsys.config.run import TRANSFORMER as MAIN
from recsys.config.settings import configure
from recsys.config.training import TrainingConfig, over
from recsys.errors import UsageError
from recsys.training.settle import LEFT, NO_PARTNER

ROW: Final = "row"  # in the facts: the row by whose name a transformer was asked for
Section = TypeVar("Section", ModelConfig, TrainingConfig)
_DEFAULT: Final = ModelConfig()
# To the data: of the default objective and body, and of any.
_LEFT: Final = {"positions": "auto", "streams": "auto", "networks": LEFT}
_ALWAYS_LEFT: Final = {"direction": "auto"}


def configured(given: Mapping[str, Any], file: Path | None = None) -> tuple[RunConfig, set[str]]:
    """`recsys.config.settings.configure`, resolved: a row's settings lie under those given.

    Returns
    -------
    The configuration, and the settings that were given, those of the row among them.

    Raises
    ------
    UsageError, DataError
        As `configure` and `resolve`.
    """
    plain = read_settings(file) if file else {}
    name = str(given.get("model", given.get("method", plain.get("method", MAIN))))
    row = row_named(name)
    if row is None or row.method != TRANSFORMER:
        config, names = resolve(*configure(given, file))
        return _left_to_data(config, {*given, *plain, *plain.get("model", {})}), names
    written = {**plain, **plain.get("model", {}), **plain.get("training", {}), **given}
    own = over({**row.settings, **row.training}, written)
    under = {name: value for name, value in own.items() if name not in written}
    config, names = configure({**under, **given, "model": MAIN}, file)
    return resolve(config.model_copy(update={"facts": {**config.facts, ROW: row.name}}), names)


def given_by(given: Mapping[str, Any], file: Path | None = None) -> set[str]:
    """The names of the settings that a person gave, here or in a file: of no row, and no run's own file."""
    return {*given, *written_in(file)}


def _left_to_data(config: RunConfig, spoken: Collection[str]) -> RunConfig:
    """What was not spoken of and depends on the data, marked so that `recsys.training.settle` decides it."""
    if not config.trains_transformer:
        return config
    if "ensemble" not in spoken:
        config = config.model_copy(update={"ensemble": BY_SIZE})
    may = _ALWAYS_LEFT | (_LEFT if _is_default(config.model) else {})
    left = {name: value for name, value in may.items() if name not in spoken}
    return config.model_copy(update={"model": config.model.model_copy(update=left)})


def _is_default(model: ModelConfig) -> bool:
    return (model.body, model.masking) == (_DEFAULT.body, _DEFAULT.masking)


def resolve(config: RunConfig, names: Collection[str] = ()) -> tuple[RunConfig, set[str]]:
    """A row by its name becomes what is trained.

    A row that is a setting of the main transformer becomes that setting (what was set otherwise than by
    default goes before it), and its name is kept in the facts. Resolving again changes nothing.

    Parameters
    ----------
    config:
        With any name as its method.
    names:
        The settings that were given.

    Returns
    -------
    The configuration, and the settings that were given, those of the row among them.

    Raises
    ------
    UsageError
        There is no such row, or settings cannot work together.
    """
    if config.ensemble == NO_PARTNER:
        config = config.model_copy(update={"ensemble": None})
    elif config.ensemble not in (None, BY_SIZE):
        _check_partner(config)
    if config.trains_transformer:
        return config, set(names)
    row = find(config.method, "model")
    if row.method == TRANSFORMER:
        changes = {
            "method": MAIN,
            "model": _under(row.settings, config.model),
            "training": _under(row.training, config.training),
            "facts": {**config.facts, ROW: row.name},
        }
        return config.model_copy(update=changes), {*names, *row.settings, *row.training}
    own = {"method": row.name, "training": _under(row.training, config.training)}
    return config.model_copy(update=own), set(names)


def _under(settings: Mapping[str, Any], section: Section) -> Section:
    """A section with a row's settings under those that differ from the defaults."""
    set_apart = {
        name: getattr(section, name)
        for name, field in type(section).model_fields.items()
        if getattr(section, name) != field.default
    }
    return type(section)(**over(settings, set_apart))


def find(name: str, setting: str) -> Row:
    """The row of a name or an alias, or a `UsageError` with the nearest names."""
    row = row_named(name)
    if row is not None:
        return row
    near = difflib.get_close_matches(name, [MAIN, *ROWS], n=3, cutoff=0.5)
    hint = f"the nearest: {', '.join(near)}" if near else "recsys study --list-rows prints them"
    raise UsageError(f"`{setting}` {name}: no row has this name; {hint}")


def _check_partner(config: RunConfig) -> None:
    for partner in config.partners:
        if partner not in COUNTING:
            find(partner, "ensemble")
            raise UsageError(
                f"`ensemble` {partner} is no counting method; there are "
                f"{', '.join(each for each in ROWS if each in COUNTING)}"
            )
    if not config.partners:
        raise UsageError("`ensemble` names no counting method; `none` is for a network alone")
    if config.method in COUNTING:
        raise UsageError(
            f"`ensemble` joins a network and a counting method, and `model` {config.method} counts; "
            "leave one of them out"
        )
