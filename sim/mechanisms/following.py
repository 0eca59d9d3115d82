"""Follow, unfollow, block, mute: the effect of reading on ties.

Reading one post changes at most one tie. The first case that applies gives the change and its probability:

* an abusive reply to the reader: the reader blocks its author, `block`;
* a post by somebody whom the reader follows, abusive or of the other side: the reader unfollows, `unfollow`;
* another abusive post: the reader mutes its author, `mute`;
* a post by the new account of somebody whose old account the reader follows: the reader follows it, `refind`;
* a post of the reader's side on both axes, by somebody whom the reader does not follow: the reader follows, `follow`.

That people cut ties to those who disagree and follow those who agree, step by step as they read, is the mechanism of
Sasahara et al. 2021 (doi:10.1007/s42001-020-00084-7). The rates and the rest are assumptions.
"""

from dataclasses import dataclass

import numpy as np

from sim.kernels import kernel
from sim.mechanisms.base import PeopleMechanism, touches
from sim.mechanisms.views import OrganisedView, PeopleView
from sim.observers.base import Observer
from sim.observers.turnover import Turnover
from sim.rng import mix, stream, stream_key, uniform
from sim.rules import get_values, share
from sim.state.accounts import OPINION_THRESHOLD
from sim.state.dynamic_graph import contains
from sim.state.posts import CONTESTED, TOXIC_THRESHOLD
from sim.state.records import BLOCK, FOLLOW, MUTE, UNFOLLOW, EdgeChanges

_TIE = stream("following/tie")


@dataclass(frozen=True, kw_only=True)
class Following(PeopleMechanism):
    """How often people change their ties."""

    follow: float = share(0.002, source="assumption: some new ties in a month")
    refind: float = share(0.2, source="assumption: people often recognise a returned account")
    unfollow: float = share(0.001, source="assumption: people cut ties less often than they make them")
    block: float = share(0.2, source="assumption")
    mute: float = share(0.02, source="assumption: less than for abuse of the reader")

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Count changed ties."""
        return [Turnover(view.dynamic_graph, view.operators)]

    @touches(reads="accounts.key accounts.stance_principal accounts.stance_extremist register.predecessor graph posts")
    def change_ties(self, view: PeopleView) -> EdgeChanges:
        """Return the ties that the active change after reading."""
        (who, whom), act = np.empty((2, len(view.seen.item)), np.int32), np.empty(len(view.seen.item), np.int8)
        edge_changes, world = EdgeChanges(who, whom, act), (view.accounts, view.following, view.register.predecessor)
        made = _decide(edge_changes, *world, view.posts, view.users, view.seen, view.seed, view.tick, get_values(self))
        return EdgeChanges._make(column[:made].copy() for column in edge_changes)


@kernel
def _decide(edge_changes, accounts, following, predecessor, posts, users, seen, seed, tick, p):
    """Fill in the changes; return their number."""
    key, n = stream_key(seed, _TIE, tick), 0
    for r in range(len(users.active)):
        i = users.active[r]
        person = mix(key, accounts.key[i])
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            whom, act, rate = _propose_change(accounts, following, predecessor, posts, i, j, p)
            if rate > 0.0 and uniform(person, posts.key[j]) < rate:
                edge_changes.who[n], edge_changes.whom[n], edge_changes.action[n] = i, whom, act
                n += 1
    return n


@kernel
def _propose_change(accounts, following, predecessor, posts, i, j, p):
    """Return (whom, action, probability) of the change that reading row j may cause in account i."""
    author, original_author, s = posts.author[j], posts.original_author[j], accounts.stance_principal[i]
    toxic = posts.toxicity[j] >= TOXIC_THRESHOLD
    side = posts.stance_principal[j] * s if posts.topic[j] == CONTESTED and abs(s) > OPINION_THRESHOLD else 0.0
    if toxic and posts.target[j] == i:
        return author, BLOCK, p.block
    if toxic or side < 0.0:
        if contains(following, i, author):
            return author, UNFOLLOW, p.unfollow
        if toxic:
            return author, MUTE, p.mute
    elif not contains(following, i, original_author):
        before = predecessor[original_author]
        while before >= 0:
            if contains(following, i, before):
                return original_author, FOLLOW, p.refind
            before = predecessor[before]
        if side > 0.0 and posts.stance_extremist[j] * accounts.stance_extremist[i] > 0.0:
            return original_author, FOLLOW, p.follow
    return original_author, FOLLOW, 0.0
