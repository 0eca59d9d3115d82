"""Dissenters leave the flooded tag for a fresh one, which the army finds later.

After reading, a person who dissents now and still uses the old tag moves with probability

    flee d + (1 - flee d) (1 - (1 - follow)^n)

where d is the expected toxicity and n the number of dissenting posts just read by people who have moved. People who
have moved post and search under the migration tag. Others meet it only in home feeds, replies and trends. Organised
accounts find it `pursuit` hours after the first move: from then on they see it, and put a share `chase` of their posts
under it. That users of a flooded tag move comes from the essay; the equations are an assumption.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.actors.base import PublicView, get_stream
from sim.kernels import kernel
from sim.mechanisms.base import PeopleMechanism, touches
from sim.mechanisms.views import Bools, OrganisedView, PeopleView
from sim.observers.base import Observer
from sim.observers.countering import DissenterResponse
from sim.rng import draw_each, stream, stream_key, uniform
from sim.rules import get_values, parameter, share
from sim.state.accounts import I64, NEVER, OPINION_THRESHOLD
from sim.state.posts import CONTESTED

_MOVE = stream("migration/move")
_CHASE = np.uint64(97)  # purpose of a draw by post


@dataclass(frozen=True, kw_only=True)
class Migration(PeopleMechanism):
    """How often dissenters move, and how soon organised accounts follow."""

    flee: float = share(0.3, source="assumption: P(moving in a session | nothing but abuse is expected)")
    follow: float = share(0.1, source="assumption: P(moving after one dissenting post under the migration tag)")
    pursuit: int = parameter(72, unit="h", source="assumption", low=0, high=10**9)
    chase: float = share(0.5, source="assumption")

    extra_topics: ClassVar[int] = 1

    def create_state(self, view: PeopleView) -> "MigrationState":
        """Return the state before anybody moves; the migration tag is the last topic."""
        return MigrationState(len(view.accounts.key), len(view.topics.lengths) - 1)

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Measure dissenters and how many of them move."""
        return [DissenterResponse(view.own.moved)]

    @touches(reads="own")
    def choose_tag(self, chosen: tuple[int, Bools], view: PeopleView) -> tuple[int, Bools]:
        """Have those who have moved search the migration tag."""
        return (view.own.tag, view.own.moved) if view.own.moved.any() else chosen

    @touches(
        reads="accounts.key accounts.stance_principal accounts.stance_extremist accounts.expected_toxicity posts "
        "hour.users hour.seen",
        writes="own",
    )
    def follow_up(self, view: PeopleView) -> None:
        """Let some of the active move after reading."""
        moved, active = view.own.moved, view.users.active
        gone = np.zeros(len(active), np.bool_)
        _move(gone, moved, view.accounts, view.posts, active, view.seen, view.seed, view.tick, get_values(self))
        moved[active[gone]] = True
        if gone.any():
            view.own.since = min(view.own.since, view.tick)

    @touches(reads="own topics")
    def inform(self, public: PublicView, view: PeopleView) -> PublicView:
        """Have organised accounts see the migration tag too, once they know it."""
        if not self._is_known(view):
            return public
        fresh = get_stream(view.topics, view.own.tag, view.base)
        return public._replace(stream=np.sort(np.concatenate([public.stream, fresh])))

    @touches(reads="own posts")
    def file_posts(self, topic: I64, view: PeopleView) -> I64:
        """File contested posts under the migration tag: those of people who have moved, and some of the pursuers'."""
        author, organic = view.posts.author[view.new], view.posts.author[view.new] < view.n_organic
        under = view.own.moved[author] & organic
        if self._is_known(view):
            under |= ~organic & (draw_each(view.posts.key[view.new], _CHASE) < self.chase)
        return np.where(under & (topic == CONTESTED), view.own.tag, topic)

    def _is_known(self, view: PeopleView) -> bool:
        """Return whether organised accounts know the migration tag."""
        return bool(view.own.since <= view.tick - self.pursuit)


class MigrationState:
    """Who has moved: `moved`, bool [A]; `since`, when the first did [tick]; `tag`, the topic of the migration tag."""

    def __init__(self, accounts: int, tag: int) -> None:
        self.moved: Bools = np.zeros(accounts, np.bool_)
        self.since, self.tag = int(NEVER), tag


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
