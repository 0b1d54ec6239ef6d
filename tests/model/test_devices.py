"""A model is the same wherever it runs: on a GPU in float32 and bf16, and in bf16 on the CPU.

What needs a GPU is skipped visibly where there is none; the same code then runs on the CPU alone.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.conftest import N_CLIMBS
from tests.model.test_prompted_transformer import build, random_batch, target_at

GPU = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
ON_GPU = [
    pytest.param("cuda", torch.float32, 1e-4, id="cuda-float32", marks=GPU),
    pytest.param("cuda", torch.bfloat16, 0.03, id="cuda-bf16", marks=GPU),
]
PLACES = [pytest.param("cpu", torch.bfloat16, 0.03, id="cpu-bf16"), *ON_GPU]
MODELS = [
    ("prenorm", "clm", {}),
    ("prenorm", "clm", {"positions": "time", "time_bias": True}),
    ("prenorm", "clm", {"feed_forward": "ligr", "positions": "rotary"}),
    ("bert", "last", {}),
    ("xlnet", "mlm", {}),
]
PLAIN = {"dropout": 0.0, "hide_climber": 0.0, "hide_prompt": 0.0, "hide_attribute": 0.0, "hide_climb": 0.0}


def moved(batch, device):
    return {name: value.to(device) for name, value in batch.items()}


def near(found, expected, tolerance):
    """Whether the largest difference is at most a share of the largest value."""
    difference = (found.float().cpu() - expected).abs().max()
    return bool(difference <= tolerance * expected.abs().max())


@pytest.mark.parametrize(("body", "masking", "more"), MODELS)
@pytest.mark.parametrize(("device", "dtype", "tolerance"), PLACES)
def test_scores_are_those_of_float32_on_the_cpu(schema, body, masking, more, device, dtype, tolerance):
    model = build(schema, body, masking, **PLAIN, **more)
    batch = random_batch(np.random.default_rng(5), 32)
    with torch.inference_mode():
        expected = model.next_scores(batch)
        model.to(device)
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            found = model.next_scores(moved(batch, device))
    assert near(found, expected, tolerance)
    if dtype == torch.bfloat16:
        assert not torch.equal(found.float().cpu(), expected)  # autocast reached the model


@pytest.mark.parametrize(("device", "dtype", "tolerance"), PLACES)
@pytest.mark.parametrize("more", [MODELS[0][2], MODELS[1][2]], ids=["learned", "time"])
def test_losses_and_gradients_are_those_of_float32_on_the_cpu(schema, more, device, dtype, tolerance):
    """Causal training without chance: nothing of it is drawn."""
    model = build(schema, "prenorm", "clm", **PLAIN, **more).train()
    batch = random_batch(np.random.default_rng(6), 64)
    loss = model.training_loss(batch)
    loss.backward()
    expected = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
    model.zero_grad()
    model.to(device)
    with torch.autocast(device, dtype, enabled=dtype != torch.float32):
        again = model.training_loss(moved(batch, device))
    again.backward()
    assert again.item() == pytest.approx(loss.item(), rel=tolerance)
    found = dict(model.named_parameters())
    assert len(expected) > 20
    for name, gradient in expected.items():
        cosine = torch.nn.functional.cosine_similarity(
            found[name].grad.float().cpu().flatten(), gradient.flatten(), dim=0
        )
        assert cosine > 1 - 3 * tolerance or gradient.norm() < 1e-6, name


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(("body", "masking", "more"), MODELS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_no_leak_on_random_climbs_on_a_gpu(schema, body, masking, more, dtype):
    """As on the CPU: trained on random climbs, recall@10 stays chance."""
    rng = np.random.default_rng(1)
    model = build(schema, body, masking, **PLAIN, **more).train().cuda()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(80):
        batch = moved(random_batch(rng, 64, side=("left", "right")[step % 2]), "cuda")
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype, enabled=dtype != torch.float32):
            loss = model.training_loss(batch)
        loss.backward()
        optimizer.step()
    model.eval()
    chance, rows = 10 / N_CLIMBS, 1500
    batch = random_batch(rng, rows)
    target = batch["climb"][target_at(batch)] - 3
    with torch.inference_mode():
        found = model.next_scores(moved(batch, "cuda")).float().cpu()
    recall = ((found >= found.gather(1, target[:, None])).sum(1) <= 10).double().mean().item()
    assert abs(recall - chance) < 4 * math.sqrt(chance * (1 - chance) / rows)


@pytest.mark.parametrize(("body", "masking", "more"), MODELS)
@pytest.mark.parametrize(("device", "dtype", "tolerance"), ON_GPU)
def test_a_compiled_body_gives_the_same_loss_and_gradients(
    schema, body, masking, more, device, dtype, tolerance
):
    """`torch.compile` of the body, forward and backward, with what is drawn drawn alike."""
    batch = moved(random_batch(np.random.default_rng(7), 64), device)
    found = []
    for compiled in (False, True):
        torch._dynamo.reset()
        model = build(schema, body, masking, **PLAIN, **more).train().to(device)
        if compiled:
            model.heads[0].body[1].transformer.compile()
        torch.manual_seed(3)
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            loss = model.training_loss(batch)
        loss.backward()
        found.append((loss.item(), model.heads[0].body[0].projection_module[0].weight.grad.float()))
    (plain, one), (compiled_loss, other) = found
    assert compiled_loss == pytest.approx(plain, rel=tolerance)
    assert torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0) > 1 - 3 * tolerance
