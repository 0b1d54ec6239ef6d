"""Which weights a training begins with and which it keeps, of a network with one number."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch

from recsys.columns import CLIMB, FIRST_VALUE_ID, GIVEN
from recsys.config.training import TrainingConfig
from recsys.errors import DivergedError
from recsys.model.network import Network
from recsys.sequences.cases import Cases
from recsys.sequences.continuing import REPLAY
from recsys.sequences.split import TRAIN, VALIDATION
from recsys.training.fit import fit
from recsys.training.module import SCORE, NextClimb
from recsys.training.start import keep_start
from tests.builders.interaction_tables import of

ITEMS, RATE, EPOCHS = 50, 0.1, 3


class Falling(Network):
    """Falls by `RATE` a step; names the target unprompted while it is above 0, prompted when it is below."""

    prompted = True

    def __init__(self, begin: float = 1.5 * RATE) -> None:
        super().__init__()
        self.number = torch.nn.Parameter(torch.tensor(begin))

    def training_loss(self, batch):
        return self.number

    def next_scores(self, batch):
        targets = torch.nn.functional.one_hot(batch[CLIMB][:, -1] - FIRST_VALUE_ID, ITEMS)
        return targets * torch.where(batch[GIVEN].any(1), -self.number, self.number)[:, None]


def module(fresh=None, start=None, **config) -> NextClimb:
    """Ten climbers of twenty sends, each a window; of five more the last send is validation."""
    sent = np.random.default_rng(0).integers(0, ITEMS, (15, 20)).tolist()
    parts = [TRAIN] * 10 + [VALIDATION] * 5
    histories = [
        [(item, part, float(day)) for day, item in enumerate(row)]
        for row, part in zip(sent, parts, strict=True)
    ]
    interactions = of(histories, ITEMS)
    steady = {"learning_rate": RATE, "final_learning_rate": RATE, "ema": 0, "batch_size": 1000}
    training = TrainingConfig(epochs=EPOCHS, accelerator="cpu", **steady, **config)
    cases = Cases.of(interactions.sequences, interactions.parts, "validation")
    return NextClimb(
        Falling, 10, training, interactions.training, cases, ITEMS, False, 0, fresh=fresh, start=start
    )


@pytest.mark.parametrize(
    ("prompting", "best", "score"), [("unprompted", 1, 1.0), ("prompted", 2, 1.0), ("both", 1, 0.5)]
)
def test_the_epoch_that_validation_chooses_is_kept(tmp_path, prompting, best, score):
    trained = module(criterion_prompting=prompting, criterion="accuracy")
    found = fit(trained, trained.config, tmp_path, resume=False)
    assert (found["epochs_trained"], found["best_epoch"], found[SCORE]) == (EPOCHS, best, score)
    assert trained.model.number.item() == pytest.approx((1.5 - best) * RATE)


def test_of_several_networks_one_that_has_more_epochs_than_are_asked_for_stays(tmp_path):
    """A run whose second network diverged is ended with its epochs before, which the first has more of."""
    trained = module()
    found = fit(trained, trained.config, tmp_path, resume=False, part="1")
    fewer = module()
    fewer.config = fewer.config.model_copy(update={"epochs": EPOCHS - 1})
    assert fit(fewer, fewer.config, tmp_path, resume=True, part="1") == found
    assert found["epochs_trained"] == EPOCHS


def test_a_training_that_goes_on_begins_where_the_other_ended(tmp_path):
    keep_start(Falling(7.0), tmp_path)
    assert module(start=tmp_path).model.number.item() == 7.0
    assert module().model.number.item() == pytest.approx(1.5 * RATE)


def test_a_training_that_goes_on_asks_for_what_is_new_and_replays_some_of_the_rest():
    fresh = np.zeros(300, bool)
    fresh[[3, 50, 120]] = True
    fresh[290] = True  # of validation
    windows = module(fresh=fresh).windows
    replayed = []
    for seed in range(20):
        ends = windows.draw(np.random.default_rng(seed))[:, 1]
        assert fresh[ends].sum() == 3
        replayed.append(set(ends[~fresh[ends]].tolist()))
        assert len(replayed[-1]) == 3 * REPLAY
    assert len(set().union(*replayed)) > 100  # others each epoch, of the 197 that there are


def test_of_several_networks_each_line_says_which(tmp_path, capsys):
    trained = module()
    trained.label = "network 2 of 3"
    fit(trained, trained.config, tmp_path, resume=False, part="2")
    lines = [line for line in capsys.readouterr().err.splitlines() if "epoch 1/" in line]
    assert len(lines) == 1
    assert lines[0].startswith("network 2 of 3, epoch 1/3: loss ")
    trained._diverged = torch.tensor(4.0)
    with pytest.raises(DivergedError, match=r"^network 2 of 3: the loss of step 4 of epoch \d is not finite"):
        trained._refuse_diverged()


@pytest.mark.parametrize(("leads", "times"), [(True, 1), (False, 0)])
def test_the_size_of_batches_is_said_by_the_process_that_leads(tmp_path, capsys, monkeypatch, leads, times):
    monkeypatch.setattr("recsys.training.fit.leads", lambda: leads)
    trained = module()
    fit(trained, trained.config, tmp_path, resume=False)
    assert capsys.readouterr().err.count("batches of ") == times


@pytest.mark.parametrize(("given", "expected"), [({}, "bf16"), ({"onednn": False}, "none")])
def test_products_and_memory_are_as_the_settings_say(tmp_path, monkeypatch, given, expected):
    """While training and while validating; on a CPU alone."""
    from recsys.model import products
    from recsys.training import fit as fitting

    within, held = set(), []

    class Noting(Falling):
        def training_loss(self, batch):
            within.add(torch.backends.mkldnn.matmul.fp32_precision)
            return super().training_loss(batch)

        def next_scores(self, batch):
            within.add(torch.backends.mkldnn.matmul.fp32_precision)
            return super().next_scores(batch)

    @contextlib.contextmanager
    def noted():
        held.append("begun")
        yield
        held.append("ended")

    monkeypatch.setattr(products, "exact", lambda: True)
    monkeypatch.setattr(fitting, "freed_memory_held", noted)
    trained = module(**given)
    trained.build = Noting
    del trained.model
    trained.configure_model()
    fit(trained, trained.config, tmp_path, resume=False)
    assert within == {expected}
    assert held == ["begun", "ended"]


def test_a_network_is_trained_with_the_faster_dropout():
    from recsys.model.dropout import Dropout

    class Dropping(Falling):
        def __init__(self) -> None:
            super().__init__()
            self.dropout = torch.nn.Dropout(0.1)

    trained = module()
    trained.build = Dropping
    del trained.model
    trained.configure_model()
    assert type(trained.model.dropout) is Dropout
