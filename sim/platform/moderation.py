"""Moderate: readers report, a team of fixed capacity reviews, accounts with strikes are suspended.

The team sees posts and reports, never who is organised. Its capacity is a fixed number of reviews in an hour, so one
account affects the reviews of others only by using capacity.
"""

from dataclasses import dataclass

import numpy as np

from sim.kernels import cached_njit, kernel
from sim.rng import U64, mix, stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import I64, Accounts
from sim.state.posts import REPOST, TOXIC_THRESHOLD, Posts, PublicPosts
from sim.state.records import ActiveUsers, Exposures, Removals

_REPORT = stream("moderation/report")
_REVIEW = stream("moderation/review")


@dataclass(frozen=True, kw_only=True)
class Moderation(Rule):
    """Reports, reviews, removals and suspensions.

    Example:
        >>> import infowar_lab as lab
        >>> lab.Moderation(error=2.0)
        Traceback (most recent call last):
        sim.errors.InputError: Moderation.error=2.0 must lie in [0, 1] (share)
    """

    report_toxic: float = share(0.02, source="assumption: P(report | toxic post read)")
    report_opposed: float = share(0.0005, source="assumption: P(report | civil post of the other side read)")
    threshold: int = parameter(2, unit="reports", source="assumption", low=1, high=10**6)
    lag: int = parameter(12, unit="h", source="assumption: age at which a post is reviewed", low=0, high=47)
    capacity: int = parameter(5, unit="reviews/h", source="assumption", low=0, high=10**9)
    error: float = share(0.05, source="assumption: P(removal | reviewed but civil)")
    strikes: int = parameter(5, unit="removals", source="assumption", low=1, high=10**6)
    suspension: int = parameter(72, unit="h", source="assumption", low=0, high=10**6)

    def report(
        self, accounts: Accounts, posts: Posts, users: ActiveUsers, seen: Exposures, seed: int, tick: int
    ) -> I64:
        """Return the rows that the active report in `tick`, int64, one item for each report."""
        rows = np.empty(len(seen.item), np.int64)
        return rows[: _report(rows, accounts, posts, users, seen, seed, tick, get_values(self))].copy()

    def moderate(self, accounts: Accounts, posts: Posts, base: int, reported: I64, seed: int, tick: int) -> Removals:
        """Count reports, review, take down guilty posts and their reposts; suspend at every `strikes`-th strike.

        Only the author of the reviewed post or repost gets a strike.
        """
        np.add.at(posts.reports, reported, 1)
        due = _find_due(posts.reports, posts.removed, posts.time, tick, get_values(self))
        if not len(due) or not self.capacity:
            return Removals(due[:0], due[:0])
        rows = due[np.argsort(-posts.reports[due], kind="stable")][: self.capacity]  # most reported, then oldest
        guilty = _judge(posts.toxicity, posts.key, rows, seed, self.error)
        posts.reports[rows] = 0
        gone = rows[guilty]
        if not len(gone):
            return Removals(gone, gone)
        down = find_taken_down(posts, base, gone)
        posts.removed[down] = True
        authors, strikes = np.unique(posts.author[gone], return_counts=True)
        before = accounts.strikes[authors] // self.strikes
        accounts.strikes[authors] += strikes
        suspended = authors[accounts.strikes[authors] // self.strikes > before]
        accounts.suspended_until[suspended] = np.maximum(
            accounts.suspended_until[suspended], tick + 1 + self.suspension
        )
        return Removals(down, suspended.astype(np.int64))


def find_taken_down(posts: Posts | PublicPosts, base: int, gone: I64) -> I64:
    """Return the rows `gone`, and reposts of those among them that are not reposts, ascending."""
    down, content = np.zeros((2, len(posts.key)), np.bool_)
    down[gone] = True
    content[gone] = posts.kind[gone] != REPOST
    _mark_reposts(down, content, posts, base, int(gone.min()))
    return np.flatnonzero(down)


@kernel
def _report(rows, accounts, posts, users, seen, seed, tick, p):
    """Fill in the reported rows; return their number."""
    key, n = stream_key(seed, _REPORT, tick), 0
    for r in range(len(users.active)):
        i = users.active[r]
        person, stance = mix(key, accounts.key[i]), accounts.stance_principal[i]
        for x in range(U64(seen.start[r]), U64(seen.start[r + 1])):
            j = U64(seen.item[x])
            rate = 0.0
            if posts.toxicity[j] >= TOXIC_THRESHOLD:
                rate = p.report_toxic
            elif posts.stance_principal[j] * stance < 0.0:
                rate = p.report_opposed
            if rate > 0.0 and uniform(person, posts.key[j]) < rate:
                rows[U64(n)] = j
                n += 1
    return n


@cached_njit
def _find_due(reports, removed, time, tick, p):
    """Return rows due for review, oldest first."""
    due = np.empty(len(reports), np.int64)
    n = 0
    for j in range(np.searchsorted(time, (tick - p.lag) * 3600, side="right")):
        if reports[j] >= p.threshold and not removed[j]:
            due[n] = j
            n += 1
    return due[:n].copy()


@kernel
def _mark_reposts(down, content, posts, base, first):
    """Mark in `down` (bool [W]) posts from row `first` on that are not removed and whose root is in `content`."""
    for j in range(first, len(content)):
        origin = posts.root[j] - base
        if origin >= 0 and content[origin] and not posts.removed[j]:
            down[j] = True


@cached_njit
def _judge(toxicity, post_key, rows, seed, error):
    key = stream_key(seed, _REVIEW, 0)
    guilty = np.zeros(len(rows), np.bool_)
    for k in range(len(rows)):
        j = rows[k]
        guilty[k] = toxicity[j] >= TOXIC_THRESHOLD or uniform(key, post_key[j]) < error
    return guilty
