"""What the defaults are chosen by: settings of the transformer, on validation, at a budget of epochs.

    python benchmarks/choose.py WORK --data bc --rows benchmarks/choose.toml [--only NAME ...] [--threads 1]

A row of the TOML file is a set of settings by name; ``data`` in it limits the row to some data. Each is
trained on the training part and scored on the validation part, and a line is added to the results file; a row
that it holds already is not run again. ``--table`` prints the results as Markdown. The test part is not read,
but by rows with ``test = true``.

Data: bc       simulated BC logbooks, seed 0, split by climbers
      small    300 climbers x 300 climbs of the same (scale 0.2, the most sent 300 climbs), dates only
      small-1  the same of another seed
      films    the same size of MovieLens-100k: 286 users and 297 films, up to 30 ratings each in sessions of
               one to five, a day each; year for grade, genre for region (`--ml100k`, and its items.parquet)
      ml100k   MovieLens-100k where `--ml100k` has it, temporal
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from records import add, lines, prepared_in

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA = ("bc", "small", "small-1", "films", "ml100k")
RESULTS = Path(__file__).parent / "results" / "choose.jsonl"
SHOWN = ("recall@10", "accuracy", "mrr@20")


def simulated(kind: str, folder: Path) -> Path:
    """The simulated sends of a kind, written once."""
    from recsys.logbooks.simulate import simulate

    path = folder / f"{kind}.parquet"
    if path.exists():
        return path
    if kind == "bc":
        frame = simulate("bc", seed=0)
    else:
        frame = simulate("bc", seed=int(kind.partition("-")[2] or 0), scale=0.2).drop(columns="sequence")
        most = _most(frame["climb_id"], 300)
        frame = frame[frame["climb_id"].isin(most)]
    frame.to_parquet(path, index=False)
    return path


def _most(ids: Any, count: int) -> Any:
    """The most frequent ids; of equals the first by name, whatever the processor's sort makes of them."""
    return ids.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[:count]


def films(ratings: Path, folder: Path) -> Path:
    """A small log whose choices are real: what people watched, as climbers log (days are drawn)."""
    import numpy as np
    import pandas as pd

    path = folder / "films.parquet"
    if path.exists():
        return path
    rng, frame = np.random.default_rng(0), pd.read_parquet(ratings)
    items = pd.read_parquet(ratings.with_name("items.parquet")).set_index("item_id")
    frame = frame[frame["item_id"].isin(_most(frame["item_id"], 297))]
    counts = frame["user_id"].value_counts()
    users = rng.choice(counts[counts >= 5].index.sort_values(), 286, replace=False)
    frame = frame[frame["user_id"].isin(users)].sort_values(["user_id", "timestamp"], kind="stable")
    frame = frame.groupby("user_id").head(30)
    of = items.loc[frame["item_id"]]
    years = pd.to_numeric(of["release_year"], errors="coerce").fillna(1990)
    steps = np.searchsorted([1940, 1960, 1970, 1980, 1985, 1990, 1993, 1994, 1995, 1996, 1997], years)
    made = {
        "climber_id": frame["user_id"].to_numpy(),
        "climb_id": frame["item_id"].to_numpy(),
        "date": [day for _, each in frame.groupby("user_id") for day in _sessions(len(each), rng)],
        "rating": frame["rating"].to_numpy(),
        "region": of["class"].str.split().str[0].to_numpy(),
        "grade": [f"V{step}" for step in steps],
    }
    pd.DataFrame(made).to_parquet(path, index=False)
    return path


def _sessions(n: int, rng: Any) -> list[Any]:
    """Days of so many ratings, one to five a day, one to fourteen days apart."""
    import datetime

    days: list[Any] = []
    day = datetime.date(2019, 1, 1) + datetime.timedelta(days=int(rng.integers(0, 700)))
    while len(days) < n:
        day += datetime.timedelta(days=int(rng.integers(1, 15)))
        days += [day] * int(rng.integers(1, 6))
    return days[:n]


