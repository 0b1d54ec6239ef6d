"""Checkpoints that were damaged, and a training that diverges and goes on from the last good one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recsys import columns as c
from recsys.atomic import atomic_path
from recsys.config.run import RunConfig
from recsys.errors import DivergedError, RunError, UsageError
from recsys.runs import Run
from recsys.temporaries import sweep_within


def saved(path, **more):
    parts = {"epoch": 1, "callbacks": {}, "optimizer_states": [], "lr_schedulers": [], "loops": {}}
    torch.save({"state_dict": {"weight": torch.arange(1000.0)}, **parts, **more}, path)
    return {"weight": torch.zeros(1000)}


def test_a_damaged_checkpoint_is_told_in_a_line(tmp_path):
    from recsys.training.checkpoints import read_checkpoint

    path = tmp_path / "last.ckpt"
    state = saved(path)
    whole = path.read_bytes()
    assert read_checkpoint(path, state)["epoch"] == 1
    place = whole.index(np.float32(500).tobytes())  # within the tensor, which torch does not check
    path.write_bytes(whole[:place] + b"\1" + whole[place + 1 :])
    with pytest.raises(RunError, match=r"last\.ckpt: was damaged .*; start anew with overwrite"):
        read_checkpoint(path, state)
    (tmp_path / "best.ckpt").touch()
    for size in np.linspace(0, len(whole) - 1, 20).astype(int):
        path.write_bytes(whole[:size])
        with pytest.raises(RunError, match=r"not a readable checkpoint .*; copy .*best\.ckpt over it"):
            read_checkpoint(path, state)
    torch.save({"state_dict": {}}, path)
    with pytest.raises(RunError, match="parts are missing"):
        read_checkpoint(path, state)
    saved(path, state_dict={"weight": torch.zeros(10)})
    with pytest.raises(RunError, match="another network"):
        read_checkpoint(path, state)
    path.unlink()
    os.mkfifo(path)  # it would be waited for
    with pytest.raises(RunError, match="not a readable checkpoint"):
        read_checkpoint(path, state)


def test_damaged_weights_are_told_in_a_line(tmp_path):
    from safetensors.torch import save_model

    from recsys.training.start import begin_with

    path, network = tmp_path / "start.safetensors", torch.nn.Linear(3, 2)
    save_model(network, str(path))
    whole = path.read_bytes()
    begin_with(network, tmp_path)
    odd = [whole[:size] for size in (0, 5, 60, len(whole) - 1)]
    odd += [
        b"\xff" * 8 + whole[8:],
        whole.replace(b"weight", b"wei\xffht"),
        whole.replace(b"weight", b"weighs"),
    ]
    for content in odd:
        path.write_bytes(content)
        with pytest.raises(
            RunError, match=r"start\.safetensors: (no readable weights|of another network) \(.*with"
        ):
            begin_with(network, tmp_path)
    save_model(torch.nn.Linear(4, 2), str(path))
    with pytest.raises(
        RunError, match=r"of another network \(size mismatch for weight.*start anew with overwrite"
    ):
        begin_with(network, tmp_path)
    path.unlink()
    with pytest.raises(RunError, match="is missing"):
        begin_with(network, tmp_path)


@pytest.mark.parametrize("write", ["torch", "safetensors"])
def test_what_a_full_disk_refuses_is_told_whoever_writes(tmp_path, write):
    """Each of them raises an error of its own, which hides what the system said."""
    with pytest.raises(OSError, match=r"No space left on device: '.*/a'"), atomic_path(tmp_path / "a"):
        WRITERS[write](torch.zeros(100_000))


def write_torch(tensor):
    with open("/dev/full", "wb") as file:
        torch.save(tensor, file)


def write_in_rust(tensor):
    raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")


WRITERS = {"torch": write_torch, "safetensors": write_in_rust}


@pytest.mark.parametrize("written", ["weights", "start"])
def test_what_safetensors_leaves_when_it_is_killed_is_swept(tmp_path, monkeypatch, written):
    """It writes under a name of its own, beside the file that is asked for."""
    from recsys.model import weights
    from recsys.training.start import keep_start

    write = {"weights": weights.save_weights, "start": keep_start}[written]

    def killed(model, path, metadata):
        Path(path).with_name(".tmpa1B2c3").touch()
        raise SystemExit

    monkeypatch.setattr(weights, "save_model", killed)
    monkeypatch.setattr(weights.shutil, "rmtree", lambda *args, **kwargs: None)
    with pytest.raises(SystemExit):
        write(torch.nn.Linear(1, 1), tmp_path)
    (left,) = tmp_path.iterdir()
    monkeypatch.undo()
    monkeypatch.setattr("recsys.temporaries._began", lambda process: "gone")
    sweep_within(tmp_path)
    assert not left.exists()


def config(data, **training) -> RunConfig:
    training = {"accelerator": "cpu", "batch_size": 16, "patience": 50, **training}
    return RunConfig(data=str(data), method="sasrec", min_sends=1, training=training)


def unfinish(folder):
    """A run as it is before its results are written."""
    (folder / "metrics.json").unlink()
    Run(folder).write_manifest(trained=False)


def test_after_divergence_the_epochs_before_are_used(tmp_path):
    from recsys.training.curve import learning_curve
    from recsys.training.pipeline import train_run

    draw = np.random.default_rng(0)
    rows = [(f"p{i}", f"x{draw.integers(20)}", f"2024-01-{j + 1:02d}") for i in range(20) for j in range(8)]
    data, folder = tmp_path / "sends.csv", tmp_path / "run"
    pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DATE]).to_csv(data, index=False)
    train_run(config(data, epochs=1), folder)
    unfinish(folder)
    with pytest.raises(RunError, match=r"has not finished; .*best\.ckpt.*no more epochs than are trained"):
        Run.open(folder)
    wild, names = config(data, epochs=3, learning_rate=1e30), {"epochs", "learning_rate"}
    with pytest.raises(DivergedError, match=r"of epoch 2 is not finite; .*resume and epochs 1"):
        train_run(wild, folder, resume=True, names=names)
    assert train_run(config(data, epochs=1), folder, resume=True, names={"epochs"})["n_cases"] > 0
    unfinish(folder)
    metrics = train_run(config(data, epochs=2, learning_rate=1e-3), folder, resume=True, names=names)
    assert metrics["training"]["epochs_trained"] == 2
    assert Run.open(folder).config.training.learning_rate == 1e-3
    assert json.loads((folder / "config.json").read_text())["training"]["epochs"] == 1
    # A kill between the last checkpoint and its epoch's line in the log loses nothing of the curve.
    curve = learning_curve(folder)
    unfinish(folder)
    shutil.rmtree(folder / "logs")
    train_run(config(data, epochs=2, learning_rate=1e-3), folder, resume=True, names=names)
    again = learning_curve(folder)
    pd.testing.assert_frame_equal(again, curve.tail(1).reset_index(drop=True)[again.columns])
    assert "train_loss" in again
    with pytest.raises(UsageError, match="was started with 2"):
        train_run(config(data, epochs=5), folder, resume=True, names={"epochs"})
    unfinish(folder)
    with pytest.raises(UsageError, match="has 2 epochs trained; give 2"):
        train_run(config(data, epochs=1), folder, resume=True, names={"epochs"})
