"""RecBole: a sequential model of its own, on its own augmentation (every prefix of a history is a window)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from exchange import Given
from training import Part, trained

FILES = {"USER_ID_FIELD": "user_id", "ITEM_ID_FIELD": "item_id", "TIME_FIELD": "timestamp"}


def open_data(given: Given, folder: str) -> tuple[Any, Any]:
    """RecBole's configuration and data set, of the training sends."""
    from recbole.config import Config
    from recbole.data import create_dataset

    home = Path(folder) / "peers"
    home.mkdir()
    order = np.arange(len(given.users)) - np.searchsorted(given.users, given.users)
    rows = np.stack([given.users, given.items, order], axis=1)
    header = "user_id:token\titem_id:token\ttimestamp:float"
    np.savetxt(home / "peers.inter", rows, fmt="%d", delimiter="\t", header=header, comments="")
    own = {k: v for k, v in given.settings.items() if k not in ("model", "budget", "patience")}
    model = given.settings["model"]
    options = {
        **own,
        **FILES,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "data_path": folder,
        "checkpoint_dir": folder,
        "use_gpu": False,
        "train_neg_sample_args": None,
        "eval_args": {"split": {"RS": [1, 0, 0]}, "order": "TO", "mode": "full", "group_by": "user"},
        "metrics": ["Recall"],
        "valid_metric": "Recall@10",
        "topk": 10,
        "state": "WARNING",
        "show_progress": False,
    }
    config = Config(model=model, dataset="peers", config_dict=options)
    return config, create_dataset(config)


def run(given: Given) -> tuple[np.ndarray, dict[str, object]]:
    from recbole.utils import get_model, init_seed

    with tempfile.TemporaryDirectory() as folder:
        config, dataset = open_data(given, folder)
        init_seed(given.settings["seed"], True)
        windows = dataset.build()[0].inter_feat  # all is its training part; see `split`
        model = get_model(config["model"])(config, dataset)
        ids = np.zeros(given.n_items, dtype=np.int64)  # RecBole's of each item; 0, its padding, where unknown
        tokens = dataset.field2id_token["item_id"]
        ids[[int(each) for each in tokens[1:]]] = np.arange(1, len(tokens))
        return learned(given, model, windows, ids)


def learned(given: Given, model: Any, windows: Any, ids: np.ndarray) -> tuple[np.ndarray, dict[str, object]]:
    """Train with RecBole's loss and Adam; scored after a share of an epoch where `parts` says so."""
    of = given.settings
    optimizer = torch.optim.Adam(model.parameters(), lr=of["learning_rate"])
    length = of["MAX_ITEM_LIST_LENGTH"]

    @torch.no_grad()
    def score(cases: Any, some: np.ndarray) -> np.ndarray:
        model.eval()
        shifted = cases.padded(some, length, right=True)
        lengths = torch.from_numpy((shifted > 0).sum(1).clip(1))
        item_list = torch.from_numpy(np.where(shifted > 0, ids[np.maximum(shifted - 1, 0)], 0))
        asked = {"item_id_list": item_list, "item_length": lengths}
        found = model.full_sort_predict(asked).numpy()[:, ids]
        model.train()
        return found

    def parts() -> Iterator[Part]:
        shares, generator = of.get("parts", 1), torch.Generator().manual_seed(of["seed"])
        epoch = 0.0
        while True:
            for share in torch.randperm(len(windows), generator=generator).chunk(shares):
                epoch += 1 / shares
                yield round(epoch, 2), share.split(of["train_batch_size"])

    def loss(rows: torch.Tensor) -> Any:
        return model.calculate_loss(windows[rows])

    return trained(given, model, optimizer, parts(), loss, score, "recbole")
