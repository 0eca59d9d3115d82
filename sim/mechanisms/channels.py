"""Closed channels: small rooms outside the platform, and an agency that watches them.

Rooms meet once a day. The steps are in this order. All of it is assumption; that forums and voice rooms were used to
recruit, and that agencies watched them, comes from the essay. e is the stance towards the extremists.

* A room that was found at least `lag` hours ago is raided: its members feel fear += raid_fear (1 - fear) and avoid
  rooms for `avoidance_hours` hours; the room is closed for `rebuild` hours.
* While the agency watches, an open room of m members is found with probability 1 - (1 - detection_rate)^m.
* Members move: e += pull (1 - e). A member with e above `threshold` joins a propagandist with probability `recruit`,
  once in life.
* People without a room and with e of at least `reach` ask for a seat with probability `invite`, and get one if there
  is a free one.
"""

from dataclasses import dataclass

import numpy as np

from sim.actors.base import PublicView
from sim.actors.contender import find_contenders
from sim.mechanisms.base import OrganisedMechanism, touches
from sim.mechanisms.views import Bools, OrganisedView
from sim.observers.base import Observer
from sim.observers.extremism import ClosedRooms, ExtremistCompetition
from sim.rng import draw_each, keyed_hash, make_key, stream
from sim.rules import parameter, share
from sim.state.accounts import EMPTY_ROWS, I64, NEVER, Accounts

_FOUND = stream("channels/found")
_JOIN = stream("channels/join")
_INVITE = stream("channels/invite")


