"""What the settings of a network share: the sizes it is built with, and how it may be trained and asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.model.network import Network


class NetworkSettings:
    """A frozen dataclass of sizes, or a configuration, that builds the network it describes.

    Attributes
    ----------
    prompted:
        Whether the network can be given the target's attributes.
    sequential:
        Whether the order of a history changes the scores, be it only through what a window holds of it.
    """

    prompted: ClassVar[bool]
    sequential: ClassVar[bool]

    @property
    def networks(self) -> int:
        """Networks that are trained each by itself, and then are one (`recsys.model.packed`)."""
        return 1

    @property
    def pretrained(self) -> int:
        """Width of the climbs' embeddings that training begins with (`recsys.baselines.pairs`); 0: drawn."""
        return 0

    def alone(self) -> NetworkSettings:
        """The settings of one of its networks."""
        return self

    def build(self, schema: Schema, length: int) -> Network:
        """The untrained network for windows of `length` sends, its ids counted by the schema."""
        raise NotImplementedError


def cardinality(schema: Schema, name: str) -> int:
    """Number of ids of a column, padding, null and unknown (0 to 2) included."""
    return int(schema[name].int_domain.max) + 1
