"""What the attacked do afterwards, and what those around them do: facts 21, 22 and 23.

Abuse is counted as a platform sees it, when it is written, and whoever wrote it. Differences are in percentage points.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.facts.activity import HOUR, select_people_posts
from experiments.facts.recording import Recording
from experiments.facts.spread import SETTLED
from sim.state.accounts import DISSENTER, I64
from sim.state.posts import ORIGINAL, REPLY, TOXIC_THRESHOLD
from sim.state.truth import TROLL

Flags = NDArray[np.bool_]
REPLIES = (1, 2, 4)  #: least replies of others in each stratum of conversations
SELECTION = slice(168, 192)  #: hours of the day on which the attacked are found: the eighth
WEEK = 168  #: hours that are looked at after that day


class Conversations(NamedTuple):
    """Conversations that others joined, one in each row; all arrays are [C]."""

    author: I64  #: who wrote the first post
    replies: I64  #: replies of others
    was_attacked: Flags  #: a toxic reply was addressed to the author
    is_civil: Flags  #: no reply of another is toxic
    is_answered: Flags  #: the author replied later, after the first toxic reply or, in a civil one, the first reply


def list_conversations(run: Recording) -> Conversations:
    """Return the conversations below originals of ordinary people that others joined, `SETTLED` hours before the end.

    Attacked and civil leave out those in which another participant alone was attacked.
    """
    posts = run.posts
    count = len(posts.kind)
    top = np.arange(count)
    reply = np.flatnonzero(posts.kind == REPLY)
    top[reply] = posts.parent[reply]
    while not np.array_equal(top[top], top):
        top = top[top]
    other = reply[posts.author[reply] != posts.author[top[reply]]]
    own = reply[posts.author[reply] == posts.author[top[reply]]]
    toxic = posts.toxicity[other] >= TOXIC_THRESHOLD
    direct = other[toxic & (posts.target[other] == posts.author[top[other]])]
    joined = np.bincount(top[other], minlength=count)
    is_civil = np.bincount(top[other[toxic]], minlength=count) == 0
    never = np.iinfo(np.int64).max
    first, last = np.full(count, never), np.full(count, -1)
    np.minimum.at(first, top[direct], posts.time[direct])
    was_attacked = first < never
    civil = other[is_civil[top[other]]]
    np.minimum.at(first, top[civil], posts.time[civil])
    np.maximum.at(last, top[own], posts.time[own])
    settled = select_people_posts(run) & (posts.kind == ORIGINAL) & (posts.time <= (run.ticks - SETTLED) * HOUR)
    rows = np.flatnonzero(settled & (joined > 0) & (was_attacked | is_civil))
    return Conversations(
        posts.author[rows].astype(np.int64), joined[rows], was_attacked[rows], is_civil[rows], (last > first)[rows]
    )


def measure_engagement(run: Recording, *, public_only: bool = False) -> float:
    """Fact 21: part of attacked authors who reply in the conversation afterwards, minus that of others, points.

    Compared among conversations with about as many replies of others (`REPLIES`), weighted by the attacked.
    """
    found = list_conversations(run)
    chosen = run.before.public[found.author] if public_only else np.ones(len(found.author), np.bool_)
    stratum = np.digitize(found.replies, REPLIES)
    gaps = [
        (found.is_answered[attacked].mean() - found.is_answered[civil].mean(), attacked.sum())
        for place in range(1, len(REPLIES) + 1)
        for attacked in [chosen & (stratum == place) & found.was_attacked]
        for civil in [chosen & (stratum == place) & found.is_civil]
        if attacked.any() and civil.any()
    ]
    gap, weight = np.reshape(gaps, (-1, 2)).T
    return 100.0 * float(np.average(gap, weights=weight)) if gaps else math.nan


class SelectedDay(NamedTuple):
    """People as on the day on which the attacked are found; all arrays are [people]."""

    before: I64  #: posts until the end of the day
    after: I64  #: posts in the week that follows
    is_attacked: Flags  #: a toxic post was addressed to the person on that day
    is_spared: Flags  #: posted on that day, and was never attacked until its end


def select_day(run: Recording) -> SelectedDay | None:
    """Return the people of the eighth day; None if no week follows."""
    if run.ticks < SELECTION.stop + WEEK:
        return None
    posts, hour = run.posts, run.posts.time // HOUR
    early, own = hour < SELECTION.stop, select_people_posts(run)
    today = early & (hour >= SELECTION.start)
    abuse = (posts.toxicity >= TOXIC_THRESHOLD) & (posts.target >= 0) & (posts.target < run.people)

    def count(rows: NDArray[np.int32], chosen: Flags) -> I64:
        return np.bincount(rows[chosen], minlength=run.people)

    return SelectedDay(
        count(posts.author, own & early),
        count(posts.author, own & ~early & (hour < SELECTION.stop + WEEK)),
        count(posts.target, abuse & today) > 0,
        (count(posts.target, abuse & early) == 0) & (count(posts.author, own & today) > 0),
    )


def _select_active(day: SelectedDay, low: int, high: float) -> tuple[Flags, Flags]:
    """Return the attacked and the spared with `low` to `high` posts before."""
    active = (day.before >= low) & (day.before <= high)
    return active & day.is_attacked, active & day.is_spared


def measure_silence(run: Recording, low: int, high: float) -> float:
    """Fact 22: part of the attacked who post nothing in the week after, minus that of the spared, points."""
    day = select_day(run)
    if day is None:
        return math.nan
    attacked, spared = (day.after[who] == 0 for who in _select_active(day, low, high))
    return 100.0 * float(attacked.mean() - spared.mean()) if len(attacked) and len(spared) else math.nan


def measure_spared_silence(run: Recording, low: int, high: float) -> float:
    """Fact 22: part of the spared who post nothing in the week after."""
    day = select_day(run)
    silent = day.after[_select_active(day, low, high)[1]] == 0 if day else np.zeros(0)
    return float(silent.mean()) if len(silent) else math.nan


def measure_activity_change(run: Recording, low: int) -> float:
    """Fact 22: change of all posts of the attacked from before to after, minus that of the spared, points."""
    day = select_day(run)
    if day is None:
        return math.nan
    attacked, spared = _select_active(day, low, math.inf)
    if not (attacked.any() and spared.any()):
        return math.nan
    gains = [day.after[who].sum() / day.before[who].sum() - 1.0 for who in (attacked, spared)]
    return 100.0 * float(gains[0] - gains[1])


def select_sent_abuse(run: Recording) -> Flags:
    """Return to whom the army addressed a toxic post, bool [people]."""
    posts = run.posts
    sent = (posts.toxicity >= TOXIC_THRESHOLD) & (run.role[posts.author] == TROLL)
    sent &= (posts.target >= 0) & (posts.target < run.people)
    return np.bincount(posts.target[sent], minlength=run.people) > 0


def select_prominent(run: Recording) -> Flags:
    """Return who is public and began as a dissenter, bool [people]."""
    return run.before.public[: run.people] & (run.before.cohort[: run.people] == DISSENTER)


def select_followers(run: Recording, whom: Flags) -> Flags:
    """Return who follows somebody of `whom`, bool [people]."""
    source, target = run.follows
    return np.bincount(source[whom[target]], minlength=run.people) > 0


def measure_dissent_ratio(operation: Recording, quiet: Recording, who: Flags) -> float:
    """Return dissenting posts of `who` since the campaign began, over those of the same people in the quiet world."""
    with_it, without = (
        np.count_nonzero(chosen & who[np.where(chosen, run.posts.author, 0)])
        for run in (operation, quiet)
        for chosen in [select_people_posts(run) & run.posts.dissent & (run.posts.time >= run.start * HOUR)]
    )
    return with_it / without if without else math.nan


def measure_punished(operation: Recording, quiet: Recording) -> float:
    """Fact 23: dissent of the prominent to whom the army sent abuse, with the operation over without."""
    return measure_dissent_ratio(operation, quiet, select_prominent(operation) & select_sent_abuse(operation))


def measure_punished_followers(operation: Recording, quiet: Recording) -> float:
    """Fact 23: dissent of followers of the punished who were sent no abuse themselves, with over without."""
    sent = select_sent_abuse(operation)
    followers = select_followers(operation, select_prominent(operation) & sent)
    return measure_dissent_ratio(operation, quiet, followers & ~sent)


def measure_other_prominent(operation: Recording, quiet: Recording) -> float:
    """Fact 23: dissent of the prominent to whom the army sent no abuse, with over without."""
    return measure_dissent_ratio(operation, quiet, select_prominent(operation) & ~select_sent_abuse(operation))
