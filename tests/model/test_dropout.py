"""Dropout drawn four to a number: PyTorch's, but for how its mask is drawn."""

from __future__ import annotations

import pytest
import torch

from recsys.model.dropout import Dropout, draw_faster

COUNT = 400_003  # not a multiple of four


@pytest.mark.parametrize("p", [0.01, 0.1, 0.5, 0.93])
def test_as_many_are_dropped_as_asked_and_the_rest_make_up_for_it(p):
    torch.manual_seed(0)
    found = Dropout(p)(torch.ones(COUNT))
    deviation = (p * (1 - p) / COUNT) ** 0.5
    assert abs((found == 0).float().mean().item() - p) < 4 * deviation
    assert found[found > 0].unique().item() == pytest.approx(1 / (1 - p), rel=1e-3)
    assert found.double().mean().item() == pytest.approx(1, abs=4 * deviation / (1 - p))


@pytest.mark.parametrize("apart", [1, 2, 3, 4])
def test_what_is_drawn_together_is_independent(apart):
    torch.manual_seed(0)
    kept = (Dropout(0.5)(torch.ones(COUNT)) > 0).double()
    both = torch.corrcoef(torch.stack([kept[:-apart], kept[apart:]]))[0, 1].item()
    assert abs(both) < 4 / COUNT**0.5


def test_a_gradient_passes_where_the_value_did():
    values = torch.randn(7, 5, requires_grad=True)
    found = Dropout(0.3)(values)
    found.sum().backward()
    torch.testing.assert_close(values.grad, found.detach() / values.detach())


@pytest.mark.parametrize("p", [0.0, 1.0, 1e-7])
def test_none_and_all(p):
    values = torch.randn(50)
    torch.testing.assert_close(Dropout(p)(values), values * (1 - round(p)))


def test_outside_of_training_nothing_is_dropped():
    values = torch.randn(50)
    assert torch.equal(Dropout(0.5).eval()(values), values)


def test_a_seed_draws_the_same_and_the_plain_is_pytorchs(monkeypatch):
    values, found = torch.randn(50), []
    for _ in range(2):
        torch.manual_seed(3)
        found.append(Dropout(0.5)(values))
    assert torch.equal(*found)
    monkeypatch.setattr(Dropout, "plain", True)
    found = []
    for each in (Dropout(0.5), torch.nn.Dropout(0.5)):
        torch.manual_seed(3)
        found.append(each(values))
    assert torch.equal(*found)


def test_it_takes_the_place_of_pytorchs_own_everywhere_and_no_name_changes():
    class Other(torch.nn.Dropout):
        """Somebody's own."""

    module = torch.nn.Sequential(
        torch.nn.Linear(2, 2), torch.nn.Dropout(0.2), torch.nn.ModuleList([torch.nn.Dropout(0.4), Other(0.1)])
    )
    names = list(module.state_dict())
    module[2].eval()
    draw_faster(module)
    assert not module[2][0].training
    kinds = [(type(each), each.p) for each in module.modules() if isinstance(each, torch.nn.Dropout)]
    assert kinds == [(Dropout, 0.2), (Dropout, 0.4), (Other, 0.1)]
    assert list(module.state_dict()) == names


def test_half_numbers_stay_half():
    assert Dropout(0.5)(torch.ones(9, dtype=torch.bfloat16)).dtype == torch.bfloat16
