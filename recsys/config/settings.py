"""Settings by their names, from whoever gives them: typed options, arguments of the API, a file.

A name is enough, for no two sections have one in common: ``epochs`` is the training's, ``masking`` the
model's, ``split`` the run's own.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from recsys.columns import FEATURES
from recsys.config.file import KEYS, SECTIONS, read_settings, wrong_setting
from recsys.config.run import RunConfig
from recsys.errors import UsageError

NAMES: Final = tuple(key.rpartition(".")[2] for key in KEYS)
# A field whose name is taken elsewhere (pydantic's `schema`, the section `model`) is given by another one.
SPOKEN: Final = {"schema_name": "schema", "method": "model"}
_FIELDS: Final = {spoken: name for name, spoken in SPOKEN.items()}


def fields(*models: type[BaseModel]) -> dict[str, FieldInfo]:
    """The settings of these configurations by the names they are given by, without sections and facts."""
    return {
        SPOKEN.get(name, name): field
        for model in models
        for name, field in model.model_fields.items()
        if name not in (*SECTIONS, "facts")
    }


def configure(settings: Mapping[str, Any], file: Path | None = None) -> tuple[RunConfig, set[str]]:
    """The run's configuration: the settings given over the file's over the defaults.

    Parameters
    ----------
    settings:
        Name to value: ``{"masking": "mlm", "epochs": 5}``.
    file:
        Settings in TOML or JSON (`recsys.config.file`).

    Returns
    -------
    The configuration, and the names of the settings that were given, here or in the file.

    Raises
    ------
    UsageError
        There is no such setting, it is out of its range, or settings cannot work together.
    DataError
        The file cannot be read, or a setting of it is unknown, of the wrong type or out of its range.
    """
    plain = read_settings(file) if file else {section: {} for section in SECTIONS}
    given = {_FIELDS.get(name, name): value for name, value in settings.items()}
    for name, value in given.items():
        if name not in NAMES:
            raise UsageError(f"there is no setting {name}; {_instead(name)}")
        _holder(plain, name)[name] = _plain(name, value)
    try:
        config = RunConfig.model_validate_json(json.dumps(plain, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][1 if first["loc"][0] in SECTIONS else 0])
        if file and name not in given:
            raise wrong_setting(file, first) from None
        raise _wrong(name, first) from None
    except UsageError as error:
        raise (error.of(file) if file else error) from None
    return config, {name for name in NAMES if name in _holder(plain, name)}


def checked(model: type[BaseModel], values: Mapping[str, Any]) -> Any:
    """A configuration of another kind from its values; one out of its range is a `UsageError`."""
    try:
        return model(**{name: _plain(name, value) for name, value in values.items()})
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(str(first["loc"][-1]), first) from None


def differing(old: RunConfig, new: RunConfig, names: set[str]) -> tuple[str, Any, Any] | None:
    """The first of the settings `names` that differs: the name it is given by, its old and its new value."""
    for name in sorted(names):
        before, after = value_of(old, name), value_of(new, name)
        if _comparable(name, before) != _comparable(name, after):
            return SPOKEN.get(name, name), before, after
    return None


def value_of(config: RunConfig, name: str) -> Any:
    """The value of a setting, whatever section it stands in."""
    section = section_of(name)
    return getattr(getattr(config, section) if section else config, name)


def section_of(name: str) -> str | None:
    """The section that a setting stands in, or None for the run's own."""
    return next((section for section, part in SECTIONS.items() if name in part.model_fields), None)


def _instead(name: str) -> str:
    """The settings that were meant, for one that there is not."""
    known = [SPOKEN.get(each, each) for each in NAMES]
    near = difflib.get_close_matches(name, known, n=2)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"


def _wrong(name: str, error: Any) -> UsageError:
    return UsageError(f"`{SPOKEN.get(name, name)}` {error['input']}: {error['msg'].lower()}")


def _holder(settings: dict[str, Any], name: str) -> dict[str, Any]:
    """The table that a setting stands in."""
    section = section_of(name)
    return settings[section] if section else settings


def _plain(name: str, value: Any) -> Any:
    """A value as JSON has it; features may be one text, the names parted by commas."""
    if name == "features" and isinstance(value, str):
        names = value.replace(" ", "")
        return list(FEATURES) if names == "all" else names.split(",")
    return str(value) if isinstance(value, Path) else value


def _comparable(name: str, value: Any) -> Any:
    """A value as it is compared: the data's path from wherever it is called."""
    return Path(value).absolute() if name == "data" and value is not None else value
