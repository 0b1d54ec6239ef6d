"""What a fitted NVTabular workflow knows, as plain lists and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import FIRST_VALUE_ID
from recsys.recommending.bundle import CODED, WRITTEN
from recsys.recommending.features import COLUMN_OF, Features
from recsys.sequences.texts import Texts
from workflows import sends as workflow_of
from workflows.sends.description import describe

if TYPE_CHECKING:
    import pandas as pd
    from nvtabular import Workflow


def features_of(workflow: Workflow, folder: Path) -> Features:
    """The constants of a fitted workflow.

    Parameters
    ----------
    workflow:
        As fit or loaded.
    folder:
        Where it was saved: the vocabularies are read from its category files.
    """
    names, known = workflow.output_schema.column_names, describe(workflow)
    texts = Texts.load(folder)
    return Features(
        vocabularies={
            name: workflow_of.vocabulary(folder, column)[FIRST_VALUE_ID:]
            for name, column in COLUMN_OF.items()
            if name in names
        },
        numbers={
            name: {"mean": number.mean, "std": number.std, "edges": number.boundaries}
            for name, number in known.numbers.items()
        },
        flags=[name for name in WRITTEN if name in names],
        not_logged=known.not_logged,
        texts=None if texts is None else texts.states,
    )


def to_json(features: Features) -> dict[str, Any]:
    """The constants as features.json holds them."""
    return {
        "vocabularies": features.vocabularies,
        "numbers": features.numbers,
        "flags": features.flags,
        "not_logged": features.not_logged,
        **({} if features.texts is None else {"texts": features.texts.to_json()}),
    }


def histories_of(sends: pd.DataFrame) -> tuple[dict[str, list[str]], dict[str, Array]]:
    """All logbooks: the distinct texts (histories.json), and the sends as indices in them (arrays.npz).

    The sends are in order of climber and time, as sends.parquet holds them. An index of -1 is a blank.
    """
    owners, climbers = _codes(sends[c.CLIMBER_ID])
    counts = np.bincount(owners, minlength=len(climbers))
    arrays: dict[str, Array] = {"offsets": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)}
    texts = {c.CLIMBER_ID: climbers}
    blank = np.full(len(sends), None, dtype=object)
    for name in CODED:
        arrays[name], texts[name] = _codes(sends.get(name, blank))
    for name in WRITTEN:
        arrays[name] = sends[name].notna().to_numpy() if name in sends else np.zeros(len(sends), dtype=bool)
    for name in (c.RATING, c.DAY):
        arrays[name] = sends[name].to_numpy(np.float64) if name in sends else np.full(len(sends), np.nan)
    return texts, arrays


def _codes(values: Any) -> tuple[Array, list[str]]:
    import pandas as pd

    codes, unique = pd.factorize(values)
    return codes.astype(np.int32), [str(each) for each in unique]
