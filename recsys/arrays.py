"""The arrays that pass between modules, NumPy's of any element type; docstrings give shapes."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from recsys.bounds import most_unpacked

Array = np.ndarray[Any, np.dtype[Any]]


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis, float64 of the same shape."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(-1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(-1, keepdims=True)
    return np.asarray(shifted)


def log_sum_exp(logits: Array) -> Array:
    """Logarithm of the sum of the exponentials over the last axis, float64 [..., 1].

    Logits less it are the logarithms of `softmax`.
    """
    highest = logits.max(-1, keepdims=True)
    shifted = logits - highest
    np.exp(shifted, out=shifted)
    return np.asarray(highest + np.log(shifted.sum(-1, keepdims=True, dtype=np.float64)))


def evenly(count: int, most: int) -> Array:
    """Indexes of at most so many of `count`, evenly spaced, int64 [n]."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)


def day_numbers(days: Array, real: Array) -> Array:
    """Of which of its window's days each send is, counted from 1; 0 where none is real (`DAY_NUMBER`).

    Parameters
    ----------
    days:
        Any numbers that neighbours of one day share, [batch, length]; NaN is a day of its own.
    real:
        What is not padding, bool [batch, length].

    Returns
    -------
    int64 [batch, length].
    """
    begins = real.copy()
    begins[:, 1:] &= (days[:, 1:] != days[:, :-1]) | ~real[:, :-1]
    return np.asarray(begins.cumsum(1) * real)


def packed(arrays: dict[str, Any], compressed: bool = False) -> bytes:
    """The bytes of an ``.npz`` file, which takes their memory once more.

    Written to a file that the disk refuses, `numpy.savez` would hide why, and complain again when its archive
    is collected.
    """
    content = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(content, **arrays)
    return content.getvalue()


def unpacked(path: Path, known: Collection[str] | None = None, compressed: bool = False) -> dict[str, Array]:
    """The arrays of an ``.npz`` file that nobody vouches for: numbers, flags and texts, and no pickle.

    Parameters
    ----------
    path:
        The file.
    known:
        The arrays to read, where they are there; None: all.
    compressed:
        Whether `packed` compressed it. Else it takes no more memory than the file has bytes.

    Returns
    -------
    Name to array; they cannot be written to.

    Raises
    ------
    ValueError
        It is no such file, cannot be read, was damaged, or would unpack to too much; the text is a clause.
    """
    if not path.is_file():  # a pipe would be waited for
        raise ValueError("is missing, or no file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if known is None or _name(each) in known]
            size = path.stat().st_size
            most = most_unpacked(size) if compressed else size
            if sum(each.file_size for each in members) > most:
                raise _OddError("is packed, or larger than its file")
            return {_name(each): _member(archive, each) for each in members}
    except _OddError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy's header raise nearly anything
        raise ValueError(f"cannot be read as NumPy's arrays ({type(error).__name__})") from error


class _OddError(ValueError):
    """What is wrong with a file, in words of ours."""


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """One array, whose header is believed only as far as its bytes go."""
    name = _name(member)[:80]
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise _OddError(f"{name} is of another version of NumPy's format")
        shape, fortran, kind = np.lib.format.read_array_header_1_0(file)
        if kind.hasobject:
            raise _OddError(f"{name} holds objects")
        content = file.read(member.file_size)
    if min(shape, default=0) < 0 or len(content) != math.prod(shape) * kind.itemsize:
        raise _OddError(f"{name} has not as many values as it says")
    return np.frombuffer(content, kind).reshape(shape, order="F" if fortran else "C")
