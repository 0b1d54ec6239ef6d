"""GRU4Rec, CBOW and FPMC: their equations in float64 NumPy, gensim, and what any network must hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.baselines.cbow import CBOW
from recsys.baselines.fpmc import FPMC
from recsys.baselines.gru4rec import GRU4Rec
from recsys.baselines.histories import known_first
from recsys.baselines.network_settings import cardinality
from recsys.columns import GIVEN
from tests.conftest import N_CLIMBS
from tests.model.test_prompted_transformer import random_batch

LENGTH = 8
NETWORKS = {
    "gru4rec": GRU4Rec(hidden=16),
    "gru4rec-2": GRU4Rec(layers=2, hidden=16, loss="top1-max", negatives=20),
    "gru4rec-bpr-max": GRU4Rec(hidden=16, loss="bpr-max", negatives=20),
    "cbow": CBOW(embedding=12, dense=16),
    "cbow-linear": CBOW(embedding=12, dense=0),
    "fpmc": FPMC(factors=8, negatives=20),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


def build(schema, name, seed=0):
    torch.manual_seed(seed)
    return NETWORKS[name].build(schema, LENGTH).eval()


def scores(network, batch):
    with torch.inference_mode():
        return network.next_scores(batch)


def numpy64(tensor):
    return tensor.detach().numpy().astype(np.float64)


class Times(torch.nn.Module):
    """In place of dropout: the next of some factors."""

    def __init__(self, factors):
        super().__init__()
        self.factors = factors

    def forward(self, values):
        return next(self.factors) * values


@pytest.fixture
def batch():
    return random_batch(np.random.default_rng(0), 32)


@every_network
def test_neither_the_target_nor_what_else_is_known_of_it_is_read(schema, name, batch):
    network = build(schema, name)
    before = scores(network, batch)
    assert before.shape == (32, N_CLIMBS)
    changed = {key: value.clone() for key, value in batch.items()}
    for key in ("climb", "region", "grade_bin", "comment"):
        changed[key][:, -1] = 1 + (changed[key][:, -1] % 2)
    changed[GIVEN] = torch.zeros_like(batch[GIVEN])
    assert torch.equal(scores(network, changed), before)
    assert not network.prompted
    assert not NETWORKS[name].prompted
    changed["climb"][:, -2] = 3 + (changed["climb"][:, -2] % N_CLIMBS)
    assert not torch.equal(scores(network, changed), before)


@every_network
def test_padding_changes_nothing_wherever_it_stands(schema, name, batch):
    network = build(schema, name)
    wide = {**batch, "climb": torch.nn.functional.pad(batch["climb"], (5, 0))}
    torch.testing.assert_close(scores(network, wide), scores(network, batch))
    for row in (0, 1, 2):  # alone, and without any padding
        climbs = batch["climb"][row]
        alone = {"climb": climbs[climbs > 0][None], "climber": batch["climber"][[row]]}
        torch.testing.assert_close(scores(network, alone), scores(network, batch)[[row]])
    torch.manual_seed(1)
    loss = network.training_loss(batch)
    torch.manual_seed(1)
    torch.testing.assert_close(network.training_loss(wide), loss)


@every_network
def test_what_the_vocabulary_does_not_know_says_nothing(schema, name, batch):
    network = build(schema, name)
    unknown = torch.full((32, 1), 2)
    longer = torch.cat([batch["climb"][:, :-1], unknown, batch["climb"][:, -1:]], dim=1)
    torch.testing.assert_close(scores(network, {**batch, "climb": longer}), scores(network, batch))
    nothing = {**batch, "climb": torch.full_like(batch["climb"], 2)}
    assert torch.isfinite(scores(network, nothing)).all()


@every_network
def test_order_within_a_window_matters_to_all_but_cbow(schema, name):
    batch = random_batch(np.random.default_rng(0), 32, least=LENGTH)
    network = build(schema, name)
    turned = batch["climb"].clone()
    turned[:, :-1] = turned[:, :-1].flip(1)
    same = torch.allclose(scores(network, {**batch, "climb": turned}), scores(network, batch), atol=1e-5)
    assert same is name.startswith("cbow")


@every_network
def test_the_climber_is_read_by_fpmc_alone_and_an_unknown_one_says_nothing(schema, name, batch):
    network = build(schema, name)
    other = {**batch, "climber": (batch["climber"] - 2) % 20 + 3}
    same = torch.equal(scores(network, other), scores(network, batch))
    assert same is (name != "fpmc")
    if name == "fpmc":
        stranger = scores(network, {**batch, "climber": torch.full((32,), 2)})
        with torch.no_grad():
            network.climbers.weight.zero_()
        assert torch.equal(scores(network, batch), stranger)


@pytest.mark.parametrize("name", [name for name in NETWORKS if not name.startswith("cbow")])
def test_a_cycle_is_learnt(schema, name):
    """a -> b -> c ... -> a, five climbs: what comes next is named after a few hundred steps."""
    rng = np.random.default_rng(0)
    starts = torch.from_numpy(rng.integers(0, 5, (32, 1)))
    climbs = 10 + (starts + torch.arange(LENGTH)) % 5
    batch = {"climb": climbs, "climber": torch.full((32,), 3)}
    network = build(schema, name)
    optimiser = torch.optim.Adam(network.train().parameters(), lr=0.02)
    losses = []
    for _ in range(150):
        optimiser.zero_grad()
        loss = network.training_loss(batch)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.8 * losses[0]
    assert torch.equal(scores(network.eval(), batch).argmax(1) + 3, climbs[:, -1])


def test_known_climbs_come_first_in_their_order():
    climbs = torch.tensor([[0, 0, 5, 2, 4, 1, 9], [3, 4, 5, 6, 7, 8, 9], [0, 0, 0, 0, 0, 0, 2]])
    assert known_first(climbs).tolist() == [
        [5, 4, 9, 0, 0, 0, 0],
        [3, 4, 5, 6, 7, 8, 9],
        [0, 0, 0, 0, 0, 0, 0],
    ]


def test_ids_are_counted_from_the_schema(schema):
    assert cardinality(schema, "climb") == N_CLIMBS + 3
    assert cardinality(schema, "climber") == 23


def gru_step(state, x, gru, layer):
    """One step of one layer by its equations (Cho et al. 2014, with PyTorch's second bias)."""
    (wr, wz, wn), (ur, uz, un), (br, bz, bn), (cr, cz, cn) = (
        np.split(numpy64(getattr(gru, f"{part}_l{layer}")), 3)
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    reset = 1 / (1 + np.exp(-(wr @ x + br + ur @ state + cr)))
    update = 1 / (1 + np.exp(-(wz @ x + bz + uz @ state + cz)))
    fresh = np.tanh(wn @ x + bn + reset * (un @ state + cn))
    return (1 - update) * fresh + update * state


@pytest.mark.parametrize("name", ["gru4rec", "gru4rec-2"])
def test_gru4rec_is_its_equations(schema, name, batch):
    network = build(schema, name)
    torch.nn.init.normal_(network.bias)
    found = scores(network, batch)
    table, bias = numpy64(network.climbs.weight), numpy64(network.bias)
    for row, climbs in enumerate(batch["climb"][:, :-1].numpy()):
        states = [np.zeros(16) for _ in range(NETWORKS[name].layers)]
        for climb in climbs[climbs > 0]:
            x = table[climb]
            for layer, state in enumerate(states):
                states[layer] = x = gru_step(state, x, network.gru, layer)
        np.testing.assert_allclose(found[row], (table @ states[-1] + bias)[3:], atol=1e-5)


def test_gru4rec_trains_every_climb_after_those_before_it(schema, batch):
    """The loss of a window is the mean over its prefixes, each scored as `next_scores` does."""
    network = build(schema, "gru4rec")
    logs = []
    for climbs in batch["climb"]:
        real = climbs[climbs > 0]
        for end in range(len(real)):
            prefix = torch.cat([real[:end], torch.tensor([0])])[None]  # the target is not read
            logs.append(torch.log_softmax(scores(network, {"climb": prefix}), dim=1)[0, real[end] - 3])
    expected = -torch.stack(logs).mean()
    torch.testing.assert_close(network.training_loss(batch), expected)


def test_gru4rec_drops_of_embeddings_between_layers_and_of_states(schema, batch):
    """Dropout as a factor that is known: of the embeddings 2, of the states 3."""
    network, factors = build(schema, "gru4rec-2"), iter((2.0, 3.0))
    assert (network.gru.dropout, build(schema, "gru4rec").gru.dropout) == (0.2, 0.0)
    assert network.dropout.p == 0.2
    climbs = known_first(batch["climb"])
    states, _ = network.gru(2 * network.climbs(climbs))
    network.dropout = Times(factors)
    expected = torch.nn.functional.pad(3 * states, (0, 0, 1, 0))
    torch.testing.assert_close(network.states(climbs), expected)


def test_cbow_drops_of_the_climbs_that_are_averaged(schema, batch):
    network, other = build(schema, "cbow"), build(schema, "cbow")
    assert network.dropout.p == 0.2
    network.dropout = Times(iter([2.0]))
    with torch.no_grad():
        other.climbs.weight *= 2
    torch.testing.assert_close(network.training_loss(batch), other.training_loss(batch))


@pytest.mark.parametrize("name", ["cbow", "fpmc"])
def test_what_is_no_climb_is_zero_and_stays_so(schema, name, batch):
    network = build(schema, name)
    table = network.previous if name == "fpmc" else network.climbs
    network.training_loss(batch).backward()
    assert not table.weight[0].any()
    assert not table.weight.grad[0].any()


def test_cbow_is_its_equations(schema, batch):
    network = build(schema, "cbow")
    torch.nn.init.normal_(network.bias)
    table, output, bias = map(numpy64, (network.climbs.weight, network.output, network.bias))
    weight, shift = numpy64(network.dense[0].weight), numpy64(network.dense[0].bias)

    def score(context):
        return (output @ np.tanh(weight @ table[context].mean(0) + shift) + bias)[3:]

    logs = []
    found = scores(network, batch)
    for row, climbs in enumerate(batch["climb"].numpy()):
        np.testing.assert_allclose(found[row], score(climbs[:-1][climbs[:-1] > 0]), atol=1e-5)
        real = climbs[climbs > 0]
        for index, climb in enumerate(real):
            s = score(np.delete(real, index))
            logs.append(s[climb - 3] - np.log(np.exp(s).sum()))
    assert network.training_loss(batch).item() == pytest.approx(-np.mean(logs), rel=1e-5)


def test_cbow_learns_from_climbs_that_stand_alone_what_an_empty_logbook_gets(schema):
    network = build(schema, "cbow")
    alone = {"climb": torch.tensor([[0, 0, 7]]), "climber": torch.tensor([3])}
    before = scores(network, alone)
    expected = -torch.log_softmax(before, 1)[0, 4]
    loss = network.training_loss(alone)
    torch.testing.assert_close(loss.detach(), expected)
    loss.backward()
    assert network.dense[0].weight.grad.abs().sum() == 0
    assert network.dense[0].bias.grad.abs().sum() > 0


def test_linear_cbow_scores_as_gensim_does(schema):
    """gensim's CBOW with its weights copied in: log P(word | context) under both is the same softmax."""
    from gensim.models import Word2Vec

    rng = np.random.default_rng(0)
    sentences = [[str(climb) for climb in rng.integers(3, N_CLIMBS + 3, 12)] for _ in range(200)]
    gensim = Word2Vec(
        sentences, vector_size=12, sg=0, cbow_mean=1, negative=5, min_count=1, workers=1, seed=1
    )
    network = build(schema, "cbow-linear")
    words = gensim.wv.key_to_index
    with torch.no_grad():
        for climb in range(3, N_CLIMBS + 3):
            network.climbs.weight[climb] = torch.from_numpy(gensim.wv.vectors[words[str(climb)]])
            network.output[climb] = torch.from_numpy(gensim.syn1neg[words[str(climb)]])
    context = ["5", "17", "90", "17"]
    window = torch.tensor([[0, 0, *map(int, context), 33]])
    probable = torch.softmax(scores(network, {"climb": window})[0].double(), dim=0)
    # gensim answers with exp(syn1neg @ mean) normalised; its context is a set of words' positions.
    for word, probability in gensim.predict_output_word(context, topn=N_CLIMBS):
        assert probable[int(word) - 3].item() == pytest.approx(probability, rel=1e-4)


def test_fpmc_is_its_equations(schema, batch):
    network = build(schema, "fpmc")
    users, previous, rows = map(numpy64, (network.climbers.weight, network.previous.weight, network.next))
    found = scores(network, batch)
    for row, climbs in enumerate(batch["climb"][:, :-1].numpy()):
        u, b = users[batch["climber"][row]], previous[climbs[climbs > 0][-1]]
        np.testing.assert_allclose(found[row], (rows[:, :8] @ u + rows[:, 8:] @ b)[3:], atol=1e-5)


def test_fpmc_trains_pairs_and_takes_climbers_away(schema):
    """Whole-catalogue S-BPR of one window by hand, with the climber and without."""
    batch = {"climb": torch.tensor([[0, 5, 9]]), "climber": torch.tensor([4])}
    for chance, climber in ((0.0, 4), (1.0, 0)):
        torch.manual_seed(0)
        network = FPMC(factors=3, negatives=0, hide_climber=chance, regularization=0.5).build(schema, 3)
        users, previous, rows = map(numpy64, (network.climbers.weight, network.previous.weight, network.next))
        u = users[climber] if climber else np.zeros(3)
        expected = []
        for before, target in ((0, 5), (5, 9)):
            query = np.concatenate([u, previous[before]])
            s = (rows @ query)[3:]
            others = np.delete(s, target - 3)
            norm = (query**2).sum() + (rows[target] ** 2).sum()
            expected.append(np.log1p(np.exp(others - s[target - 3])).mean() + 0.5 * norm)
        assert network.training_loss(batch).item() == pytest.approx(np.mean(expected), rel=1e-5)


def test_gru4rec_ranks_against_the_batch_and_the_drawn(schema, batch):
    """The negatives are the batch's last climbs and those drawn; a target is no negative of its own."""
    network = build(schema, "gru4rec-bpr-max")
    torch.nn.init.normal_(network.bias)
    torch.manual_seed(1)
    drawn = network.objective.sampler(batch["climb"][:, -1]).ids.numpy()
    assert set(drawn) >= set(batch["climb"][:, -1].numpy())
    torch.manual_seed(1)  # the loss draws the same
    loss = network.training_loss(batch).item()
    climbs = known_first(batch["climb"])
    table, bias = numpy64(network.climbs.weight), numpy64(network.bias)
    states = numpy64(network.states(climbs[:, :-1]))
    losses = []
    for row, index in zip(*np.nonzero(climbs.numpy()), strict=True):
        target, state = int(climbs[row, index]), states[row, index]
        others = drawn[drawn != target]
        s, n = table[target] @ state + bias[target], table[others] @ state + bias[others]
        p = np.exp(n) / np.exp(n).sum()
        losses.append(-np.log((p / (1 + np.exp(n - s))).sum()) + (p * n**2).sum())
    assert loss == pytest.approx(np.mean(losses), rel=1e-4)
