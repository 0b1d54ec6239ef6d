"""The parts of training that a whole run would hide: sampling, schedule, devices, and the smallest data."""

from __future__ import annotations

import itertools
import types

import numpy as np
import pandas as pd
import pytest
import torch

from recsys import columns as c
from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig
from recsys.errors import DataError, RunError, UsageError


def windows_of(sends=100, climbers=4):
    from recsys.sequences.asking import LAST
    from recsys.sequences.epochs import TrainingWindows
    from recsys.sequences.store import Sequences

    each = sends // climbers
    rows = [list(range(i * each, (i + 1) * each)) for i in range(climbers)]
    ids = [f"c{i}" for i in range(climbers)]
    table = {"climb": rows, "climber": range(3, 3 + climbers), c.CLIMBER_ID: ids, c.ROW: rows}
    return TrainingWindows(Sequences.from_table(pd.DataFrame(table)), np.arange(sends), 5, LAST)


def test_sampler_is_a_new_order_each_epoch_and_the_same_each_time():
    from recsys.training.module import EpochSampler

    sampler = EpochSampler(windows_of(), 100, seed=3)
    first = list(sampler)
    assert sorted(first) == [(i, i) for i in range(100)]
    sampler.set_epoch(1)
    second = list(sampler)
    assert sorted(second) == sorted(first)
    assert first != second
    assert list(EpochSampler(windows_of(), 100, seed=3)) == first


def test_sampler_shares_and_splits():
    from recsys.training.module import EpochSampler

    assert len(list(EpochSampler(windows_of(), 30, seed=0))) == 30
    assert len(list(EpochSampler(windows_of(), 250, seed=0))) == 250
    parts = [list(EpochSampler(windows_of(), 99, 0, rank, 2)) for rank in range(2)]
    assert [len(part) for part in parts] == [50, 50]  # equal work: rounded up
    assert set(parts[0]) | set(parts[1]) == {(i, i) for i in range(100)}


def test_rate_warms_up_to_the_highest_and_ends_at_the_final_one():
    from recsys.training.module import NextClimb

    module = types.SimpleNamespace(config=TrainingConfig(warmup=0.1))
    rates = [1e-3 * NextClimb._rate(module, step, 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(1e-5)
    assert max(rates) == rates[99] == rates[100] == pytest.approx(1e-3)
    assert rates[550] == pytest.approx((1e-3 + 1e-4) / 2)
    assert rates[1000] == pytest.approx(1e-4)
    assert all(a >= b for a, b in itertools.pairwise(rates[100:]))


def test_weights_of_linear_layers_decay_and_nothing_else_does(schema):
    from recsys.training.decay import decay_groups
    from tests.model.test_prompted_transformer import build

    model = build(schema, "prenorm", "clm")
    decayed, kept = decay_groups(model, 0.1)
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.1, 0.0)
    names = {id(each): name for name, each in model.named_parameters()}
    found = {names[id(each)] for each in decayed["params"]}
    assert len(decayed["params"]) + len(kept["params"]) == len(names)
    assert all(name.endswith("weight") and "embedding" not in name and "norm" not in name for name in found)
    for part in ("qkv", "narrow", "task_block", "projection_module.0"):
        assert any(part in name for name in found), part
    table = model.task.pre.table.weight
    assert not any(each is table for each in decayed["params"])


def test_no_table_decays_whatever_module_holds_it(schema):
    """Of every network: rows by id or by position, and XLNet's biases, which have two axes as weights do."""
    from recsys.training.decay import decay_groups
    from tests.baselines.test_networks import NETWORKS
    from tests.builders import attention_networks
    from tests.model.test_prompted_transformer import build

    settings = [*NETWORKS.values(), *attention_networks.ALL]
    networks = [each.build(schema, attention_networks.LENGTH) for each in settings]
    networks += [build(schema, *pair) for pair in (("xlnet", "plm"), ("gpt2", "clm"), ("albert", "mlm"))]
    tables = {"climbs", "climbers", "next", "previous", "output", "positions", "target", "others", "wpe"}
    decayed = set()
    for network in networks:
        names = {id(each): name for name, each in network.named_parameters()}
        found = {names[id(each)] for each in decay_groups(network, 0.1)[0]["params"]}
        assert not [name for name in found if tables & set(name.split("."))], type(network)
        assert not [name for name in found if name.endswith(("bias", "embed", "mask_emb"))], type(network)
        decayed |= {name.rsplit(".", 1)[-1] for name in found}
    assert {"weight", "weight_ih_l0", "weight_hh_l1", "in_proj_weight", *"qkvor"} <= decayed


def test_asking_for_a_gpu_where_there_is_none(monkeypatch):
    from recsys.training.fit import choose_device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="no CUDA device"):
        choose_device(TrainingConfig(accelerator="gpu"))
    assert choose_device(TrainingConfig())[0] == "cpu"
    assert "no CUDA device" in choose_device(TrainingConfig())[1]


