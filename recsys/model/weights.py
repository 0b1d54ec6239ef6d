"""A model's weights in a run's folder: safetensors, which hold numbers and no code."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model, save_model

from recsys import run_files
from recsys.atomic import atomic_path
from recsys.config.model import ModelConfig
from recsys.errors import RunError
from recsys.model.network import Network
from recsys.model.prompted_transformer import PromptedTransformer, build_model
from recsys.temporaries import temporary_name

if TYPE_CHECKING:
    from merlin.schema import Schema

AnyNetwork = TypeVar("AnyNetwork", bound=Network)
_CUTS: Final = "cuts"
_MEND: Final = "copy the folder again from its source, or train anew"
_DIGITS: Final = 18  # of a number of climbs


def save_weights(model: Network, folder: Path) -> None:
    """Write the weights, shared tensors once; the same weights become the same bytes."""
    final = folder / run_files.WEIGHTS
    with atomic_path(final) as fresh, drafted(model, final, _cuts(model)) as draft:
        _ordered(draft, fresh)


@contextlib.contextmanager
def drafted(model: Network, final: Path, metadata: dict[str, str] | None = None) -> Iterator[Path]:
    """The weights in a folder beside `final`, for safetensors leaves names of its own when it is killed."""
    folder = temporary_name(final)
    try:
        folder.mkdir()
        save_model(model, str(folder / final.name), metadata=metadata)
        yield folder / final.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load_weights(folder: Path, schema: Schema, config: ModelConfig) -> PromptedTransformer:
    """The trained model of a folder, on the CPU, in evaluation mode."""
    return stored(lambda: build_model(schema, config), folder)


def stored(build: Callable[[], AnyNetwork], folder: Path) -> AnyNetwork:
    """The trained network of a folder, of the sizes that its weights have, on the CPU, in evaluation mode."""
    check_sizes(build, folder / run_files.WEIGHTS, _MEND)
    model = build()
    restore(model, folder)
    return model.eval()


def restore(model: Network, folder: Path) -> None:
    """Read the weights of a folder into a network, and where climbs were added later."""
    path = folder / run_files.WEIGHTS
    read_weights(model, path, _MEND)
    if isinstance(model, PromptedTransformer):
        with safe_open(path, "pt") as file:
            cuts = (file.metadata() or {}).get(_CUTS, "").split()
        if not all(each.isdecimal() and len(each) < _DIGITS for each in cuts):
            raise RunError(f"{path}: says in no numbers where climbs were added; train anew")
        model.task.pre.cuts = tuple(map(int, cuts))


def check_sizes(build: Callable[[], Network], path: Path, remedy: str) -> None:
    """Refuse to build a network of other sizes than its weights have, before memory is taken for it.

    It is built without memory (torch's device "meta"), and its shapes are compared with those that the head
    of the file tells: a configuration of a few bytes may ask for any number of them.

    Parameters
    ----------
    build:
        Makes the network.
    path, remedy:
        As of `read_weights`.

    Raises
    ------
    RunError
        The sizes are others, or the file is damaged.
    """
    if not path.is_file():
        raise RunError(f"{path}: is missing, or no file; {remedy}")
    try:
        with torch.device("meta"):
            asked = {name: tuple(values.shape) for name, values in build().state_dict().items()}
        with safe_open(path, "pt") as file:
            kept = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise RunError(f"{path}: no readable weights ({str(error)[:80]}); {remedy}") from None
    except RuntimeError as error:
        raise RunError(f"{path}: its network cannot be built ({_short(error)}); {remedy}") from None
    shapes = set(kept.values())  # a tensor that is used twice is kept once
    for name, shape in asked.items():
        if kept.get(name, shape) != shape or shape not in shapes:
            found = kept.get(name, "none of these sizes")
            raise RunError(f"{path}: of another network ({name} is to be {shape}, and is {found}); {remedy}")


def read_weights(model: Network, path: Path, remedy: str) -> None:
    """Read a file of weights into a network.

    Raises
    ------
    RunError
        It is missing, damaged, or of another network.
    """
    if not path.is_file():
        raise RunError(f"{path}: is missing, or no file; {remedy}")
    try:
        load_model(model, str(path))
    except SafetensorError as error:
        raise RunError(f"{path}: no readable weights ({str(error)[:80]}); {remedy}") from None
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path}: of another network ({_short(error)}); {remedy}") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error}); {remedy}") from None


def _short(error: Exception) -> str:
    """The last line of what torch lists, tensor by tensor."""
    return (str(error).splitlines() or [type(error).__name__])[-1].strip()[:120]


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
