"""``recsys adapt RUN --climbs``: climbs that nobody has logged join a run, known by their attributes alone.

A new climb gets the id after the last one. What is known of it (region, grade, rating) enters the output as
for any climb (`recsys.model.output`); its own embedding, bias and popularity are those of the climbs that it
is like (`recsys.adapting.similar`). Where the run reads texts, so are its text's, pooled with what its list
says of it. Nothing is trained, and the old climbs' scores stay to the last bit. A
counting method that was joined says nothing of a new climb: it is scored by the network, and the mean of the
counts (`recsys.recommending.answering.added`).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys import run_files
from recsys.adapting.checks import check_call
from recsys.adapting.folder import adapted
from recsys.adapting.growing import fill_climbs, grown_from
from recsys.adapting.similar import likeness
from recsys.adapting.vocabulary import grow_workflow
from recsys.columns import FIRST_VALUE_ID, NULL_ID, UNKNOWN_ID
from recsys.console import say, warn
from recsys.errors import DataError
from recsys.model.output import SENDS
from recsys.model.weights import save_weights
from recsys.recommending.catalogue import STARS, Catalogue
from recsys.recommending.forms import Forms
from recsys.runs import Run
from recsys.sequences.encoders import encoder_named
from recsys.sequences.prepare import write_schema
from recsys.sequences.run_tables import read_climbs_table, read_sends_table
from recsys.sequences.texts import COLUMNS, WIDTH, Texts, written
from recsys.training.skill import fit_skill
from recsys.training.trained import catalogue_of, features_of

if TYPE_CHECKING:
    from nvtabular import Workflow

    from recsys.arrays import Array


def add_climbs(run: Run, climbs: pd.DataFrame, output: Path, overwrite: bool = False) -> int:
    """Write the run with more climbs; returns how many.

    Parameters
    ----------
    run:
        As returned by `Run.open`; stays as it is.
    climbs:
        As `recsys.logbooks.climbs.read_climbs` gives them; those that the run has already are left out.
    output:
        The new run's folder.
    overwrite:
        Replace a folder that has something in it.

    Raises
    ------
    DataError
        The run has all of the climbs already.
    RunError
        The folder is taken, or something of the run cannot be read.
    UsageError
        The run is of another model than the default, or `output` is the run itself.
    """
    check_call(run, output, "climbs")
    known = read_climbs_table(run.folder)
    forms = Forms(known[c.CLIMB_ID].tolist())
    fresh = climbs[[forms.known(climb) is None for climb in climbs[c.CLIMB_ID]]].reset_index(drop=True)
    if len(fresh) < len(climbs):
        say(f"{len(climbs) - len(fresh)} climbs are in {run.folder} already, and stay as they are")
    if fresh.empty:
        raise DataError("holds no climb that the run does not have", remedy="give new climbs")
    with adapted(run, output, overwrite, {"climbs": len(fresh)}) as folder:
        _write(run, known, fresh, folder)
    return len(fresh)


def _write(run: Run, known: pd.DataFrame, fresh: pd.DataFrame, folder: Path) -> None:
    """The artifacts that grow: workflow, schema, catalogue, weights, skill; and the sends as they are."""
    shutil.copy2(run.folder / run_files.SENDS, folder / run_files.SENDS)
    sends = read_sends_table(folder)
    ids = fresh[c.CLIMB_ID].tolist()
    workflow = grow_workflow(run.folder / run_files.WORKFLOW, folder / run_files.WORKFLOW, {c.CLIMB_ID: ids})
    write_schema(workflow, folder)
    grown = grown_catalogue(known, fresh)
    grown.to_parquet(folder / run_files.CLIMBS)
    _, model = grown_from(run.folder, folder, run.config.model)
    weights = likeness(catalogue_of_new(fresh), catalogue_of(known, [sends]))
    described = _described(run, fresh) if model.task.pre.texts is not None else None
    fill_climbs(model, len(known) + FIRST_VALUE_ID, weights, side_ids(workflow, fresh), described)
    save_weights(model, folder)
    fit_skill(sends, grown).save(folder / run_files.SKILL)


def _described(run: Run, fresh: pd.DataFrame) -> tuple[Array, Array] | None:
    """Number of texts of each climb and the sum of their vectors, by the run's own components; None where
    there are none, or the run keeps no components.
    """
    row, text = written(fresh)
    pools = Texts.load(run.folder / run_files.WORKFLOW)
    if not len(row) or pools is None:
        return None
    if pools.components is None:
        warn(f"what is written of the new climbs is not read: {run.folder} was made before that; train anew")
        return None
    total = np.zeros((len(fresh), WIDTH), np.float32)
    np.add.at(total, row, pools.components(encoder_named(run.config.model.text)(text.tolist())))
    return np.bincount(row, minlength=len(fresh)), total


def grown_catalogue(known: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    """climbs.parquet with more rows: of no sends, and with the stars that their list gives them."""
    added = fresh.rename(columns={c.RATING: STARS}).assign(sends=0)
    columns = [name for name in added if name not in COLUMNS]  # of texts, pooled vectors alone are kept
    kept = [name for name in columns if name in known or name == STARS or added[name].notna().any()]
    return pd.concat([known.astype({"sends": "float64"}), added[kept]], ignore_index=True)


def catalogue_of_new(fresh: pd.DataFrame) -> Catalogue:
    """The light catalogue of new climbs."""
    plain = fresh.astype(object).where(fresh.notna(), None)
    columns = {name: plain[name].tolist() for name in plain.columns if name != c.RATING}
    return Catalogue.from_columns({**columns, STARS: plain[c.RATING].tolist(), SENDS: [0] * len(fresh)})


def side_ids(workflow: Workflow, fresh: pd.DataFrame) -> dict[str, Array]:
    """What the run's own workflow makes of the attributes: feature to ids, int64 [n]; 0 where not known."""
    frame = fresh.assign(**{c.CLIMBER_ID: "new"})
    made = features_of(workflow, [frame], "cpu")
    found = {name: values.astype(np.int64) for name, values in made.items()}
    for name, values in found.items():
        values[values <= (UNKNOWN_ID if name in c.CATEGORIFIED else NULL_ID)] = 0
    return found
