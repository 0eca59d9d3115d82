"""The feed candidates of one slice of an hour: all posts that sessions choose from, laid out for fast access.

Home feeds read author timelines. Search and trends read topic streams, the newest posts of a topic in order of time.
Neither contains removed posts.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import cached_njit, inline_kernel
from sim.platform.timelines import AuthorTimelines
from sim.state.posts import CONTESTED, Posts
from sim.state.records import HOUR

_PART = np.uint64(20)  # bits of a key from here on say in which part of a stream a post is, and which one a reader sees
NO_ACCOUNTS: NDArray[np.bool_] = np.zeros(0, np.bool_)


class TopicStreams(NamedTuple):
    """The ends of the streams that readers of one slice may read, in order of time, without removed posts.

    Stream 0 is the contested topic, then come the trending topics, then the migration tag if there is one; after them
    the same streams for posts that take no slots from others. Stream k has shares[k] parts, by keys of posts; each
    reader sees one, by the reader's key. Part m of all is first[m] .. last[m] - 1.
    """

    part: NDArray[np.int64]  #: [streams + 1] number of a stream's first part
    shares: NDArray[np.uint64]  #: [streams] how many parts it has, a power of two
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    row: NDArray[np.int32]
    author: NDArray[np.int32]
    time: NDArray[np.int64]
    score: NDArray[np.float64]


class FeedCandidates(NamedTuple):
    """The posts that all sessions of one slice choose from."""

    since: NDArray[np.int64]  #: [n] first row that was written at most n slices before this one
    timelines: AuthorTimelines
    shift: int  #: mark of row 0 in the timelines
    streams: TopicStreams
    trending: NDArray[np.int64]
    competes_for_slots: NDArray[np.bool_]
    migration_topic: int  #: topic that people who have moved search instead, -1 for none; its stream is the last one
    has_migrated: NDArray[np.bool_]  #: [A] has moved to it


def build_candidates(
    posts: Posts,
    base: int,
    timelines: AuthorTimelines,
    streams: tuple[NDArray[np.int64], NDArray[np.int64]],
    trending: NDArray[np.int64],
    competes_for_slots: NDArray[np.bool_],
    attention: Any,
    begin: int,
    length: int,
    depth: int,
    window: int,
    migration_topic: int = -1,
    has_migrated: NDArray[np.bool_] = NO_ACCOUNTS,
) -> FeedCandidates:
    """Return the candidates for all sessions of a slice.

    Args:
        posts: the rows of the ledger that are filled.
        base: serial of row 0.
        timelines: of all authors.
        streams: serials int64 [topics, capacity] and lengths int64 [topics] of the topic streams.
        trending: int64 [k], trending topics.
        competes_for_slots: bool [A], its posts take slots from others (all, except in the counterfactual).
        attention: values of `sim.people.attention.Attention`.
        begin: when the slice begins, seconds since the start of the world.
        length: of the slice, seconds; streams are seen as they were so long before a session.
        depth, window: a stream is its newest `depth` posts or, with a `window` in seconds, the posts of the window, in
            parts of `depth` at most, so that a stream that flows faster reaches back as far.
        migration_topic, has_migrated: see `FeedCandidates`.
    """
    since = np.searchsorted(posts.time, begin - length * np.arange(attention.memory * HOUR // length + 1))
    topics = np.array([CONTESTED, *trending, *([migration_topic] if migration_topic >= 0 else [])])
    laid_out = _lay_out_streams(
        streams, topics, posts, base, competes_for_slots, begin - length, depth, window, attention.army_competes
    )
    return FeedCandidates(
        since, timelines, base - timelines.first, laid_out, trending, competes_for_slots, migration_topic, has_migrated
    )


@cached_njit
def _lay_out_streams(streams, topics, posts, base, competes_for_slots, since, depth, window, army_competes):
    """Lay out the ends of the streams: posts after the time `since`, and `depth` earlier or those of the `window`."""
    serials, lengths = streams
    written, removed, writer = posts.time, posts.removed, posts.author  # passed on with `posts`, a post took 500 ns
    key, points = posts.key, posts.score
    kinds = len(topics)
    n = kinds if army_competes else 2 * kinds
    shares, part = np.ones(n, np.uint64), np.zeros(n + 1, np.int64)
    for k in range(n):
        earlier = 0
        for x in range(lengths[topics[k % kinds]] - 1, -1, -1) if window else range(0):
            j = serials[topics[k % kinds], x] - base
            if j < 0 or written[j] <= since - window:
                break
            earlier += written[j] <= since and not removed[j] and competes_for_slots[writer[j]] == (k < kinds)
        while earlier > depth * np.int64(shares[k]):
            shares[k] *= np.uint64(2)
        part[k + 1] = part[k] + np.int64(shares[k])
    first, last = np.zeros(part[n], np.int64), np.zeros(part[n], np.int64)
    row, author, time, score = np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0)
    for fill in (False, True):  # count the posts of each part, then write them
        if fill:
            for m in range(part[n]):
                last[m] = first[m] + (last[m - 1] if m else 0)
                first[m] = last[m]
            row, author = np.empty(last[-1], np.int32), np.empty(last[-1], np.int32)
            time, score = np.empty(last[-1], np.int64), np.empty(last[-1])
        for k in range(n):
            early, topic = 0, topics[k % kinds]
            for x in range(lengths[topic] - 1, -1, -1):
                j = serials[topic, x] - base
                if j < 0 or (written[j] <= since - window if window else early == depth):
                    break
                if removed[j] or competes_for_slots[writer[j]] != (k < kinds):
                    continue
                early += written[j] <= since
                m = part[k] + find_part(key[j], shares[k])
                if not fill:
                    first[m] += 1
                    continue
                first[m] -= 1
                at = first[m]
                row[at], author[at], time[at], score[at] = j, writer[j], written[j], points[j]
    return TopicStreams(part, shares, first, last, row, author, time, score)


@inline_kernel
def find_part(key, shares):
    """Return in which of so many parts (a power of two) a post or a reader with this key is, int64."""
    return np.int64((key >> _PART) & (shares - np.uint64(1)))
