"""A run's method in its folder: model.safetensors of a network, model.npz of what was counted, method.json.

None of them holds code: safetensors and NumPy's arrays are read without pickle.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys import run_files
from recsys.config.run import RunConfig
from recsys.errors import RunError
from recsys.recommending.answering import About, Answering, read_about, read_method, write_method
from recsys.runs import Run
from recsys.training.answer import RunMethod, scorer_from
from recsys.training.methods import settings_of

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.model.network import Network
    from recsys.sequences.prepare import Prepared


def keep(method: RunMethod, config: RunConfig, folder: Path) -> None:
    """Write the method; what a former one left is taken away."""
    for name in (run_files.WEIGHTS, run_files.COUNTS, run_files.METHOD):
        (folder / name).unlink(missing_ok=True)
    network = None
    if method.network is not None:
        from recsys.model.weights import save_weights

        save_weights(method.network, folder)
        network = stands_for_network
    answering = Answering(
        config.method, network, method.counted, method.reads_prompt, method.weight, method.temperature
    )
    write_method(answering, folder)


def open_method(run: Run, schema: Schema, n_items: int) -> tuple[Network | None, Answering]:
    """The network of a finished run, on the CPU in evaluation mode, and the method without it.

    Raises
    ------
    RunError
        A file is missing from the manifest, or is not what `keep` wrote.
    """
    about = read_about(run.folder)
    _check_covered(run, about)
    network = load_network(run, schema) if about.network else None
    return network, read_method(run.folder, None if network is None else stands_for_network, about, n_items)


def load_network(run: Run, schema: Schema) -> Network:
    """The trained network of a run, on the CPU, in evaluation mode."""
    from recsys.model.weights import stored

    config: RunConfig = run.config
    settings: Any = settings_of(config)
    network: Network = stored(lambda: settings.build(schema, config.model.length), run.folder)
    return network


def load_method(run: Run, prepared: Prepared) -> RunMethod:
    """The method of a finished run, to be evaluated on what was prepared for it."""
    from recsys.baselines.interactions import Interactions

    network, kept = open_method(run, prepared.schema, prepared.n_items)
    length, interactions = run.config.model.length, Interactions.of(prepared)
    scorer = scorer_from(network, kept.counted, kept.weight, interactions, length)
    return RunMethod(network, kept.counted, scorer, kept.reads_prompt, kept.weight, kept.temperature)


def stands_for_network(batch: Any) -> Any:
    """The network of an `Answering` that is written and not asked."""
    raise NotImplementedError("stands for a network that is kept beside method.json")


def _check_covered(run: Run, about: About) -> None:
    """Refuse what the manifest does not vouch for."""
    there = (run_files.METHOD, run_files.COUNTS) if (run.folder / run_files.METHOD).is_file() else ()
    known = {*run.covered, *about.lacks()}
    for name in (run_files.WEIGHTS, *there):
        if name not in known:
            raise RunError(f"{run.folder}: its manifest does not cover {name}; copy the folder again")
