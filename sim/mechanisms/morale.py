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

from sim.actors.base import find_recent
from sim.kernels import kernel
from sim.mechanisms.base import OrganisedMechanism, touches
from sim.mechanisms.views import Bools, OrganisedView, PeopleView
from sim.observers.base import Observer, StepRecord, mean
from sim.rng import pair_uniform, stream, stream_key, uniform
from sim.rules import get_values, parameter, share
from sim.state.accounts import I64, OPINION_THRESHOLD
from sim.state.posts import DISTRESS
from sim.state.records import UNPROMPTED, VOICED, Intentions, Orders

STREAM_HOURS = 6  #: part of the topic's stream that propagandists read (assumption)

_SPEAK = stream("morale/speak")
_WRITE = stream("morale/write")
_LOOK = stream("morale/look")
_DEFECT = stream("morale/defect")


@dataclass(frozen=True, kw_only=True)
class Morale(OrganisedMechanism):
    """How far bad news lowers morale of the extremists' side, and its effects."""

    loss: float = parameter(0.1, unit="1/post", source="assumption", low=0.0, high=100.0)
    outsider: float = share(0.2, source="assumption")
    reading_rate: float = parameter(20.0, unit="posts/h", source="assumption", low=0.0, high=1e6)
    half_life: float = parameter(96.0, unit="h", source="assumption", low=0.1, high=1e6)
    defiance: float = share(0.3, source="assumption")
    threshold: float = share(0.5, source="assumption")
    defection: float = share(0.02, source="assumption: P(defection | morale 0)")

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Measure morale."""
        return [MoraleMeasures()]

    @touches(reads="accounts.key accounts.credibility posts", writes="accounts.morale accounts.stance_extremist")
    def change_intentions(self, wanted: Intentions, view: PeopleView) -> Intentions:
        """Lower the morale of the active by what they have read, let some defect, and silence the dispirited."""
        accounts, users, outcome = view.accounts, view.users, wanted.outcome.copy()
        _read(accounts, view.posts, users, view.seen, view.seed, view.tick, get_values(self))
        _silence_dispirited(outcome, accounts, users.active, wanted, view.seed, view.tick)
        return wanted._replace(outcome=outcome)

    @touches(reads="truth accounts.morale accounts.has_left")
    def change_orders(self, orders: tuple[Orders, ...], view: OrganisedView) -> tuple[Orders, ...]:
        """Return the orders without posts of propagandists who have low morale or gave up."""
        return tuple(self._filter(order, view) for order in orders)

    def _filter(self, order: Orders, view: OrganisedView) -> Orders:
        theirs = view.truth.is_propagandist(order.drafts.author)
        if not theirs.any():
            return order
        done = np.empty(len(theirs), np.bool_)
        _mark_obeyed(done, order.drafts.key, order.drafts.author, view.accounts, theirs, view.seed, view.tick)
        return order.select(done)

    @touches(
        reads="truth register.opened_at hour.public accounts.key accounts.credibility posts",
        writes="accounts.morale accounts.has_left",
    )
    def settle(self, view: OrganisedView) -> None:
        """Let all recover for an hour; then propagandists read the topic's stream, and some give up."""
        accounts, rows, readers = (
            view.accounts,
            find_recent(view.public, STREAM_HOURS),
            view.find_active_propagandists(),
        )
        accounts.morale[:] = 1.0 - (1.0 - accounts.morale) * 0.5 ** (1.0 / self.half_life)
        _read_stream(accounts, view.posts, rows, readers, view.seed, view.tick, get_values(self))

    @touches(reads="truth register.opened_at accounts.stance_extremist hour.orders", writes="accounts.morale")
    def respond_to_unmasking(self, rows: I64, is_sleeper: Bools, view: OrganisedView) -> None:
        """Raise the morale of the whole side if an impersonator was unmasked."""
        if any(is_impersonation(order, rows) for order in view.orders):
            accounts = view.accounts
            people = np.flatnonzero(accounts.stance_extremist[: view.n_organic] >= 0.0)
            rows = np.concatenate([people, view.find_active_propagandists()])
            accounts.morale[rows] += self.defiance * (1.0 - accounts.morale[rows])


class MoraleMeasures:
    """Measures morale of the extremists' side."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return mean morale and number of propagandists and sympathisers, and impressions of distress."""
        accounts, n, every = step.accounts, step.truth.n_organic, step.truth.propagandists
        propagandists = every[step.register.opened_at[every] <= step.tick]
        sympathise = accounts.stance_extremist[:n] >= 0.0
        return {
            "morale_propagandists": mean(accounts.morale[propagandists]),
            "morale_sympathisers": mean(accounts.morale[:n][sympathise]),
            "propagandists": int(np.count_nonzero(~accounts.has_left[propagandists])),
            "sympathisers": int(np.count_nonzero(sympathise)),
            "distress_impressions": int(np.count_nonzero(step.posts.theme[step.seen.item] == DISTRESS)),
        }


def is_impersonation(order: Orders, rows: I64) -> bool:
    """Return whether one of the accounts `rows` has just told of distress while posing as one of the extremists."""
    new = order.drafts
    posing = (new.theme == DISTRESS) & (new.stance_extremist > 0.0)
    return bool(len(order.risk) and np.isin(new.author[posing], rows).any())


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
def _mark_obeyed(done, keys, author, accounts, theirs, seed, tick):
    key = stream_key(seed, _WRITE, tick)
    for d in range(len(keys)):
        i = author[d]
        done[d] = not theirs[d] or (not accounts.has_left[i] and uniform(key, keys[d]) < accounts.morale[i])
