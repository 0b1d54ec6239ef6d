"""What does not fit into memory is told before it is taken, and what runs out of it in one line."""

from __future__ import annotations

import pytest
import torch

from recsys.baselines.transformer import Transformer
from recsys.config.model import ModelConfig
from recsys.config.run import RunConfig
from recsys.config.settings import configure
from recsys.config.training import TrainingConfig
from recsys.errors import RunError, UsageError
from recsys.model.prompted_transformer import build_model
from recsys.runs import Run
from recsys.terminal import run as run_app
from recsys.terminal import single
from recsys.training import memory
from recsys.training.memory import check_step, check_weights, machine_memory
from recsys.training.processes import or_run_error

CPU = TrainingConfig(accelerator="cpu")


def check(schema, **sizes):
    config = RunConfig(model=ModelConfig(**sizes), training=CPU)
    check_weights(Transformer(**config.model.model_dump()), schema, config)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"d_model": 65_536}, r"^d_model 65536: the network has .* GiB of weights.*: lower d_model"),
        ({"d_model": 8192, "layers": 16}, "lower d_model"),
        ({"d_model": 128, "layers": 200}, "lower layers"),
        ({"climb_dim": 65_536, "aggregation": "sum", "networks": 16}, "lower climb_dim"),
        ({"body": "bert", "masking": "mlm", "d_model": 65_536}, "lower d_model"),
        ({"body": "bert", "masking": "mlm", "inner": 262_144, "layers": 16}, "lower inner"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_with_its_size(schema, monkeypatch, sizes, words):
    monkeypatch.setattr(memory, "machine_memory", lambda: 100 << 20)
    with pytest.raises(UsageError, match=words):
        check(schema, **sizes)


def test_what_fits_is_trained(schema, monkeypatch):
    check(schema)
    monkeypatch.setattr(memory, "machine_memory", lambda: 1000)
    with pytest.raises(UsageError, match="take fewer climbs and climbers"):
        check(schema)


def test_a_step_that_does_not_fit_is_refused(schema, monkeypatch):
    model = build_model(schema, ModelConfig())
    check_step(model, 10, 128, CPU)
    with pytest.raises(UsageError, match="lower batch_size or length"):
        check_step(model, 4096, 1_048_576, CPU)
    two = build_model(schema, ModelConfig(streams="two", length=4096))
    monkeypatch.setattr(memory, "machine_memory", lambda: 24 << 30)
    with pytest.raises(UsageError, match=r"a step of 128 windows of 4096 sends takes .* GiB at the least"):
        check_step(two, 4096, 128, CPU)
    check_step(two, 200, 128, CPU)
    drawing = build_model(schema, ModelConfig(loss="gbce", negatives=1_048_576))
    with pytest.raises(UsageError, match="lower batch_size or negatives"):
        check_step(drawing, 10, 1_048_576, CPU)


def test_a_container_s_limit_counts(monkeypatch, tmp_path):
    whole = machine_memory()
    for text, most in (("12345\n", 12345), ("max\n", whole)):
        (tmp_path / "memory.max").write_text(text)
        monkeypatch.setattr(memory, "_LIMITS", (str(tmp_path / "none"), str(tmp_path / "memory.max")))
        assert machine_memory() == pytest.approx(most, rel=1e-9) or most == whole


@pytest.mark.parametrize(
    "setting", ["negatives", "batch_size", "epochs", "devices", "nodes", "span_length", "validation_cases"]
)
def test_a_number_beyond_all_bounds_is_refused_as_a_setting(setting):
    with pytest.raises(UsageError, match=f"^{setting} 1000000000000000000000000: "):
        configure({setting: 10**24})


LACKS = [
    MemoryError(),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
]


@pytest.mark.parametrize("error", LACKS)
def test_memory_that_runs_out_is_one_line(tmp_path, capsys, error):
    with (
        pytest.raises(RunError, match=r"memory ran out in training; lower batch_size"),
        or_run_error(tmp_path),
    ):
        raise error

    def command() -> None:
        raise error

    assert run_app(single(command), "train.py", []) == 2
    assert capsys.readouterr().err.startswith("error: memory ran out")


def test_nothing_is_begun_that_does_not_fit(tmp_path):
    from recsys.logbooks.simulate import simulate
    from recsys.training.pipeline import train_run

    simulate("bc", seed=0, scale=0.02).to_parquet(tmp_path / "sends.parquet", index=False)
    config = RunConfig(data=str(tmp_path / "sends.parquet"), model=ModelConfig(d_model=65_536), training=CPU)
    with pytest.raises(UsageError, match="d_model 65536: the network has"):
        train_run(config, tmp_path / "run")
    assert not Run(tmp_path / "run").started