def handful(path, climbers=3, sends=4):
    """So few sends that no climb reaches five."""
    rows = [
        (f"p{i}", f"x{(i + j) % 5}", f"2024-01-{j + 1:02d}") for i in range(climbers) for j in range(sends)
    ]
    pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DATE]).to_csv(path, index=False)
    return path


SMALL = {
    "model": {"d_model": 8, "layers": 1, "climb_dim": 8},
    "training": {"epochs": 1, "accelerator": "cpu"},
}


@pytest.mark.parametrize("split", ["climber", "temporal", "leave-one-out"])
def test_a_handful_of_sends_trains_and_warns(tmp_path, capsys, split):
    from recsys.training.pipeline import train_run

    metrics = train_run(
        RunConfig(data=str(handful(tmp_path / "sends.csv")), split=split, **SMALL), tmp_path / "run"
    )
    assert metrics["n_cases"] > 0
    said = capsys.readouterr().err
    assert "min_sends" in said
    assert "the figures will say little" in said


def test_nothing_to_hold_out_is_one_line(tmp_path):
    from recsys.training.pipeline import train_run

    data = handful(tmp_path / "sends.csv", sends=2)
    with pytest.raises((DataError, UsageError), match="split"):
        train_run(RunConfig(data=str(data), split="leave-one-out", **SMALL), tmp_path / "run")


def test_order_without_dates_trains_without_elapsed_days(tmp_path):
    from recsys.training.pipeline import train_run

    sends = pd.read_csv(handful(tmp_path / "sends.csv", climbers=6, sends=5))
    sends[c.DATE] = sends.groupby(c.CLIMBER_ID).cumcount()
    sends.to_csv(tmp_path / "order.csv", index=False)
    config = RunConfig(data=str(tmp_path / "order.csv"), split="leave-one-out", **SMALL)
    train_run(config, tmp_path / "run")
    assert "elapsed_days" not in (tmp_path / "run" / "schema.pbtxt").read_text()


def test_rejects_are_those_of_the_run_that_is_there(tmp_path):
    """A refused call leaves the rejects of the run before; a new run without any has none."""
    from recsys.errors import DataError
    from recsys.training.pipeline import train_run

    data, folder = handful(tmp_path / "sends.csv", climbers=6, sends=5), tmp_path / "run"
    plain = RunConfig(data=str(data), method="popularity", bad_rows="drop")
    broken = tmp_path / "broken.csv"
    broken.write_text(data.read_text() + "zoe,b1,someday\n")
    train_run(plain.model_copy(update={"data": str(broken)}), folder)
    rejects = (folder / "rejects.csv").read_text()
    assert "someday" in rejects
    broken.write_text("climber_id,climb_id,date\nzoe,b1,never\n")
    for bad_rows in ("fail", "drop"):
        with pytest.raises(DataError):
            train_run(
                plain.model_copy(update={"data": str(broken), "bad_rows": bad_rows}), folder, overwrite=True
            )
        assert (folder / "rejects.csv").read_text() == rejects
    train_run(plain, folder, overwrite=True)
    assert not [each for each in folder.iterdir() if "rejects" in each.name]
    with pytest.raises(DataError, match="see the rejects"):
        train_run(plain.model_copy(update={"data": str(broken)}), tmp_path / "new")
    assert "never" in (tmp_path / "new" / "rejects.csv").read_text()


