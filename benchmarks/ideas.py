"""What each idea is worth: the default model, and one setting against it a row; four data sets, three seeds.

    python benchmarks/ideas.py WORK --ml100k ml100k/interactions.parquet
    python benchmarks/ideas.py --table        (what docs/results/ideas.md is made from; trains nothing)

Each row of ideas.toml is trained on the training part with each seed, which draws the split as well, and
scored on the validation part; the test part is not read. A line is added to results/ideas.jsonl, and what it
holds already is not run again: a second call goes on where the first was stopped. `--table` compares each row
with the default on the same cases: difference of recall@10, a 95% interval by a bootstrap over climbers, and
p with Holm's correction for all comparisons of a table. One thread; sized for two hours of one core.

Rows with `whole = true` are trained as `train.py` does, until validation stops growing, joined and placed as
the data asks; they are of one network, and compared with the default of logs this small, which has two. The
others have few epochs, and nothing joins them.

Data:  bc-climber    simulated BC at scale 0.12, dates only, split by climbers
       bc-temporal   the same, split by time
       ml100k        150 users of MovieLens-100k, split by time
       gym           a simulated gym at scale 0.06, its climbs gone within six weeks, split by time
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from records import add, lines, prepared_in

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results" / "ideas.jsonl"
SUMMARY: Final = HERE.parent / "docs" / "results" / "files" / "ideas.json"
SPLITS: Final = {"bc-climber": "climber", "bc-temporal": "temporal", "ml100k": "temporal", "gym": "temporal"}
EPOCHS: Final = {"bc-climber": 5, "bc-temporal": 5, "ml100k": 3, "gym": 5}
# Of every row that is not whole, unless it says otherwise.
BASE: Final = {"learning_rate": 8e-3, "streams": "auto", "positions": "auto", "networks": 1}
BASES: Final = {"default": "default", "whole": "whole-two-networks"}  # what a table's rows are compared with
ASKED: Final = ("prompted", "unprompted")
METRIC: Final = "recall@10"
USERS: Final = 150


def sends_of(data: str, given: argparse.Namespace) -> Path:
    """The sends of a data set, written once."""
    import pandas as pd

    from recsys.logbooks.simulate import simulate

    path: Path = given.work / data.removesuffix("-climber").removesuffix("-temporal") / "interactions.parquet"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    if data == "ml100k":
        frame = pd.read_parquet(given.ml100k)
        users = np.random.default_rng(0).permutation(np.unique(frame["user_id"]))[:USERS]
        pd.read_parquet(given.ml100k.with_name("items.parquet")).to_parquet(path.with_name("items.parquet"))
        frame = frame[frame["user_id"].isin(users)]
    elif data == "gym":
        frame = simulate("gym", seed=0, scale=0.06)
    else:
        frame = simulate("bc", seed=0, scale=0.12).drop(columns="sequence")
    frame.to_parquet(path, index=False)
    return path


def run(row: dict[str, Any], data: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """Train a row and score it; a line of the results."""
    from recsys.config.settings import configure
    from recsys.runs import Run
    from recsys.training.answer import fit_run
    from recsys.training.prepare import reopen_run
    from recsys.training.resolve import configured
    from recsys.training.settle import knows_days, settled, settled_model

    settings = {k: v for k, v in row.items() if k not in ("name", "idea", "data", "epochs", "whole")}
    if not row.get("whole"):
        epochs = EPOCHS[data] * (2 if row.get("epochs") == "double" else 1)
        settings = {"epochs": epochs, **settings}
    common = {"data": sends_of(data, given), "accelerator": "cpu", "split": SPLITS[data], "seed": seed}
    whole = bool(row.get("whole"))
    config, _ = (
        configured({**common, "networks": 1, **settings})
        if whole
        else configure({**common, **BASE, **settings})
    )
    kind = f"-{settings['text']}" if "text" in settings else ""
    folder = given.work / f"run-{data}-{seed}{kind}"
    prepared = prepared_in(folder, config)
    config = config.model_copy(update={"facts": reopen_run(Run(folder))[1].facts})
    training, has_days = int((prepared.parts == 0).sum()), knows_days(prepared.schema)
    if whole:
        config = settled(config, training, prepared.n_items, has_days)
    else:
        model, _ = settled_model(config.model, config, training, has_days)
        config = config.model_copy(update={"model": model})
    spent = time.process_time()
    with tempfile.TemporaryDirectory(dir=given.work) as scratch:
        method = fit_run(prepared, config, Path(scratch), resume=False)
    return {
        "row": row["name"], "data": data, "seed": seed, "settings": settings,
        "cpu": round(time.process_time() - spent, 1), "best_epoch": best_epoch(method.facts or {}),
        **scored(method, prepared),
    }  # fmt: skip


def best_epoch(facts: dict[str, Any]) -> int | list[int] | None:
    """The epoch that was kept; of several networks a list; None of what counts."""
    return (
        [each["best_epoch"] for each in facts["networks"]] if "networks" in facts else facts.get("best_epoch")
    )


def scored(method: Any, prepared: Any) -> dict[str, Any]:
    """Validation scores, and for each climber the cases and how many of them were hits."""
    from recsys.evaluation.evaluate import evaluate
    from recsys.sequences.cases import Cases

    cases = Cases.of(prepared.sequences, prepared.parts, "validation")
    climbers, owner, counts = np.unique(cases.climbers, return_inverse=True, return_counts=True)
    found: dict[str, Any] = {"cases": len(cases), "climbers": climbers.tolist(), "n": counts.tolist()}
    for name in ASKED:
        prompted = name == "prompted" and method.reads_prompt
        scorer = method.scorer(cases, prompted)
        result = evaluate(scorer, cases.targets, cases.climbers, cases.seen, prepared.n_items)
        found[name] = {k: round(result.values[k], 4) for k in (METRIC, "accuracy", "mrr@20")}
        found[name]["hits"] = np.bincount(owner, result.ranks <= 10).astype(int).tolist()
    return found


def rows() -> list[dict[str, Any]]:
    """The rows of ideas.toml, the default first."""
    found: list[dict[str, Any]] = tomllib.loads((HERE / "ideas.toml").read_text())["row"]
    return found


def summary() -> dict[str, Any]:
    """For each data set what the default reaches, and how every row differs from it."""
    held = {(each["data"], each["row"], each["seed"]): each for each in lines(RESULTS)}
    found: dict[str, Any] = {"ideas": {each["name"]: each["idea"] for each in rows()}, "data": {}}
    for data in SPLITS:
        of = {name: table_of(held, data, base, name == "whole") for name, base in BASES.items()}
        if of["default"]:
            found["data"][data] = {"split": SPLITS[data], "epochs": EPOCHS[data], **of}
    return found


def table_of(held: dict[Any, dict[str, Any]], data: str, base: str, whole: bool) -> dict[str, Any] | None:
    """One table of a data set: what its base reaches, and how each row of the kind differs from it."""
    seeds = sorted(seed for kind, row, seed in held if (kind, row) == (data, base))
    if not seeds:
        return None
    compared, cpu = {}, 0.0
    for row in rows():
        both = [seed for seed in seeds if (data, row["name"], seed) in held]
        if not both or bool(row.get("whole")) != whole:
            continue
        pairs = [[held[data, name, seed] for seed in both] for name in (base, row["name"])]
        cpu += sum(each["cpu"] for each in pairs[1])
        if row["name"] != base:
            compared[row["name"]] = {"seeds": len(both), **compare(*pairs)}
    corrected(compared)
    bases = [held[data, base, seed] for seed in seeds]
    return {
        "seeds": seeds, "cases": [each["cases"] for each in bases], "cpu": round(cpu),
        "climbers": len({climber for each in bases for climber in each["climbers"]}),
        "scores": {a: round(float(np.mean([each[a][METRIC] for each in bases])), 4) for a in ASKED},
        "rows": compared,
    }  # fmt: skip


def compare(base: list[dict[str, Any]], own: list[dict[str, Any]]) -> dict[str, Any]:
    """A row less the default, prompted and unprompted: difference, interval, p."""
    from recsys.evaluation.bootstrap import paired_difference

    found: dict[str, Any] = {"cpu": round(sum(e["cpu"] for e in own) / sum(e["cpu"] for e in base), 2)}
    for asked in ASKED:
        # A climber's cases share the climber's mean, which is all that the bootstrap reads.
        ours, its = (
            np.concatenate([np.repeat(np.divide(e[asked]["hits"], e["n"]), e["n"]) for e in each])
            for each in (own, base)
        )
        climbers = np.concatenate([np.repeat(e["climbers"], e["n"]) for e in base])
        one = paired_difference(ours, its, climbers, resamples=5_000)
        assert one.low is not None
        assert one.high is not None
        found[asked] = {
            "difference": round(one.value, 4),
            "low": round(one.low, 4),
            "high": round(one.high, 4),
        }
        found[asked]["p"] = one.p_value
    return found


def corrected(compared: dict[str, Any]) -> None:
    """Put Holm's p in the place of each p."""
    from recsys.evaluation.bootstrap import holm

    p_values = {f"{row} {asked}": found[asked]["p"] for row, found in compared.items() for asked in ASKED}
    for key, value in holm(p_values).items():
        row, _, asked = key.partition(" ")
        compared[row][asked]["p"] = round(value, 4)


def main() -> None:
    """Run what is lacking, or write the summary."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path, nargs="?", default=Path("runs/ideas"))
    parser.add_argument("--data", nargs="+", choices=tuple(SPLITS), default=list(SPLITS))
    parser.add_argument("--only", nargs="+", help="names of rows")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--ml100k", type=Path, help="MovieLens-100k's interactions.parquet; without it, not run"
    )
    parser.add_argument("--table", action="store_true", help=f"write {SUMMARY.name}; then `make docs`")
    given = parser.parse_args()
    if given.table:
        SUMMARY.write_text(json.dumps(summary(), indent=1) + "\n")
        return
    import torch

    torch.set_num_threads(1)
    done = {(each["row"], each["data"], each["seed"]) for each in lines(RESULTS)}
    for seed in given.seeds:
        for data in given.data:
            for row in rows():
                key = (row["name"], data, seed)
                left_out = data not in row.get("data", SPLITS) or (data == "ml100k" and not given.ml100k)
                if key in done or left_out or row["name"] not in (given.only or key):
                    continue
                add(RESULTS, run(row, data, seed, given))
                print(*key, flush=True)


if __name__ == "__main__":
    main()
