"""The size of a batch, by the size of an epoch."""

from __future__ import annotations

import pytest

from recsys.training.batches import choose_batch_size


@pytest.mark.parametrize(
    ("asked", "windows", "size"),
    [(0, 7476, 128), (0, 6400, 128), (0, 6399, 64), (0, 3200, 64), (0, 3199, 32), (0, 3, 32), (96, 3, 96)],
)
def test_a_small_log_has_small_batches_unless_asked(asked, windows, size):
    found, reason = choose_batch_size(asked, windows)
    assert found == size
    assert f"batches of {size} windows" in reason
    assert ("as asked" in reason) == bool(asked)
