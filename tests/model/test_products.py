"""oneDNN's products: exact, allowed only where they are, and attention left to MKL forward and backward."""

from __future__ import annotations

import pytest
import torch

from recsys.model import products

ALLOWED = "bf16"


def setting() -> str:
    return torch.backends.mkldnn.matmul.fp32_precision


class Noting(torch.autograd.Function):
    """Its input, the setting noted in its gradient."""

    @staticmethod
    def forward(ctx, values, notes):
        ctx.notes = notes
        return values.clone()

    @staticmethod
    def backward(ctx, grad):
        ctx.notes.append(setting())
        return grad, None


@pytest.fixture
def exact(monkeypatch):
    """As on a processor whose oneDNN is exact, whatever this one's is."""
    monkeypatch.setattr(products, "exact", lambda: True)


def test_products_within_are_of_all_bits_of_float32():
    torch.manual_seed(0)
    one, other = torch.randn(200, 300), torch.randn(300, 400)
    with products.by_onednn():
        found = one @ other
    torch.testing.assert_close(found.double(), one.double() @ other.double(), rtol=1e-5, atol=1e-4)


def test_the_setting_is_put_back_whatever_happens(exact):
    before, within = setting(), []

    def fails() -> None:
        with products.by_onednn():
            within.append(setting())
            raise ValueError("within")

    with pytest.raises(ValueError, match="within"):
        fails()
    assert (within, setting()) == ([ALLOWED], before)
    with products.by_onednn(allowed=False):
        assert setting() == before


def test_a_processor_that_rounds_is_found_out_and_keeps_mkl(monkeypatch):
    plain = torch.Tensor.__matmul__
    rounded = lambda one, other: plain(one.bfloat16().float(), other)  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "__matmul__", rounded)
    assert not products.exact.__wrapped__()
    monkeypatch.setattr(torch.Tensor, "__matmul__", lambda one, other: plain(one, other) + 2.0**-9)
    assert not products.exact.__wrapped__()
    monkeypatch.setattr(torch.Tensor, "__matmul__", rounded)
    monkeypatch.setattr(products, "exact", products.exact.__wrapped__)
    before = setting()
    with products.by_onednn():
        assert setting() == before


def test_attention_is_mkls_forward_and_backward_and_what_is_around_it_is_not(exact, monkeypatch):
    forward, within, before = [], [], []

    def noted(query, key, value, mask, **how):
        forward.append(setting())
        return Noting.apply(query + key + value, within)

    monkeypatch.setattr(products, "scaled_dot_product_attention", noted)
    vectors = torch.randn(1, 2, 4, 8, requires_grad=True)
    with products.by_onednn():
        query = Noting.apply(vectors, before)
        products.attention(query, query, query, None, causal=True).sum().backward()
        assert setting() == ALLOWED
    assert (forward, within, before) == (["ieee"], ["ieee"], [ALLOWED])


def test_a_gradient_outside_leaves_the_setting_as_it_is(exact):
    vectors, before = torch.randn(1, 2, 4, 8, requires_grad=True), setting()
    with products.by_onednn():
        within = products.attention(vectors, vectors, vectors, None, causal=True)
    within.sum().backward()
    assert setting() == before
    products.attention(vectors, vectors, vectors, None, causal=True).sum().backward()
    assert setting() == before


@pytest.mark.parametrize(
    ("count", "to", "rows"), [(0, 64, 0), (1, 64, 64), (64, 64, 64), (65, 64, 128), (5, 1, 5)]
)
def test_rows_are_rounded_up_with_zeros(count, to, rows):
    found = products.rounded(torch.ones(count, 3), to)
    assert found.shape == (rows, 3)
    assert found.sum() == 3 * count


@pytest.mark.parametrize("causal", [True, False])
def test_attention_is_pytorchs_with_its_gradients(exact, causal):
    torch.manual_seed(0)
    given = [torch.randn(3, 2, 20, 8) for _ in range(3)]
    found = []
    for allowed in (True, False):
        inputs = [each.clone().requires_grad_() for each in given]
        with products.by_onednn(allowed):
            out = products.attention(*inputs, None, causal=causal)
            out.square().sum().backward()
        found.append([out, *(each.grad for each in inputs)])
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)
