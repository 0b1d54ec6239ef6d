"""What the attention networks compute, against NumPy and arithmetic by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recsys.baselines.attention import AttentionSettings, Blocks, another, bce_loss, sinusoids, softmax_loss
from recsys.baselines.sse_pt import replaced


def layer_by_hand(layer, x, allowed, norm_first, activation):
    """One transformer layer over one row, [length, width], in float64 NumPy."""
    state = {name: value.detach().numpy().astype(np.float64) for name, value in layer.state_dict().items()}

    def linear(values, name):
        return values @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    def norm(values, name):
        centred = values - values.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return scaled * state[f"{name}.weight"] + state[f"{name}.bias"]

    def attend(values):
        width = values.shape[-1]
        joint = values @ state["self_attn.in_proj_weight"].T + state["self_attn.in_proj_bias"]
        size, parts = width // layer.self_attn.num_heads, []
        for h in range(layer.self_attn.num_heads):
            q, k, v = (joint[:, i * width + h * size : i * width + (h + 1) * size] for i in range(3))
            weights = np.where(allowed, np.exp(q @ k.T / math.sqrt(size)), 0)
            parts.append(weights / weights.sum(-1, keepdims=True) @ v)
        return linear(np.concatenate(parts, axis=-1), "self_attn.out_proj")

    def feed(values):
        return linear(activation(linear(values, "linear1")), "linear2")

    if norm_first:
        x = x + attend(norm(x, "norm1"))
        return x + feed(norm(x, "norm2"))
    x = norm(x + attend(x), "norm1")
    return norm(x + feed(x), "norm2")


@pytest.mark.parametrize("gradients", [True, False], ids=["training path", "inference path"])
@pytest.mark.parametrize("norm_first", [True, False], ids=["pre-norm", "post-norm"])
@pytest.mark.parametrize("causal", [True, False], ids=["causal", "bidirectional"])
def test_a_block_is_what_numpy_computes(norm_first, causal, gradients):
    torch.manual_seed(0)
    settings = AttentionSettings(d_model=6, layers=1, heads=3)
    blocks = Blocks(settings, 10, torch.nn.functional.relu, norm_first, causal).double().eval()
    for parameter in blocks.parameters():
        torch.nn.init.normal_(parameter)
    x, known = torch.randn(3, 4, 6).double(), torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1], [1, 1, 0, 1]]).bool()
    with torch.set_grad_enabled(gradients):
        got = blocks(x, known)
    for row in range(3):
        allowed = [
            [q == k or (bool(known[row, k]) and (k <= q or not causal)) for k in range(4)] for q in range(4)
        ]
        relu = lambda values: np.maximum(values, 0)  # noqa: E731
        expected = layer_by_hand(blocks.layers[0], x[row].numpy(), np.array(allowed), norm_first, relu)
        expected = blocks.norm(torch.from_numpy(expected))
        assert torch.allclose(got[row], expected, atol=1e-10), row


@pytest.mark.parametrize("width", [8, 5])
def test_sinusoids_are_the_formula(width, schema):
    expected = np.empty((50, width))
    for k, i in itertools.product(range(50), range(width)):
        angle = k / 10_000 ** (2 * (i // 2) / width)
        expected[k, i] = math.sin(angle) if i % 2 == 0 else math.cos(angle)
    assert np.allclose(sinusoids(50, width).numpy(), expected, atol=1e-7)


def test_losses_by_hand():
    """Three climbs with scores ln 1, ln 2, ln 5; and scores 0 and ln 3 as a target and a negative."""
    three = torch.tensor([[1.0, 2.0, 5.0]]).log()
    assert softmax_loss(three, torch.tensor([4])).item() == pytest.approx(-math.log(2 / 8))
    assert softmax_loss(three.repeat(2, 1), torch.tensor([3, 5])).item() == pytest.approx(
        -(math.log(1 / 8) + math.log(5 / 8)) / 2
    )
    assert bce_loss(torch.zeros(1), torch.tensor([math.log(3)])).item() == pytest.approx(
        -math.log(1 / 2) - math.log(1 / 4)
    )


@given(n=st.integers(2, 30), seed=st.integers(0, 1000))
def test_another_is_real_and_not_the_same(n, seed):
    torch.manual_seed(seed)
    ids = torch.randint(3, n + 3, (50,))
    drawn = another(ids, n + 3)
    assert (drawn != ids).all()
    assert drawn.min() >= 3
    assert drawn.max() < n + 3


def test_another_is_uniform():
    torch.manual_seed(0)
    counts = torch.bincount(another(torch.full((30_000,), 5), 9), minlength=9)
    assert counts[:3].sum() == 0
    assert counts[5] == 0
    expected = 6_000  # of 30,000 among five others
    assert all(abs(counts[i] - expected) < 5 * math.sqrt(expected * 0.8) for i in (3, 4, 6, 7, 8))


def test_stochastic_sharing_replaces_at_its_rate():
    torch.manual_seed(0)
    ids = torch.randint(0, 103, (200, 200))
    real = ids >= 3
    assert torch.equal(replaced(ids, 0.0, 103), ids)
    assert torch.equal(replaced(ids, 1.0, 103) != ids, real)
    changed, n = (replaced(ids, 0.3, 103) != ids)[real].sum().item(), real.sum().item()
    assert abs(changed - 0.3 * n) < 5 * math.sqrt(n * 0.3 * 0.7)
