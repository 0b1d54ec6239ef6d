"""Constants of cost, from which docs/explanation/scale.md works out what a billion sends take.

    python benchmarks/scale.py --sends 1000000 --output scale.json     a few CPU minutes
    python benchmarks/scale.py --only train --climbs 10000,100000

prepare   simulated world sends (seed 0, repeated under new names) in eight Parquet parts, through
          `workflows.sends.distributed` on two Dask workers of 2 GB: their CPU seconds and highest memory
train     steps of the default model on batches of 128 windows of 10 random sends, for catalogues of several
          sizes: CPU seconds a step, bytes of weights with their gradients and Adam's two moments
score     one query against every climb's vector, 64 queries at a time: CPU milliseconds an answer

CPU seconds are given, not the wall's, because they do not depend on who else uses the machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

PARTS, STEPS, BATCH, LENGTH = 8, 10, 128, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sends", type=int, default=1_000_000, help="simulated sends to prepare")
    parser.add_argument("--climbs", default="10000,100000,1000000", help="sizes of catalogues to train")
    parser.add_argument("--only", default="prepare,train,score", help="which parts to run")
    parser.add_argument("--output", type=Path, help="results in JSON")
    given = parser.parse_args()
    sizes = [int(each) for each in given.climbs.split(",")]
    found: dict[str, Any] = {"cores": os.cpu_count(), "load_at_start": round(os.getloadavg()[0], 1)}
    parts = {
        "prepare": lambda: prepare(given.sends),
        "train": lambda: train(sizes),
        "score": lambda: score(sizes),
    }
    for name in given.only.split(","):
        found[name] = parts[name]()
        print(json.dumps({name: found[name]}), flush=True)
    if given.output:
        given.output.write_text(json.dumps(found, indent=2) + "\n")


def prepare(sends: int) -> dict[str, Any]:
    from workflows.sends import distributed

    with tempfile.TemporaryDirectory() as folder:
        data, scratch, out = (Path(folder) / name for name in ("parts", "scratch", "out"))
        for each in (data, scratch, out):
            each.mkdir()
        writer = multiprocessing.get_context("spawn").Process(target=write_parts, args=(sends, data))
        writer.start()  # in a process of its own, so that its memory is not this one's
        writer.join()
        steps: dict[str, float] = {}
        with distributed.cluster("local:2", "2GB") as client:
            base, wall = cpu(client), time.perf_counter()
            ranges = distributed.read(client, data, scratch, None, "fail")
            steps["read"] = cpu(client) - base
            read_peak = max(client.run(peak_gib).values())
            distributed.fit(ranges, out / "workflow")
            steps["fit"] = cpu(client) - base - steps["read"]
            fit_peak = max(client.run(peak_gib).values())
            climbers = distributed.transform(client, ranges, out / "workflow", out / "sequences.parquet")
            steps["transform"] = cpu(client) - base - steps["read"] - steps["fit"]
            memory = client.run(peak_gib)
        return {
            "sends": sum(each.sends for each in ranges),
            "climbers": climbers,
            "ranges": len(ranges),
            "cpu_seconds_a_million_sends": {k: round(v * 1e6 / sends, 2) for k, v in steps.items()},
            "wall_seconds": round(time.perf_counter() - wall, 1),
            "gib_highest_of_a_worker": round(max(memory.values()), 2),
            "gib_when_read_and_when_fitted": [round(read_peak, 2), round(fit_peak, 2)],
            "gib_highest_of_the_client": round(peak_gib(), 2),
            "bytes_a_send_on_disk": round((out / "sequences.parquet").stat().st_size / sends, 1),
        }


def write_parts(sends: int, folder: Path) -> None:
    """The simulated world's sends in random order, each time round under new climbers' names."""
    import pandas as pd

    from recsys import columns as c
    from recsys.logbooks.simulate import simulate

    world = simulate("world", seed=0)
    rows = np.random.default_rng(0).permutation(sends)
    for number in range(PARTS):
        mine = rows[number::PARTS]
        frame = world.iloc[mine % len(world)].reset_index(drop=True)
        frame[c.CLIMBER_ID] += "/" + pd.Series(mine // len(world)).astype(str)
        frame.to_parquet(folder / f"part-{number}.parquet", index=False)


def cpu(client: Any) -> float:
    """CPU seconds of all workers so far."""
    return float(sum(client.run(time.process_time).values()))


def peak_gib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 2**20
    return float("nan")


def train(sizes: list[int]) -> list[dict[str, Any]]:
    """Steps of the default model, its 5,000 climbers' table included."""
    import torch

    from recsys.baselines.transformer import Transformer
    from recsys.sequences.epochs import TrainingWindows
    from recsys.training.decay import decay_groups

    torch.set_num_threads(1)
    found = []
    for climbs in sizes:
        sequences, schema = sequences_of(climbs, climbers=5_000)
        model = Transformer().build(schema, LENGTH)
        targets = np.arange(len(sequences))
        model.read_sends(sequences, targets)
        windows = TrainingWindows(sequences, targets, LENGTH, model.asking(LENGTH))
        pairs = windows.draw(np.random.default_rng(0))[: BATCH * (STEPS + 1)]
        optimizer = torch.optim.AdamW(decay_groups(model, 0.0), lr=1e-3, fused=True)
        began = 0.0
        for step in range(STEPS + 1):
            if step == 1:  # the first makes Adam's moments
                began = time.process_time()
            batch = windows.__getitems__([tuple(each) for each in pairs[step * BATCH : (step + 1) * BATCH]])
            optimizer.zero_grad()
            model.training_loss(batch).backward()
            optimizer.step()
        weights = sum(each.numel() for each in model.parameters())
        found.append(
            {
                "climbs": climbs,
                "cpu_seconds_a_step": round((time.process_time() - began) / STEPS, 4),
                "weights": weights,
                "gib_of_weights_gradients_moments": round(16 * weights / 2**30, 2),
            }
        )
    return found


