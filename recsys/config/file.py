"""The file of ``--config``: a run's configuration in TOML or JSON, by the names of `RunConfig`.

    data = "sends.csv"
    split = "temporal"

    [model]
    masking = "mlm"

    [training]
    epochs = 20

A run's own config.json is such a file: its `facts`, which say what was found in the data, are left out.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from recsys import run_files
from recsys.config.model import ModelConfig
from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig
from recsys.errors import DataError, UsageError
from recsys.files import parsed_json, read_text
from recsys.formats import unstamped

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SECTIONS: Final[dict[str, type[BaseModel]]] = {"model": ModelConfig, "training": TrainingConfig}
KEYS: Final = (
    *(name for name in RunConfig.model_fields if name not in (*SECTIONS, "facts")),
    *(f"{section}.{name}" for section, part in SECTIONS.items() for name in part.model_fields),
)


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of a file as they are written, sections as tables within; nothing is checked but those.

    Raises
    ------
    UsageError
        The file is neither .toml nor .json.
    DataError
        It cannot be read, is not in its format, or has something else than tables for its sections.
    """
    settings = _parsed(path)
    for section in SECTIONS:
        if not isinstance(settings.setdefault(section, {}), dict):
            remedy = "put its settings below it, by name"
            raise DataError(f"{section} is a section", path=path, value=settings[section], remedy=remedy)
    settings.pop("facts", None)
    known: dict[str, Any] = unstamped(path, run_files.CONFIG, settings)
    return known


def _parsed(path: Path) -> dict[str, Any]:
    """A file of settings as it is written, whatever stands in it."""
    if path.suffix not in (".toml", ".json"):
        raise UsageError(f"`config` {path}: settings are read from a .toml or a .json file")
    text = read_text(path, "check the path after `config`")
    try:
        settings = tomllib.loads(text) if path.suffix == ".toml" else parsed_json(text)
    except (ValueError, RecursionError) as error:
        problem = f"is not {path.suffix[1:].upper()}: {error}"
        raise DataError(problem, path=path, remedy="correct it there") from None
    if not isinstance(settings, dict):
        raise DataError("is not a table of settings", path=path, remedy='write {"split": "temporal", ...}')
    return settings


def written_in(path: Path | None) -> set[str]:
    """The names of the settings that a person wrote into a file: none of a run's own, which holds all."""
    if path is None or "facts" in _parsed(path):
        return set()
    plain = read_settings(path)
    return {name for part in (plain, *(plain[section] for section in SECTIONS)) for name in part}


def wrong_setting(path: Path, error: ErrorDetails) -> DataError:
    """What pydantic finds wrong with a setting of the file: the file, the key, the value, the remedy."""
    key = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return DataError(f"there is no setting {key}", path=path, value=error["input"], remedy=instead(key))
    return DataError(f"{key} cannot be this", path=path, value=error["input"], remedy=error["msg"].lower())


def instead(key: str) -> str:
    """The setting that was meant, for the one that is not there: of this name elsewhere, or nearly of it."""
    name = key.rpartition(".")[2]
    elsewhere = [each for each in KEYS if each.rpartition(".")[2] == name]
    near = elsewhere or difflib.get_close_matches(key, KEYS, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
