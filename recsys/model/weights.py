"""A model's weights in a run's folder: safetensors, which hold numbers and no code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from safetensors import safe_open
from safetensors.torch import load_model, save_model

from recsys import run_files
from recsys.config.model import ModelConfig
from recsys.files import atomic_path
from recsys.model.network import Network
from recsys.model.prompted_transformer import PromptedTransformer, build_model
from recsys.temporaries import temporary_name

if TYPE_CHECKING:
    from merlin.schema import Schema

_CUTS: Final = "cuts"


def save_weights(model: Network, folder: Path) -> None:
    """Write the weights, shared tensors once; the same weights become the same bytes."""
    with atomic_path(folder / run_files.WEIGHTS) as fresh:
        draft = temporary_name(
            folder / run_files.WEIGHTS
        )  # a folder: safetensors leaves names of its own there
        try:
            draft.mkdir()
            save_model(model, str(draft / run_files.WEIGHTS), metadata=_cuts(model))
            _ordered(draft / run_files.WEIGHTS, fresh)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def load_weights(folder: Path, schema: Schema, config: ModelConfig) -> PromptedTransformer:
    """The trained model of a folder, on the CPU, in evaluation mode."""
    model = build_model(schema, config)
    restore(model, folder)
    return model.eval()


def restore(model: Network, folder: Path) -> None:
    """Read the weights of a folder into a network, and where climbs were added later."""
    load_model(model, str(folder / run_files.WEIGHTS))
    if isinstance(model, PromptedTransformer):
        with safe_open(folder / run_files.WEIGHTS, "pt") as file:
            cuts = (file.metadata() or {}).get(_CUTS, "")
        model.task.pre.cuts = tuple(int(each) for each in cuts.split())


def _ordered(source: Path, target: Path) -> None:
    """Copy a safetensors file, its header in order, with the access that any new file gets.

    The library writes the header's metadata in the order of a hash table that is seeded anew each time, and
    the file for its owner alone. The header is a length, 8 bytes, and as much JSON; tensors are found by
    their offsets from its end, so that its length has to stay.
    """
    with source.open("rb") as old, target.open("wb") as new:
        length = old.read(8)
        header = json.loads(old.read(size := int.from_bytes(length, "little")))
        text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        new.write(length + text.ljust(size))
        shutil.copyfileobj(old, new)


def _cuts(model: Network) -> dict[str, str]:
    """Where climbs were added later, as text; empty for a network that was trained as it is."""
    cuts = model.task.pre.cuts if isinstance(model, PromptedTransformer) else ()
    return {_CUTS: " ".join(map(str, cuts))} if cuts else {}
