"""RecTools: SASRec, BERT4Rec and EASE, on its own data set, trainer and `recommend`."""

from __future__ import annotations

import copy
import logging
import warnings

import numpy as np
import pandas as pd
from exchange import TOP, Cases, Curve, Given, top_of, version

warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)


def frame_of(users: np.ndarray, items: np.ndarray, times: np.ndarray) -> pd.DataFrame:
    times = pd.to_datetime(times, unit="s")
    return pd.DataFrame({"user_id": users, "item_id": items, "weight": 1.0, "datetime": times})


def dataset_of(cases: Cases) -> object:
    """Each case as a user of its own: RecTools recommends to users that it was not trained on."""
    from rectools.dataset import Dataset

    rows = cases.rows()
    order = np.arange(len(rows)) - cases.offsets[rows]
    return Dataset.construct(frame_of(rows, cases.items, order))


def lists_of(model: object, cases: Cases, n_cases: int) -> np.ndarray:
    """RecTools' own `recommend`, seen items left out by it, as [n_cases, TOP]."""
    dataset = dataset_of(cases)
    users = np.unique(cases.rows())
    found = model.recommend(users=users, dataset=dataset, k=TOP, filter_viewed=True)
    lists = np.full((n_cases, TOP), -1, dtype=np.int64)
    lists[found["user_id"], found["rank"] - 1] = found["item_id"]
    return lists


def network(given: Given) -> tuple[np.ndarray, dict[str, object]]:
    import torch
    from pytorch_lightning import Callback, Trainer, seed_everything
    from rectools.dataset import Dataset
    from rectools.models import BERT4RecModel, SASRecModel

    settings = dict(given.settings)
    seed_everything(given.settings["seed"], verbose=False)
    curves: list[Curve] = []

    class Watch(Callback):
        """Scores validation after each epoch with the network itself."""

        def on_train_start(self, trainer: object, module: object) -> None:
            curves.append(Curve(given))
            ids = module.data_preparator.item_id_map
            known = ids.external_ids[module.data_preparator.n_item_extra_tokens :].astype(np.int64)
            self.internal = np.zeros(given.n_items, dtype=np.int64)
            self.internal[known] = np.arange(len(known)) + module.data_preparator.n_item_extra_tokens

        @torch.no_grad()
        def score(self, module: object, some: np.ndarray) -> np.ndarray:
            torch_model = module.torch_model.eval()
            length = settings["session_max_len"]
            shifted = given.validation.padded(some, length)  # items + 1, 0 for padding
            x = np.where(shifted > 0, self.internal[np.maximum(shifted - 1, 0)], 0)
            if settings["model"] == "bert4rec":  # the mask stands where the next item will
                x = np.concatenate([x[:, 1:], np.full((len(x), 1), 1)], axis=1)
            logits = last_logits(torch_model, torch.from_numpy(x))
            torch_model.train()
            return logits[:, self.internal].numpy()

        def on_train_epoch_end(self, trainer: object, module: object) -> None:
            state = module.torch_model.state_dict
            go_on = curves[0].add(
                trainer.current_epoch + 1,
                lambda some: self.score(module, some),
                lambda: copy.deepcopy(state()),
            )
            trainer.should_stop = not go_on

    def trainer() -> Trainer:
        return Trainer(
            max_epochs=10_000,
            callbacks=[Watch()],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            accelerator="cpu",
        )

    kind = {"sasrec": SASRecModel, "bert4rec": BERT4RecModel}[settings["model"]]
    own = {k: v for k, v in settings.items() if k not in ("model", "seed", "budget", "patience")}
    model = kind(get_trainer_func=trainer, **own)
    model.fit(Dataset.construct(frame_of(given.users, given.items, given.times)))
    model.lightning_model.torch_model.load_state_dict(curves[0].state)
    parameters = sum(each.numel() for each in model.lightning_model.torch_model.parameters())
    return lists_of(model, given.test, len(given.test)), {**curves[0].facts(), "parameters": parameters}


def last_logits(torch_model: object, x: object) -> object:
    """Scores of all items after the last token, [n, n_ids]."""
    vectors = torch_model.item_model.get_all_embeddings()
    return torch_model.encode_sessions({"x": x}, vectors)[:, -1, :] @ vectors.T


def ease(given: Given) -> tuple[np.ndarray, dict[str, object]]:
    from exchange import measured
    from rectools.dataset import Dataset
    from rectools.models import EASEModel

    data = Dataset.construct(frame_of(given.users, given.items, given.times))
    known = data.item_id_map.external_ids.astype(np.int64)
    tried = {}
    for weight in given.settings["regularization"]:
        model = EASEModel(regularization=weight).fit(data)
        scores = np.zeros((given.n_items, given.n_items), dtype=np.float32)
        scores[np.ix_(known, known)] = model.weight
        scored = lambda cases, w=scores: top_of(lambda some: counts(cases, some, given.n_items) @ w, cases)  # noqa: E731
        found = measured(scored(given.validation), given.validation.targets)
        tried[weight] = (found["ndcg@10"], scored)
    best = max(tried, key=lambda w: tried[w][0])
    lists = tried[best][1](given.test)
    return lists, {"chosen": {"regularization": best}, "validation": {"ndcg@10": round(tried[best][0], 4)}}


def counts(cases: Cases, some: np.ndarray, n_items: int) -> np.ndarray:
    found = np.zeros((len(some), n_items), dtype=np.float32)
    for row, case in enumerate(some):
        found[row, cases.history(case)] = 1
    return found


def run(given: Given) -> tuple[np.ndarray, dict[str, object]]:
    lists, facts = (ease if given.settings["model"] == "ease" else network)(given)
    by = "RecTools" if given.settings["model"] != "ease" else "us, of its weights"
    return lists, {**facts, "seen_left_out_by": by, "versions": version("rectools", "torch", "numpy")}
