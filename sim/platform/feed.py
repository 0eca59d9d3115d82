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
_LOGS = np.array([math.log(1.0 + k) for k in range(1024)])  # of ln(1 + reposts + replies)


@dataclass(frozen=True, kw_only=True)
class Feed(Rule):
    """How posts are ranked: score = engagement * ln(1 + reposts + replies) - age/recency.

    engagement = 0 is the chronological feed. Ranking is by score, then by order in the ledger.
    """

    engagement: float = parameter(1.0, unit="score", source="assumption; 0 = chronological", low=0.0, high=100.0)
    recency: float = parameter(6.0, unit="h", source="assumption: age that costs one unit of score", low=0.01, high=1e4)
    depth: int = parameter(64, unit="posts", source="assumption: newest posts a stream ranks", low=1, high=100_000)

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
    replies: NDArray[np.int32]
    removed: NDArray[np.bool_]


class Pile(NamedTuple):
    """What one session has chosen so far, and behind it the candidates that are still weighed."""

    row: NDArray[np.int64]
    score: NDArray[np.float64]


# The three places of reading are inlined: once for each reader, handing over their arrays would cost as much again.


@njit(cache=True)
def _read(accounts, graph, posts, base, streams, trending, crowds, woken, seed, tick, budget, p):
    n = len(woken.active)
    start = np.zeros(n + 1, np.int64)
    item = np.empty(max(1024, 32 * n), np.int64)
    room = 4 * budget.items + 64
    pile = Pile(np.empty(room, np.int64), np.empty(room))
    shelf = Shelf(posts.author, posts.time, posts.root, posts.voice, posts.reposts, posts.replies, posts.removed)
    serials, lengths = streams
    search, trend = stream_key(seed, _SEARCH, tick), stream_key(seed, _TREND, tick)
    now, filled = tick * 3600, 0
    times = posts.time[: max(0, accounts.newest.max() + 1 - base)]  # the last post is somebody's newest
    oldest = np.searchsorted(times, now - budget.memory * 3600)
    place, ticket = np.full(len(times), -1), 0
    for r in range(n):
        i = woken.active[r]
        person, seen_at, visited = accounts.key[i], now - 3600 + woken.second[r], accounts.visited[i]
        fresh = base + max(oldest, np.searchsorted(times, visited))
        searches = uniform(search, person) < budget.search_rate * accounts.interest[i]
        topic = trending[int(uniform(trend, person) * len(trending))] if len(trending) else -1
        if searches and topic == CONTESTED:
            topic = -1  # looked up already
        followees = graph.following[graph.following_start[i] : graph.following_start[i + 1]]
        count = 0
        for crowd in (True, False):  # once for all, or apart for those who take no slot from others
            if not crowd and budget.crowding:
                break
            first = count
            slots = min(budget.items, budget.mentions)
            newest = accounts.newest_mention[i]
            count = _mentions(
                pile.row, count, slots, crowd, newest, visited, posts.previous_mention, base, crowds, shelf
            )
            if searches:
                slots = min(budget.items - (count - first), budget.search)
                line = serials[CONTESTED, : lengths[CONTESTED]]
                count = _stream(pile, count, slots, line, seen_at, crowd, i, base, crowds, shelf, p)
            if topic >= 0:
                slots = min(budget.items - (count - first), budget.trends)
                line = serials[topic, : lengths[topic]]
                count = _stream(pile, count, slots, line, seen_at, crowd, i, base, crowds, shelf, p)
            slots = budget.items - (count - first)
            count, ticket = _home(
                pile, count, slots, followees, fresh, now, crowd, i,
                accounts.newest, posts.previous, base, crowds, shelf, p, place, ticket,
            )  # fmt: skip
        if filled + count > len(item):
            item = np.concatenate((item, np.empty(max(len(item), count), np.int64)))
        filled = _in_order(item, filled, pile.row, count)
        start[r + 1] = filled
    return start, item[:filled].copy()


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


@njit(cache=True)
def _score(age, engagement, p):
    """Return the score of a post `age` seconds old with `engagement` reposts and replies."""
    aged = -age / (3600.0 * p.recency)
    if p.engagement == 0.0 or engagement == 0:
        return aged
    return aged + p.engagement * (_LOGS[engagement] if engagement < len(_LOGS) else math.log(1.0 + engagement))


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
def _stream(pile, count, slots, line, seen_at, crowd, i, base, crowds, shelf, p):
    """Choose `slots` of the newest `depth` posts of a topic's stream as it stood at `seen_at`, best first.

    Streams hold no reposts, so no content comes twice; of equal scores the first met is the newest.
    """
    row, score = pile
    k = _newest_before(line, seen_at, shelf.time, base)
    looked, first = 0, count
    while k >= 0 and looked < p.depth and slots > 0:
        j = line[k] - base
        if j < 0:
            break
        k -= 1
        if shelf.removed[j] or shelf.author[j] == i or crowds[shelf.author[j]] != crowd:
            continue
        looked += 1
        value = _score(seen_at - shelf.time[j], shelf.reposts[j] + shelf.replies[j], p)
        if count - first < slots:
            count += 1
        elif value <= score[count - 1]:
            if p.engagement == 0.0:
                break  # all others are older
            continue
        at = count - 1
        while at > first and score[at - 1] < value:
            row[at], score[at] = row[at - 1], score[at - 1]
            at -= 1
        row[at], score[at] = j, value
    return count


@njit(cache=True)
def _newest_before(serials, moment, time, base):
    """Return the last index of `serials` whose post is not later than `moment`, -1 for none."""
    low, high = 0, len(serials)
    while low < high:
        middle = (low + high) // 2
        j = serials[middle] - base
        if j >= 0 and time[j] > moment:
            high = middle
        else:
            low = middle + 1
    return low - 1


@njit(cache=True, inline="always")
def _home(
    pile, count, slots, followees, fresh, now, crowd, i, newest, previous, base, crowds, shelf, p, place, ticket
):  # fmt: skip
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
            if shelf.removed[j] or shelf.voice[j] == i:
                continue
            value = _score(now - shelf.time[j], shelf.reposts[j] + shelf.replies[j], p)
            if value < floor:
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
