"""The climbs' embeddings of any method: by which climbs are likened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys.columns import FIRST_VALUE_ID

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.model.network import Network
    from recsys.recommending.counted.method import Counted


def climb_embeddings(network: Network | None, counted: Counted | None) -> Array:
    """One row a climb in the order of the scores, [n_items, dimension]; an ensemble's its network's.

    Of a network they are the climbs' input embeddings; of FPMC the factors with which a climb is answered.
    """
    if network is None:
        assert counted is not None
        return counted.embeddings
    from recsys.baselines.fpmc import FPMCNetwork
    from recsys.model.prompted_transformer import PromptedTransformer, item_embeddings

    if isinstance(network, PromptedTransformer):
        return item_embeddings(network)
    each: Any = network
    table = each.next if isinstance(network, FPMCNetwork) else each.climbs.weight
    found: Array = table.detach().float().cpu().numpy()[FIRST_VALUE_ID:]
    return found
