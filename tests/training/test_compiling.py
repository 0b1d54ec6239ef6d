"""The body through `torch.compile`: the same training, the same names, and a refusal where it cannot be."""

from __future__ import annotations

import shutil

import pytest
import torch

from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig
from recsys.errors import UsageError
from recsys.training.checkpoints import BEST, checkpoint_of
from recsys.training.compiling import check_compiler, compile_body, plain_body
from recsys.training.curve import learning_curve
from recsys.training.fit import choose_device
from tests.model.test_prompted_transformer import build
from tests.training.test_checkpoints import unfinish
from tests.training.test_pipeline import data  # noqa: F401 - a fixture


def can_compile() -> str:
    try:
        check_compiler("cpu")
    except UsageError as error:
        return str(error)
    return ""


def test_where_nothing_compiles_it_is_refused_in_one_line(monkeypatch):
    def compile_(function):
        raise RuntimeError("\nInvalidCxxCompiler: No working C++ compiler found\nmore of it")

    check_compiler.cache_clear()
    monkeypatch.setattr(torch, "compile", compile_)
    words = r"^compile: torch cannot compile here \(InvalidCxx[^\n]*\); install g\+\+, or leave it out$"
    with pytest.raises(UsageError, match=words):
        choose_device(TrainingConfig(accelerator="cpu", compile=True))
    choose_device(TrainingConfig(accelerator="cpu"))


def test_names_stay_and_a_body_is_plain_again(schema):
    model = build(schema, "prenorm", "clm")
    names, body = list(model.state_dict()), model.get_submodule("heads.0.body.1.transformer")
    compile_body(model)
    assert body._compiled_call_impl is not None
    assert list(model.state_dict()) == names
    plain_body(model)
    assert body._compiled_call_impl is None
    compile_body(torch.nn.Linear(2, 2))  # another network stays as it is


@pytest.mark.slow
def test_a_compiled_epoch_after_a_plain_one_is_as_a_plain_one(data, tmp_path):  # noqa: F811
    """Of a training without dropout, whose draws a compiled body makes in another order."""
    if why := can_compile():
        pytest.skip(why)
    from recsys.training.pipeline import train_run

    def config(**training):
        model = {"d_model": 16, "layers": 1, "climb_dim": 16, "dropout": 0.0}
        training = {"batch_size": 64, "accelerator": "cpu", **training}
        return RunConfig(data=str(data), model=model, training=training)

    train_run(config(epochs=1), tmp_path / "plain")
    unfinish(tmp_path / "plain")
    shutil.copytree(tmp_path / "plain", tmp_path / "compiled")
    for name in ("plain", "compiled"):
        asked, names = config(epochs=2, compile=name == "compiled"), {"epochs", "compile"}
        train_run(asked, tmp_path / name, resume=True, names=names)
    plain, compiled = (learning_curve(tmp_path / name) for name in ("plain", "compiled"))
    assert compiled["train_loss"].tolist() == pytest.approx(plain["train_loss"].tolist(), rel=1e-4)
    states = [
        torch.load(checkpoint_of(tmp_path / name, BEST), weights_only=True)["state_dict"]
        for name in ("plain", "compiled")
    ]
    assert states[0].keys() == states[1].keys()