@pytest.mark.shared
def test_six_real_climbers(shared, tmp_path):
    """theCrag's log of six climbers: tiny, of Ewbank grades, with attempts that are no sends."""
    from recsys.training.pipeline import train_run

    small = {**SMALL, "model": {**SMALL["model"], "masking": "mlm"}}
    config = RunConfig(data=str(shared / "thecrag_testdata"), split="temporal", **small)
    metrics = train_run(config, tmp_path / "run")
    assert metrics["n_cases"] > 0
    assert np.isfinite(metrics["prompted"]["recall@10"])
    assert "attempt" in (tmp_path / "run" / "rejects.csv").read_text()


def test_trains_in_bf16(tmp_path):
    """Mixed precision on the CPU takes the path that a GPU takes by default."""
    from recsys.training.pipeline import train_run

    data = handful(tmp_path / "sends.csv", climbers=10, sends=5)
    training = {**SMALL["training"], "precision": "bf16"}
    metrics = train_run(RunConfig(data=str(data), model=SMALL["model"], training=training), tmp_path / "run")
    assert metrics["n_cases"] > 0


def test_a_loss_that_explodes_is_said_and_leaves_no_result(tmp_path):
    from recsys.training.pipeline import train_run

    training = {**SMALL["training"], "learning_rate": 1e30, "epochs": 3}
    data = handful(tmp_path / "sends.csv", climbers=10, sends=5)
    with pytest.raises(RunError, match=r"not finite.*learning_rate"):
        train_run(RunConfig(data=str(data), model=SMALL["model"], training=training), tmp_path / "run")
    assert not (tmp_path / "run" / "metrics.json").exists()


@pytest.mark.parametrize("blank", ["throughout", "in the training part"])
def test_a_blank_column_is_left_out(tmp_path, blank):
    """Region logged by nobody, or only after what is trained on."""
    from recsys.training.pipeline import train_run

    sends = pd.read_csv(handful(tmp_path / "sends.csv", climbers=8, sends=8))
    late = sends[c.DATE] >= "2024-01-08"
    sends[c.REGION] = None if blank == "throughout" else late.map({True: "Squamish", False: None})
    sends.to_csv(tmp_path / "sends.csv", index=False)
    config = RunConfig(data=str(tmp_path / "sends.csv"), split="temporal", **SMALL)
    assert train_run(config, tmp_path / "run")["n_cases"] > 0
    assert "region" not in (tmp_path / "run" / "schema.pbtxt").read_text()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_trains_on_a_gpu_in_bf16(tmp_path):
    from recsys.training.pipeline import train_run

    data = handful(tmp_path / "sends.csv", climbers=20, sends=5)
    config = RunConfig(
        data=str(data),
        model=SMALL["model"],
        training={"epochs": 2, "accelerator": "gpu", "precision": "bf16"},
    )
    assert train_run(config, tmp_path / "run")["n_cases"] > 0


def test_a_log_of_single_days_is_refused_and_not_waited_for(tmp_path):
    """Whoever is asked for what follows a day has nothing to learn where every climber has one."""
    from recsys.training.pipeline import train_run
    from recsys.training.resolve import configured

    days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    rows = [(f"u{u}", f"c{(u + k) % 5}", day) for u in range(12) for k, day in enumerate(days)]
    sends = pd.DataFrame(rows, columns=["climber_id", "climb_id", "date"])
    sends.to_csv(tmp_path / "sends.csv", index=False)
    asked = {"data": str(tmp_path / "sends.csv"), "split": "leave-one-out", "min_sends": 1}
    config, names = configured({**asked, "model": "sasrec", "epochs": 1, "accelerator": "cpu"})
    with pytest.raises(DataError, match="the training part: has no climber with sends of two days"):
        train_run(config, tmp_path / "run", names=names)
