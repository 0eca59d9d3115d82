"""Read: what the platform shows to each reader, and what fits into the reader's attention.

Four places, each with its slots: mentions (answers to the reader), search (the contested topic's
stream, looked up by the interested), trends (the stream of a trending topic) and the home feed (new
posts of followed accounts). Streams show a post an hour after it was written at the earliest, at the
reader's own second, so that readers of one hour see different slices; home and mentions show
everything up to the start of the hour.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.noise import stream, stream_key, uniform
from sim.rules import Rule, parameter, values
from sim.state.accounts import Accounts
from sim.state.graph import Graph
from sim.state.posts import CONTESTED, Posts
from sim.state.records import Exposures, Woken

_SEARCH = stream("feed/search")
_TREND = stream("feed/trend")


@dataclass(frozen=True, kw_only=True)
class Feed(Rule):
    """How posts are ranked: score = engagement * ln(1 + reposts + replies) + time/recency.

    All posts age alike, so their order is that of engagement against age although no score has to be
    renewed as time goes by (assumption; link sites rank alike). engagement = 0 is the chronological
    feed. Ranking is by score, then by order in the ledger.
    """

    engagement: float = parameter(1.0, unit="score", source="assumption; 0 = chronological", low=0.0, high=100.0)
    recency: float = parameter(6.0, unit="h", source="assumption: age that costs one unit of score", low=0.01, high=1e4)
    depth: int = parameter(64, unit="posts", source="assumption: newest posts a stream ranks", low=1, high=100_000)

    def rank(self, posts: Posts, base: int, new: slice) -> None:
        """Write the score of the rows `new` and of what they repost or answer."""
        _rank(posts, base, new.start, new.stop, values(self))

    def read(
        self,
        accounts: Accounts,
        graph: Graph,
        posts: Posts,
        base: int,
        streams: tuple[NDArray[np.int64], NDArray[np.int64]],
        trending: NDArray[np.int64],
        crowds: NDArray[np.bool_],
        woken: Woken,
        attention: object,
        seed: int,
        tick: int,
    ) -> Exposures:
        """Return what each active account sees in `tick`.

        Args:
            streams: serials int64 [topics, capacity] and lengths int64 [topics] of the topic streams.
            trending: int64 [k], trending topics.
            crowds: bool [A], whose posts take slots from others (all, but in the counterfactual).
            attention: values of `sim.people.reading.Attention`.
        """
        start, item = _read(
            accounts, graph, posts, base, streams, trending, crowds, woken, seed, tick, attention, values(self)
        )
        return Exposures(start, item)


class Shelf(NamedTuple):
    """The columns that choosing looks at; kernels below take few arrays because each one costs a call dearly."""

    author: NDArray[np.int32]
    time: NDArray[np.int64]
    root: NDArray[np.int64]
    voice: NDArray[np.int32]
    reposts: NDArray[np.int32]
    removed: NDArray[np.bool_]
    score: NDArray[np.float64]


class Lines(NamedTuple):
    """The ends of the streams that readers of one hour may look at, in order of time, without what was removed.

    Line k is first[k] .. last[k] - 1: the contested topic, then the trending ones; after them the same
    streams once more for the posts that take no slot from others.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    row: NDArray[np.int64]
    time: NDArray[np.int64]
    score: NDArray[np.float64]


class Pile(NamedTuple):
    """What one session has chosen so far, and behind it the candidates that are still weighed."""

    row: NDArray[np.int64]
    score: NDArray[np.float64]


@njit(cache=True)
def _rank(posts, base, start, stop, p):
    """Score rows start .. stop - 1, and anew the posts that they repost or answer."""
    for j in range(start, stop):
        posts.score[j] = _score(posts.time[j], posts.reposts[j] + posts.replies[j], p)
        for serial in (posts.parent[j], posts.root[j]):
            if serial >= base:
                k = serial - base
                posts.score[k] = _score(posts.time[k], posts.reposts[k] + posts.replies[k], p)


@njit(cache=True)
def _score(time, engagement, p):
    """Return the score of a post written at `time` (seconds) with `engagement` reposts and replies."""
    return p.engagement * math.log(1.0 + engagement) + time / (3600.0 * p.recency)


# The three places of reading are inlined: once for each reader, handing over their arrays would cost as much again.


