"""RePlay: its SASRec (`replay.nn.sequential.SasRec`), last items of every user, Adam as in its examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from exchange import Given
from training import epochs, trained

ITEM = "item_id"


def build(given: Given) -> Any:
    from replay.data import FeatureHint, FeatureSource, FeatureType
    from replay.data.nn import TensorFeatureInfo, TensorFeatureSource, TensorSchema
    from replay.nn.sequential import SasRec

    of = given.settings
    schema = TensorSchema(
        [
            TensorFeatureInfo(
                ITEM,
                is_seq=True,
                feature_type=FeatureType.CATEGORICAL,
                embedding_dim=of["embedding_dim"],
                padding_value=given.n_items,
                cardinality=given.n_items,
                feature_hint=FeatureHint.ITEM_ID,
                feature_sources=[TensorFeatureSource(FeatureSource.INTERACTIONS, ITEM)],
            )
        ]
    )
    names = ("embedding_dim", "num_heads", "num_blocks", "max_sequence_length", "dropout")
    return SasRec.from_params(schema, **{name: of[name] for name in names})


def run(given: Given) -> tuple[np.ndarray, dict[str, object]]:
    torch.manual_seed(given.settings["seed"])
    rng = np.random.default_rng(given.settings["seed"])
    model, length, padding = build(given), given.settings["max_sequence_length"], given.n_items
    optimizer = torch.optim.Adam(model.parameters(), lr=given.settings["lr"], betas=(0.9, 0.98))
    sequences = [each[-length - 1 :] for each in given.sequences() if len(each) > 1]
    windows = np.full((len(sequences), length + 1), padding)
    for row, each in enumerate(sequences):
        windows[row, -len(each) :] = each

    @torch.no_grad()
    def score(cases: Any, some: np.ndarray) -> np.ndarray:
        model.eval()
        tokens = torch.from_numpy(cases.padded(some, length) - 1)
        tokens = torch.where(tokens < 0, padding, tokens)
        found = model({ITEM: tokens}, tokens != padding)["logits"].numpy()
        model.train()
        return found[:, : given.n_items]

    def loss(rows: np.ndarray) -> Any:
        tokens = torch.from_numpy(windows[rows])
        read, asked = tokens[:, :-1], tokens[:, 1:].unsqueeze(-1)  # [batch, length (, 1)]
        return model(
            {ITEM: read}, read != padding, positive_labels=asked, target_padding_mask=asked != padding
        )["loss"]

    parts = epochs(len(windows), given.settings["batch_size"], rng)
    return trained(given, model, optimizer, parts, loss, score, "replay-rec")
