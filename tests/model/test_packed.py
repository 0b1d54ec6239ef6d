"""Several networks side by side are what they would be apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.columns import CLIMBER, CLIMBER_VECTOR
from recsys.config.model import ModelConfig
from recsys.errors import UsageError
from recsys.model.climbers import climber_vectors
from recsys.model.packed import pack
from recsys.model.texts import ClimbTexts
from recsys.sequences.texts import WIDTH
from tests.model.test_prompted_transformer import build
from tests.model.test_streams import PLAIN, in_training

MANY = 3
VARIANTS = [
    {},
    {"streams": "two"},
    {"streams": "two", "positions": "time", "time_bias": True},
    {"positions": "rotary", "feed_forward": "ligr"},
    {"feed_forward": "swiglu", "aggregation": "sum"},
    {"masking": "mlm", "mlm_probability": 1.0},
    {"masking": "last", "climb_features": False, "whole_history": True},
    {"chunked": False, "label_smoothing": 0.1},
    {"straight": False},
]


def made(schema, networks, **settings):
    masking = settings.pop("masking", "clm")
    options = {"layers": 2, "d_model": 32, "heads": 2, "dropout": 0.0, "networks": networks}
    return build(schema, "prenorm", masking, **{**options, **PLAIN, **settings})


def varied(model, seed=5):
    """With every weight drawn: what begins with zeros would hide a mistake."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for each in model.parameters():
            each.add_(0.1 * torch.randn_like(each))
    return model


def apart(schema, **settings):
    """Networks that differ in every weight, and one that they were put into."""
    singles = [varied(made(schema, 1, seed=seed, **settings), seed) for seed in range(MANY)]
    packed = made(schema, MANY, **settings)
    pack(packed, singles)
    return packed, singles


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_scores_and_losses_are_the_means_of_the_networks_own(schema, settings):
    packed, singles = apart(schema, **settings)
    batch = in_training()
    found = [each.eval().next_scores(dict(batch)) for each in (packed, *singles)]
    torch.testing.assert_close(found[0], torch.stack(found[1:]).mean(0), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(found[1], found[2], atol=0.1)
    losses = []
    with torch.no_grad():  # of which the packed ones have but one
        for each in (packed, *singles):
            each.task.pre.bias.copy_(singles[0].task.pre.bias)
    for each in (packed, *singles):
        torch.manual_seed(0)
        losses.append(each.train().training_loss(dict(batch)))
    torch.testing.assert_close(losses[0], torch.stack(losses[1:]).mean(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "settings", [{"streams": "two"}, {"loss": "sampled-softmax", "negatives": 8}], ids=str
)
def test_no_network_learns_from_another(schema, settings):
    """The loss of all is a sum, whose parts read and move their own share of the weights alone."""
    packed = varied(made(schema, MANY, **settings)).train()
    scores = packed.task.pre
    torch.manual_seed(0)
    before = packed.training_loss(dict(in_training()))
    before.backward()
    width = scores.table.weight.shape[1] // MANY
    own = scores.table.weight.grad.chunk(MANY, dim=-1)
    with torch.no_grad():  # another last network, the first two as they were
        scores.table.weight[:, -width:] += torch.randn(len(scores.table.weight), width)
    for each in packed.parameters():
        each.grad = None
    torch.manual_seed(0)
    packed.training_loss(dict(in_training())).backward()
    again = scores.table.weight.grad.chunk(MANY, dim=-1)
    torch.testing.assert_close(again[:2], own[:2])
    assert not torch.allclose(again[2], own[2])


def test_one_network_is_made_of_torch_s_own_layers(schema):
    """So that what earlier versions trained is read."""
    assert not any(".each." in name for name in made(schema, 1).state_dict())


def test_a_climber_s_vector_is_that_of_all_networks(schema):
    packed = varied(made(schema, MANY)).eval()
    batch = in_training()
    vectors = torch.from_numpy(climber_vectors(packed))
    by_vector = {**batch, CLIMBER_VECTOR: vectors[batch[CLIMBER]]}
    torch.testing.assert_close(packed.next_scores(dict(by_vector)), packed.next_scores(dict(batch)))


@pytest.mark.parametrize(
    "settings",
    [
        {"body": "bert", "masking": "last"},
        {"masking": "rtd"},
        {"numbers": "one-hot"},
        {"numbers": "soft"},
        {"body": "xlnet", "masking": "plm"},
    ],
)
def test_what_several_networks_cannot_be_made_of_is_said(settings):
    with pytest.raises(UsageError, match="networks 2"):
        ModelConfig(networks=2, **settings)


def test_each_network_reads_texts_by_itself():
    """Into its own share of a climb's vector: where it was sent, and where it is scored."""
    read = torch.nn.ModuleList(ClimbTexts(5, 8) for _ in range(MANY))
    for index, each in enumerate(read):
        torch.nn.init.constant_(each.linear.weight, index + 1.0)
        each.read(np.random.default_rng(0).normal(size=(6, WIDTH)).astype(np.float32))
    packed = ClimbTexts(5, MANY * 8)
    pack(packed, read)
    states = torch.tensor([0, 3])
    torch.testing.assert_close(packed(states), torch.cat([each(states) for each in read], dim=-1))