@dataclass(frozen=True, kw_only=True)
class Channels(OrganisedMechanism):
    """Number of rooms, their effect on people, and their detection."""

    rooms: int = parameter(6, unit="rooms", source="assumption", low=1, high=10**6)
    seats: int = parameter(12, unit="people/room", source="assumption: small", low=1, high=10**6)
    hour: int = parameter(22, unit="h", source="assumption: hour of the day", low=0, high=23)
    reach: float = parameter(0.0, unit="stance", source="assumption: sympathisers", low=-1.0, high=1.0)
    invite: float = share(0.2, source="assumption: P(asking for a seat in a day)")
    pull: float = share(0.05, source="assumption: strong; a day in a room has the effect of fifty shocking posts")
    threshold: float = parameter(0.5, unit="stance", source="assumption: as in recruiting", low=-1.0, high=1.0)
    recruit: float = share(0.05, source="assumption: P(joining in a day)")
    detection_rate: float = share(0.005, source="assumption: P(a room is found, per member and day)")
    start: int = parameter(0, unit="h", source="of the scenario", low=0, high=10**9)
    hours: int = parameter(10_000, unit="h", source="of the scenario", low=0, high=10**9)
    lag: int = parameter(24, unit="h", source="assumption", low=0, high=10**6)
    raid_fear: float = share(0.5, source="assumption")
    avoidance_hours: int = parameter(168, unit="h", source="assumption: one week", low=0, high=10**6)
    rebuild: int = parameter(72, unit="h", source="assumption", low=0, high=10**6)

    def create_state(self, view: OrganisedView) -> "Rooms":
        """Return the empty rooms."""
        return Rooms(self, view.n_organic)

    def create_observers(self, view: OrganisedView) -> list[Observer]:
        """Measure the rooms, and the organisations that compete for those who join there."""
        stance, contenders = view.accounts.stance_extremist[: view.n_organic], find_contenders(view.actors)
        competition = [ExtremistCompetition(contenders, stance)] if contenders else []
        return [*competition, ClosedRooms(view.own, view.recruited, stance)]

    @touches(
        reads="accounts.key accounts.has_left truth operators",
        writes="accounts.fear accounts.stance_extremist recruited own",
    )
    def begin(self, view: OrganisedView) -> None:
        """Simulate the hour in the rooms."""
        rooms, accounts, tick = view.own, view.accounts, view.tick
        rooms.raided = rooms.turned_to = EMPTY_ROWS
        if tick % 24 == self.hour:
            run = np.concatenate(view.operators.account_rows)
            propagandists = run[view.truth.is_propagandist(run)]
            self._raid(rooms, accounts, tick)
            self._find(rooms, view.seed, tick)
            rooms.turned_to = self._pull(rooms, accounts, propagandists, view.recruited, view.seed, tick)
            self._admit(rooms, accounts, view.seed, tick)

    @touches(reads="own")
    def inform(self, public: PublicView, view: OrganisedView) -> PublicView:
        """Tell organisations to whom recruits turned."""
        return public._replace(turned_to=np.concatenate([public.turned_to, view.own.turned_to]))

    def _raid(self, rooms: "Rooms", accounts: Accounts, tick: int) -> None:
        rooms.raided = np.flatnonzero(rooms.found_at <= tick - self.lag)
        caught = np.flatnonzero(np.isin(rooms.room, rooms.raided))
        accounts.fear[caught] += self.raid_fear * (1.0 - accounts.fear[caught])
        rooms.room[caught], rooms.avoids_until[caught] = -1, tick + self.avoidance_hours
        rooms.found_at[rooms.raided], rooms.closed_until[rooms.raided] = NEVER, tick + self.rebuild

    def _find(self, rooms: "Rooms", seed: int, tick: int) -> None:
        if not self.start <= tick < self.start + self.hours:
            return
        chance = 1.0 - (1.0 - self.detection_rate) ** rooms.members
        number = np.arange(self.rooms, dtype=np.uint64)
        found = (draw_each(keyed_hash(make_key(seed, _FOUND, tick), number), 0) < chance) & (rooms.found_at == NEVER)
        rooms.found_at[found] = tick

    def _pull(
        self, rooms: "Rooms", accounts: Accounts, propagandists: I64, recruited: Bools, seed: int, tick: int
    ) -> I64:
        inside = np.flatnonzero(rooms.room >= 0)
        accounts.stance_extremist[inside] += self.pull * (1.0 - accounts.stance_extremist[inside])
        ready = inside[(accounts.stance_extremist[inside] > self.threshold) & ~recruited[inside]]
        day = keyed_hash(make_key(seed, _JOIN, tick), accounts.key[ready])
        joins = draw_each(day, 0) < self.recruit
        if not len(propagandists):
            joins[:] = False
        recruited[ready[joins]] = True
        turned_to: I64 = propagandists[(draw_each(day[joins], 1) * len(propagandists)).astype(np.int64)]
        return turned_to

    def _admit(self, rooms: "Rooms", accounts: Accounts, seed: int, tick: int) -> None:
        close = (
            (rooms.room < 0)
            & (rooms.avoids_until <= tick)
            & (accounts.stance_extremist[: len(rooms.room)] >= self.reach)
        )
        who = np.flatnonzero(close & ~accounts.has_left[: len(rooms.room)])
        asked = draw_each(keyed_hash(make_key(seed, _INVITE, tick), accounts.key[who]), 0)
        who = who[np.argsort(asked, kind="stable")][: int(np.count_nonzero(asked < self.invite))]
        free = np.where(rooms.closed_until <= tick, self.seats - rooms.members, 0)
        seat = np.repeat(np.arange(self.rooms), free)[: len(who)]
        rooms.room[who[: len(seat)]] = seat


class Rooms:
    """The rooms of one world.

    Attributes:
        room: int64 [people], the room of each person, -1 for none.
        avoids_until: int64 [people], first tick at which the person enters rooms again.
        found_at: int64 [rooms], tick at which the room was found, NEVER if not.
        closed_until: int64 [rooms], first tick at which the room is open again.
        raided: int64, rooms that were raided in this hour.
        turned_to: int64, the accounts to which recruits of this hour turned.
    """

    def __init__(self, rule: Channels, people: int) -> None:
        self.room: I64 = np.full(people, -1, np.int64)
        self.avoids_until: I64 = np.zeros(people, np.int64)
        self.found_at: I64 = np.full(rule.rooms, NEVER, np.int64)
        self.closed_until: I64 = np.zeros(rule.rooms, np.int64)
        self.raided = self.turned_to = EMPTY_ROWS

    @property
    def members(self) -> I64:
        """Number of members of each room, int64 [rooms]."""
        return np.bincount(self.room[self.room >= 0], minlength=len(self.found_at))
