"""A mapping of one's own from a logbook's climbs to the catalogue's."""

from __future__ import annotations

from pathlib import Path

from recsys.errors import DataError
from recsys.logbooks.importing.pairs import read_pairs
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.places import Places


def read_same(path: Path, catalogue: Catalogue) -> dict[str, str]:
    """A mapping of ids: the first two columns of a file (yours, the model's), with or without a header.

    Raises
    ------
    DataError
        The file cannot be read, has no second column, or names a climb that the model does not have.
    """
    places = Places(catalogue)
    same = {}
    for pair in read_pairs(path):
        known = places.by_id(pair.theirs)
        if known is None:
            problem = "names a climb that the model does not have"
            remedy = "write two columns: your id, the model's id"
            if places.by_id(pair.ours) is not None:
                remedy = "the columns are the other way round: write your id first, then the model's"
            raise DataError(problem, path=path, row=pair.row, value=pair.theirs, remedy=remedy)
        same[pair.ours] = known
    return same
