"""Dissenters leave the flooded tag for a fresh one, which the army finds later.

After reading, a person who dissents now and still uses the old tag moves with probability

    flee d + (1 - flee d) (1 - (1 - follow)^n)

where d is the expected toxicity and n the number of dissenting posts just read by people who have moved. People who
have moved post and search under the fresh tag. Others meet it only in home feeds, replies and trends. Organised
accounts find it `pursuit` hours after the first move: from then on they see it, and put a share `chase` of their posts
under it. That users of a flooded tag move comes from the essay; the equations are an assumption.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.rng import draw_each, stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import I64, NEVER, OPINION_THRESHOLD, Accounts
from sim.state.posts import CONTESTED, Posts
from sim.state.records import ActiveUsers, Exposures

_MOVE = stream("migration/move")
_CHASE = np.uint64(97)  # purpose of a draw by post


@dataclass(frozen=True, kw_only=True)
class Migration(Rule):
    """How often dissenters move, and how soon organised accounts follow."""

    flee: float = share(0.3, source="assumption: P(moving in a session | nothing but abuse is expected)")
    follow: float = share(0.1, source="assumption: P(moving after one dissenting post under the fresh tag)")
    pursuit: int = parameter(72, unit="h", source="assumption", low=0, high=10**9)
    chase: float = share(0.5, source="assumption")

    def move(
        self,
        state: "MigrationState",
        accounts: Accounts,
        posts: Posts,
        users: ActiveUsers,
        seen: Exposures,
        seed: int,
        tick: int,
    ) -> None:
        """Let some of the active move after reading `seen`. Writes `state`."""
        gone = np.zeros(len(users.active), np.bool_)
        _move(gone, state.moved, accounts, posts, users.active, seen, seed, tick, get_values(self))
        state.moved[users.active[gone]] = True
        if gone.any():
            state.since = min(state.since, tick)

    def is_known(self, state: "MigrationState", tick: int) -> bool:
        """Return whether organised accounts know the fresh tag."""
        return state.since <= tick - self.pursuit

    def assign_topics(
        self, state: "MigrationState", posts: Posts, new: slice, people: int, fresh: int, tick: int
    ) -> I64:
        """Return the topic of each of the rows `new`, int64; the fresh tag is topic `fresh`."""
        author, topic = posts.author[new], posts.topic[new].astype(np.int64)
        under = state.moved[author] & (author < people)
        if self.is_known(state, tick):
            under |= (author >= people) & (draw_each(posts.key[new], _CHASE) < self.chase)
        return np.where(under & (topic == CONTESTED), fresh, topic)


class MigrationState:
    """Who has moved: `moved`, bool [A]; `since`, the tick in which the first did."""

    def __init__(self, accounts: int) -> None:
        self.moved: NDArray[np.bool_] = np.zeros(accounts, np.bool_)
        self.since = int(NEVER)


@kernel
def _move(gone, moved, accounts, posts, active, seen, seed, tick, p):
    key = stream_key(seed, _MOVE, tick)
    for r in range(len(active)):
        i = active[r]
        if moved[i] or accounts.stance_principal[i] >= -OPINION_THRESHOLD or accounts.stance_extremist[i] >= 0.0:
            continue
        stays = 1.0 - p.flee * accounts.expected_toxicity[i]
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            if (
                posts.topic[j] == CONTESTED
                and posts.stance_principal[j] < -OPINION_THRESHOLD
                and moved[posts.author[j]]
            ):
                stays *= 1.0 - p.follow
        gone[r] = uniform(key, accounts.key[i]) >= stays
