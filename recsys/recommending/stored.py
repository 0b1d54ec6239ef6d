"""The arrays of a bundle, read and checked: types, shapes, ranges, and that they belong together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array, unpacked
from recsys.bounds import LARGEST
from recsys.errors import RunError
from recsys.recommending.fields import REMEDY

EMBEDDINGS: Final = "embeddings"
CLIMBER_VECTORS: Final = "climber_vectors"  # of a transformer, by id; older bundles lack them
OFFSETS: Final = "offsets"


def read_histories(
    path: Path, climbers: int, texts: Mapping[str, int], n_items: int | None, n_ids: int
) -> dict[str, Array]:
    """arrays.npz: embeddings, and the sends as indices in texts.

    Of a network, the vectors of the climbers where they are there.

    Parameters
    ----------
    path:
        The file.
    climbers:
        Climbers that have a logbook.
    texts:
        Column of the sends to the number of its distinct texts.
    n_items:
        Climbs that have embeddings, or None where there are none.
    n_ids:
        Ids that a climber can have, those of nobody included.
    """
    kinds = {} if n_items is None else {EMBEDDINGS: ("float32", 2)}
    kinds |= {OFFSETS: ("int64", 1), c.RATING: ("float64", 1), c.DAY: ("float64", 1)}
    kinds |= dict.fromkeys(texts, ("int32", 1)) | dict.fromkeys((c.COMMENT, c.BETA), ("bool", 1))
    later = {c.DAY_INDEX: ("int32", 1)} | ({} if n_items is None else {CLIMBER_VECTORS: ("float32", 2)})
    arrays = read_arrays(path, kinds, later)
    if n_items is not None:
        _check_vectors(path, EMBEDDINGS, arrays[EMBEDDINGS], n_items, "climbs")
    if CLIMBER_VECTORS in arrays:
        _check_vectors(path, CLIMBER_VECTORS, arrays[CLIMBER_VECTORS], n_ids, "ids of climbers")
    offsets = arrays[OFFSETS]
    n_sends = len(arrays[c.CLIMB_ID])
    ends = len(offsets) == climbers + 1 and offsets[0] == 0 and offsets[-1] == n_sends
    if not ends or (np.diff(offsets) < 0).any():
        raise RunError(f"{path}: {OFFSETS} do not part {n_sends} sends among {climbers} climbers; {REMEDY}")
    for name in (kinds.keys() | {c.DAY_INDEX} & arrays.keys()) - {EMBEDDINGS, OFFSETS}:
        if len(arrays[name]) != n_sends:
            raise RunError(f"{path}: {name} has not one value for each of {n_sends} sends; {REMEDY}")
    for name, distinct in texts.items():
        check_array(path, name, arrays[name], 0 if name == c.CLIMB_ID else -1, distinct - 1)
    if c.DAY_INDEX in arrays:
        check_array(path, c.DAY_INDEX, arrays[c.DAY_INDEX], 0, n_sends)
    for name in (c.RATING, c.DAY):
        check_array(path, name, arrays[name], -LARGEST, LARGEST, blanks=True)
    return arrays


def _check_vectors(path: Path, name: str, vectors: Array, n: int, of: str) -> None:
    if len(vectors) != n or not vectors.size:
        raise RunError(f"{path}: {name} has {len(vectors)} rows for {n} {of}; {REMEDY}")
    check_array(path, name, vectors, -LARGEST, LARGEST)  # squares can be summed


def read_arrays(
    path: Path,
    wanted: Mapping[str, tuple[str, int]],
    optional: Mapping[str, tuple[str, int]] = MappingProxyType({}),
) -> dict[str, Array]:
    """The arrays of a file that `numpy.savez` wrote: no more memory is taken than the file has bytes.

    Parameters
    ----------
    path:
        The file.
    wanted:
        Name of an array to its type ("int64") and its number of dimensions; others are not read.
    optional:
        The same of arrays that may lack.

    Raises
    ------
    RunError
        One is missing, or of another type; or the file is packed, cut short, or something else.
    """
    try:
        found = unpacked(path, {**wanted, **optional})
    except ValueError as error:
        raise RunError(f"{path}: {error}; {REMEDY}") from error
    for name, (kind, dimensions) in {**wanted, **optional}.items():
        if name not in found and name in optional:
            continue
        if name not in found:
            raise RunError(f"{path}: {name} is missing; {REMEDY}")
        array = found[name]
        if array.dtype != np.dtype(kind) or array.ndim != dimensions or not array.flags.c_contiguous:
            raise RunError(f"{path}: {name} is no {kind} array of {dimensions} dimensions; {REMEDY}")
    return found


def check_array(path: Path, name: str, values: Array, low: float, high: float, blanks: bool = False) -> None:
    """Refuse an array whose values are not between `low` and `high`; NaN only if blanks are allowed."""
    inside = (values >= low) & (values <= high)
    if blanks:
        inside |= np.isnan(values)
    if not inside.all():
        raise RunError(f"{path}: {name} holds values that are not from {low:g} to {high:g}; {REMEDY}")
