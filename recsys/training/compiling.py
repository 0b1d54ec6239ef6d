"""A transformer's body through `torch.compile`, in place: weights and checkpoints keep their names.

Faster on a GPU (`docs/results/measurements.md`). Its dropout is drawn by other code, so that a compiled
training is not the plain one with the same seed.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch

from recsys.errors import UsageError

if TYPE_CHECKING:
    from recsys.model.network import Network

_BODY = "heads.0.body.1.transformer"


def compile_body(network: Network) -> None:
    """Have the body compiled when it is first asked; another network than the transformer stays as it is."""
    for body in _bodies(network):
        body.compile()


def plain_body(network: Network) -> None:
    """The body as it was: what is done once, evaluating and exporting, is not worth compiling for."""
    for body in _bodies(network):
        body._compiled_call_impl = None


def _bodies(network: Network) -> list[Any]:
    from recsys.model.prompted_transformer import PromptedTransformer

    return [network.get_submodule(_BODY)] if isinstance(network, PromptedTransformer) else []


@functools.cache
def check_compiler(device: str) -> None:
    """Refuse where torch cannot compile for a device: "cpu" or "cuda".

    A trial tells, for what is needed depends on torch, the device and the machine.

    Raises
    ------
    UsageError
        It cannot; the text tells why, and what is lacking.
    """
    try:
        torch.compile(_trial)(torch.zeros(8, device=device))
    except Exception as error:  # torch raises its own, of many kinds
        needs = "g++" if device == "cpu" else "gcc, Python's headers and triton"
        why = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UsageError(
            f"`compile`: torch cannot compile here ({why[:100]}); install {needs}, or leave it out"
        ) from None


def _trial(values: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.gelu(values) + 1
