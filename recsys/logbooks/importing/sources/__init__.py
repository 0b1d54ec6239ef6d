"""The formats that can be imported, one module each; whatever `Source` a module here holds is found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final

from recsys.logbooks.importing.source import Source


def _found() -> Iterator[Source]:
    """The sources of the modules beside this one, in the order of the modules' names."""
    for module in pkgutil.iter_modules(__path__):
        held = vars(importlib.import_module(f"{__name__}.{module.name}"))
        yield from (value for value in held.values() if isinstance(value, Source))


SOURCES: Final[dict[str, Source]] = {source.name: source for source in _found()}
