"""Read: what the platform shows to each reader within the reader's attention.

There are four places, each with its slots: mentions (replies to the reader), search (the stream of the contested topic,
for interested readers), trends (the stream of a trending topic) and the home feed (new posts of followees). Home and
mentions show everything up to the start of the slice of the hour. Streams show the platform as it was the length of a
slice before the reader's session starts, so readers of one slice see different posts.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels import inline_kernel, kernel
from sim.platform.candidates import NO_ACCOUNTS, FeedCandidates, build_candidates, find_part
from sim.platform.home import choose_home, get_workspace, prefetch_followees
from sim.platform.timelines import AuthorTimelines
from sim.rng import stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter
from sim.state.accounts import I64, Accounts
from sim.state.graph import Adjacency
from sim.state.posts import CONTESTED, Posts
from sim.state.records import HOUR, ActiveUsers, Exposures

_SEARCH = stream("feed/search")
_TREND = stream("feed/trend")


NO_LIMIT = 2**40  #: posts or seconds: more than any stream has
_LANES, _LAST = 16, np.int32(2**31 - 1)  # numbers that a processor compares at once; a number greater than any row


@dataclass(frozen=True, kw_only=True)
class Feed(Rule):
    """Ranking of posts: score = engagement * ln(1 + reposts + replies) + time/recency.

    Newer posts get higher scores, so scores need no update as time passes (assumption; link sites rank in this way).
    engagement = 0 is the chronological feed. Ranking is by score, then by order in the ledger.

    Example:
        >>> import infowar_lab as lab
        >>> chronological = lab.Setting(feed=lab.Feed(engagement=0.0))
        >>> chronological.feed.engagement
        0.0
    """

    engagement: float = parameter(1.0, unit="score", source="assumption; 0 = chronological", low=0.0, high=100.0)
    recency: float = parameter(0.37, unit="h", source="fitted to fact 5 (scripts/fit.py)", low=0.01, high=1e4)
    depth: int = parameter(64, unit="posts", source="assumption", low=1, high=100_000)
    window: float = parameter(
        6.0, unit="h", source="assumption; 0 = only the newest posts of a stream", low=0.0, high=48.0
    )

    def rank(self, posts: Posts, base: int, new: slice) -> None:
        """Write the scores of the rows `new` and of the posts that they repost or answer."""
        _rank(posts, base, new.start, new.stop, get_values(self))

    def build_candidates(
        self,
        posts: Posts,
        base: int,
        timelines: AuthorTimelines,
        streams: tuple[NDArray[np.int64], NDArray[np.int64]],
        trending: NDArray[np.int64],
        competes_for_slots: NDArray[np.bool_],
        attention: Any,
        begin: int,
        length: int,
        migration_topic: int = -1,
        has_migrated: NDArray[np.bool_] = NO_ACCOUNTS,
    ) -> FeedCandidates:
        """Return the candidates for all sessions of a slice.

        Arguments are those of `sim.platform.candidates.build_candidates`.
        """
        return build_candidates(
            posts,
            base,
            timelines,
            streams,
            trending,
            competes_for_slots,
            attention,
            begin,
            length,
            self.depth,
            math.ceil(HOUR * self.window),
            migration_topic,
            has_migrated,
        )

    def read(
        self,
        accounts: Accounts,
        following: Adjacency,
        posts: Posts,
        base: int,
        candidates: FeedCandidates,
        active_users: ActiveUsers,
        attention: Any,
        seed: int,
        tick: int,
    ) -> Exposures:
        """Return what each active account sees in `tick`; `candidates` come from `build_candidates`."""
        n, size = len(active_users.active), len(posts.time)
        most = min(size, attention.items if attention.army_competes else 2 * attention.items)
        start, item = np.zeros(n + 1, np.int64), np.empty(n * most + 1, np.int32)
        room = get_workspace(2 * attention.items + size + _LANES, size, len(accounts.key))
        _read(
            start,
            item,
            room,
            accounts,
            following,
            posts,
            base,
            candidates,
            active_users,
            seed,
            tick,
            attention,
            NO_LIMIT if self.window else self.depth,
            math.ceil(HOUR * self.window) or NO_LIMIT,
        )
        return Exposures(start, item[: start[n]].copy())


def list_scored(posts: Posts, base: int, new: slice) -> I64:
    """Return the rows whose score `rank` writes: the rows `new`, and what they repost or answer; ascending."""
    older = np.concatenate([posts.parent[new], posts.root[new]]) - base
    return np.unique(np.concatenate([older[older >= 0], np.arange(new.start, new.stop)]))


@kernel
def _rank(posts, base, start, stop, p):
    """Score rows start .. stop - 1 and the posts that they repost or answer."""
    for j in range(start, stop):
        posts.score[j] = _score(posts.time[j], posts.reposts[j] + posts.replies[j], p)
        for serial in (posts.parent[j], posts.root[j]):
            if serial >= base:
                k = serial - base
                posts.score[k] = _score(posts.time[k], posts.reposts[k] + posts.replies[k], p)


@inline_kernel
def _score(time, engagement, p):
    """Return the score of a post written at `time` (seconds) with `engagement` reposts and replies."""
    return p.engagement * math.log(1.0 + engagement) + time / (3600.0 * p.recency)


@kernel
def _read(
    start,
    item,
    workspace,
    accounts,
    following,
    posts,
    base,
    candidates,
    active_users,
    seed,
    tick,
    budget,
    depth,
    window,
):
    search, trend = stream_key(seed, _SEARCH, tick), stream_key(seed, _TREND, tick)
    since, timelines, shift, streams, trending, competes_for_slots, migration_topic, has_migrated = candidates
    now, length, kinds = active_users.begin, active_users.length, 1 + len(trending) + (migration_topic >= 0)
    earlier = tick * HOUR - length  # streams are seen as they were a slice before
    for r in range(len(active_users.active)):
        i = active_users.active[r]
        if r + 1 < len(active_users.active):
            prefetch_followees(following, active_users.active[r + 1])
        person, seen_at, last_read = accounts.key[i], earlier + active_users.second[r], accounts.last_read[i]
        fresh = since[min(len(since) - 1, (now - last_read + length - 1) // length)]
        while fresh < len(posts.time) and posts.time[fresh] < last_read:
            fresh += 1
        searches = uniform(search, person) < budget.search_rate * accounts.interest[i]
        trends = int(uniform(trend, person) * len(trending)) if len(trending) else -1
        gone = migration_topic >= 0 and has_migrated[i]
        if searches and trends >= 0 and trending[trends] == (migration_topic if gone else CONTESTED):
            trends = -1  # read in the search already
        count = 0
        for crowd in (True, False):  # once for all posts, or a second time for posts that take no slots from others
            if not crowd and budget.army_competes:
                break
            line = 0 if crowd else kinds
            left = count + budget.items
            answer = accounts.newest_mention[i]
            most = min(left, count + budget.mentions)
            count = _add_mentions(workspace, count, most, answer, last_read, crowd, posts, base, competes_for_slots)
            if searches:
                where = line + (kinds - 1 if gone else 0)
                count = _add_stream(
                    workspace,
                    count,
                    min(left, count + budget.search),
                    streams,
                    where,
                    person,
                    seen_at,
                    i,
                    depth,
                    window,
                )
            if trends >= 0:
                line += 1 + trends
                count = _add_stream(
                    workspace, count, min(left, count + budget.trends), streams, line, person, seen_at, i, depth, window
                )
            count = choose_home(
                workspace, count, left, following, fresh, crowd, i, timelines, shift, competes_for_slots
            )
        start[r + 1] = _write_sorted(item, start[r], workspace.row, count, workspace.slot, workspace.content)


@inline_kernel
def _add_mentions(workspace, count, most, serial, last_read, crowd, posts, base, competes_for_slots):
    """Add the newest replies to the reader until there are `most` posts."""
    while serial >= base and count < most:
        j = serial - base
        if posts.time[j] < last_read:
            break
        if not posts.removed[j] and competes_for_slots[posts.author[j]] == crowd:
            workspace.row[count] = j
            count += 1
        serial = posts.previous_mention[j]
    return count


@inline_kernel
def _add_stream(workspace, count, most, streams, k, person, seen_at, i, depth, window):
    """Add the best of the newest `depth` posts of stream `k`, of the `window` until `seen_at`, except those by `i`.

    The posts are those of the part that is shown to `person`.

    Streams contain no reposts, so no content comes twice; of equal scores the newest comes first.
    """
    k = streams.part[k] + find_part(person, streams.shares[k])
    low, high = streams.first[k], streams.last[k]
    while low < high:
        middle = (low + high) // 2
        if streams.time[middle] > seen_at:
            high = middle
        else:
            low = middle + 1
    first, worst = count, -math.inf
    for x in range(low - 1, max(streams.first[k], low - depth) - 1, -1) if first < most else range(0):
        value = streams.score[x]
        if streams.time[x] <= seen_at - window:
            break
        if value <= worst or streams.author[x] == i:
            continue
        if count < most:
            count += 1
        at = count - 1
        while at > first and workspace.score[at - 1] < value:
            workspace.row[at], workspace.score[at] = workspace.row[at - 1], workspace.score[at - 1]
            at -= 1
        workspace.row[at], workspace.score[at] = streams.row[x], value
        if count == most:
            worst = workspace.score[count - 1]
    return count


@inline_kernel
def _write_sorted(item, begin, row, count, rank, ranked):
    """Write the distinct values of row[:count] in ascending order from `begin` on; return the end.

    The place of a value is the number of smaller values, which a processor counts for many at once; a step-by-step sort
    takes three times as long. Equal values get the same place and leave gaps.
    """
    padded = (count + _LANES - 1) // _LANES * _LANES
    for k in range(count, padded):
        row[k] = _LAST
    for k in range(padded):
        rank[k], ranked[k] = 0, -1
    for k in range(count):
        j = row[k]
        for m in range(padded):
            rank[m] += np.int32(j < row[m])
    for k in range(count):
        ranked[rank[k]] = row[k]
    end = begin
    for k in range(count):
        item[end] = ranked[k]
        end += ranked[k] >= 0
    return end
