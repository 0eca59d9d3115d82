"""How posts spread and who follows whom: facts 4, 5, 7 and 24."""

import math

import numpy as np

from experiments.facts.activity import HOUR, select_people_posts
from experiments.facts.recording import Recording
from sim.state.accounts import F64, I64
from sim.state.posts import REPOST

SETTLED = 48  #: hours a cascade is given before it is measured: posts leave the platform's memory then
TOP = 0.05  #: share of people in the tail of followers


def compute_cascades(run: Recording) -> tuple[I64, I64]:
    """Return (times reposted, greatest depth) of each post that is no repost, int64 [C].

    Posts of ordinary people written at least `SETTLED` hours before the end. A repost of the post itself
    has depth 1; of such a repost, 2.
    """
    posts = run.posts
    copies = np.flatnonzero(posts.kind == REPOST)
    depth = np.zeros(len(posts.kind), np.int64)
    while True:
        deeper = depth[posts.parent[copies]] + 1
        if np.array_equal(deeper, depth[copies]):
            break
        depth[copies] = deeper
    size, deepest = np.zeros_like(depth), np.zeros_like(depth)
    np.add.at(size, posts.root[copies], 1)
    np.maximum.at(deepest, posts.root[copies], depth[copies])
    settled = select_people_posts(run) & (posts.kind != REPOST) & (posts.time <= (run.ticks - SETTLED) * HOUR)
    return size[settled], deepest[settled]


def measure_never_reposted(run: Recording) -> float:
    """Fact 4: part of all settled posts (originals and replies) that nobody reposted."""
    size, _ = compute_cascades(run)
    return float(np.mean(size == 0)) if len(size) else math.nan


def measure_beyond_hop(run: Recording) -> float:
    """Fact 4: part of all settled posts with a repost of a repost."""
    _, depth = compute_cascades(run)
    return float(np.mean(depth > 1)) if len(depth) else math.nan


def compute_repost_delays(run: Recording) -> F64:
    """Return hours between a post and each of its reposts by ordinary people, float64 [reposts]."""
    posts = run.posts
    copies = select_people_posts(run) & (posts.kind == REPOST)
    return (posts.time[copies] - posts.time[posts.root[copies]]) / HOUR


def measure_fast_reposts(run: Recording) -> float:
    """Fact 5: part of all reposts by ordinary people made within an hour of the reposted post."""
    delays = compute_repost_delays(run)
    return float(np.mean(delays <= 1.0)) if len(delays) else math.nan


def compute_half_lives(run: Recording) -> F64:
    """Return the median age at which each post was read, in hours, float64 [posts].

    Posts of ordinary people, one in ten, that were read and were written at least `SETTLED` hours before the end.
    """
    serial, age = run.impressions
    order = np.lexsort((age, serial))
    serial, age = serial[order], age[order]
    first = np.flatnonzero(np.diff(serial, prepend=-1))
    middle = first + (np.diff(first, append=len(serial)) - 1) // 2
    post = serial[first]
    settled = (run.posts.author[post] < run.people) & (run.posts.time[post] <= (run.ticks - SETTLED) * HOUR)
    return age[middle][settled] / HOUR


def measure_half_life(run: Recording) -> float:
    """Fact 24: median over posts of the time in which half of their impressions come, minutes."""
    half = compute_half_lives(run)
    return float(60.0 * np.median(half)) if len(half) else math.nan


def measure_late_impressions(run: Recording) -> float:
    """Fact 24: part of all impressions that come more than a day after the post."""
    _, age = run.impressions
    return float(np.mean(age > 24 * HOUR)) if len(age) else math.nan


def count_followers(run: Recording) -> I64:
    """Return how many ordinary people follow each person, int64 [people]."""
    return np.bincount(run.follows[1], minlength=run.people)


def measure_reciprocity(run: Recording) -> float:
    """Fact 7: part of all follow ties among people whose reverse is there too."""
    source, target = (end.astype(np.int64) for end in run.follows)
    forth, back = source * run.people + target, target * run.people + source
    return float(np.isin(forth, back).mean()) if len(forth) else math.nan


def measure_tail_exponent(counts: I64) -> float:
    """Fact 7: exponent of P(followers > k) over the most followed `TOP` of people (the Hill estimate).

    The mean of log(k / k0) over the tail, inverted; k0 is the largest number outside the tail.
    """
    ranked = np.sort(counts)[::-1].astype(np.float64)
    most = max(2, round(TOP * len(ranked)))
    if len(ranked) <= most or ranked[most] <= 0 or ranked[0] == ranked[most]:
        return math.nan
    return float(1.0 / np.mean(np.log(ranked[:most] / ranked[most])))


def measure_tail_bend(counts: I64) -> float:
    """Fact 7: curvature of log P(followers >= k) over log k from the median up; 0 for a pure power law.

    The quadratic coefficient of a least-squares fit over the distinct k; below 0 the tail falls faster
    and faster.
    """
    values, times = np.unique(counts[counts > 0], return_counts=True)
    above = np.cumsum(times[::-1])[::-1] / times.sum()
    upper = above <= 0.5
    if upper.sum() < 3:
        return math.nan
    return float(np.polyfit(np.log(values[upper]), np.log(above[upper]), 2)[0])
