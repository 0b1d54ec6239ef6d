"""Stock Transformers4Rec: its model, masking, head and loss, the last items of every user.

As upstream, a window is a user's last items, padded on the right; at inference upstream's masking appends
the masked position itself. XLNet with `masking = "causal"` reads the answer there (a known leak), so the rows
are XLNet by MLM and GPT-2 by CLM.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from exchange import Given
from training import epochs, trained


def build(given: Given) -> Any:
    """Upstream's next-item model of one categorical feature."""
    import transformers4rec.torch as tr
    from merlin.schema import ColumnSchema, Schema, Tags

    of = given.settings
    column = ColumnSchema(
        "item_id",
        dtype=np.int64,
        is_list=True,
        is_ragged=False,
        tags=[Tags.CATEGORICAL, Tags.ITEM, Tags.ITEM_ID],
        properties={
            "domain": {"min": 0, "max": given.n_items, "name": "item_id"},
            "value_count": {"min": of["length"], "max": of["length"]},
        },
    )
    inputs = tr.TabularSequenceFeatures.from_schema(
        Schema([column]),
        max_sequence_length=of["length"],
        embedding_dim_default=of["d_model"],
        d_output=of["d_model"],
        masking=of["masking"],
    )
    kind = {"xlnet": tr.XLNetConfig, "gpt2": tr.GPT2Config}[of["body"]]
    config = kind.build(
        d_model=of["d_model"], n_head=of["heads"], n_layer=of["layers"], total_seq_length=of["length"]
    )
    task = tr.NextItemPredictionTask(weight_tying=True, metrics=[])
    return config.to_torch_model(inputs, task, max_sequence_length=of["length"])


def run(given: Given) -> tuple[np.ndarray, dict[str, object]]:
    torch.manual_seed(given.settings["seed"])
    torch.set_num_threads(1)
    rng, length = np.random.default_rng(given.settings["seed"]), given.settings["length"]
    model = build(given)
    optimizer = torch.optim.Adam(model.parameters(), lr=given.settings["lr"])
    sequences = [each[-length:] + 1 for each in given.sequences() if len(each) > 1]
    windows = np.zeros((len(sequences), length), dtype=np.int64)
    for row, each in enumerate(sequences):
        windows[row, : len(each)] = each

    @torch.no_grad()
    def score(cases: Any, some: np.ndarray) -> np.ndarray:
        model.eval()
        # One place is kept free: upstream's MLM puts the mask after the last item.
        tokens = np.pad(cases.padded(some, length - 1, right=True), ((0, 0), (0, 1)))
        found = model({"item_id": torch.from_numpy(tokens)}, training=False, testing=False)
        model.train()
        return (found["predictions"] if isinstance(found, dict) else found).numpy()[:, 1 : given.n_items + 1]

    def loss(rows: np.ndarray) -> Any:
        return model({"item_id": torch.from_numpy(windows[rows])}, training=True)["loss"]

    parts = epochs(len(windows), given.settings["batch_size"], rng)
    return trained(given, model, optimizer, parts, loss, score, "transformers4rec")
