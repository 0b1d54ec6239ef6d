"""A batch is a mapping: the order of its features means nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.model.test_prompted_transformer import build, random_batch, scores


@pytest.mark.parametrize(("body", "masking"), [("prenorm", "clm"), ("prenorm", "mlm"), ("bert", "last")])
def test_scores_do_not_depend_on_the_order_of_the_features(schema, body, masking):
    model = build(schema, body, masking)
    batch = random_batch(np.random.default_rng(0), 5)
    turned = dict(reversed(batch.items()))
    assert torch.allclose(scores(model, batch), scores(model, turned), atol=1e-6)
