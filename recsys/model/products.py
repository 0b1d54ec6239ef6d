"""Matrix products on a CPU by oneDNN, where those are as exact as MKL's.

PyTorch has MKL multiply float32, which leaves AVX-512 unused on processors that are not Intel's; oneDNN takes
half the time there (`benchmarks/step.py`). PyTorch asks oneDNN only where it is allowed to round to bf16
(``torch.backends.mkldnn.matmul.fp32_precision``). It does round where a processor has units for bf16 (AMX,
some of ARM's), not elsewhere. So a product of numbers that bf16 cannot hold is tried once, and oneDNN is
allowed where nothing of them is lost.

Fused attention multiplies in pieces so small that to begin a product takes longer than to do it, and oneDNN
takes long to begin: `attention` leaves those to MKL. oneDNN also prepares each shape that it meets anew, and
keeps it: `rounded` has few of them. The setting is the process's: one thread at a time should change it.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any, Final

import torch
from torch.nn.functional import scaled_dot_product_attention

_matmul: Any = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]  # its settings
_ONEDNN: Final = "bf16"  # what it is allowed; `exact` has it that it does not do it
_MKL: Final = "ieee"
_SIDE: Final = 64  # of a product that is large enough for oneDNN
ROWS: Final = 64  # that products of a varying number of rows are rounded up to
_VALUE: Final = 1 + 2.0**-20  # bf16 has 7 bits behind the point, TF32 10, float32 23


@contextlib.contextmanager
def by_onednn(allowed: bool = True) -> Iterator[None]:
    """Within, float32 products on a CPU are oneDNN's, where these are exact and `allowed`.

    Not to be entered where CUDA computes: PyTorch then refuses to tell the precision of products there.
    """
    with _precision(_ONEDNN) if allowed and exact() else contextlib.nullcontext():
        yield


@functools.cache
def exact() -> bool:
    """Whether oneDNN multiplies float32 without rounding it first, though it may."""
    if not torch.backends.mkldnn.is_available():
        return False
    how: Any = {"dtype": torch.float32, "device": "cpu"}
    with _precision(_ONEDNN), torch.autocast("cpu", enabled=False):
        found = torch.full((_SIDE, _SIDE), _VALUE, **how) @ torch.eye(_SIDE, **how)
    return bool((found == _VALUE).all())


def rounded(rows: torch.Tensor, to: int = ROWS) -> torch.Tensor:
    """Rows [n, width], on a CPU with rows of zeros up to a multiple of `to`."""
    more = -len(rows) % to
    return torch.nn.functional.pad(rows, (0, 0, 0, more)) if more and rows.is_cpu else rows


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    causal: bool,
) -> torch.Tensor:
    """`scaled_dot_product_attention` of [batch, heads, tokens, head width], by MKL where it is fused.

    So is its gradient's.
    """
    if torch.compiler.is_compiling() or _matmul.fp32_precision != _ONEDNN:
        return scaled_dot_product_attention(query, key, value, mask, is_causal=causal)
    with _precision(_MKL):
        found = scaled_dot_product_attention(query, key, value, mask, is_causal=causal)
    if found.grad_fn is not None:
        before: list[str] = []

        def begin(*_: Any) -> None:
            before.append(_matmul.fp32_precision)
            _allow(_MKL)

        def end(*_: Any) -> None:
            _allow(before.pop())

        found.grad_fn.register_prehook(begin)
        found.grad_fn.register_hook(end)
    return found


@contextlib.contextmanager
def _precision(name: str) -> Iterator[None]:
    before = _matmul.fp32_precision
    _allow(name)
    try:
        yield
    finally:
        _allow(before)


def _allow(name: str) -> None:
    _matmul.fp32_precision = name
