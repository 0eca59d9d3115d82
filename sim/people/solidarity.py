"""Solidarity after abuse: people speak more when one of their side is abused, and fear less when they get support.

After reacting, for all posts of one session (all of it assumption):

* an abusive reply to somebody of the reader's own side, not to the reader, counts as `rally_posts` like-minded posts as
  a prompt (7.6 of the ODD);
* a civil reply to the reader from the reader's own side: fear -= comfort fear.
"""

from dataclasses import dataclass

from sim.kernels import kernel
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import OPINION_THRESHOLD
from sim.state.posts import TOXIC_THRESHOLD, Posts
from sim.state.records import ActiveUsers, Exposures, StateUpdate


@dataclass(frozen=True, kw_only=True)
class Solidarity(Rule):
    """How strongly people support each other."""

    rally_posts: int = parameter(3, unit="posts", source="assumption: more than one post", low=0, high=1000)
    comfort: float = share(0.1, source="assumption")

    def apply_solidarity(self, posts: Posts, users: ActiveUsers, seen: Exposures, update: StateUpdate) -> StateUpdate:
        """Return `update` with the effects of solidarity after reading `seen`."""
        allies, fear = update.allies.copy(), update.fear.copy()
        _apply_solidarity(allies, fear, update.stance_principal, posts, users.active, seen, get_values(self))
        return update._replace(allies=allies, fear=fear)


@kernel
def _apply_solidarity(allies, fear, stance, posts, active, seen, p):
    for r in range(len(active)):
        i, s = active[r], stance[r]
        if abs(s) <= OPINION_THRESHOLD:
            continue
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            toxic = posts.toxicity[j] >= TOXIC_THRESHOLD
            if toxic and posts.target[j] != i and posts.target_stance[j] * s > 0.0:
                allies[r] += p.rally_posts
            elif not toxic and posts.target[j] == i and posts.stance_principal[j] * s > 0.0:
                fear[r] -= p.comfort * fear[r]