def sequences_of(climbs: int, climbers: int) -> tuple[Any, Any]:
    """Histories of ten random sends, and the schema that the workflow would emit of them."""
    from merlin.schema import ColumnSchema, Schema, Tags

    from recsys.sequences.store import Sequences

    draw, n = np.random.default_rng(0), climbers * LENGTH
    highest = {"climb": climbs + 2, "region": 50, "grade_bin": 77, "rating_bin": 6, "elapsed_days_bin": 15}
    highest |= {"comment": 2, "beta": 2}
    features = {name: draw.integers(1, top + 1, n).astype(np.int32) for name, top in highest.items()}
    features["climb"] = draw.integers(3, climbs + 3, n).astype(np.int32)
    sequences = Sequences(
        offsets=np.arange(0, n + 1, LENGTH), climbers=np.arange(3, climbers + 3, dtype=np.int32),
        climber_ids=np.arange(climbers).astype(str), features=features, rows=np.arange(n, dtype=np.int32),
    )  # fmt: skip
    tags = {name: [Tags.CONTEXT] for name in highest} | {"climb": [Tags.ITEM, Tags.ITEM_ID]}
    columns = [
        ColumnSchema(
            name, dtype=np.int64, is_list=name != "climber", is_ragged=name != "climber",
            tags=[Tags.CATEGORICAL, *tags.get(name, [Tags.USER, Tags.USER_ID])],
            properties={"domain": {"min": 0, "max": top, "name": name}}
            | ({} if name == "climber" else {"value_count": {"min": 1, "max": 50}}),
        )
        for name, top in {**highest, "climber": climbers + 2}.items()
    ]  # fmt: skip
    return sequences, Schema(columns)


def score(sizes: list[int]) -> list[dict[str, Any]]:
    found = []
    for climbs in sizes:
        vectors = np.random.default_rng(0).standard_normal((climbs, 96), dtype=np.float32)
        queries = np.ones((64, 96), dtype=np.float32)
        began = time.process_time()
        for _ in range(3):
            scores = queries @ vectors.T
            np.argpartition(-scores, 100, axis=1)
        spent = (time.process_time() - began) / 3 / 64
        found.append({"climbs": climbs, "cpu_milliseconds_an_answer": round(1000 * spent, 3)})
    return found


if __name__ == "__main__":
    main()
