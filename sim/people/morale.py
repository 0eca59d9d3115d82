"""Morale: the effect of news of a rout on the extremists' side. It is the essay's hypothesis; no data were found.

Morale m in [0, 1] applies to people whose stance towards the extremists is not negative, and to propagandists.
Content of the theme DISTRESS (pleas for rescue, news of defeat) lowers it as far as it is believed:

    belief = credibility of its author, times `outsider` unless it comes from their own side (stance > 0)
    m = m exp(-loss belief)                                    for each such post read

People read it in their sessions. Propagandists read posts of the topic's stream of the last `STREAM_HOURS` hours,
`reading_rate` posts an hour on average, each with a chance in proportion to 1 + reposts + replies; so amplification
works. Morale recovers half of the way to 1 in `half_life`. When an impersonator of their side is unmasked, morale
rises: m += defiance (1 - m), for all of them.

Low morale has two effects. With probability 1 - m, each on its own uniform, a contested intention is not voiced and an
ordered post is not written. Below `threshold` they defect, in a session or an hour, with probability
`defection` (threshold - m) / threshold: people turn away from the extremists (stance to -|stance|, at most -0.1), and
propagandists stop for good. All of this is assumption.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.rng import pair_uniform, stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import I64, OPINION_THRESHOLD, Accounts
from sim.state.posts import DISTRESS, Posts
from sim.state.records import UNPROMPTED, VOICED, ActiveUsers, Exposures, Intentions, Orders

STREAM_HOURS = 6  #: part of the topic's stream that propagandists read (assumption)

_SPEAK = stream("morale/speak")
_WRITE = stream("morale/write")
_TELL = stream("morale/tell")
_LOOK = stream("morale/look")
_DEFECT = stream("morale/defect")


@dataclass(frozen=True, kw_only=True)
class Morale(Rule):
    """How far bad news lowers morale of the extremists' side, and its effects."""

    loss: float = parameter(0.1, unit="1/post", source="assumption", low=0.0, high=100.0)
    outsider: float = share(0.2, source="assumption")
    reading_rate: float = parameter(20.0, unit="posts/h", source="assumption", low=0.0, high=1e6)
    half_life: float = parameter(96.0, unit="h", source="assumption", low=0.1, high=1e6)
    defiance: float = share(0.3, source="assumption")
    threshold: float = share(0.5, source="assumption")
    defection: float = share(0.02, source="assumption: P(defection | morale 0)")

    def read(self, accounts: Accounts, posts: Posts, users: ActiveUsers, seen: Exposures, seed: int, tick: int) -> None:
        """Lower the morale of the active by what they read in `tick`, and let some defect; writes only their rows."""
        _read(accounts, posts, users, seen, seed, tick, get_values(self))

    def silence_dispirited(
        self, accounts: Accounts, users: ActiveUsers, wanted: Intentions, seed: int, tick: int
    ) -> Intentions:
        """Return `wanted` without intentions that people do not voice because of low morale."""
        outcome = wanted.outcome.copy()
        _silence_dispirited(outcome, accounts, users.active, wanted, seed, tick)
        return wanted._replace(outcome=outcome)

    def read_stream(
        self, accounts: Accounts, posts: Posts, rows: I64, propagandists: I64, seed: int, tick: int
    ) -> None:
        """Let the propagandists read the `rows` of the topic's last `STREAM_HOURS` hours, and some give up."""
        _read_stream(accounts, posts, rows, propagandists, seed, tick, get_values(self))

    def recover(self, accounts: Accounts) -> None:
        """Apply one hour of recovery to all accounts."""
        accounts.morale[:] = 1.0 - (1.0 - accounts.morale) * 0.5 ** (1.0 / self.half_life)

    def defy(self, accounts: Accounts, n_organic: int, propagandists: I64) -> None:
        """Raise the morale of the whole side, because an impersonator was unmasked."""
        rows = np.concatenate([np.flatnonzero(accounts.stance_extremist[:n_organic] >= 0.0), propagandists])
        accounts.morale[rows] += self.defiance * (1.0 - accounts.morale[rows])


