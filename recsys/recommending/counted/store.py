"""Counting methods as files: their arrays in model.npz, read without pickle, the rest as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys import run_files
from recsys.arrays import packed
from recsys.atomic import atomic_path
from recsys.bounds import LARGEST
from recsys.errors import RunError
from recsys.recommending.counted.als import CountedALS
from recsys.recommending.counted.ease import CountedEASE
from recsys.recommending.counted.itemknn import CountedItemKNN
from recsys.recommending.counted.method import Counted, plain
from recsys.recommending.counted.popularity import CountedPopularity
from recsys.recommending.counted.prompted import CountedPrompts
from recsys.recommending.counted.random import CountedRandom
from recsys.recommending.counted.recent import CountedRecent
from recsys.recommending.counted.sequentialknn import CountedSequentialKNN
from recsys.recommending.fields import REMEDY, Fields
from recsys.recommending.stored import check_array, read_arrays

KINDS: Final[Mapping[str, type[Counted]]] = {
    each.KIND: each
    for each in (
        CountedPopularity,
        CountedRecent,
        CountedPrompts,
        CountedItemKNN,
        CountedSequentialKNN,
        CountedALS,
        CountedEASE,
        CountedRandom,
    )
}


def save(method: Counted, folder: Path) -> dict[str, Any]:
    """Write model.npz; returns what is to be kept beside it: ``kind`` and ``settings``."""
    values = {field.name: getattr(method, field.name) for field in fields(method)}
    arrays = {name: np.ascontiguousarray(values[name], method.ARRAYS[name][0]) for name in method.ARRAYS}
    with atomic_path(folder / run_files.COUNTS) as fresh:
        fresh.write_bytes(packed(arrays))
    settings = {name: plain(value) for name, value in values.items() if name not in arrays}
    return {"kind": method.KIND, "settings": settings}


def load(folder: Path, about: Fields, n_items: int, fewer: bool = False) -> Counted:
    """The method that `save` wrote.

    Parameters
    ----------
    folder:
        Whose manifest has been checked.
    about:
        What `save` returned, as read.
    n_items:
        Climbs in the catalogue.
    fewer:
        Whether the method may know fewer, the first ones.

    Raises
    ------
    RunError
        The kind is not known, arrays are missing or cannot be read, or they are of another catalogue.
    """
    path = folder / run_files.COUNTS
    kind = KINDS[about.choice("kind", tuple(KINDS), "")]
    given = about.table("settings")
    names = tuple(field.name for field in fields(kind) if field.name not in kind.ARRAYS)
    given.names(names)
    settings = {name: given.get(name) for name in names}
    read = read_arrays(path, kind.ARRAYS)
    for name, values in read.items():
        check_array(path, name, values, -LARGEST, LARGEST)
    arrays = {name: np.ascontiguousarray(values) for name, values in read.items()}  # scores read rows
    try:
        method = kind(**arrays, **{name: _tuple(value) for name, value in settings.items()})
        method.check()
    except ValueError as error:
        raise RunError(f"{path}: {error}; {REMEDY}") from None
    if method.n_items != n_items and not (fewer and 0 < method.n_items < n_items):
        raise RunError(f"{path}: scores {method.n_items} climbs, the catalogue has {n_items}; {REMEDY}")
    return method


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
