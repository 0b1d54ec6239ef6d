"""Counting methods as files: their arrays in model.npz, read without pickle, the rest as plain JSON."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys.arrays import Array
from recsys.errors import RunError
from recsys.files import atomic_path
from recsys.recommending.counted.als import CountedALS
from recsys.recommending.counted.ease import CountedEASE
from recsys.recommending.counted.itemknn import CountedItemKNN
from recsys.recommending.counted.method import Counted, plain
from recsys.recommending.counted.popularity import CountedPopularity
from recsys.recommending.counted.prompted import CountedPrompts
from recsys.recommending.counted.random import CountedRandom
from recsys.recommending.counted.recent import CountedRecent

ARRAYS: Final = "model.npz"
KINDS: Final[Mapping[str, type[Counted]]] = {
    each.KIND: each
    for each in (
        CountedPopularity,
        CountedRecent,
        CountedPrompts,
        CountedItemKNN,
        CountedALS,
        CountedEASE,
        CountedRandom,
    )
}


def save(method: Counted, folder: Path) -> dict[str, Any]:
    """Write model.npz; returns what is to be kept beside it: ``kind`` and ``settings``."""
    values = {field.name: getattr(method, field.name) for field in fields(method)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    with atomic_path(folder / ARRAYS) as fresh:
        np.savez(fresh, **arrays)
    settings = {name: plain(value) for name, value in values.items() if name not in arrays}
    return {"kind": method.KIND, "settings": settings}


def load(folder: Path, about: Mapping[str, Any], n_items: int) -> Counted:
    """The method that `save` wrote.

    Parameters
    ----------
    folder:
        Whose manifest has been checked.
    about:
        What `save` returned.
    n_items:
        Climbs in the catalogue.

    Raises
    ------
    RunError
        The kind is not known, arrays are missing or cannot be read, or they are of another catalogue.
    """
    path = folder / ARRAYS
    kind = KINDS.get(str(about.get("kind")))
    if kind is None:
        raise RunError(f"{folder}: counting method {about.get('kind')!r} is not known; export it again")
    try:
        method = kind(**_read(path), **_tuples(about["settings"]))
        found = method.n_items
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise RunError(f"{path}: is no {kind.KIND} ({error}); copy the folder again") from None
    if found != n_items:
        raise RunError(f"{path}: scores {found} climbs, the catalogue has {n_items}; copy the folder again")
    return method


def _read(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _tuples(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
