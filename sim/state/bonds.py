"""Ties that change: who follows whom, and whom people hide, as rows with room to grow.

Both directions of a follow change together, at a cost bounded by the length of the two rows. Until somebody changes a
tie the graph is used as it was given, without a copy.
"""

from typing import NamedTuple

import numpy as np

from sim.kernels import kernel
from sim.state.accounts import I64
from sim.state.graph import I32, Graph, Rows, followers_of, following_of
from sim.state.posts import Posts
from sim.state.records import BLOCK, FOLLOW, MUTE, UNFOLLOW, Exposures, Moves, Woken

LEAST = 4  #: items for which a row that grows from nothing has room
SPARE = 1024  #: items behind all rows at least; a row that outgrows its room moves there


class Loose(NamedTuple):
    """Rows with room behind each: row i is start[i] .. stop[i] - 1, and may grow to end[i] - 1."""

    start: I64  #: [A]
    stop: I64  #: [A]
    end: I64  #: [A]
    item: I32  #: [N]
    tail: I64  #: [1] items from here on belong to no row


class Bonds:
    """Who follows whom and who hides whom, in one world.

    Args:
        graph: the ties at the beginning.

    Attributes:
        following: whom each account follows; what feeds leaf through.
    """

    def __init__(self, graph: Graph) -> None:
        self.following = following_of(graph)
        self._exact: Graph | None = graph
        self._loose: tuple[Loose, Loose, Loose] | None = None  # following, followers and hidden, once a tie has changed

    @property
    def graph(self) -> Graph:
        """The present graph, without room between rows; made anew after a change, O(A + E)."""
        if self._exact is None and self._loose is not None:
            self._exact = Graph(*_tight(self._loose[0]), *_tight(self._loose[1]))
        return self._exact  # type: ignore[return-value]  # there is one until a tie changes

    @property
    def followers(self) -> Rows:
        """Who follows each account."""
        return followers_of(self.graph) if self._loose is None else _rows(self._loose[1])

    @property
    def hidden(self) -> Rows | None:
        """Whom each account has blocked or muted; None until a tie has changed."""
        return None if self._loose is None else _rows(self._loose[2])

    def change(self, moves: Moves) -> None:
        """Follow, unfollow, block and mute, in order; what is so already stays so.

        To block cuts the ties in both directions; to mute cuts none.
        """
        if not len(moves.who):
            return
        loose, done = self._loose or self._loosened(), 0
        while (done := _change(*loose, moves, done)) < len(moves.who):
            loose = loosened(_rows(loose[0])), loosened(_rows(loose[1])), loosened(_rows(loose[2]))
        self._loose, self.following, self._exact = loose, _rows(loose[0]), None

    def _loosened(self) -> tuple[Loose, Loose, Loose]:
        nobody = np.zeros(len(self.following.start), np.int64)
        hidden = Rows(nobody, nobody, np.zeros(0, np.int32))
        return loosened(self.following), loosened(self.followers), loosened(hidden)

    def unhidden(self, woken: Woken, seen: Exposures, posts: Posts) -> Exposures:
        """Return `seen` without what people hide: posts and reposts by, and reposts of, whom they blocked or muted."""
        if self._loose is None:
            return seen
        start, item = np.zeros_like(seen.start), np.empty_like(seen.item)
        _leave_out(start, item, self._loose[2], woken.active, seen, posts.author, posts.voice)
        return Exposures(start, item[: start[-1]].copy())


def _rows(loose: Loose) -> Rows:
    return Rows(loose.start, loose.stop, loose.item)


def loosened(rows: Rows) -> Loose:
    """Return the same rows, each with room for a quarter more, and as much again behind all of them."""
    length = rows.stop - rows.start
    end = np.cumsum(length + length // 4 + LEAST * (length > 0))
    used = int(end[-1]) if len(end) else 0
    start = np.concatenate([np.zeros(1, np.int64), end[:-1]])[: len(end)]
    item = np.empty(used + used // 4 + SPARE, np.int32)
    _copy(item, start, rows)
    return Loose(start, start + length, end, item, np.array([used]))


def _tight(loose: Loose) -> tuple[I64, I32]:
    """Return the rows in the form of `Graph`: where each begins, int64 [A + 1], and their items."""
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(loose.stop - loose.start)])
    item = np.empty(start[-1], np.int32)
    _copy(item, start, _rows(loose))
    return start, item


@kernel
def _copy(item, start, rows):
    for i in range(len(rows.start)):
        to = start[i]
        for place in range(rows.start[i], rows.stop[i]):
            item[to] = rows.item[place]
            to += 1


@kernel
def _change(following, followers, hidden, moves, first):
    """Make the moves from number `first` on; return the number of the first for which there was no room, or of all."""
    for m in range(first, len(moves.who)):
        i, other, act = moves.who[m], moves.whom[m], moves.act[m]
        room = True
        if act == FOLLOW:
            room = _insert(following, i, other) and _insert(followers, other, i)
        if act in (UNFOLLOW, BLOCK):
            _erase(following, i, other)
            _erase(followers, other, i)
        if act == BLOCK:
            _erase(following, other, i)
            _erase(followers, i, other)
        if act in (BLOCK, MUTE):
            room = _insert(hidden, i, other)
        if not room:
            return m
    return len(moves.who)


@kernel
def place_of(rows, i, other):
    """Return where in the items `other` stands, or would stand, in row i: the first that is not less."""
    low, high = rows.start[i], rows.stop[i]
    while low < high:
        middle = (low + high) // 2
        if rows.item[middle] < other:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def holds(rows, i, other):
    """Tell whether row i holds `other`."""
    at = place_of(rows, i, other)
    return at < rows.stop[i] and rows.item[at] == other


@kernel
def _insert(rows, i, other):
    """Put `other` into row i where it belongs; tell whether there was room."""
    if holds(rows, i, other):
        return True
    length = rows.stop[i] - rows.start[i]
    if rows.stop[i] == rows.end[i]:
        to, room = rows.tail[0], max(LEAST, 2 * length)
        if to + room > len(rows.item):
            return False
        for k in range(length):
            rows.item[to + k] = rows.item[rows.start[i] + k]
        rows.start[i], rows.stop[i], rows.end[i], rows.tail[0] = to, to + length, to + room, to + room
    at = place_of(rows, i, other)
    for place in range(rows.stop[i], at, -1):
        rows.item[place] = rows.item[place - 1]
    rows.item[at] = other
    rows.stop[i] += 1
    return True


@kernel
def _erase(rows, i, other):
    """Take `other` out of row i, if it is there."""
    if holds(rows, i, other):
        for place in range(place_of(rows, i, other) + 1, rows.stop[i]):
            rows.item[place - 1] = rows.item[place]
        rows.stop[i] -= 1


@kernel
def _leave_out(start, item, hidden, active, seen, author, voice):
    """Write what readers see of `seen`."""
    n = 0
    for r in range(len(active)):
        i = active[r]
        wary = hidden.stop[i] > hidden.start[i]
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            if not (wary and (holds(hidden, i, author[j]) or holds(hidden, i, voice[j]))):
                item[n] = j
                n += 1
        start[r + 1] = n