def run(name: str, data: str, settings: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """Train one row and score it; a line of the results."""
    import torch

    from recsys.config.settings import configure
    from recsys.training.answer import fit_run
    from recsys.training.suite import evaluate_run

    torch.set_num_threads(given.threads)
    test = bool(settings.pop("test", False))
    split = "temporal" if data == "ml100k" else "climber"
    if data == "films":
        path = films(given.ml100k, given.work)
    else:
        path = given.ml100k if data == "ml100k" else simulated(data, given.work)
    config, _ = configure({"data": path, "split": split, "seed": given.seed, **settings})
    kind = "" if config.model.text == "none" else f"-{config.model.text}"
    prepared = prepared_in(given.work / f"{data}-{config.day}-{given.seed}{kind}", config)
    began, spent = time.perf_counter(), time.process_time()
    method = fit_run(prepared, config, given.work / "training", resume=False)
    seconds = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - spent}
    part = "test" if test else "validation"
    scores = evaluate_run(method, prepared, config.model.length, config.exclude_seen, config.seed, part)
    kinds = {kind: {m: round(scores[kind][m], 4) for m in SHOWN} for kind in ("prompted", "unprompted")}
    facts = dict(method.facts or {})
    found: dict[str, Any] = {"ensemble": facts.get("ensemble")}
    for key in ("best_epoch", "epochs_trained"):  # of several networks a list
        found[key] = [each[key] for each in facts["networks"]] if "networks" in facts else facts.get(key)
    sizes = {"part": part, "seed": given.seed, "threads": given.threads, "cases": scores["n_cases"]}
    line = {"row": name, "data": data, **sizes, "settings": settings}
    return {**line, **{k: round(v, 1) for k, v in seconds.items()}, **found, **kinds}


def table() -> str:
    """The results as Markdown, a table for each data set."""
    found = []
    for data in DATA:
        rows = [each for each in lines(RESULTS) if each["data"] == data]
        if not rows:
            continue
        found += [
            f"\n**{data}**, {rows[0]['cases']} {rows[0]['part']} cases\n",
            "| row | seed | settings | epochs (best) | cpu s | recall@10 prompted | unprompted "
            "| accuracy prompted | mrr@20, mean |",
            "|---|---:|---|---:|---:|---:|---:|---:|---:|",
        ]
        for each in rows:
            settings = ", ".join(f"{k} {v}" for k, v in each["settings"].items())
            one, two = each["prompted"], each["unprompted"]
            part = " (test)" if each["part"] == "test" else ""
            found.append(
                f"| {each['row']}{part} | {each['seed']} | {settings} "
                f"| {_epochs(each['epochs_trained'])} ({_epochs(each['best_epoch'])}) | {each['cpu']:.0f} "
                f"| {one['recall@10']:.3f} | {two['recall@10']:.3f} "
                f"| {one['accuracy']:.3f} | {(one['mrr@20'] + two['mrr@20']) / 2:.4f} |"
            )
    return "\n".join(found)


def _epochs(value: Any) -> str:
    """A number of epochs, or those of several networks."""
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, nargs="?", default=Path("runs/choose"))
    parser.add_argument("--data", nargs="+", choices=DATA, default=["bc"])
    parser.add_argument("--rows", type=Path, default=Path(__file__).parent / "choose.toml")
    parser.add_argument("--only", nargs="+", help="names of rows")
    parser.add_argument("--ml100k", type=Path, help="its interactions.parquet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        print(table())
        return
    given.work.mkdir(parents=True, exist_ok=True)
    for row in tomllib.loads(given.rows.read_text())["row"]:
        for data in given.data:
            settings = dict(row)
            name, of = settings.pop("name"), settings.pop("data", DATA)
            key = (name, data, given.seed)
            done = {(each["row"], each["data"], each["seed"]) for each in lines(RESULTS)}
            if data not in of or key in done or (given.only and name not in given.only):
                continue
            print(add(RESULTS, run(name, data, settings, given)), flush=True)


if __name__ == "__main__":
    main()
