"""implicit: BM25 item-kNN and ALS, with its own `recommend`, a case's history as the user's items."""

from __future__ import annotations

import itertools

import numpy as np
from exchange import BATCH, TOP, Cases, Given, measured, version
from scipy.sparse import csr_matrix


def matrix(cases: Cases, some: np.ndarray, n_items: int) -> csr_matrix:
    histories = [cases.history(case) for case in some]
    rows = np.repeat(np.arange(len(some)), [len(each) for each in histories])
    columns = np.concatenate(histories)
    found = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(some), n_items))
    found.data[:] = 1
    return found


def lists_of(model: object, cases: Cases, n_items: int, again: bool) -> np.ndarray:
    """Lists [n_cases, TOP]; the seen are left out by implicit."""
    found = []
    for some in np.split(np.arange(len(cases)), range(BATCH, len(cases), BATCH)):
        options = {"recalculate_user": True} if again else {}
        items, scores = model.recommend(
            np.arange(len(some)),
            matrix(cases, some, n_items),
            N=TOP,
            filter_already_liked_items=True,
            **options,
        )
        found.append(np.where(scores > -3e38, items, -1))
    return np.concatenate(found)


def run(given: Given) -> tuple[np.ndarray, dict[str, object]]:
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender

    data = csr_matrix(
        (np.ones(len(given.users), np.float32), (given.users, given.items)),
        (int(given.users.max()) + 1, given.n_items),
    )
    als = given.settings["model"] == "als"
    names = ("factors", "regularization", "alpha") if als else ("K", "K1", "B")
    tried = []
    for values in itertools.product(*(given.settings[name] for name in names)):
        options = dict(zip(names, values, strict=True))
        if als:
            model = AlternatingLeastSquares(
                **options, iterations=given.settings["iterations"], random_state=given.settings["seed"]
            )
        else:
            model = BM25Recommender(**options)
        model.fit(data, show_progress=False)
        lists = lists_of(model, given.validation, given.n_items, als)
        tried.append((measured(lists, given.validation.targets)["ndcg@10"], options, model))
        print(tried[-1][:2], flush=True)
    score, options, model = max(tried, key=lambda each: each[0])
    facts = {"chosen": options, "settings_tried": len(tried), "validation": {"ndcg@10": round(score, 4)}}
    facts |= {"seen_left_out_by": "implicit", "versions": version("implicit", "numpy", "scipy")}
    return lists_of(model, given.test, given.n_items, als), facts
