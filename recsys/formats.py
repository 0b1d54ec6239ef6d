"""The format versions of what a run, a study and a bundle are made of.

A JSON file names its own as ``format``; what lies beside it and is no JSON (Parquet, arrays, weights) goes by
it. Files of before there were numbers have none and are read as they are; a setting in them that is no more
is refused with what to do. One of a later version is refused: what it means cannot be known here. A number is
raised when a reader of the former one would go wrong, and then the former is still read or refused by name; a
folder of each stays in ``tests/formats``.

`workflow.json`, `method.json`, `bundle.json` and `skill.npz` keep their numbers where they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from recsys import run_files
from recsys.errors import RunError

FORMAT: Final = "format"
CURRENT: Final[Mapping[str, int]] = {
    run_files.CONFIG: 1,
    "manifest.json": 2,  # the first was the table of files alone
    run_files.METRICS: 1,
    run_files.RESUMED: 1,
    "study.json": 1,
}


def stamped(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a file with the number of its format before them."""
    return {FORMAT: CURRENT[name], **values}


def unstamped(path: Path, name: str, values: Any) -> Any:
    """The same without the number; whatever is no table is left to who reads it.

    Parameters
    ----------
    path:
        The file, for messages.
    name:
        Which file it is, of `CURRENT`.
    values:
        What was read.

    Raises
    ------
    RunError
        It is of a format that this version does not know.
    """
    if not isinstance(values, dict) or FORMAT not in values:
        return values
    found = values[FORMAT]
    if type(found) is not int or not 1 <= found <= CURRENT[name]:
        remedy = "update recsys-climb" if type(found) is int and found > 0 else "restore it, or train anew"
        raise RunError(
            f"{path}: format {repr(found)[:40]}, this version reads up to {CURRENT[name]}; {remedy}"
        )
    return {key: value for key, value in values.items() if key != FORMAT}
