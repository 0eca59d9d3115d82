"""How much people post, what, and when: facts 1, 2, 3, 6 and 12.

Everybody below is an ordinary person and every post an ordinary person's, over the whole run, unless
the docstring says otherwise. "All people" includes those who never posted.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.facts.recording import Recording
from sim.state.accounts import F64, I64
from sim.state.posts import CONTESTED, KINDS

HOUR, DAY = 3600, 86400
LEAST_POSTS = 10  #: posts of a person whose intervals are looked at, and a year of people who are prolific
POLITICAL = 0.25  #: least share of intentions on the contested topic of people who are prolific on it
STEPS = np.geomspace(60, 2 * DAY, 13)  #: edges of the bins of an interval, seconds
REACHED = 2 ** np.arange(11)  #: edges of the bins of a number of posts


def select_people_posts(run: Recording) -> NDArray[np.bool_]:
    """Return which posts are ordinary people's, bool [P]."""
    return run.posts.author < run.people


def count_posts(run: Recording, topic: int | None = None) -> I64:
    """Return how many posts each person wrote, int64 [people]; of one topic only, if it is given."""
    chosen = select_people_posts(run) if topic is None else select_people_posts(run) & (run.posts.topic == topic)
    return np.bincount(run.posts.author[chosen], minlength=run.people)


def compute_top_share(counts: NDArray[np.generic], share: float) -> float:
    """Return the part of the sum of `counts` that the largest `share` of them hold; nan if all are 0."""
    most = max(1, round(share * len(counts)))
    total = float(counts.sum())
    return float(np.sort(counts)[::-1][:most].sum()) / total if total else math.nan


def measure_top_posts(run: Recording, share: float) -> float:
    """Fact 1: part of all posts written by the most active `share` of all people."""
    return compute_top_share(count_posts(run), share)


def measure_kind_share(run: Recording, kind: int) -> float:
    """Fact 2: part of all posts that are ORIGINAL, REPOST or REPLY."""
    kinds = np.bincount(run.posts.kind[select_people_posts(run)], minlength=len(KINDS))
    return float(kinds[kind] / kinds.sum()) if kinds.sum() else math.nan


def measure_top_political(run: Recording, share: float) -> float:
    """Fact 3: part of the contested posts written by the `share` of all people who write most of them."""
    return compute_top_share(count_posts(run, CONTESTED), share)


class Prolific(NamedTuple):
    """People who would post `LEAST_POSTS` times a year or more, at least a quarter of it on the contested topic."""

    people: float  #: their share of all people
    posts: float  #: their share of all contested posts


def measure_prolific(run: Recording) -> Prolific:
    """Fact 3: how many people are prolific on the contested topic by their own rates, and how much of it they write."""
    contested, people = count_posts(run, CONTESTED), slice(run.people)
    yearly = 365 * run.before.sessions[people] * run.before.intentions_per_session[people]
    chosen = (yearly >= LEAST_POSTS) & (run.before.interest[people] >= POLITICAL)
    total = contested.sum()
    return Prolific(float(chosen.mean()), float(contested[chosen].sum() / total) if total else math.nan)


def compute_rhythm(run: Recording) -> F64:
    """Return posts by hour of the day relative to the mean hour, float64 [24]."""
    hours = np.bincount(run.posts.time[select_people_posts(run)] // HOUR % 24, minlength=24).astype(np.float64)
    return hours / hours.mean()


def compute_intervals(run: Recording, *, without_rhythm: bool) -> tuple[F64, I64]:
    """Return (seconds between successive posts of a person, the person), float64 and int64 [I].

    Of people with `LEAST_POSTS` or more. Without rhythm, time runs at the pace of the population: an
    hour in which people post twice as much as in the mean hour counts as two.
    """
    chosen = select_people_posts(run)
    time, author = run.posts.time[chosen].astype(np.float64), run.posts.author[chosen].astype(np.int64)
    if without_rhythm:
        hours = np.append(0.0, np.cumsum(np.tile(compute_rhythm(run), run.ticks // 24 + 2)))
        time = HOUR * np.interp(time / HOUR, np.arange(len(hours)), hours)
    often = np.bincount(author, minlength=run.people) >= LEAST_POSTS
    order = np.lexsort((time, author))
    order = order[often[author[order]]]
    same = author[order][1:] == author[order][:-1]
    return np.diff(time[order])[same], author[order][1:][same]


def measure_interval_exponent(run: Recording, *, without_rhythm: bool) -> float:
    """Fact 6: a in density ~ interval^-a: least squares of log density over 12 bins from 1 minute to 2 days."""
    seconds, _ = compute_intervals(run, without_rhythm=without_rhythm)
    return -compute_log_slope(seconds, STEPS)


def compute_log_slope(values: F64, edges: F64) -> float:
    """Return the slope of log(density) over log(value) of the bins between `edges`; nan below 3 filled bins."""
    counts, _ = np.histogram(values, edges)
    filled = counts > 0
    if filled.sum() < 3:
        return math.nan
    density, middle = counts / np.diff(edges), np.sqrt(edges[1:] * edges[:-1])
    return float(np.polyfit(np.log(middle[filled]), np.log(density[filled]), 1)[0])


def measure_burstiness(run: Recording) -> float:
    """Fact 6: mean over people of (s - m)/(s + m) of their intervals without rhythm; 0 for a Poisson process.

    m and s are mean and standard deviation of one person's intervals, so that differences between
    people add nothing.
    """
    seconds, person = compute_intervals(run, without_rhythm=True)
    many = np.bincount(person, minlength=run.people)
    known = many > 1
    if not known.any():
        return math.nan
    mean = np.bincount(person, seconds, run.people)[known] / many[known]
    square = np.bincount(person, seconds**2, run.people)[known] / many[known]
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    return float(np.mean((spread - mean) / np.maximum(spread + mean, 1e-9)))


def measure_leaving_exponent(run: Recording) -> float:
    """Fact 12: b in P(leave after the N-th post | reached it) ~ N^b, over the whole run.

    In bins of N that double, leavers are divided by the posts at which people could have left (each
    person counts once for every N up to their last). Least squares of logs, weighted by leavers.
    """
    left = run.after.has_left[: run.people]
    last = run.counts.written_at_leaving[: run.people][left]
    return fit_leaving_exponent(last, run.after.written[: run.people])


def fit_leaving_exponent(last: I64, written: I64) -> float:
    """Return the exponent of leaving, from posts of leavers and of all people; nan below 3 bins with leavers."""
    leavers, _ = np.histogram(last, REACHED)
    reached = np.array([np.clip(written - low + 1, 0, high - low).sum() for low, high in _pair_edges(REACHED)])
    seen = leavers > 0
    if seen.sum() < 3:
        return math.nan
    place = np.log(np.sqrt(REACHED[:-1] * (REACHED[1:] - 1)))[seen]
    return float(np.polyfit(place, np.log(leavers[seen] / reached[seen]), 1, w=np.sqrt(leavers[seen]))[0])


def _pair_edges(edges: I64) -> list[tuple[int, int]]:
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
