"""Recruiting: the effect of shocking content on a few people who are already close to the extremists.

People whose stance towards the extremists is above `threshold` and who still feel the shock of a post they read
(k = shock - habituation > 0) turn to its author with probability `join` k, once in life (assumption). The organisation
decides how to use recruits (`sim.actors.contender`).
"""

from dataclasses import dataclass

import numpy as np

from sim.actors.base import PublicView
from sim.actors.contender import find_contenders
from sim.kernels import kernel
from sim.mechanisms.base import PeopleMechanism, touches
from sim.mechanisms.views import OrganisedView, PeopleView
from sim.observers.base import Observer
from sim.observers.extremism import ExtremistCompetition
from sim.rng import mix, stream, stream_key, uniform
from sim.rules import get_values, parameter, share
from sim.state.accounts import EMPTY_ROWS

_JOIN = stream("recruiting/join")


@dataclass(frozen=True, kw_only=True)
class Recruiting(PeopleMechanism):
    """Who joins, and how likely."""

    join: float = share(0.02, source="assumption: P(joining | shock 1, fully felt)")
    threshold: float = parameter(
        0.5, unit="stance", source="assumption: extreme supporters, as in fact 19", low=-1.0, high=1.0
    )

    def create_state(self, view: PeopleView) -> "Recruits":
        """Return the state before anybody joins."""
        return Recruits()

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Measure the competition for recruits."""
        return [ExtremistCompetition(find_contenders(view.actors), view.accounts.stance_extremist[: view.n_organic])]

    @touches(
        reads="accounts.key accounts.stance_extremist accounts.habituation posts hour.users hour.seen",
        writes="recruited own",
    )
    def follow_up(self, view: PeopleView) -> None:
        """Let people join after reading, and mark them in `recruited`."""
        whom, users = np.empty(len(view.users.active), np.int64), view.users
        joined = _read(
            whom, view.accounts, view.posts, users, view.seen, view.recruited, view.seed, view.tick, get_values(self)
        )
        view.own.turned_to = whom[:joined]

    @touches(reads="own")
    def inform(self, public: PublicView, view: PeopleView) -> PublicView:
        """Tell organisations to whom recruits turned."""
        return public._replace(turned_to=np.concatenate([public.turned_to, view.own.turned_to]))


class Recruits:
    """Of one world: `turned_to`, int64, the accounts to which recruits of this hour turned."""

    turned_to = EMPTY_ROWS


@kernel
def _read(whom, accounts, posts, active_users, seen, recruited, seed, tick, p):
    """Fill in the accounts that recruits turn to; return their number."""
    key, n = stream_key(seed, _JOIN, tick), 0
    for r in range(len(active_users.active)):
        i = active_users.active[r]
        if recruited[i] or accounts.stance_extremist[i] <= p.threshold:
            continue
        person = mix(key, accounts.key[i])
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            felt = posts.shock[j] - accounts.habituation[i]
            if felt > 0.0 and uniform(person, posts.key[j]) < p.join * felt:
                whom[n] = posts.original_author[j]
                recruited[i] = True
                n += 1
                break
    return n
