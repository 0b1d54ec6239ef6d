"""Weights against the sizes that a configuration asks for, before a network of those is made."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_model

from recsys.errors import RunError
from recsys.model.weights import check_sizes


class Tied(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner, self.outer = torch.nn.Linear(width, width), torch.nn.Linear(width, width)
        self.outer.weight = self.inner.weight


def test_no_memory_is_taken_for_a_network_of_other_sizes(tmp_path):
    path, made = tmp_path / "model.safetensors", []

    def build(width: int) -> torch.nn.Module:
        made.append(Tied(width))
        return made[-1]

    save_model(Tied(4), str(path))
    check_sizes(lambda: build(4), path, "train anew")
    for width in (5, 10**6, 10**8):  # 10**8: 40 PB
        with pytest.raises(RunError, match=r"of another network \(inner.weight is to be .*; train anew"):
            check_sizes(lambda width=width: build(width), path, "train anew")

    def with_more() -> torch.nn.Module:
        network = build(4)
        network.more = torch.nn.Linear(10**6, 10**6)
        return network

    with pytest.raises(RunError, match=r"more\.weight is to be .*, and is none of these sizes"):
        check_sizes(with_more, path, "train anew")
    assert {each.device.type for one in made for each in one.parameters()} == {"meta"}
    with pytest.raises(RunError, match="is missing"):
        check_sizes(lambda: build(4), tmp_path / "none", "train anew")
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(RunError, match="no readable weights"):
        check_sizes(lambda: build(4), path, "train anew")
