"""The batch size where none is set, in windows: by the optimiser steps of an epoch.

On a small log batches of 128 give a handful of optimiser steps an epoch; twenty such epochs converge as far
as seven with batches of 32 (`docs/results/choices.md`).
"""

from __future__ import annotations

from typing import Final

LARGEST: Final = 128  # windows
SMALLEST: Final = 32
STEPS: Final = 50  # least steps of an epoch


def choose_batch_size(asked: int, windows: int) -> tuple[int, str]:
    """Windows in a batch, and the reason in words.

    Parameters
    ----------
    asked:
        As set; 0 leaves it to the data.
    windows:
        Of an epoch, on this device.
    """
    if asked:
        return asked, f"batches of {asked} windows: as asked"
    size = LARGEST
    while size > SMALLEST and windows < STEPS * size:
        size //= 2
    why = f"{windows} windows an epoch"
    if size < LARGEST:
        why += f", so that it has {STEPS} steps or batches are as small as {SMALLEST}"
    return size, f"batches of {size} windows: {why}"
