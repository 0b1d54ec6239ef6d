"""Training in several processes: real ones, on the CPU, of the smallest network that trains in epochs."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recsys import columns as c
from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig
from recsys.errors import DivergedError, RunError, UsageError
from recsys.training import processes

ROOT = Path(__file__).parents[2]
TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "x",
    "WORLD_SIZE": "4",
    "RANK": "3",
    "LOCAL_WORLD_SIZE": "2",
    "GROUP_WORLD_SIZE": "2",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    draw = np.random.default_rng(0)
    rows = [(f"p{i}", f"x{draw.integers(30)}", f"2024-01-{j + 1:02d}") for i in range(60) for j in range(12)]
    path = tmp_path_factory.mktemp("data") / "sends.csv"
    pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DATE]).to_csv(path, index=False)
    return path


def config(data: Path, **training) -> RunConfig:
    training = {"accelerator": "cpu", "batch_size": 16, "epochs": 2, "patience": 50, **training}
    return RunConfig(data=str(data), method="sasrec", min_sends=1, training=training)


def test_who_leads_and_how_many_there_are():
    assert processes.leads({})
    assert processes.leads({**TORCHRUN, "RANK": "0"})
    assert not processes.leads(TORCHRUN)
    assert processes.layout(TrainingConfig(devices=3), {}) == (3, 1)
    assert processes.layout(TrainingConfig(), TORCHRUN) == (2, 2)
    with pytest.raises(UsageError, match="torchrun --nnodes 2"):
        processes.layout(TrainingConfig(nodes=2), {})
    with pytest.raises(UsageError, match="torchrun started 2"):
        processes.layout(TrainingConfig(devices=4), TORCHRUN)


def test_what_a_process_raises_is_said_as_it_was_meant(tmp_path):
    text = "-- Process 1 terminated ... recsys.errors.DivergedError: the loss is not finite\n"
    with pytest.raises(DivergedError, match=r"^the loss is not finite$"), processes.or_run_error(tmp_path):
        raise RuntimeError(text)
    with pytest.raises(RunError, match="start it again"), processes.or_run_error(tmp_path):
        raise RuntimeError("[gloo/transport/tcp/pair.cc:534] Connection closed by peer")
    with pytest.raises(RuntimeError, match="size mismatch"), processes.or_run_error(tmp_path):
        raise RuntimeError("size mismatch")


@pytest.mark.slow
def test_a_killed_process_ends_the_run_in_one_line_and_resume_ends_it_well(data, tmp_path):
    """Processes that the trainer starts: one is killed after an epoch."""
    from recsys.training.evaluating import evaluate_folder
    from recsys.training.pipeline import train_run

    folder = tmp_path / "run"
    last = folder / "checkpoints" / "last.ckpt"
    killed = threading.Thread(target=_kill_one_after, args=(last,))
    killed.start()
    with pytest.raises(RunError, match="continue with resume") as error:
        train_run(config(data, devices=2, epochs=12), folder)
    killed.join()
    assert "\n" not in str(error.value)
    assert not (folder / "metrics.json").exists()
    before = torch.load(last, weights_only=True)["epoch"]
    assert before < 11
    metrics = train_run(config(data), folder, resume=True)
    _check_result(folder, metrics, epochs=12)
    again = evaluate_folder(folder, "validation")
    assert again["n_cases"] % 2 == 1, "two equal shares need no filling up"
    assert metrics["training"]["validation_score"] == pytest.approx(again["unprompted"]["mrr@20"], abs=1e-6)


@pytest.mark.slow
def test_torchrun_trains_one_run(data, tmp_path):
    words = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        str(ROOT / "train.py"), "--data", str(data), "--model", "sasrec", "--epochs", "2", "--min-sends", "1",
        "--accelerator", "cpu", "--batch-size", "16", "--output", str(tmp_path / "run"),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("trained in") == done.stderr.count("kept in") == 1  # one of them talks
    assert done.stderr.count("batches of") == 1
    from recsys.files import read_json

    _check_result(tmp_path / "run", read_json(tmp_path / "run" / "metrics.json"), epochs=2)


def _kill_one_after(path: Path) -> None:
    patience = time.monotonic() + 400
    while not path.exists() and time.monotonic() < patience:
        time.sleep(0.005)
    os.kill(multiprocessing.active_children()[-1].pid, signal.SIGKILL)


def _check_result(folder: Path, metrics: dict, epochs: int) -> None:
    """Trained to the end; each epoch logged once, that of a checkpoint again; checkpoints written once."""
    assert metrics["training"]["epochs_trained"] == epochs
    rows = [
        row for log in sorted(folder.glob("logs/csv/*/metrics.csv")) for row in csv.DictReader(log.open())
    ]
    numbers = [int(float(row["epoch"])) for row in rows if row["train_loss"]]
    assert numbers == sorted(numbers)
    assert len(numbers) - len(set(numbers)) <= 1
    # A kill may fall between an epoch's checkpoint and its line in the log.
    assert len(set(range(epochs)) - set(numbers)) <= 1
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}


@pytest.mark.slow
@pytest.mark.parametrize("stream", [0, 2])
def test_two_processes_come_out_as_one(data, tmp_path, stream, capfd):
    """Each figure of two processes lies in the interval of one's; also where they stream from the disk."""
    from recsys.training.pipeline import train_run

    parquet = tmp_path / "sends.parquet"
    pd.read_csv(data).to_parquet(parquet, index=False)
    one = train_run(config(parquet, epochs=4), tmp_path / "one")
    two = train_run(config(parquet, epochs=4, devices=2, batch_size=8, stream=stream), tmp_path / "two")
    _check_result(tmp_path / "two", two, epochs=4)
    assert two["n_cases"] == one["n_cases"]
    for metric, (low, high) in one["unprompted"]["ci95"].items():
        assert low <= two["unprompted"][metric] <= high, metric
    assert "UserWarning" not in capfd.readouterr().err  # of the processes that were started
    assert not (tmp_path / "two" / "shards").exists()
