"""Laws of search and trends: how far back a stream reaches does not depend on how fast it flows, nor on a flood."""

import numpy as np
import pytest

from sim.actors.base import get_stream
from sim.platform.candidates import TopicStreams, _lay_out_streams, find_part
from sim.rng import keyed_hash
from sim.state.posts import Ledger
from sim.state.topics import Topics

HOUR, WINDOW, DEPTH = 3600, 6 * 3600, 32


def lay_out(times: np.ndarray, since: int, window: int = WINDOW, removed: tuple[int, ...] = ()) -> TopicStreams:
    """Return the one stream of a topic whose posts were written at `times`, seconds, ascending."""
    n = len(times)
    posts = Ledger(1, capacity=n).columns
    posts.key[:] = keyed_hash(np.uint64(3), np.arange(n, dtype=np.uint64))
    posts.time[:] = times
    posts.removed[list(removed)] = True
    streams = np.arange(n)[None, :].copy(), np.array([n])
    everybody = np.ones(len(posts.time) + 1, np.bool_)
    return _lay_out_streams(streams, np.array([0]), posts, 0, everybody, since, DEPTH, window, True)


@pytest.mark.parametrize("hourly", [4, 40, 400, 4000])
def test_a_stream_reaches_as_far_back_however_fast_it_flows(hourly: int) -> None:
    times = np.arange(12 * hourly) * HOUR // hourly
    stream = lay_out(times, 11 * HOUR)
    parts = int(stream.shares[0])
    assert len(stream.first) == parts == 2 ** max(0, int(np.ceil(np.log2(6 * hourly / DEPTH))))
    for first, last in zip(stream.first, stream.last, strict=True):
        ages = 11 * HOUR - stream.time[first:last]
        assert (np.diff(ages) <= 0).all(), "in order of time"
        assert ages[0] > 0.7 * WINDOW
        assert (ages >= 0).sum() <= 2 * DEPTH
    inside = np.flatnonzero(times > 11 * HOUR - WINDOW)
    assert np.sort(stream.row).tolist() == inside.tolist(), "each post is in one part"


def test_a_flood_has_the_share_of_each_part_that_it_has_of_the_stream() -> None:
    """A flood of nine posts in ten, all in the last hour, leaves older posts their places."""
    calm, flood = np.arange(0, 12 * HOUR, 30), np.arange(11 * HOUR, 12 * HOUR, 1)
    times = np.sort(np.concatenate((calm, flood)))
    stream = lay_out(times, 12 * HOUR)
    old = [(stream.time[a:b] < 11 * HOUR).mean() for a, b in zip(stream.first, stream.last, strict=True)]
    inside = times[times > 12 * HOUR - WINDOW]
    assert np.mean(old) == pytest.approx((inside < 11 * HOUR).mean(), abs=0.02)
    newest = lay_out(times, 12 * HOUR, window=0)
    assert newest.time.min() >= 12 * HOUR - DEPTH, "without a window the flood is all that the stream shows"


def test_removed_posts_are_in_no_part_and_do_not_split_a_stream() -> None:
    times = np.arange(2 * DEPTH) * 60
    removed = tuple(range(0, 2 * DEPTH, 2))
    stream = lay_out(times, HOUR * 2, removed=removed)
    assert stream.shares.tolist() == [1]
    assert not set(removed) & set(stream.row.tolist())


def test_readers_are_spread_over_the_parts() -> None:
    keys = keyed_hash(np.uint64(9), np.arange(4000, dtype=np.uint64))
    counts = np.bincount([find_part(key, np.uint64(8)) for key in keys], minlength=8)
    assert counts.min() > 400
    assert len({int(find_part(key, np.uint64(1))) for key in keys[:50]}) == 1


def test_what_the_organised_look_at_stays_when_a_stream_is_given_room() -> None:
    """They look in the first slice of an hour, and what they saw is used at its end (mechanisms that settle)."""
    topics = Topics(2, capacity=16)
    topics.serials[0, :12], topics.lengths[0] = np.arange(12), 12
    looked = get_stream(topics, 0, 3)
    topics._make_room(6, 10)
    assert looked.tolist() == list(range(3, 12))
    assert topics.lengths.tolist() == [6, 0]
    assert topics.serials[0, :6].tolist() == list(range(6, 12))
    assert topics.serials.shape[1] * 0.75 >= 6 + 10
