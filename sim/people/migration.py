"""Dissenters leave the flooded tag for a fresh one, of which the army learns later.

After reading, a person who dissents now and still uses the old tag moves with probability

    flee dread + (1 - flee dread) (1 - (1 - follow)^n)

dread being the toxicity expected on the topic, n the dissenting posts just read by people who have moved. Who has moved
writes and looks the matter up under the fresh tag. Others come upon it by home feeds, answers and trends only. The
organised find it `pursuit` hours after the first has moved: from then on they see it, and file a share `chase` of what
they write under it. That users of a flooded tag go elsewhere is the essay's; equations are an assumption.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.noise import draws, stream, stream_key, uniform
from sim.rules import Rule, parameter, share, values
from sim.state.accounts import I64, NEVER, OPINION, Accounts
from sim.state.posts import CONTESTED, Posts
from sim.state.records import Exposures, Woken

_MOVE = stream("migration/move")
_CHASE = np.uint64(97)  # purpose of a draw by post


@dataclass(frozen=True, kw_only=True)
class Migration(Rule):
    """How readily dissenters move, and how soon they are followed."""

    flee: float = share(0.3, source="assumption: P(moving in a session | nothing but abuse is expected)")
    follow: float = share(0.1, source="assumption: P(moving after one dissenting post under the fresh tag)")
    pursuit: int = parameter(72, unit="h", source="assumption: until the army has found it", low=0, high=10**9)
    chase: float = share(0.5, source="assumption: share of what the organised then file under it")

    def move(
        self, exile: "Exile", accounts: Accounts, posts: Posts, woken: Woken, seen: Exposures, seed: int, tick: int
    ) -> None:
        """Let some of the active move after reading `seen`. Writes `exile`."""
        gone = np.zeros(len(woken.active), np.bool_)
        _move(gone, exile.moved, accounts, posts, woken.active, seen, seed, tick, values(self))
        exile.moved[woken.active[gone]] = True
        if gone.any():
            exile.since = min(exile.since, tick)

    def known(self, exile: "Exile", tick: int) -> bool:
        """Tell whether the organised know of the fresh tag."""
        return exile.since <= tick - self.pursuit

    def filed(self, exile: "Exile", posts: Posts, new: slice, people: int, fresh: int, tick: int) -> I64:
        """Return under which topic each of the rows `new` is filed, int64: the fresh one is number `fresh`."""
        author, topic = posts.author[new], posts.topic[new].astype(np.int64)
        under = exile.moved[author] & (author < people)
        if self.known(exile, tick):
            under |= (author >= people) & (draws(posts.key[new], _CHASE) < self.chase)
        return np.where(under & (topic == CONTESTED), fresh, topic)


class Exile:
    """Who has moved: `moved`, bool [A]; `since`, the tick in which the first did."""

    def __init__(self, accounts: int) -> None:
        self.moved: NDArray[np.bool_] = np.zeros(accounts, np.bool_)
        self.since = int(NEVER)


@kernel
def _move(gone, moved, accounts, posts, active, seen, seed, tick, p):
    key = stream_key(seed, _MOVE, tick)
    for r in range(len(active)):
        i = active[r]
        if moved[i] or accounts.stance_principal[i] >= -OPINION or accounts.stance_extremist[i] >= 0.0:
            continue
        stays = 1.0 - p.flee * accounts.dread[i]
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            if posts.topic[j] == CONTESTED and posts.stance_principal[j] < -OPINION and moved[posts.author[j]]:
                stays *= 1.0 - p.follow
        gone[r] = uniform(key, accounts.key[i]) >= stays
