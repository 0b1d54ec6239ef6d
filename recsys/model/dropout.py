"""Dropout whose mask is drawn four to a number, on a CPU: PyTorch's takes as long as the layer before it."""

from __future__ import annotations

from typing import Final

import torch

_VALUES: Final = 1 << 16  # of a draw
_DRAWS: Final = 4  # in an int64


class Dropout(torch.nn.Dropout):
    """`torch.nn.Dropout`, with probabilities that are multiples of 1/65,536.

    Attributes
    ----------
    plain:
        Whether PyTorch's own is used on a CPU too.
    """

    plain = False

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Values of any shape; in training each is zeroed with probability `p`, the others grow for it."""
        dropped = round(self.p * _VALUES)
        other = self.plain or not input.is_cpu or torch.compiler.is_compiling()
        if other or not self.training or not 0 < dropped < _VALUES:
            return super().forward(input)
        count = input.numel()
        numbers = torch.empty(-(-count // _DRAWS), dtype=torch.int64).random_(-(2**63), None)
        drawn = numbers.view(torch.int16)[:count].view(input.shape)
        kept = (drawn >= dropped - _VALUES // 2).to(input.dtype)
        return input * kept.mul_(_VALUES / (_VALUES - dropped))


def draw_faster(module: torch.nn.Module) -> None:
    """Make PyTorch's own dropouts in a module, and in all that it holds, to such as these."""
    for each in module.modules():
        if type(each) is torch.nn.Dropout:
            each.__class__ = Dropout
