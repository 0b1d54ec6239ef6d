"""What the service may be asked for, and by whom."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recsys.errors import UsageError
from recsys.files import read_plain

MAX_HISTORY: Final = 5000
"""Sends in a posted history, and in what a logbook file is answered with."""
MAX_K: Final = 100
"""Climbs in an answer."""
MAX_REQUESTS: Final = 100
"""Requests in a batch."""
MAX_BLOCK: Final = 1000
"""Climbs and areas that a request may leave out."""
MAX_ID: Final = 5000
"""Letters of a climb's id in a posted history: other readers know no limit, and ids of URLs are long."""
MIB: Final = 1 << 20
MAX_BODY: Final = 4
"""MiB of a request's body; nginx's 4m is as much."""
KEYS_VARIABLE: Final = "RECSYS_API_KEYS"
_SHORTEST_KEY: Final = 16
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


@dataclass(frozen=True)
class Policy:
    """Limits of the service.

    Attributes
    ----------
    max_body:
        Bytes of a request's body.
    rate:
        Requests a second that a client may keep up; 0 is no limit.
    api_keys:
        Keys that open the service; none leaves it open.
    batch_window_ms:
        Milliseconds that a request waits for others, once requests are seen to come together.
    max_batch:
        Requests in one call of the model; 1 switches batching off.
    max_waiting:
        Requests that may wait for the model, and for a path, a session or skill; the next is told to come
        back. Of logbook files 64 may at the most.
    answer_seconds:
        Seconds a request may wait for its answer, and a body to arrive.
    poll_seconds:
        Seconds between two looks at the bundle's manifest; 0 leaves reloading to SIGHUP.
    max_head:
        Bytes of a request's line and headers.
    max_headers:
        Headers of a request.
    head_seconds:
        Seconds in which a request's head must arrive.
    idle_seconds:
        Seconds that a connection may wait for its next request.
    max_connections:
        Connections at the same time; fewer where the process may not open as many files.
    origins:
        Origins of other sites' pages that may ask from a browser (the widget); none leaves it to this one.
    hide_climbers:
        Tell no id of a climber: none is found, none is the sample. Who knows an id can still ask by it.
    """

    max_body: int = MAX_BODY * MIB
    rate: float = 20.0
    api_keys: frozenset[str] = frozenset()
    batch_window_ms: float = 2.0
    max_batch: int = 64
    max_waiting: int = 512
    answer_seconds: float = 15.0
    poll_seconds: float = 2.0
    max_head: int = 32 << 10
    max_headers: int = 100
    head_seconds: float = 10.0
    idle_seconds: float = 30.0
    max_connections: int = 1000
    origins: frozenset[str] = frozenset()
    hide_climbers: bool = False

    @property
    def burst(self) -> float:
        """Requests that a client may send at once after a pause."""
        return max(2 * self.rate, 1.0)


def read_origins(given: Iterable[str]) -> frozenset[str]:
    """Origins as browsers write them: scheme, host and port alone.

    Raises
    ------
    UsageError
        One is something else, a page's address for example.
    """
    found = frozenset(each.strip().lower().removesuffix("/") for each in given)
    wrong = sorted(each for each in found if not _ORIGIN.fullmatch(each))
    if wrong:
        raise UsageError(f"`origin` {wrong[0]}: write a scheme and a host alone, as in https://example.org")
    return found


def read_keys(path: Path | None) -> frozenset[str]:
    """API keys of a file (one a line, # begins a comment) and of the environment (separated by commas)."""
    keys = os.environ.get(KEYS_VARIABLE, "").split(",")
    source = KEYS_VARIABLE
    if path is not None:
        source = str(path)
        try:
            lines = read_plain(path).decode("utf-8").splitlines()
        except OSError as error:
            raise UsageError(
                f"`api_keys` {path}: cannot be read ({error.strerror}); check the path"
            ) from None
        except UnicodeDecodeError:
            raise UsageError(f"`api_keys` {path}: cannot be read as text; check the path") from None
        keys += [line.partition("#")[0] for line in lines]
    found = frozenset(key.strip() for key in keys if key.strip())
    if path is not None and not found:
        raise UsageError(f"`api_keys` {path}: holds no key; write one a line")
    if any(len(key) < _SHORTEST_KEY for key in found):
        raise UsageError(f"{source}: a key is shorter than {_SHORTEST_KEY} characters; make longer ones")
    return found
