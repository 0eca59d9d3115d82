"""Posts to order that give their author away: each unmasks it with the risk that its order takes."""

import numpy as np

from sim.kernels import kernel
from sim.rng import stream, stream_key, uniform
from sim.state.accounts import EMPTY_ROWS, I64
from sim.state.records import Orders

_UNMASK = stream("credibility/unmask")


def find_unmasked(orders: Orders, seed: int, tick: int) -> I64:
    """Return the distinct account rows that posts of these orders unmask, ascending; keyed by post."""
    if not len(orders.risk):
        return EMPTY_ROWS
    caught = np.empty(len(orders.risk), np.bool_)
    _mark_unmasked(caught, orders.drafts.key, orders.risk, seed, tick)
    return np.unique(orders.drafts.author[caught]).astype(np.int64)


@kernel
def _mark_unmasked(caught, keys, risk, seed, tick):
    key = stream_key(seed, _UNMASK, tick)
    for d in range(len(keys)):
        caught[d] = uniform(key, keys[d]) < risk[d]
