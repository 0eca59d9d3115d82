"""Positions of accounts in a picture: computed once, in the time of a sort, the same in both worlds of a pair.

A disc, dissent on one side and the principal's supporters on the other: from left to right people stand in the order
of their stance, and every dot has the same room. Ranks come from a lattice of the golden ratio (a rank-1 lattice;
Niederreiter 1992, "Random Number Generation and Quasi-Monte Carlo Methods", doi:10.1137/1.9781611970081), so no two
dots fall together, and no spring has to be computed.
"""

import numpy as np
from numpy.typing import NDArray

from sim.state.accounts import F64

GOLDEN, SILVER = (5.0**0.5 - 1.0) / 2.0, 2.0**0.5 - 1.0
BESIDE = 0.15  #: share of people among whom an organised account may stand, to each side of its own place


def place_accounts(stance: F64, people: int) -> NDArray[np.float32]:
    """Return x and y of each account in the unit disc, float32 [2, N].

    Args:
        stance: float64 [N], in [-1, 1]; people first, then the organised.
        people: how many are people. Their places do not depend on the organised, who stand between those who talk
            as they do.
    """
    n = max(people, 1)
    rank = np.empty(len(stance))
    rank[np.argsort(stance[:people], kind="stable")] = np.arange(people)
    own, others = np.sort(stance[:people]), stance[people:]
    low, high = (np.searchsorted(own, others, side=side) for side in ("left", "right"))
    low, high = np.maximum(low - BESIDE * n, 0), np.minimum(high + BESIDE * n, n)
    order = np.arange(1, len(others) + 1)
    rank[people:] = low + (high - low) * (order * SILVER % 1.0)
    across = rank * GOLDEN % 1.0
    across[people:] = order * GOLDEN % 1.0
    return _map_to_disc((rank + 0.5) / (n + 1), across)


def _map_to_disc(along: F64, across: F64) -> NDArray[np.float32]:
    """Carry the unit square to the unit disc so that equal areas stay equal and the order along x is kept."""
    table = np.linspace(-1.0, 1.0, 2001)
    area = 0.5 + (table * np.sqrt(1.0 - table**2) + np.arcsin(table)) / np.pi
    x = np.interp(along, area, table)
    return np.array([x, (2.0 * across - 1.0) * np.sqrt(np.maximum(0.0, 1.0 - x**2))], np.float32)