def filter_orders(orders: Orders, accounts: Accounts, propagandists: NDArray[np.bool_], seed: int, tick: int) -> Orders:
    """Return the orders without posts of `propagandists` (bool [A]) who have low morale or gave up."""
    author = orders.drafts.author
    if not len(author) or not propagandists[author].any():
        return orders
    done = np.empty(len(author), np.bool_)
    _mark_obeyed(done, orders.drafts.key, author, accounts, propagandists, seed, tick)
    return orders.select(done)


def mark_distress(orders: Orders, propagandists: NDArray[np.bool_], share_: float, seed: int, tick: int) -> None:
    """Give a share of the originals of `propagandists` (bool [A]) the theme DISTRESS."""
    new = orders.drafts
    if share_ and len(new.key):
        _mark_distress(new.theme, new.key, new.root, new.author, propagandists, share_, seed, tick)


@kernel
def _compute_belief(accounts, posts, j, outsider):
    own = 1.0 if posts.stance_extremist[j] > 0.0 else outsider
    return own * accounts.credibility[posts.original_author[j]]


@kernel
def _will_defect(m, key, person, p):
    return m < p.threshold and uniform(key, person) < p.defection * (p.threshold - m) / p.threshold


@kernel
def _read(accounts, posts, users, seen, seed, tick, p):
    key = stream_key(seed, _DEFECT, tick)
    for r in range(len(users.active)):
        i = users.active[r]
        e = accounts.stance_extremist[i]
        if e < 0.0:
            continue
        m = accounts.morale[i]
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            if posts.theme[j] == DISTRESS:
                m *= math.exp(-p.loss * _compute_belief(accounts, posts, j, p.outsider))
        accounts.morale[i] = m
        if _will_defect(m, key, accounts.key[i], p):
            accounts.stance_extremist[i] = -max(e, OPINION_THRESHOLD)


@kernel
def _silence_dispirited(outcome, accounts, active, wanted, seed, tick):
    key = stream_key(seed, _SPEAK, tick)
    for r in range(len(active)):
        i = active[r]
        if accounts.stance_extremist[i] >= 0.0 and accounts.morale[i] < 1.0:
            for x in range(wanted.start[r], wanted.start[r + 1]):
                if outcome[x] == VOICED and uniform(key, wanted.key[x]) >= accounts.morale[i]:
                    outcome[x] = UNPROMPTED


@kernel
def _count_engagement(posts, j):
    return 1.0 + posts.reposts[j] + posts.replies[j]


@kernel
def _read_stream(accounts, posts, rows, propagandists, seed, tick, p):
    look, defect = stream_key(seed, _LOOK, tick), stream_key(seed, _DEFECT, tick)
    whole = 0.0
    for j in rows:
        whole += _count_engagement(posts, j)
    for k in range(len(propagandists)):
        i = propagandists[k]
        m = accounts.morale[i]
        for j in rows:
            told = posts.theme[j] == DISTRESS and posts.author[j] != i
            if (
                told
                and pair_uniform(look, accounts.key[i], posts.key[j])
                < p.reading_rate * _count_engagement(posts, j) / whole
            ):
                m *= math.exp(-p.loss * _compute_belief(accounts, posts, j, p.outsider))
        accounts.morale[i] = m
        if _will_defect(m, defect, accounts.key[i], p):
            accounts.has_left[i] = True


@kernel
def _mark_obeyed(done, keys, author, accounts, propagandists, seed, tick):
    key = stream_key(seed, _WRITE, tick)
    for d in range(len(keys)):
        i = author[d]
        done[d] = not propagandists[i] or (not accounts.has_left[i] and uniform(key, keys[d]) < accounts.morale[i])


@kernel
def _mark_distress(theme, keys, root, author, propagandists, told, seed, tick):
    key = stream_key(seed, _TELL, tick)
    for d in range(len(keys)):
        if propagandists[author[d]] and root[d] < 0 and uniform(key, keys[d]) < told:
            theme[d] = DISTRESS
