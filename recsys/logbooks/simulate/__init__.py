"""Simulated logbooks: a seeded stand-in for the private data of the paper, with its published figures.

    >>> from recsys.logbooks.simulate import simulate
    >>> sends = simulate("bc", seed=0, scale=0.05)

The rows are raw sends as `schemas/sends.toml` has them. The hidden style of a climb is left out, as in a real
log; only the texts hint at it. Some climbs and climbers have fewer than five sends: after the self-consistent
filter the figures of the preset hold.

How it is made: `crags` lays out the climbs and how popular each is to be, `climbers` draws the people,
`walk` sends them climbing one after the other (`person` is one of them choosing), `repair` sees that the
counts are exact, `diary` and `texts` write the logs, `community` puts it all together.
"""

from __future__ import annotations

from recsys.logbooks.simulate.community import simulate
from recsys.logbooks.simulate.presets import CLIMBING, PRESETS, Preset, Region

__all__ = ["CLIMBING", "PRESETS", "Preset", "Region", "simulate"]
