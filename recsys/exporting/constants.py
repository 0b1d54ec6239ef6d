"""What a fitted NVTabular workflow knows, as plain lists and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.columns import FIRST_VALUE_ID
from recsys.recommending.bundle import WRITTEN
from recsys.recommending.features import COLUMN_OF, Features
from recsys.sequences.texts import Texts
from workflows import sends as workflow_of
from workflows.sends.description import describe

if TYPE_CHECKING:
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
        grades=known.grades,
    )


def to_json(features: Features) -> dict[str, Any]:
    """The constants as features.json holds them."""
    return {
        "vocabularies": features.vocabularies,
        "numbers": features.numbers,
        "flags": features.flags,
        "not_logged": features.not_logged,
        **({"grades": list(features.grades)} if features.grades else {}),
        **({} if features.texts is None else {"texts": features.texts.to_json()}),
    }
