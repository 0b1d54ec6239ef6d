"""Networks that are trained at the same time, in forks: as one after another, and no fork is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest
import torch

from recsys.config.training import TrainingConfig
from recsys.errors import DivergedError, RunError
from recsys.training import networks
from recsys.training.checkpoints import BEST, checkpoint_of
from tests.training.test_fit import RATE, module
from tests.training.test_networks import config, data, runs  # noqa: F401 - fixtures

THREADS = 2


@pytest.fixture(autouse=True)
def threads():
    """Two threads of torch's, whatever the machine has; and afterwards no fork."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    assert torch.get_num_threads() == THREADS
    torch.set_num_threads(before)
    assert not multiprocessing.active_children()


def pair():
    """Two of the smallest networks that train, the second begun elsewhere."""
    both = [module(), module()]
    for number, each in enumerate(both, start=1):
        each.label = f"network {number} of 2"
    with torch.no_grad():
        both[1].model.number.fill_(2.5 * RATE)
    return [(each, str(number)) for number, each in enumerate(both, start=1)]


def ends_with(fate, monkeypatch):
    """Let `fit` of the second meet its fate in the fork; what is raised here, and how long it took."""
    fit = networks.fit

    def fated(trained, *others):
        return fate() if others[-1] == "2" else fit(trained, *others)

    monkeypatch.setattr(networks, "fit", fated)


def test_two_at_a_time_are_what_they_are_one_after_another(tmp_path, monkeypatch):
    together, apart = pair(), pair()
    assert networks._at_once(2, together[0][0].config) == 2
    found = networks.fit_each(together, together[0][0].config, tmp_path / "together", False)
    monkeypatch.setattr(networks, "_at_once", lambda *_: 1)
    assert found == networks.fit_each(apart, apart[0][0].config, tmp_path / "apart", False)
    for (one, part), (other, _) in zip(together, apart, strict=True):
        assert one.model.number.item() == other.model.number.item()
        assert checkpoint_of(tmp_path / "together", BEST, part).is_file()
    assert together[1][0].model.number.item() != together[0][0].model.number.item()


def test_a_run_of_two_is_the_same_either_way(runs, data, tmp_path, monkeypatch):  # noqa: F811
    from recsys.training.pipeline import train_run

    train_run(config(data, 2), tmp_path / "together")
    torch.set_num_threads(1)  # as many as each had
    train_run(config(data, 2), tmp_path / "apart")
    torch.set_num_threads(THREADS)
    one, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("together", "apart"))
    assert one == other


def test_more_than_there_are_threads_go_in_turns(tmp_path, monkeypatch, capsys):
    begun = []
    side_by_side = networks._side_by_side
    monkeypatch.setattr(
        networks, "_side_by_side", lambda some, *rest: (begun.append(len(some)), side_by_side(some, *rest))[1]
    )
    three = [*pair(), (module(), "3")]
    assert len(networks.fit_each(three, three[0][0].config, tmp_path, False)) == 3
    assert begun == [2, 1]


def test_what_a_fork_raises_is_raised_here(tmp_path, monkeypatch):
    def diverge():
        raise DivergedError("network 2 of 2: the loss is not finite")

    ends_with(diverge, monkeypatch)
    both = pair()
    with pytest.raises(DivergedError, match="network 2 of 2: the loss"):
        networks.fit_each(both, both[0][0].config, tmp_path, False)


def test_a_fork_that_is_killed_is_told_in_one_line(tmp_path, monkeypatch):
    ends_with(lambda: os.kill(os.getpid(), signal.SIGKILL), monkeypatch)
    both = pair()
    with pytest.raises(RunError, match=r"network 2 of 2 ended \(killed by SIGKILL\).*continue with resume"):
        networks.fit_each(both, both[0][0].config, tmp_path, False)


def test_an_interruption_here_ends_the_forks(tmp_path, monkeypatch):
    def first_is_interrupted(trained, *others):
        if others[-1] == "2":
            time.sleep(600)
        raise KeyboardInterrupt

    monkeypatch.setattr(networks, "fit", first_is_interrupted)
    both, began = pair(), time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        networks.fit_each(both, both[0][0].config, tmp_path, False)
    assert time.monotonic() - began < 5


def test_a_fork_has_one_thread_however_many_there_are(tmp_path, monkeypatch):
    """OpenMP's team of the parent is not in a fork."""
    torch.set_num_threads(2 * THREADS)
    monkeypatch.setattr(networks, "fit", lambda *_: {"threads": torch.get_num_threads()})
    monkeypatch.setattr(networks, "load_best", lambda *_: None)
    both = pair()
    found = networks.fit_each(both, both[0][0].config, tmp_path, False)
    assert found == [{"threads": 1}, {"threads": 1}]
    assert networks.fit_each(both[:1], both[0][0].config, tmp_path, False) == [{"threads": 2 * THREADS}]
    torch.set_num_threads(THREADS)


@pytest.mark.parametrize(
    "settings", [{"devices": 2}, {"stream": 2}, {"compile": True}, {"accelerator": "gpu"}], ids=str
)
def test_where_a_fork_is_not_safe_there_is_none(settings, monkeypatch):
    monkeypatch.setattr(
        networks, "choose_device", lambda asked: ("cuda" if asked.accelerator == "gpu" else "cpu", "")
    )
    assert networks._at_once(2, TrainingConfig(accelerator="cpu")) == 2
    assert networks._at_once(2, TrainingConfig(**{"accelerator": "cpu", **settings})) == 1
    torch.set_num_threads(1)
    assert networks._at_once(2, TrainingConfig(accelerator="cpu")) == 1
    torch.set_num_threads(THREADS)


def test_a_worker_of_a_study_which_may_have_no_children_trains_one_after_another(tmp_path):
    """Its own processes are daemonic (`recsys.study.runner`)."""
    context = multiprocessing.get_context("fork")
    answer, told = context.Pipe(duplex=False)
    worker = context.Process(target=_fitted, args=(told, tmp_path), daemon=True)
    worker.start()
    told.close()
    assert answer.recv() == ["best_epoch", "best_epoch"]
    worker.join()


def _fitted(told, folder):
    torch.set_num_threads(THREADS)
    both = pair()
    found = networks.fit_each(both, both[0][0].config, folder, False)
    told.send([key for each in found for key in each if key == "best_epoch"])
