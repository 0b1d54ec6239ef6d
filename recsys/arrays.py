"""The type of the arrays that pass between modules: NumPy's, of any element type; docstrings give shapes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def packed(arrays: dict[str, Any], compressed: bool = False) -> bytes:
    """The bytes of an ``.npz`` file, which takes their memory once more.

    Written to a file that the disk refuses, `numpy.savez` would hide why, and complain again when its archive
    is collected.
    """
    content = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(content, **arrays)
    return content.getvalue()
