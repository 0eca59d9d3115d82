"""Solidarity after abuse: people speak more when one of their side is abused, and fear less when they get support.

After reacting, for all posts of one session (all of it assumption):

* an abusive reply to somebody of the reader's own side, not to the reader, counts as `rally_posts` like-minded posts as
  a prompt (7.6 of the ODD);
* a civil reply to the reader from the reader's own side: fear -= comfort fear.
"""

from dataclasses import dataclass

from sim.kernels import kernel
from sim.mechanisms.base import PeopleMechanism, touches
from sim.mechanisms.views import OrganisedView, PeopleView
from sim.observers.base import Observer
from sim.observers.countering import DissenterResponse
from sim.rules import get_values, parameter, share
from sim.state.accounts import OPINION_THRESHOLD
from sim.state.posts import TOXIC_THRESHOLD
from sim.state.records import StateUpdate


@dataclass(frozen=True, kw_only=True)
class Solidarity(PeopleMechanism):
    """How strongly people support each other."""

    rally_posts: int = parameter(3, unit="posts", source="assumption: more than one post", low=0, high=1000)
    comfort: float = share(0.1, source="assumption")

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Measure dissenters."""
        return [DissenterResponse(None)]

    @touches(reads="posts")
    def change_update(self, update: StateUpdate, view: PeopleView) -> StateUpdate:
        """Return `update` with the effects of solidarity after reading."""
        allies, fear = update.allies.copy(), update.fear.copy()
        _support(allies, fear, update.stance_principal, view.posts, view.users.active, view.seen, get_values(self))
        return update._replace(allies=allies, fear=fear)


@kernel
def _support(allies, fear, stance, posts, active, seen, p):
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
