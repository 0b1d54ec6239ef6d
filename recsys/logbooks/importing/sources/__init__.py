"""The formats that can be imported, one module each."""

from __future__ import annotations

from typing import Final

from recsys.logbooks.importing.source import Source
from recsys.logbooks.importing.sources.boardlib import BOARDLIB
from recsys.logbooks.importing.sources.eight_a import EIGHT_A
from recsys.logbooks.importing.sources.kaya import KAYA
from recsys.logbooks.importing.sources.mountainproject import MOUNTAIN_PROJECT
from recsys.logbooks.importing.sources.sendage import SENDAGE
from recsys.logbooks.importing.sources.sends import SENDS
from recsys.logbooks.importing.sources.thecrag import THE_CRAG
from recsys.logbooks.importing.sources.ukc import UKC

SOURCES: Final[dict[str, Source]] = {
    source.name: source
    for source in (SENDAGE, MOUNTAIN_PROJECT, EIGHT_A, THE_CRAG, UKC, KAYA, BOARDLIB, SENDS)
}
