"""The feed candidates of one slice of an hour: all posts that sessions choose from, laid out for fast access.

Home feeds read author timelines. Search and trends read topic streams, the newest posts of a topic in order of time.
Neither contains removed posts.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import cached_njit
from sim.platform.timelines import AuthorTimelines
from sim.state.posts import CONTESTED, Posts
from sim.state.records import HOUR

NO_ACCOUNTS: NDArray[np.bool_] = np.zeros(0, np.bool_)


class TopicStreams(NamedTuple):
    """The ends of the streams that readers of one slice may read, in order of time, without removed posts.

    Stream k is first[k] .. last[k] - 1: the contested topic, the trending topics, then the migration tag if there is
    one; after them the same streams for posts that take no slots from others.
    """

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
        depth: number of newest posts of a stream that are ranked.
        migration_topic, has_migrated: see `FeedCandidates`.
    """
    since = np.searchsorted(posts.time, begin - length * np.arange(attention.memory * HOUR // length + 1))
    topics = np.array([CONTESTED, *trending, *([migration_topic] if migration_topic >= 0 else [])])
    laid_out = _lay_out_streams(
        streams, topics, posts, base, competes_for_slots, begin - length, depth, attention.army_competes
    )
    return FeedCandidates(
        since, timelines, base - timelines.first, laid_out, trending, competes_for_slots, migration_topic, has_migrated
    )


@cached_njit
def _lay_out_streams(streams, topics, posts, base, competes_for_slots, since, depth, army_competes):
    """Lay out the ends of the streams: posts after the time `since`, and `depth` earlier posts."""
    serials, lengths = streams
    kinds = len(topics)
    n = kinds if army_competes else 2 * kinds
    first, last = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for k in range(n):
        last[k] = lengths[topics[k % kinds]] + (last[k - 1] if k else 0)
    row, author = np.empty((2, last[-1]), np.int32)
    time, score = np.empty(last[-1], np.int64), np.empty(last[-1])
    for k in range(n):
        at, early = last[k], 0
        topic = topics[k % kinds]
        for x in range(lengths[topic] - 1, -1, -1):
            j = serials[topic, x] - base
            if j < 0 or early == depth:
                break
            if posts.removed[j] or competes_for_slots[posts.author[j]] != (k < kinds):
                continue
            at -= 1
            row[at], author[at], time[at], score[at] = j, posts.author[j], posts.time[j], posts.score[j]
            early += time[at] <= since
        first[k] = at
    return TopicStreams(first, last, row, author, time, score)
