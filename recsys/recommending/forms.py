"""Ids as programs and people write them: in another case, or a number in another form (130.0, 00130)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from recsys.logbooks.importing.numbers import whole


@dataclass(frozen=True, eq=False)
class Forms:
    """Ids that are known, by their forms; each table is made when it is first needed."""

    ids: Sequence[str]

    def known(self, climb: str) -> str | None:
        """The known id that an id is; None where none is, or several are."""
        if climb in self._all:
            return climb
        number = whole(climb)
        found = self._spellings.get(climb.casefold(), []) if number is None else self._numbers.get(number, [])
        return found[0] if len(found) == 1 else None

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset(self.ids)

    @cached_property
    def _numbers(self) -> Mapping[str, list[str]]:
        """The number that an id is, to the ids."""
        numbers: dict[str, list[str]] = defaultdict(list)
        for climb in self.ids:
            if (number := whole(climb)) is not None:
                numbers[number].append(climb)
        return numbers

    @cached_property
    def _spellings(self) -> Mapping[str, list[str]]:
        """An id without its case, to the ids."""
        spellings: dict[str, list[str]] = defaultdict(list)
        for climb in self.ids:
            spellings[climb.casefold()].append(climb)
        return spellings
