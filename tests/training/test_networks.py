"""A run of several networks: each is what it would be by itself, and a kill loses nothing of it."""

from __future__ import annotations

import shutil

import pytest
import torch

from recsys.config.run import RunConfig
from recsys.runs import Run
from recsys.training.curve import learning_curve
from tests.builders.trained import trained
from tests.training.test_pipeline import data, without_seconds  # noqa: F401 - a fixture

SIZES = {"d_model": 16, "layers": 1, "climb_dim": 16}


def config(data, networks, seed=0):  # noqa: F811 - the fixture's value
    training = {"epochs": 2, "batch_size": 64, "accelerator": "cpu"}
    model = {**SIZES, "networks": networks}
    return RunConfig(data=str(data), model=model, training=training, seed=seed)


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):  # noqa: F811
    """One network, two of the same seed, with the metrics of each."""
    from recsys.training.pipeline import train_run

    root = tmp_path_factory.mktemp("networks")
    return {count: (root / str(count), train_run(config(data, count), root / str(count))) for count in (1, 2)}


@pytest.fixture
def killed(monkeypatch):
    """Train a run that is killed before its second network."""
    from recsys.training import networks
    from recsys.training.pipeline import train_run

    fit = networks.fit

    def of_one(*arguments):
        if arguments[-1] == "2":
            raise KeyboardInterrupt
        return fit(*arguments)

    def train(settings, folder):
        with monkeypatch.context() as patch:
            patch.setattr(networks, "fit", of_one)
            patch.setattr(networks, "_at_once", lambda *_: 1)
            with pytest.raises(KeyboardInterrupt):
                train_run(settings, folder)

    return train


def test_the_first_network_is_the_one_that_would_be_alone(runs):
    alone, both = (trained(runs[count][0]).network for count in (1, 2))
    table, wide = (each.task.pre.table.weight for each in (alone, both))
    assert torch.equal(wide[:, : table.shape[1]], table)
    assert not torch.equal(wide[:, table.shape[1] :], table)


def test_each_is_trained_in_a_folder_of_its_own(runs):
    folder, metrics = runs[2]
    files = {str(each.relative_to(folder)) for each in folder.glob("checkpoints/**/*.ckpt")}
    assert files == {f"checkpoints/{part}/{name}.ckpt" for part in (1, 2) for name in ("best", "last")}
    curve = learning_curve(folder)
    assert curve[["network", "epoch"]].to_numpy().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert curve["train_loss"].nunique() == 4
    facts = metrics["training"]
    assert len(facts["networks"]) == 2
    assert facts["settings"].startswith("2 networks: epoch ")
    assert facts["parameters"] == pytest.approx(2 * runs[1][1]["training"]["parameters"], rel=0.05)
    assert (folder / "learning_curve.png").is_file()


def test_each_is_named_and_a_run_that_was_cut_off_tells_its_best_epochs(runs, tmp_path):
    from recsys.errors import RunError
    from recsys.training.pipeline import train_run, trainings_of
    from recsys.training.prepare import opened
    from tests.training.test_checkpoints import unfinish

    folder = tmp_path / "run"
    shutil.copytree(runs[2][0], folder)
    settings = Run(folder).config
    modules = [module for module, _ in trainings_of(opened(folder, settings), settings, folder)]
    assert [each.label for each in modules] == ["network 1 of 2", "network 2 of 2"]
    unfinish(folder)
    shutil.rmtree(folder / "checkpoints" / "2")  # it had not begun
    with pytest.raises(RunError, match=r"of each network \(checkpoints/1/best\.ckpt\).*resume with epochs 1"):
        Run.open(folder)
    fewer = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": 1})})
    found = train_run(fewer, folder, resume=True, names={"epochs"})["training"]["networks"]
    assert [each["epochs_trained"] for each in found] == [2, 1]


def test_a_bundle_answers_as_the_run_does(runs, tmp_path):
    import recsys
    from recsys.exporting.export import export

    export(Run.open(runs[2][0]), tmp_path / "bundle")
    run, bundle = recsys.load(runs[2][0]), recsys.load(tmp_path / "bundle")
    climber = next(iter(run.climbers))
    asked, told = ([one.climb_id for one in each.recommend(climber, k=10)] for each in (run, bundle))
    assert asked == told


def test_a_run_that_is_killed_in_its_second_network_goes_on_to_the_same(runs, data, tmp_path, killed):  # noqa: F811
    from recsys.training.pipeline import train_run

    folder = tmp_path / "2"  # the name is in the card
    killed(config(data, 2), folder)
    first = (folder / "checkpoints" / "1" / "last.ckpt").stat()
    found = train_run(config(data, 2), folder, resume=True)
    assert (folder / "checkpoints" / "1" / "last.ckpt").stat().st_mtime_ns == first.st_mtime_ns
    assert without_seconds(found) == without_seconds(runs[2][1])
    assert (folder / "model.safetensors").read_bytes() == (runs[2][0] / "model.safetensors").read_bytes()


def test_a_run_of_one_in_its_place_leaves_nothing_of_two(runs, data, tmp_path):  # noqa: F811
    from recsys.training.pipeline import train_run

    shutil.copytree(runs[2][0], tmp_path / "run")
    train_run(config(data, 1), tmp_path / "run", overwrite=True)
    assert not list((tmp_path / "run").glob("*/[0-9]*"))


def test_a_network_whose_patience_ended_is_trained_no_more_when_the_run_goes_on(data, tmp_path, killed):  # noqa: F811
    from recsys.training.pipeline import train_run

    settings = config(data, 2)
    training = settings.training.model_copy(
        update={"epochs": 6, "patience": 1, "learning_rate": 1e-9, "ema": 0.0}
    )
    settings = settings.model_copy(update={"training": training})
    killed(settings, tmp_path / "run")
    found = train_run(settings, tmp_path / "run", resume=True)["training"]["networks"]
    assert [each["epochs_trained"] for each in found] == [2, 2]  # of which the second was no better


@pytest.mark.parametrize("pretrained", [True, False])
def test_each_begins_with_the_same_climbs_where_they_were_counted(runs, tmp_path, pretrained):
    """Turned by its own seed."""
    from recsys.columns import FIRST_VALUE_ID
    from recsys.training.pipeline import trainings_of
    from recsys.training.prepare import opened

    settings = Run(runs[2][0]).config
    model = settings.model.model_copy(update={"pretrained": pretrained})
    prepared = opened(runs[2][0], settings)
    settings = settings.model_copy(update={"model": model})
    modules = [module for module, _ in trainings_of(prepared, settings, tmp_path)]
    one, two = (each.model.task.pre.table.weight[FIRST_VALUE_ID:].detach() for each in modules)
    assert not torch.allclose(one, two)
    sent = torch.as_tensor(modules[0].climbs if pretrained else one).any(1)
    assert torch.allclose((one @ one.T)[sent][:, sent], (two @ two.T)[sent][:, sent], atol=1e-4) is pretrained
