"""Ids as programs and people write them: in another case or spelling, or a number in another form (130.0,
00130)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from recsys.logbooks.importing.spelling import form


@dataclass(frozen=True, eq=False)
class Forms:
    """Ids that are known, by their forms; the table is made when it is first needed."""

    ids: Sequence[str]

    def known(self, climb: str) -> str | None:
        """The known id that an id is; None where none is, or several are."""
        if climb in self._all:
            return climb
        found = self._forms.get(form(climb), [])
        return found[0] if len(found) == 1 else None

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset(self.ids)

    @cached_property
    def _forms(self) -> Mapping[str, list[str]]:
        """What ids are compared by, to the ids."""
        forms: dict[str, list[str]] = defaultdict(list)
        for climb in self.ids:
            forms[form(climb)].append(climb)
        return forms
