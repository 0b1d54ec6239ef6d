"""Training that streams from the disk: its memory against the number of sends, and its result.

    python benchmarks/stream.py memory --sends 1000000,5000000        minutes a size
    python benchmarks/stream.py export --sends 500000,2000000         minutes a size
    python benchmarks/stream.py result --seeds 0,1,2                  a few minutes a training

memory    simulated world sends (seed 0, repeated under new climbers' names) in eight Parquet parts, prepared
          in one process and streamed, eight parts of 250,000 sends at a time: the highest resident memory
          (GiB, `VmHWM`) of preparing, of opening, and of an epoch whose every batch is cut as training does
          it. The network is left out: what it takes depends on climbs and climbers, not on sends.
          ``--in-memory`` does the same with all sends in memory.
export    the same sends, prepared so, and the bundle of a run of them whose network is not trained: the
          highest resident memory of writing it, its libraries included
result    simulated BC, whole trainings of the default model in memory, and streamed from parts of some 2,000
          sends, one, two and six of them at a time: recall@10 on the same test cases, each seed a training
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from memory import peak_gib, reset_peak
from scale import write_parts

GROUP = 8  # parts of 250,000 sends
SIZE = 2_000  # sends of a part when results are compared
GROUPS = (0, 1, 2, 6)  # parts at a time; 0: all sends in memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("memory", "export", "result"))
    parser.add_argument("--sends", default="1000000,5000000", help="of memory, export: simulated sends")
    parser.add_argument("--in-memory", action="store_true", help="of memory: all sends at once instead")
    parser.add_argument("--seeds", default="0,1,2", help="of result: seeds of split, weights and training")
    parser.add_argument("--scale", type=float, default=0.2, help="of result: size of the simulated log")
    parser.add_argument("--epochs", type=int, default=6, help="of result: epochs")
    given = parser.parse_args()
    print(json.dumps({"cores": os.cpu_count(), "load_at_start": round(os.getloadavg()[0], 1)}), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "result":
            result(given, Path(folder))
            return
        for number, sends in enumerate(int(each) for each in given.sends.split(",")):
            own = Path(folder) / str(number)
            tasks = (write, measure) if given.what == "memory" else (write, prepare_untrained, measure_export)
            for task in tasks:  # each in a process of its own, so that its memory is its alone
                started = multiprocessing.get_context("spawn").Process(
                    target=task, args=(sends, own, 0 if given.in_memory else GROUP)
                )
                started.start()
                started.join()


def write(sends: int, folder: Path, group: int) -> None:
    (folder / "parts").mkdir(parents=True)
    write_parts(sends, folder / "parts")


def measure(sends: int, folder: Path, group: int) -> None:
    from recsys.config.run import RunConfig
    from recsys.config.training import TrainingConfig
    from recsys.runs import Run
    from recsys.sequences.epochs import TrainingWindows, amount, epoch
    from recsys.sequences.split import TRAIN
    from recsys.sequences.streaming import StreamedBatches, StreamedWindows
    from recsys.training.methods import settings_of
    from recsys.training.prepare import opened, prepare_run

    training = TrainingConfig(stream=group, accelerator="cpu")
    config = RunConfig(data=str(folder / "parts"), ensemble="none", training=training)
    run, found, began = Run(folder / "run"), {"sends": sends, "parts_in_memory": group}, time.perf_counter()
    config = config.model_copy(update={"ensemble": None})
    with run.lock():
        if group:
            from recsys.training.out_of_core import prepare_ranges

            prepare_ranges(run, config)
        else:
            prepare_run(run, config)
    found |= step("prepare", began)
    began = time.perf_counter()
    prepared = opened(run.folder, config)
    found |= step("open", began)
    began, rng = time.perf_counter(), np.random.default_rng(0)
    length = config.model.length
    settings: Any = settings_of(config)
    asking = settings.build(prepared.schema, length).asking(length)
    if group:
        windows = StreamedWindows(prepared.shards, group, length, asking)
        batches = StreamedBatches(windows, windows.amounts(1.0, rng), 128, 0)
        found["parts"] = len(prepared.shards)
    else:
        sequences, own = prepared.sequences, np.flatnonzero(prepared.parts == TRAIN)
        windows = TrainingWindows(sequences, own, length, asking)
        pairs = epoch(windows, amount(windows, 1.0, rng), rng)
        batches = iter(lambda: list(itertools.islice(pairs, 128)), [])
    for each in batches:
        windows.__getitems__(each)
    print(json.dumps({**found, **step("epoch", began)}), flush=True)


def prepare_untrained(sends: int, folder: Path, group: int) -> None:
    """A finished run, as far as a bundle needs it: prepared, with a network as it begins."""
    from recsys import run_files
    from recsys.config.run import RunConfig
    from recsys.config.training import TrainingConfig
    from recsys.runs import Run
    from recsys.sequences.run_tables import read_climbs_table
    from recsys.training.answer import RunMethod
    from recsys.training.kept import keep
    from recsys.training.methods import settings_of
    from recsys.training.out_of_core import prepare_ranges
    from recsys.training.skill import fit_skill, skill_sends
    from workflows.sends import read_schema

    training = TrainingConfig(stream=GROUP, accelerator="cpu")
    config = RunConfig(data=str(folder / "parts"), ensemble="none", training=training)
    config, run = config.model_copy(update={"ensemble": None}), Run(folder / "run")
    with run.lock():
        run.write_config(config.model_copy(update={"facts": prepare_ranges(run, config)}))
        settings: Any = settings_of(config)
        network = settings.build(read_schema(run.folder / run_files.SCHEMA), config.model.length)
        keep(RunMethod(network, None, None, True), config, run.folder)
        (run.folder / run_files.CARD).write_text("# Not trained\n")
        run.write_metrics({})
        fit_skill(skill_sends(run.folder), read_climbs_table(run.folder)).save(run.folder / run_files.SKILL)
        run.write_manifest(trained=True)


def measure_export(sends: int, folder: Path, group: int) -> None:
    from recsys.exporting.export import export
    from recsys.runs import Run

    reset_peak()
    began = time.perf_counter()
    export(Run.open(folder / "run"), folder / "bundle")
    size = (folder / "bundle" / "arrays.npz").stat().st_size / 2**30
    print(json.dumps({"sends": sends, **step("export", began), "arrays_gib": round(size, 2)}), flush=True)


def step(name: str, began: float) -> dict[str, float]:
    """Seconds of a step and its highest memory; the next one begins anew."""
    found = {f"{name}_seconds": round(time.perf_counter() - began), f"{name}_gib": round(peak_gib(), 2)}
    reset_peak()
    return found


def result(given: argparse.Namespace, folder: Path) -> None:
    from recsys.config.run import RunConfig
    from recsys.config.training import TrainingConfig
    from recsys.logbooks.simulate import simulate
    from recsys.runs import Run
    from recsys.training.out_of_core import prepare_ranges
    from recsys.training.pipeline import train_run

    data = folder / "sends.parquet"
    simulate("bc", seed=0, scale=given.scale).to_parquet(data, index=False)
    for seed in (int(each) for each in given.seeds.split(",")):
        for group in GROUPS:
            training = TrainingConfig(stream=group, epochs=given.epochs, patience=given.epochs)
            config = RunConfig(data=str(data), ensemble="none", seed=seed, training=training)
            config = config.model_copy(update={"ensemble": None})
            run = Run(folder / f"{seed}-{group}")
            if group:
                with run.lock():
                    facts = prepare_ranges(run, config, SIZE)
                    run.write_config(config.model_copy(update={"facts": facts}))
                    run.write_manifest(trained=False)
            metrics = train_run(config, run.folder, resume=bool(group))
            kinds = {name: metrics[name]["recall@10"] for name in ("prompted", "unprompted")}
            ci = {name: metrics[name]["ci95"]["recall@10"] for name in kinds}
            print(json.dumps({"seed": seed, "parts_in_memory": group, **kinds, "ci95": ci}), flush=True)


if __name__ == "__main__":
    main()
