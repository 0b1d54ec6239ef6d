"""Tables and the model card: what is shown, that it fits, and that missing entries are left out."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from recsys.evaluation.card import model_card
from recsys.evaluation.evaluate import from_ranks, protocol
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.report import markdown_table, metrics_table


def block(value: float, half: float) -> dict[str, Any]:
    return {**dict.fromkeys(METRICS, value), "ci95": {name: [value - half, value + half] for name in METRICS}}


METRICS_JSON: dict[str, Any] = {
    "split": "test",
    "n_cases": 12345,
    "n_items": 4321,
    "protocol": {"split": "temporal", **protocol(exclude_seen=True)},
    "random": block(0.0021, 0.001),
    "prompted": block(0.2412, 0.009),
    "unprompted": block(0.1, 0.01),
    "popularity": block(0.05, 0.005),
    "seconds": {"preprocess": 1.0, "train": 2.0, "evaluate": 3.0},
}
DATA = {"source": "simulated BC logbooks", "simulated": True, "n_sends": 120000, "first_year": 2012}
CONFIG = {"output": "runs/demo", "model": {"body": "xlnet", "length": 10}, "masking": "mlm", "seed": 7}


def test_terminal_table() -> None:
    text = metrics_table(METRICS_JSON)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    flat = " ".join(text.split())
    assert flat.startswith(
        "test split: 12,345 cases, 4,321 items. Protocol: seen items excluded, split temporal"
    )
    assert "ranking full catalogue" in flat
    assert "prompted 0.241 [0.232, 0.250] 0.241 [0.232, 0.250] 0.241 0.241" in flat
    rows = [line.split()[0] for line in lines if "[" in line]
    assert rows == ["prompted", "unprompted", "popularity", "random"]
    assert lines[-1] == "In brackets: 95% bootstrap intervals over climbers."


def test_markdown_table_has_all_metrics() -> None:
    lines = markdown_table(METRICS_JSON).splitlines()
    assert lines[2] == "|  | accuracy | recall@5 | recall@10 | recall@20 | ndcg@10 | ndcg@20 | mrr@20 |"
    assert lines[3].count("|") == lines[2].count("|")
    assert lines[4] == "| prompted |" + " 0.241 [0.232, 0.250] |" * 7


def test_seen_items_are_always_stated() -> None:
    metrics = copy.deepcopy(METRICS_JSON)
    metrics["protocol"]["exclude_seen"] = False
    assert "seen items kept" in markdown_table(metrics)
    del metrics["protocol"]
    assert "seen items not recorded" in markdown_table(metrics)


def test_one_climber_is_said() -> None:
    one = from_ranks(np.array([1, 2]), np.array([7, 7]), 4).to_json()
    text = metrics_table({"split": "test", "n_cases": 2, "n_items": 4, "prompted": one})
    assert "all cases are one climber's" in text
    assert "[" not in text
    assert "0.500" in text


def test_missing_and_extra_blocks() -> None:
    text = markdown_table(
        {"knn": {"accuracy": 0.5}, "prompted": {"accuracy": None, "mrr@20": 0.25, "ci95": None}}
    )
    assert "| prompted | - | - | - | - | - | - | 0.250 |\n| knn | 0.500 |" in text
    assert metrics_table({})


@pytest.mark.parametrize(
    "odd", [None, [], "x", {"a": 1}, [1], ["x", "y"], 10**400], ids=["none", "empty", "text", *"abcd"]
)
def test_what_is_no_number_is_a_dash(odd: object) -> None:
    """A stranger's metrics.json says what he likes."""
    block = {"recall@10": 0.5, "mrr@20": odd, "ci95": {"recall@10": odd, "accuracy": [0.1, 0.2]}}
    for metrics in (
        {"prompted": block, "n_cases": odd, "n_items": 3, "protocol": odd, "split": odd},
        {"prompted": {**block, "ci95": odd}, "unprompted": odd},
    ):
        for shown in (metrics_table(metrics), markdown_table(metrics)):
            assert "0.500" in shown


def test_card_is_complete() -> None:
    card = model_card(CONFIG, METRICS_JSON, DATA)
    titles = [line[3:] for line in card.splitlines() if line.startswith("## ")]
    assert titles == [
        "What it is",
        "Data",
        "Protocol",
        "Results",
        "Limits",
        "Privacy and trust",
        "How to use",
    ]
    assert "license" not in card
    assert "# Model card: demo\n" in card
    for words in (
        "SIMULATED",
        "n sends: 120,000",
        "first year: 2012",
        "transformer body: xlnet",
        "masking: mlm",
    ):
        assert words in card
    assert markdown_table(METRICS_JSON).strip() in card
    assert "recsys recommend runs/demo" in card
    assert "None" not in card


def test_card_of_real_data_does_not_say_simulated() -> None:
    assert "simulat" not in model_card(CONFIG, METRICS_JSON, {"simulated": False, "source": "my log"}).lower()


@pytest.mark.parametrize("empty", range(4))
def test_card_leaves_missing_things_out(empty: int) -> None:
    config, metrics, data = ({} if empty in (i, 3) else d for i, d in enumerate((CONFIG, METRICS_JSON, DATA)))
    card = model_card(config, metrics, data)
    assert ("## Results" in card) == bool(metrics)
    assert ("## Data" in card) == bool(data)


def test_card_values_cannot_break_its_structure() -> None:
    card = model_card({}, {}, {"source": "a\n## Fake\n<script>|"})
    assert "\n## Fake" not in card
    assert "<script>" not in card


def test_card_says_what_the_model_gives_away() -> None:
    exposed = {"auc": 0.612, "ci95": [0.55, 0.67], "members": 40, "others": 12}
    card = model_card(CONFIG, {**METRICS_JSON, "membership": exposed}, DATA)
    assert "AUC of 0.612 [0.550, 0.670]: 40 climbers" in " ".join(card.split())
    assert "AUC" not in model_card(CONFIG, METRICS_JSON, DATA)
    assert "`--trust` alone" in card


def test_card_names_the_prompt_that_the_model_reads() -> None:
    """A run of films has no grades to speak of."""
    read = {**CONFIG, "model": {"features": ["climb", "climber", "region", "elapsed_days"]}}
    text = model_card(read, METRICS_JSON, {})
    assert "*prompted*: the target's other features (region, elapsed days) are given." in text
    assert "grade" not in text
    assert "*prompted*: the target's other features are given." in model_card({}, METRICS_JSON, {})


def test_card_says_what_lists_are_like() -> None:
    like = {"coverage@10": 0.79, "popularity@10": 1234.5, "novelty@10": 8.05, "diversity@10": None}
    text = model_card(CONFIG, {**METRICS_JSON, "lists": {"unprompted": like, "prompted": {}}}, {})
    assert "| unprompted | 0.790 | 1,234.5 | 8.05 | - |" in text
    assert "What the lists are like" not in model_card(CONFIG, METRICS_JSON, {})


def front(**more: Any) -> list[str]:
    data = more.pop("data", DATA)
    return model_card({**CONFIG, **more}, METRICS_JSON, data).split("---\n")[1].splitlines()


def test_what_a_hub_reads_is_of_the_method_and_the_domain() -> None:
    assert front() == ["tags: [recommendation, sequential-recommendation, climbing]"]
    assert front(library="numpy")[0] == "library_name: numpy"
    assert front(data={**DATA, "nouns": {"climb": "film"}})[-1].endswith(" films]")
    assert front(data={**DATA, "nouns": {"climb": "book", "climbing": "reading"}})[-1].endswith(" reading]")
