"""The type of the arrays that pass between modules: NumPy's, of any element type; docstrings give shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
