"""Everybody's logbooks in a bundle, written as they are read: a group of rows of one column at a time.

histories.json holds the climbers and the distinct texts, arrays.npz the sends as indices in them, in order of
climber and time, as sends.parquet has them. An index of -1 is a blank. In memory are a group of rows and what
is distinct.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.arrays import Array
from recsys.files import write_json
from recsys.recommending.bundle import ARRAYS, CODED, HISTORIES, WRITTEN
from recsys.recommending.stored import CLIMBER_VECTORS, EMBEDDINGS, OFFSETS
from recsys.sequences.run_tables import StoredSends


def write_histories(
    sends: StoredSends, folder: Path, embeddings: Array | None = None, climbers: Array | None = None
) -> None:
    """Write histories.json and arrays.npz into a bundle's folder.

    Parameters
    ----------
    sends:
        Of the run.
    folder:
        Of the bundle.
    embeddings:
        A network's, of the climbs, float32 [n_items, d]; a counting method's are its own arrays.
    climbers:
        A transformer's, of the climbers, by id, float32 [n_ids, climber_dim]; None where it reads none.
    """
    people = Codes()
    offsets = np.concatenate([[0], np.cumsum(_counts(_column(sends, c.CLIMBER_ID, people.of)))])
    texts = {c.CLIMBER_ID: people}
    with zipfile.ZipFile(folder / ARRAYS, "w") as archive:
        _write(archive, OFFSETS, offsets.dtype, offsets.shape, [offsets])
        for name in CODED:
            texts[name] = codes = Codes()
            _write(archive, name, np.int32, (len(sends),), _column(sends, name, codes.of))
        for name in WRITTEN:
            _write(archive, name, bool, (len(sends),), _column(sends, name, _is_there))
        for name in (c.RATING, c.DAY):
            _write(archive, name, np.float64, (len(sends),), _column(sends, name, _numbers))
        if c.DAY_INDEX in sends.names:
            indices = _column(sends, c.DAY_INDEX, pd.Series.to_numpy)
            _write(archive, c.DAY_INDEX, np.int32, (len(sends),), indices)
        for name, vectors in ((EMBEDDINGS, embeddings), (CLIMBER_VECTORS, climbers)):
            if vectors is not None:
                _write(archive, name, vectors.dtype, vectors.shape, [vectors])
    write_json(folder / HISTORIES, {name: each.texts for name, each in texts.items()})


class Codes:
    """Indices of texts, in the order in which they first appear."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    @property
    def texts(self) -> list[str]:
        """The distinct ones."""
        return list(self._known)

    def of(self, values: pd.Series) -> Array:
        """The index of each, int32 [n]; -1 of a blank."""
        codes, unique = pd.factorize(values)
        known = [self._known.setdefault(str(each), len(self._known)) for each in unique]
        return np.array([*known, -1], dtype=np.int32)[codes]


def _column(sends: StoredSends, name: str, made: Callable[[pd.Series], Array]) -> Iterator[Array]:
    """What is made of a column, a group of rows at a time; of blanks where there is none of the name."""
    for part in sends.parts([name if name in sends.names else c.CLIMB_ID]):
        yield made(part[name] if name in part else pd.Series([None] * len(part), dtype=object))


def _is_there(values: pd.Series) -> Array:
    return values.notna().to_numpy()


def _numbers(values: pd.Series) -> Array:
    return values.to_numpy(np.float64)


def _counts(parts: Iterable[Array]) -> Array:
    """How often each code is there, int64 [n_codes]."""
    found = np.zeros(0, dtype=np.int64)
    for codes in parts:
        more = np.bincount(codes, minlength=len(found))
        more[: len(found)] += found
        found = more
    return found


def _write(
    archive: zipfile.ZipFile, name: str, kind: Any, shape: tuple[int, ...], values: Iterable[Array]
) -> None:
    """One array, as `numpy.savez` writes it."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": shape}
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for each in values:
            file.write(np.ascontiguousarray(each, dtype=kind).tobytes())
