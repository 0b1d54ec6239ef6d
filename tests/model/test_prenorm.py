"""The project's own body: masks by hand, both paths of attention, rotary positions, gates."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.config.model import ModelConfig
from recsys.errors import UsageError
from tests.model.test_prompted_transformer import LENGTH, build, padded, random_batch, scores

VARIANTS = [
    {"positions": positions, "feed_forward": feed}
    for positions in ("learned", "rotary")
    for feed in ("gelu", "swiglu", "ligr")
]
TIMED = [{"positions": "time"}, {"time_bias": True}, {"positions": "time", "time_bias": True}]
READ = [
    {"numbers": "one-hot"}, {"numbers": "periodic"}, {"numbers": "soft"}, {"numbers": "continuous"},
    {"swap_climb": 0.5}, {"climb_features": False}, {"whole_history": False},
]  # fmt: skip


def test_attended_by_hand():
    from recsys.model.attended import attended

    real = torch.tensor([[False, True, True]])
    assert attended(real, causal=True).int().tolist() == [[[[1, 0, 0], [0, 1, 0], [0, 1, 1]]]]
    assert attended(real, causal=False).int().tolist() == [[[[1, 1, 1], [0, 1, 1], [0, 1, 1]]]]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("variant", VARIANTS)
def test_whole_windows_take_a_path_without_mask_to_the_same_outputs(monkeypatch, causal, variant):
    from recsys.model import prenorm, products

    torch.manual_seed(0)
    body = prenorm.PreNormConfig.build(8, 2, 2, 16, causal=causal, **variant).to_huggingface_torch_model()
    tokens, real = torch.randn(3, 6, 8), torch.ones(3, 6)
    indices = torch.arange(6).expand(3, 6)
    masks, attend = [], torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        products,
        "scaled_dot_product_attention",
        lambda q, k, v, mask, **how: masks.append(mask) or attend(q, k, v, mask, **how),
    )
    fast = body.eval()(tokens, real, indices)[0]
    assert masks == [None, None]
    monkeypatch.setattr(prenorm, "_whole", lambda mask: False)
    torch.testing.assert_close(fast, body(tokens, real, indices)[0])
    assert masks[2] is not None


@pytest.mark.parametrize("causal", [True, False])
def test_a_token_of_whole_windows_is_the_same_worked_out_alone(causal):
    """It attends to all before it, though in what is worked out it is the first."""
    from recsys.model.prenorm import PreNormConfig

    torch.manual_seed(0)
    body = PreNormConfig.build(8, 2, 2, 16, causal=causal).to_huggingface_torch_model().eval()
    tokens, real, indices = torch.randn(3, 6, 8), torch.ones(3, 6), torch.arange(6).expand(3, 6)
    alone = body(tokens, real, indices, wanted=torch.full((3, 1), 4))[0]
    torch.testing.assert_close(alone, body(tokens, real, indices)[0][:, 4:5])


@pytest.mark.parametrize("masking", ["clm", "mlm", "last"])
@pytest.mark.parametrize(
    "variant", [*VARIANTS, *TIMED, {"networks": 2, "positions": "time"}, {"streams": "two"}, {"layers": 1}]
)
def test_what_is_not_read_of_the_last_block_is_not_worked_out_and_changes_nothing(schema, variant, masking):
    """Scores, losses and gradients, with the last block's outputs all worked out, and those that are read."""
    if masking != "clm" and "streams" in variant:
        pytest.skip("streams are clm's")
    model = build(schema, "prenorm", masking, **{"layers": 2, "dropout": 0.0, **variant})
    inside, sizes = model.heads[0].body.inputs.masking, []
    model.heads[0].body[1].transformer.norm.register_forward_hook(lambda *all: sizes.append(all[2].shape[1]))
    batch, found = random_batch(np.random.default_rng(2), 16), []
    for inside.every in (True, False):
        torch.manual_seed(0)
        model.train().zero_grad()
        (loss := model.training_loss(batch)).backward()
        found.append([loss, scores(model, batch), *(each.grad for each in model.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
    trained = {"clm": LENGTH, "mlm": LENGTH, "last": 1}[masking]
    assert sizes[2:] == [trained, 1], "as many as are read"


@pytest.mark.parametrize("variant", [*VARIANTS, *TIMED, *READ])
@pytest.mark.parametrize("masking", ["clm", "mlm"])
def test_every_variant_minds_no_padding_and_has_no_leak(schema, variant, masking):
    """No padding: as `test_padding_changes_nothing`. No leak: the target's climb changes nothing, and under
    clm nothing that comes later does."""
    model = build(schema, "prenorm", masking, layers=2, **variant)
    batch = random_batch(np.random.default_rng(2), 16)
    expected = scores(model, batch)
    for width, side in ((20, "left"), (50, "right")):
        torch.testing.assert_close(scores(model, padded(batch, width, side)), expected, atol=1e-4, rtol=0)
    whole = random_batch(np.random.default_rng(3), 4, least=LENGTH)
    other = {**whole, "climb": whole["climb"].clone()}
    other["climb"][:, 5] = torch.where(whole["climb"][:, 5] == 3, 4, 3)
    block = model.heads[0].body
    block.inputs.masking.every = True
    with torch.inference_mode():
        first, second = (block(dict(each), testing=True) for each in (whole, other))
    moved = (first - second).abs().amax((0, 2)) > 1e-6
    assert moved.tolist() == ([index > 5 for index in range(LENGTH)] if masking == "clm" else [True] * LENGTH)


def test_order_counts_with_either_kind_of_positions(schema):
    for positions in ("learned", "rotary"):
        model = build(schema, "prenorm", "clm", positions=positions)
        batch = random_batch(np.random.default_rng(4), 4, least=LENGTH)
        turned = {
            name: torch.cat([value[:, :-1].flip(1), value[:, -1:]], 1)
            if value.ndim == 2 and value.shape[1] == LENGTH
            else value
            for name, value in batch.items()
        }
        assert not torch.allclose(scores(model, batch), scores(model, turned), atol=1e-4)


def test_rotary_products_depend_on_the_distance_alone():
    from recsys.model.prenorm import rotate, rotations

    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 1, 1, 8)

    def turned(vector, index):
        return rotate(vector, rotations(torch.tensor([[index]]), 8))

    products = {
        (i, j): (turned(query, i) * turned(key, j)).sum().item() for i, j in ((0, 3), (4, 7), (5, 5), (0, 0))
    }
    assert products[0, 3] == pytest.approx(products[4, 7], abs=1e-5)
    assert products[5, 5] == pytest.approx(products[0, 0], abs=1e-5)
    assert products[0, 3] != pytest.approx(products[0, 0], abs=1e-3)
    angle = rotations(torch.tensor([[3]]), 8)[0, 0, 0]
    assert angle.tolist() == pytest.approx([3 / 10_000 ** (i / 8) for i in (0, 2, 4, 6)])


@pytest.mark.parametrize("feed_forward", ["gelu", "swiglu", "ligr"])
def test_feed_forward_by_its_formula(feed_forward):
    """Of the gated ones SwiGLU (Shazeer 2020), narrow(silu(gate) * value); else narrow(gelu(wide))."""
    from recsys.model.prenorm import PreNormConfig

    torch.manual_seed(0)
    body = PreNormConfig.build(8, 2, 1, 16, feed_forward=feed_forward).to_huggingface_torch_model().eval()
    (block,) = body.layers
    tokens = 3 * torch.randn(2, 4, 8)
    (wide, shift), (narrow, last) = ((each.weight, each.bias) for each in (block.wide, block.narrow))
    found = (tokens @ wide.T + shift).double()
    if feed_forward == "gelu":
        inner = found * (1 + torch.erf(found / 2**0.5)) / 2
    else:
        gate, value = found[..., : len(wide) // 2], found[..., len(wide) // 2 :]
        inner = gate / (1 + torch.exp(-gate)) * value
    torch.testing.assert_close(block._feed(tokens), inner.float() @ narrow.T + last, atol=1e-5, rtol=1e-4)


def test_ligr_gates_what_a_block_adds():
    """With gates shut a block adds nothing."""
    from recsys.model.prenorm import PreNormConfig

    body = PreNormConfig.build(8, 2, 1, 16, feed_forward="ligr").to_huggingface_torch_model().eval()
    (block,) = body.layers
    tokens = torch.randn(2, 4, 8)
    assert not torch.allclose(block(tokens, None, None), tokens, atol=1e-3)
    with torch.no_grad():
        for gate in block.gates:
            gate.weight.zero_()
            gate.bias.fill_(-50.0)
    torch.testing.assert_close(block(tokens, None, None), tokens)


def test_registered_beside_transformers4rec_own():
    from transformers4rec.config.transformer import transformer_registry

    import recsys.model.body  # noqa: F401 - registers it

    assert transformer_registry.parse("prenorm").__name__ == "PreNormConfig"


def test_rotary_positions_need_even_heads():
    with pytest.raises(UsageError, match="rotary positions turn pairs"):
        ModelConfig(body="prenorm", d_model=6, heads=2, positions="rotary")


@pytest.mark.parametrize("aggregation", ["concat", "sum"])
@pytest.mark.parametrize(("d_model", "climb_dim"), [(16, 16), (16, 24), (32, 16)])
def test_a_climb_reaches_the_output_unturned_at_the_start(schema, aggregation, d_model, climb_dim):
    """Into the body and back, as far as the narrower of both holds a climb."""
    sizes = {"aggregation": aggregation, "d_model": d_model, "climb_dim": climb_dim}
    model = build(schema, "prenorm", "clm", **sizes)
    inputs, widths = model.heads[0].body.inputs, model.heads[0].body.inputs.widths()
    climbs = model.task.pre.table.weight[3:].detach()
    features = {name: torch.zeros(len(climbs), 1, width) for name, width in widths.items()}
    features["climb"] = climbs.unsqueeze(1)
    with torch.inference_mode():
        inside = inputs.projection_module[0](inputs.aggregation(features)) - inputs.projection_module[0].bias
        back = model.task.task_block(inside)[:, 0]
    if d_model >= climb_dim:
        torch.testing.assert_close(back, 3 * climbs, atol=1e-5, rtol=1e-4)
    nearest = (back @ climbs.T).argmax(1)
    assert (nearest == torch.arange(len(climbs))).double().mean() > 0.8
    plain = build(schema, "prenorm", "clm", straight=False, **sizes)
    assert not torch.equal(
        plain.heads[0].body.inputs.projection_module[0].weight, inputs.projection_module[0].weight
    )