@njit(cache=True, nogil=True)
def _read(accounts, graph, posts, base, streams, trending, crowds, woken, seed, tick, budget, p):
    n = len(woken.active)
    start = np.zeros(n + 1, np.int64)
    item = np.empty(max(1024, 32 * n), np.int64)
    room = 4 * budget.items + 64
    pile = Pile(np.empty(room, np.int64), np.empty(room))
    shelf = Shelf(posts.author, posts.time, posts.root, posts.voice, posts.reposts, posts.removed, posts.score)
    search, trend = stream_key(seed, _SEARCH, tick), stream_key(seed, _TREND, tick)
    now, filled = tick * 3600, 0
    size = max(0, accounts.newest.max() + 1 - base)  # the last post is somebody's newest
    hours = _hours(posts.time[:size], now, budget.memory)
    lines = _lines(streams, trending, shelf, base, crowds, now, p.depth, budget.crowding)
    place, ticket = np.full(size, -1), 0
    for r in range(n):
        i = woken.active[r]
        person, seen_at, visited = accounts.key[i], now - 3600 + woken.second[r], accounts.visited[i]
        fresh = hours[min(budget.memory, (now - visited + 3599) // 3600)]
        while fresh < size and posts.time[fresh] < visited:
            fresh += 1
        searches = uniform(search, person) < budget.search_rate * accounts.interest[i]
        topic = int(uniform(trend, person) * len(trending)) if len(trending) else -1
        if searches and topic >= 0 and trending[topic] == CONTESTED:
            topic = -1  # looked up already
        followees = graph.following[graph.following_start[i] : graph.following_start[i + 1]]
        count = 0
        for crowd in (True, False):  # once for all, or apart for those who take no slot from others
            if not crowd and budget.crowding:
                break
            first, line = count, 0 if crowd else 1 + len(trending)
            slots = min(budget.items, budget.mentions)
            newest = accounts.newest_mention[i]
            count = _mentions(
                pile.row, count, slots, crowd, newest, visited, posts.previous_mention, base, crowds, shelf
            )
            if searches:
                slots = min(budget.items - (count - first), budget.search)
                count = _stream(pile, count, slots, lines, line, seen_at, i, shelf.author, p.depth)
            if topic >= 0:
                slots = min(budget.items - (count - first), budget.trends)
                count = _stream(pile, count, slots, lines, line + 1 + topic, seen_at, i, shelf.author, p.depth)
            slots = budget.items - (count - first)
            count, ticket = _home(
                pile, count, slots, followees, base + fresh, crowd, i,
                accounts.newest, posts.previous, base, crowds, shelf, place, ticket,
            )  # fmt: skip
        if filled + count > len(item):
            item = np.concatenate((item, np.empty(max(len(item), count), np.int64)))
        filled = _in_order(item, filled, pile.row, count)
        start[r + 1] = filled
    return start, item[:filled].copy()


@njit(cache=True)
def _hours(time, now, memory):
    """Return the first row that was written at most h hours before `now`, for h = 0 .. memory (int64)."""
    rows = np.empty(memory + 1, np.int64)
    for h in range(memory + 1):
        rows[h] = np.searchsorted(time, now - 3600 * h)
    return rows


@njit(cache=True)
def _lines(streams, trending, shelf, base, crowds, now, depth, crowding):
    """Lay out the ends of the streams: what was written in the last hour, and `depth` posts before."""
    serials, lengths = streams
    kinds = 1 + len(trending)
    n = kinds if crowding else 2 * kinds
    first, last = np.zeros(n, np.int64), np.zeros(n, np.int64)
    topics = np.empty(n, np.int64)
    for k in range(n):
        topics[k] = CONTESTED if k % kinds == 0 else trending[k % kinds - 1]
        last[k] = lengths[topics[k]] + (last[k - 1] if k else 0)
    row, time, score = np.empty(last[-1], np.int64), np.empty(last[-1], np.int64), np.empty(last[-1])
    for k in range(n):
        at, early = last[k], 0
        for x in range(lengths[topics[k]] - 1, -1, -1):
            j = serials[topics[k], x] - base
            if j < 0 or early == depth:
                break
            if shelf.removed[j] or crowds[shelf.author[j]] != (k < kinds):
                continue
            at -= 1
            row[at], time[at], score[at] = j, shelf.time[j], shelf.score[j]
            early += time[at] <= now - 3600
        first[k] = at
    return Lines(first, last, row, time, score)


@njit(cache=True)
def _in_order(item, filled, kept, count):
    """Append the distinct rows of kept[:count] in ascending order (insertion sort). Returns the new length."""
    begin = filled
    for k in range(count):
        j = kept[k]
        at = filled
        while at > begin and item[at - 1] >= j:
            at -= 1
        if at < filled and item[at] == j:
            continue
        for m in range(filled, at, -1):
            item[m] = item[m - 1]
        item[at] = j
        filled += 1
    return filled


@njit(cache=True, inline="always")
def _mentions(kept, count, slots, crowd, serial, visited, previous, base, crowds, shelf):
    taken = 0
    while serial >= base and taken < slots:
        j = serial - base
        if shelf.time[j] < visited:
            break
        if not shelf.removed[j] and crowds[shelf.author[j]] == crowd:
            kept[count] = j
            count += 1
            taken += 1
        serial = previous[j]
    return count


@njit(cache=True, inline="always")
def _stream(pile, count, slots, lines, k, seen_at, i, author, depth):
    """Choose `slots` of the newest `depth` posts of line `k` as it stood at `seen_at`, best first, none by `i`.

    Streams hold no reposts, so no content comes twice; of equal scores the first met is the newest.
    """
    row, score = pile
    low, high = lines.first[k], lines.last[k]
    oldest = low
    while low < high:
        middle = (low + high) // 2
        if lines.time[middle] > seen_at:
            high = middle
        else:
            low = middle + 1
    first, worst = count, -math.inf
    if slots <= 0:
        return count
    for x in range(low - 1, max(oldest, low - depth) - 1, -1):
        value = lines.score[x]
        if value <= worst or author[lines.row[x]] == i:
            continue
        if count - first < slots:
            count += 1
        at = count - 1
        while at > first and score[at - 1] < value:
            row[at], score[at] = row[at - 1], score[at - 1]
            at -= 1
        row[at], score[at] = lines.row[x], value
        if count - first == slots:
            worst = score[count - 1]
    return count


@njit(cache=True, inline="always")
def _home(pile, count, slots, followees, fresh, crowd, i, newest, previous, base, crowds, shelf, place, ticket):
    """Choose `slots` of what the followees wrote from serial `fresh` on, one item a content.

    place[row of the content] - ticket is where a reposted content stands in the pile, if not negative; a new
    ticket forgets all of them. A full pile is cut to its best, whose worst is the floor from then on.
    Returns the count and the next ticket.
    """
    row, score = pile
    first, floor = count, -math.inf
    if slots <= 0:
        return count, ticket
    for followee in followees:
        serial = newest[followee]
        if serial < fresh or crowds[followee] != crowd:
            continue
        while serial >= fresh:
            j = serial - base
            serial = previous[j]
            value = shelf.score[j]
            if value < floor or shelf.removed[j] or shelf.voice[j] == i:
                continue
            at, content = count, shelf.root[j] - base
            if content < 0:  # has left the window
                at = first
                while at < count and shelf.root[row[at]] != content + base:
                    at += 1
            elif shelf.reposts[content] > 0 and place[content] >= ticket:
                at = place[content] - ticket
            if at < count and not _better(value, j, score[at], row[at]):
                continue
            row[at], score[at] = j, value
            if content >= 0 and shelf.reposts[content] > 0:
                place[content] = ticket + at
            count = max(count, at + 1)
            if count == len(row):
                count = _best(row, score, first, count, slots)
                floor = score[first:count].min()
                ticket += len(row)
                for k in range(first, count):
                    if shelf.root[row[k]] >= base:
                        place[shelf.root[row[k]] - base] = ticket + k
    return _best(row, score, first, count, slots), ticket + len(row)


@njit(cache=True)
def _best(row, score, first, count, slots):
    """Bring the best `slots` from `first` to `count` to the front (quickselect); return the new count."""
    if count - first <= slots:
        return count
    low, high, last = first, count - 1, first + slots - 1
    while low < high:
        middle = (low + high) // 2
        value, j = score[middle], row[middle]
        a, b = low, high
        while a <= b:
            while _better(score[a], row[a], value, j):
                a += 1
            while _better(value, j, score[b], row[b]):
                b -= 1
            if a <= b:
                row[a], row[b] = row[b], row[a]
                score[a], score[b] = score[b], score[a]
                a, b = a + 1, b - 1
        if last <= b:
            high = b
        elif last >= a:
            low = a
        else:
            break
    return first + slots


@njit(cache=True)
def _better(value, j, other, k):
    return value > other or (value == other and j > k)
