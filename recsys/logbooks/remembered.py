"""The mapping that a run's sends were read by: it is kept in the run's facts, and reads what comes later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from recsys.errors import DataError, UsageError
from recsys.logbooks.mapping import CONTRACT, ColumnMapping, load_mapping, mapping_of
from recsys.nouns import FACTS, nouns_of

MAPPING: Final = "mapping"  # in a run's facts: the mapping's name, and what its file held
_NAME: Final = "name"


def facts_of(mapping: ColumnMapping) -> dict[str, Any]:
    """What a run keeps of a mapping: all of it, and its words where `recsys.nouns` looks for them."""
    if mapping.name == CONTRACT:
        return {}
    nouns = {FACTS: dict(mapping.nouns)} if mapping.nouns else {}
    return {**nouns, MAPPING: {_NAME: mapping.name, **mapping.data}}


def remembered(facts: object, schema: str | None = None) -> ColumnMapping | None:
    """The mapping under `MAPPING`, whoever wrote it; None where there is none, or none that can be used.

    `schema` is what the run was trained with: a run of an earlier version keeps no more.
    """
    found = facts.get(MAPPING) if isinstance(facts, Mapping) else None
    try:
        if isinstance(found, Mapping):
            data = {key: value for key, value in found.items() if key != _NAME}
            if FACTS in data:
                data[FACTS] = nouns_of(found)  # a word that is none does not take the columns with it
            return mapping_of(str(found.get(_NAME, MAPPING)), data, Path(MAPPING))
        return None if schema is None else load_mapping(schema)
    except (DataError, UsageError):
        return None
