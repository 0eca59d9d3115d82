"""Pressure: a government presses the platform, which suspends accounts at large because of their posts.

In each hour of a sweep the platform checks every post once, when it is `lag` hours old, and suspends its author with a
probability that depends on public data:

    r = hit                      abusive content, or content for the extremists
    r = false_alarm              any other opinion on the contested topic
    r = false_alarm bias         if that opinion is against the principal
    r = min(1, r newcomer)       if the account was opened less than `young` hours ago

A suspension for abuse or extremism lasts `suspension` hours, any other until an appeal is heard, `appeal` hours. The
account's posts are taken down. Large suspensions under political pressure are documented (facts on operators); these
equations are an assumption.
"""

from dataclasses import dataclass

import numpy as np

from sim.kernels import kernel
from sim.mechanisms.base import PlatformMechanism, touches
from sim.mechanisms.views import OrganisedView, PlatformView
from sim.observers.base import Observer
from sim.observers.turnover import Turnover
from sim.platform.moderation import find_taken_down
from sim.rng import stream, stream_key, uniform
from sim.rules import get_values, parameter, share
from sim.state.accounts import I64, OPINION_THRESHOLD
from sim.state.posts import CONTESTED, TOXIC_THRESHOLD
from sim.state.records import Removals

_SWEEP = stream("pressure/sweep")


@dataclass(frozen=True, kw_only=True)
class Pressure(PlatformMechanism):
    """When a government presses, and which accounts the platform then suspends."""

    start: int = parameter(168, unit="h", source="of the scenario", low=0, high=10**9)
    hours: int = parameter(48, unit="h", source="of the scenario", low=0, high=10**9)
    lag: int = parameter(6, unit="h", source="assumption: delay of detection", low=0, high=46)
    hit: float = share(0.2, source="assumption: P(suspension | abusive or extremist post)")
    false_alarm: float = share(0.005, source="assumption: P(suspension | other contested post)")
    bias: float = parameter(
        4.0,
        unit="factor",
        source="assumption: the principal is the one who presses; 1 = stance does not matter",
        low=0.0,
        high=1000.0,
    )
    newcomer: float = parameter(2.0, unit="factor", source="assumption; 1 = age does not matter", low=0.0, high=1000.0)
    young: int = parameter(168, unit="h", source="assumption: one week", low=0, high=10**6)
    suspension: int = parameter(10_000, unit="h", source="assumption: permanent", low=0, high=10**6)
    appeal: int = parameter(96, unit="h", source="assumption: time until an error is corrected", low=0, high=10**6)

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Count suspensions."""
        return [Turnover(view.dynamic_graph, view.operators)]

    @touches(
        reads="accounts.key register.opened_at posts hour.removals", writes="accounts.suspended_until posts.removed"
    )
    def moderate(self, removals: Removals, view: PlatformView) -> Removals:
        """Suspend authors and take down their posts, in the hours of the sweep."""
        if not self.start <= view.tick < self.start + self.hours:
            return removals
        accounts, posts = view.accounts, view.posts
        first, last = np.searchsorted(posts.time, 3600 * (view.tick - self.lag + np.array([-1, 0])))
        hit = np.zeros(len(accounts.key), np.bool_)
        _sweep(hit, accounts, view.register, posts, first, last, view.seed, view.tick, get_values(self))
        gone = np.flatnonzero(hit[posts.author] & ~posts.removed)
        if len(gone):
            gone = find_taken_down(posts, view.base, gone)
            posts.removed[gone] = True
        suspended: I64 = np.flatnonzero(hit)
        return Removals(np.union1d(removals.posts, gone), np.union1d(removals.accounts, suspended))


@kernel
def _sweep(hit, accounts, register, posts, first, last, seed, tick, p):
    """Mark and suspend the authors of some of the rows first .. last - 1."""
    key = stream_key(seed, _SWEEP, 0)
    for j in range(first, last):
        a = posts.author[j]
        if posts.removed[j] or (accounts.suspended_until[a] > tick and not hit[a]):
            continue
        guilty = posts.toxicity[j] >= TOXIC_THRESHOLD or posts.stance_extremist[j] > OPINION_THRESHOLD
        rate = p.hit
        if not guilty:
            opinion = posts.stance_principal[j]
            voiced = posts.topic[j] == CONTESTED and abs(opinion) > OPINION_THRESHOLD
            rate = (p.false_alarm * (p.bias if opinion < 0.0 else 1.0)) if voiced else 0.0
        if tick - register.opened_at[a] < p.young and register.opened_at[a] > 0:
            rate *= p.newcomer
        if rate > 0.0 and uniform(key, posts.key[j]) < rate:
            hit[a] = True
            until = tick + 1 + (p.suspension if guilty else p.appeal)
            accounts.suspended_until[a] = max(accounts.suspended_until[a], until)
