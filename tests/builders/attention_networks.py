"""The published attention networks in small, and batches for them."""

from __future__ import annotations

import numpy as np
import torch

from recsys.baselines.bert4rec import BERT4Rec
from recsys.baselines.bst import BST
from recsys.baselines.sasrec import SASRec
from recsys.baselines.sse_pt import SSEPT
from tests.conftest import N_CLIMBS

LENGTH = 10
SMALL = {"d_model": 16, "layers": 2, "heads": 2}
ALL = [
    SASRec(**SMALL),
    SSEPT(**SMALL, climber_dim=4),
    BERT4Rec(**SMALL),
    BERT4Rec(**SMALL, positions="fixed"),
    BST(**SMALL, mlp=(32,)),
]
UNPROMPTED = ALL[:-1]
CAUSAL = ALL[:2]


def name_of(settings):
    return f"{type(settings).__name__}-{getattr(settings, 'positions', '')}".strip("-")


def build(settings, schema, seed=0):
    torch.manual_seed(seed)
    return settings.build(schema, LENGTH).eval()


def random_batch(rows=6, real=LENGTH, length=LENGTH, seed=0):
    """Uniformly random sends, the last `real` of `length` positions."""
    rng = np.random.default_rng(seed)

    def draw(low, high):
        values = torch.from_numpy(rng.integers(low, high, (rows, real)))
        return torch.nn.functional.pad(values, (length - real, 0))

    return {
        "climb": draw(3, N_CLIMBS + 3),
        "region": draw(3, 7),
        "grade_bin": draw(2, 13),
        "rating_bin": draw(2, 7),
        "elapsed_days_bin": draw(2, 15),
        "comment": draw(1, 3),
        "beta": draw(1, 3),
        "climber": torch.from_numpy(rng.integers(3, 23, rows)),
    }


def with_last(batch, name, value):
    """The batch with another value in the last position of a feature."""
    changed = batch[name].clone()
    changed[:, -1] = value
    return {**batch, name: changed}


@torch.inference_mode()
def scores(network, batch):
    return network.next_scores(batch)
