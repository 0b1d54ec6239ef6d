"""What a catalogue's climbs are looked up by: ids, names with places, and names alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from recsys.logbooks.importing.climb_names import keys_of, loose_key, name_key, words_of
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.forms import Forms


@dataclass(frozen=True, eq=False)
class Places:
    """A catalogue's climbs by what logbooks may call them; each table is made when it is first needed."""

    catalogue: Catalogue

    def by_id(self, climb: str) -> str | None:
        """The catalogue's id that an id is, also in another case or written as another number."""
        return self.forms.known(climb)

    @cached_property
    def forms(self) -> Forms:
        """The ids, by the forms that programs and people give them."""
        return Forms(self.catalogue.ids)

    @cached_property
    def named(self) -> Mapping[tuple[str, str], list[int]]:
        """(name, place) to climbs; the place is a region, an area, or the crag in an id such as name@crag."""
        return self._by(name_key)

    @cached_property
    def loosely(self) -> Mapping[tuple[str, str], list[int]]:
        """The same by the name without its article, its "and" and its way to write ä."""
        return self._by(loose_key)

    @cached_property
    def ends(self) -> Mapping[tuple[str, str], list[tuple[str, int]]]:
        """(place, beginning or end of a name) to the names there."""
        indices: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        for i, name in enumerate(self.catalogue.names):
            word = name_key(name or "")
            for where in self.wheres(i) if word else ():
                for end in ends_of(word):
                    indices[where, end].append((word, i))
        return indices

    @cached_property
    def anywhere(self) -> Mapping[str, list[int]]:
        """A name to the climbs of that name, wherever they are."""
        names: dict[str, list[int]] = defaultdict(list)
        for i in range(len(self.catalogue.ids)):
            if name := self._name(i):
                names[loose_key(name)].append(i)
        return names

    def wheres(self, index: int) -> list[str]:
        """The places of a climb, as they are looked up."""
        return keys_of(self._texts(index))

    def words(self, index: int) -> set[str]:
        """The words of a climb's places."""
        return words_of(self._texts(index))

    def _texts(self, index: int) -> tuple[str | None, ...]:
        table = self.catalogue
        return table.regions[index], table.areas[index], table.ids[index].partition("@")[2]

    def _by(self, key: Callable[[str], str]) -> Mapping[tuple[str, str], list[int]]:
        names: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i in range(len(self.catalogue.ids)):
            for where in self.wheres(i):
                names[key(self._name(i)), where].append(i)
        return names

    def _name(self, index: int) -> str:
        return self.catalogue.names[index] or self.catalogue.ids[index].partition("@")[0]


def ends_of(word: str) -> tuple[str, str]:
    """How a name begins and ends: names that are nearly the same share one of the two."""
    return f"{word[:3]}-", f"-{word[-3:]}"
