"""Recruiting: the effect of shocking content on a few people who are already close to the extremists.

People whose stance towards the extremists is above `threshold` and who still feel the shock of a post they read
(k = shock - habituation > 0) turn to its author with probability `join` k, once in life (assumption). The organisation
decides how to use recruits (`sim.actors.contender`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.rng import mix, stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import Accounts
from sim.state.posts import I32, Posts
from sim.state.records import ActiveUsers, Exposures

_JOIN = stream("recruiting/join")


@dataclass(frozen=True, kw_only=True)
class Recruiting(Rule):
    """Who joins, and how likely."""

    join: float = share(0.02, source="assumption: P(joining | shock 1, fully felt)")
    threshold: float = parameter(
        0.5, unit="stance", source="assumption: extreme supporters, as in fact 19", low=-1.0, high=1.0
    )

    def read(
        self,
        accounts: Accounts,
        posts: Posts,
        active_users: ActiveUsers,
        seen: Exposures,
        recruited: NDArray[np.bool_],
        seed: int,
        tick: int,
    ) -> I32:
        """Return the accounts that recruits turn to after reading `seen` in `tick`; mark them in `recruited`, [A]."""
        whom = np.empty(len(active_users.active), np.int32)
        return whom[: _read(whom, accounts, posts, active_users, seen, recruited, seed, tick, get_values(self))].copy()


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
