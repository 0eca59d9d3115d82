"""Who follows whom, as sparse rows in both directions (never "in" and "out": posts travel against the arrows)."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.kernels import cached_njit
from sim.state.accounts import I64

I32 = NDArray[np.int32]


class Graph(NamedTuple):
    """A directed simple graph of A accounts and E edges; every row ascends, no self-loop, no duplicate."""

    following_start: I64  #: [A + 1] row i of `following` is following_start[i] .. following_start[i + 1] - 1
    following: I32  #: [E] whom row i follows
    followers_start: I64  #: [A + 1] row i of `followers` is followers_start[i] .. followers_start[i + 1] - 1
    followers: I32  #: [E] who follows row i


class Adjacency(NamedTuple):
    """One direction of a graph; every row ascends, and there may be room between rows."""

    start: I64  #: [A] row i is start[i] .. stop[i] - 1 of the items
    stop: I64  #: [A]
    item: I32  #: [N]


def get_following(graph: Graph) -> Adjacency:
    """Return whom each account follows, as views of the graph."""
    return Adjacency(graph.following_start[:-1], graph.following_start[1:], graph.following)


def get_followers(graph: Graph) -> Adjacency:
    """Return who follows each account, as views of the graph."""
    return Adjacency(graph.followers_start[:-1], graph.followers_start[1:], graph.followers)


def from_edges(source: ArrayLike, target: ArrayLike, n: int) -> Graph:
    """Build the graph in which source[e] follows target[e]; self-loops and duplicates are dropped.

    Two counting sorts, O(A + E).

    Args:
        source: followers, whole numbers in 0 .. n-1, [any length], in any order.
        target: whom they follow, as long.
        n: number of accounts A.

    Raises:
        ValueError: lengths differ or an endpoint is outside 0 .. n-1 (a programmer's mistake).
    """
    followers, followees = np.asarray(source), np.asarray(target)
    if followers.shape != followees.shape or followers.ndim != 1:
        raise ValueError(f"source {followers.shape} and target {followees.shape} must be equally long")
    for ends in (followers, followees):
        if len(ends) and not (ends.min() >= 0 and ends.max() < n):
            raise ValueError(f"endpoints must lie in 0 .. {n - 1}, got {ends.min()} .. {ends.max()}")
    return Graph(*_sort_rows(_as_int32(followers), _as_int32(followees), n))


def list_edges(graph: Graph) -> tuple[I32, I32]:
    """Return (source, target), both int32 [E], ordered by source, then target; source follows target."""
    n = len(graph.following_start) - 1
    return np.repeat(np.arange(n, dtype=np.int32), np.diff(graph.following_start)), graph.following


def extend_graph(graph: Graph, source: ArrayLike, target: ArrayLike, n: int) -> Graph:
    """Append rows up to `n` and the edges of the appended (organised) accounts; old edges and their order stay.

    Args:
        graph: the organic graph, A rows.
        source: followers over the new numbering, [any length].
        target: whom they follow; at least one end of each edge is in A .. n-1.
        n: number of rows of the result, >= A.

    Raises:
        ValueError: `n` is too small, or an edge joins two old rows (a programmer's mistake).
    """
    old = len(graph.following_start) - 1
    added = from_edges(source, target, n)
    if n < old:
        raise ValueError(f"a graph of {old} rows cannot shrink to {n}")
    if len(added.following) and np.maximum(*list_edges(added)).min() < old:
        raise ValueError(f"every added edge must touch an appended row ({old} .. {n - 1})")
    following = _append_rows(graph.following_start, graph.following, added.following_start, added.following)
    followers = _append_rows(graph.followers_start, graph.followers, added.followers_start, added.followers)
    return Graph(*following, *followers)


def reciprocity(graph: Graph) -> float:
    """Return the share of edges whose reverse is an edge too, in [0, 1]; nan for a graph without edges."""
    if not len(graph.following):
        return math.nan
    return count_mutual_edges(*graph) / len(graph.following)


def assortativity(graph: Graph, value: ArrayLike) -> float:
    """Return Newman's numeric assortativity: Pearson's r of `value` [A] over the ends of directed edges.

    In [-1, 1]; nan without edges or where all values at one end are the same. Newman (2003), "Mixing
    patterns in networks", Physical Review E 67, 026126 (doi:10.1103/PhysRevE.67.026126).
    """
    return float(_pearson(graph.following_start, graph.following, np.ascontiguousarray(value, np.float64)))


@cached_njit
def count_mutual_edges(following_start, following, followers_start, followers):
    """Count the edges whose reverse is an edge too (twice the number of mutual pairs): rows are merged, O(A + E)."""
    count = 0
    for row in range(len(following_start) - 1):
        other, end = followers_start[row], followers_start[row + 1]
        for place in range(following_start[row], following_start[row + 1]):
            while other < end and followers[other] < following[place]:
                other += 1
            if other < end and followers[other] == following[place]:
                count += 1
    return count


@cached_njit
def _pearson(start, column, value):
    if not len(column):
        return math.nan
    first = second = 0.0
    low = np.full(2, np.inf)
    high = np.full(2, -np.inf)
    for row in range(len(start) - 1):
        for item in range(start[row], start[row + 1]):
            here, there = value[row], value[column[item]]
            first += here
            second += there
            low[0], high[0] = min(low[0], here), max(high[0], here)
            low[1], high[1] = min(low[1], there), max(high[1], there)
    if low[0] == high[0] or low[1] == high[1]:
        return math.nan
    first, second = first / len(column), second / len(column)
    both = squares_first = squares_second = 0.0
    for row in range(len(start) - 1):
        for item in range(start[row], start[row + 1]):
            here, there = value[row] - first, value[column[item]] - second
            both += here * there
            squares_first += here * here
            squares_second += there * there
    return both / math.sqrt(squares_first * squares_second)


def _as_int32(ends: NDArray[Any]) -> I32:
    return np.ascontiguousarray(ends, np.int32)


@cached_njit
def _count_starts(ends, others, n):
    """Return the start of each row after a counting sort by `ends`, without self-loops, int64 [n + 1]."""
    start = np.zeros(n + 1, np.int64)
    for edge in range(len(ends)):
        if ends[edge] != others[edge]:
            start[ends[edge] + 1] += 1
    for row in range(n):
        start[row + 1] += start[row]
    return start


@cached_njit
def _transpose(start, column, turned_start):
    """Return the rows of the reversed edges; walked in order, so that every row of the result ascends."""
    turned = np.empty(len(column), np.int32)
    place = turned_start[:-1].copy()
    for row in range(len(start) - 1):
        for item in range(start[row], start[row + 1]):
            turned[place[column[item]]] = row
            place[column[item]] += 1
    return turned


@cached_njit
def _sort_rows(source, target, n):
    followers_start = _count_starts(target, source, n)
    unsorted = np.empty(followers_start[n], np.int32)
    place = followers_start[:-1].copy()
    for edge in range(len(source)):
        if source[edge] != target[edge]:
            unsorted[place[target[edge]]] = source[edge]
            place[target[edge]] += 1
    following_start = _count_starts(source, target, n)
    following = _transpose(followers_start, unsorted, following_start)
    following_start, following = _drop_duplicates(following_start, following)
    followers_start[:] = 0
    for item in range(len(following)):
        followers_start[following[item] + 1] += 1
    for row in range(n):
        followers_start[row + 1] += followers_start[row]
    return following_start, following, followers_start, _transpose(following_start, following, followers_start)


@cached_njit
def _drop_duplicates(start, column):
    kept_start = np.zeros_like(start)
    kept = 0
    for row in range(len(start) - 1):
        for item in range(start[row], start[row + 1]):
            if item == start[row] or column[item] != column[item - 1]:
                kept += 1
        kept_start[row + 1] = kept
    unique = np.empty(kept, np.int32)
    place = 0
    for row in range(len(start) - 1):
        for item in range(start[row], start[row + 1]):
            if item == start[row] or column[item] != column[item - 1]:
                unique[place] = column[item]
                place += 1
    return kept_start, unique


@cached_njit
def _append_rows(start, column, added_start, added):
    """Return rows with the added neighbours after the old ones; appended rows have the highest numbers."""
    n, old = len(added_start) - 1, len(start) - 1
    joined_start = np.empty(n + 1, np.int64)
    joined = np.empty(len(column) + len(added), np.int32)
    place = 0
    for row in range(n):
        joined_start[row] = place
        if row < old:
            for item in range(start[row], start[row + 1]):
                joined[place] = column[item]
                place += 1
        for item in range(added_start[row], added_start[row + 1]):
            joined[place] = added[item]
            place += 1
    joined_start[n] = place
    return joined_start, joined
