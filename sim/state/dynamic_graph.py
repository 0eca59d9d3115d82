"""Ties that change: who follows, blocks and mutes whom, as rows with room to grow.

Both directions of a follow change together; the cost is bounded by the length of the two rows. Until the first change
the graph is used without a copy.
"""

from typing import NamedTuple

import numpy as np

from sim.kernels import kernel
from sim.state.accounts import I64
from sim.state.graph import I32, Adjacency, Graph, get_followers, get_following
from sim.state.posts import Posts
from sim.state.records import BLOCK, FOLLOW, MUTE, UNFOLLOW, ActiveUsers, EdgeChanges, Exposures

MIN_ROOM = 4  #: room of a row that was empty, items
SPARE_ITEMS = 1024  #: least number of free items after all rows; a row that outgrows its room moves there


class GrowableRows(NamedTuple):
    """Rows with room after each: row i is start[i] .. stop[i] - 1, and may grow to end[i] - 1."""

    start: I64  #: [A]
    stop: I64  #: [A]
    end: I64  #: [A]
    item: I32  #: [N]
    tail: I64  #: [1] items from here on belong to no row


class DynamicGraph:
    """Who follows whom and who has blocked or muted whom, in one world.

    Args:
        graph: the ties at the start.

    Attributes:
        following: whom each account follows; feeds read it.
    """

    def __init__(self, graph: Graph) -> None:
        self.following = get_following(graph)
        self._exact: Graph | None = graph
        self._growable: tuple[GrowableRows, GrowableRows, GrowableRows] | None = (
            None  # following, followers and hidden, once a tie has changed
        )

    @property
    def graph(self) -> Graph:
        """The present graph, without room between rows; rebuilt after a change, O(A + E)."""
        if self._exact is None and self._growable is not None:
            self._exact = Graph(*_compact_rows(self._growable[0]), *_compact_rows(self._growable[1]))
        return self._exact  # type: ignore[return-value]  # there is one until a tie changes

    @property
    def followers(self) -> Adjacency:
        """Who follows each account."""
        return get_followers(self.graph) if self._growable is None else _as_adjacency(self._growable[1])

    @property
    def blocked(self) -> Adjacency | None:
        """Whom each account has blocked or muted; None until a tie has changed."""
        return None if self._growable is None else _as_adjacency(self._growable[2])

    def apply_changes(self, edge_changes: EdgeChanges) -> None:
        """Follow, unfollow, block and mute, in order; a change that is already in place has no effect.

        A block cuts the ties in both directions; a mute cuts none.
        """
        if not len(edge_changes.who):
            return
        growable, done = self._growable or self._make_growable(), 0
        while (done := _change(*growable, edge_changes, done)) < len(edge_changes.who):
            growable = (
                make_growable(_as_adjacency(growable[0])),
                make_growable(_as_adjacency(growable[1])),
                make_growable(_as_adjacency(growable[2])),
            )
        self._growable, self.following, self._exact = growable, _as_adjacency(growable[0]), None

    def _make_growable(self) -> tuple[GrowableRows, GrowableRows, GrowableRows]:
        nobody = np.zeros(len(self.following.start), np.int64)
        hidden = Adjacency(nobody, nobody, np.zeros(0, np.int32))
        return make_growable(self.following), make_growable(self.followers), make_growable(hidden)

    def filter_blocked(self, users: ActiveUsers, seen: Exposures, posts: Posts) -> Exposures:
        """Return `seen` without posts by accounts that the reader blocked or muted, and without reposts of them."""
        if self._growable is None:
            return seen
        start, item = np.zeros_like(seen.start), np.empty_like(seen.item)
        _filter_blocked(start, item, self._growable[2], users.active, seen, posts.author, posts.original_author)
        return Exposures(start, item[: start[-1]].copy())


def _as_adjacency(growable: GrowableRows) -> Adjacency:
    return Adjacency(growable.start, growable.stop, growable.item)


def make_growable(rows: Adjacency) -> GrowableRows:
    """Return the same rows, each with room for a quarter more, and a quarter more after all of them."""
    length = rows.stop - rows.start
    end = np.cumsum(length + length // 4 + MIN_ROOM * (length > 0))
    used = int(end[-1]) if len(end) else 0
    start = np.concatenate([np.zeros(1, np.int64), end[:-1]])[: len(end)]
    item = np.empty(used + used // 4 + SPARE_ITEMS, np.int32)
    _copy(item, start, rows)
    return GrowableRows(start, start + length, end, item, np.array([used]))


def _compact_rows(growable: GrowableRows) -> tuple[I64, I32]:
    """Return the rows in the form of `Graph`: starts, int64 [A + 1], and items."""
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(growable.stop - growable.start)])
    item = np.empty(start[-1], np.int32)
    _copy(item, start, _as_adjacency(growable))
    return start, item


@kernel
def _copy(item, start, rows):
    for i in range(len(rows.start)):
        to = start[i]
        for place in range(rows.start[i], rows.stop[i]):
            item[to] = rows.item[place]
            to += 1


@kernel
def _change(following, followers, hidden, edge_changes, first):
    """Make the changes from number `first` on; return the number of the first without room, or the number of all."""
    for m in range(first, len(edge_changes.who)):
        i, other, action = edge_changes.who[m], edge_changes.whom[m], edge_changes.action[m]
        room = True
        if action == FOLLOW:
            room = _insert(following, i, other) and _insert(followers, other, i)
        if action in (UNFOLLOW, BLOCK):
            _erase(following, i, other)
            _erase(followers, other, i)
        if action == BLOCK:
            _erase(following, other, i)
            _erase(followers, i, other)
        if action in (BLOCK, MUTE):
            room = _insert(hidden, i, other)
        if not room:
            return m
    return len(edge_changes.who)


@kernel
def find_place(rows, i, other):
    """Return the place of `other` in row i, or its place if it were there: the first item that is not less."""
    low, high = rows.start[i], rows.stop[i]
    while low < high:
        middle = (low + high) // 2
        if rows.item[middle] < other:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def contains(rows, i, other):
    """Tell whether row i holds `other`."""
    at = find_place(rows, i, other)
    return at < rows.stop[i] and rows.item[at] == other


@kernel
def _insert(rows, i, other):
    """Insert `other` into row i in order; return whether there was room."""
    if contains(rows, i, other):
        return True
    length = rows.stop[i] - rows.start[i]
    if rows.stop[i] == rows.end[i]:
        to, room = rows.tail[0], max(MIN_ROOM, 2 * length)
        if to + room > len(rows.item):
            return False
        for k in range(length):
            rows.item[to + k] = rows.item[rows.start[i] + k]
        rows.start[i], rows.stop[i], rows.end[i], rows.tail[0] = to, to + length, to + room, to + room
    at = find_place(rows, i, other)
    for place in range(rows.stop[i], at, -1):
        rows.item[place] = rows.item[place - 1]
    rows.item[at] = other
    rows.stop[i] += 1
    return True


@kernel
def _erase(rows, i, other):
    """Remove `other` from row i, if it is there."""
    if contains(rows, i, other):
        for place in range(find_place(rows, i, other) + 1, rows.stop[i]):
            rows.item[place - 1] = rows.item[place]
        rows.stop[i] -= 1


@kernel
def _filter_blocked(start, item, hidden, active, seen, author, original_author):
    """Write the items of `seen` that are not blocked."""
    n = 0
    for r in range(len(active)):
        i = active[r]
        hides = hidden.stop[i] > hidden.start[i]
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            if not (hides and (contains(hidden, i, author[j]) or contains(hidden, i, original_author[j]))):
                item[n] = j
                n += 1
        start[r + 1] = n
