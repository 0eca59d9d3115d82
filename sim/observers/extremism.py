"""Organisations that compete, whom they win, and rooms that are watched; where a world has any of it."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.observers.base import Moment, mean
from sim.state.accounts import F64, I64

EXTREME = 0.5  #: stance towards the extremists above which one is an extreme supporter, as in fact 19


class Contender(Protocol):
    """See `sim.actors.contender.Contending`."""

    rows: I64
    shock: float
    members: int
    standing: float


class Standing:
    """What organisations show, and what it does to whom: camps are those at the start."""

    def __init__(self, contenders: Sequence[Contender], stance: F64) -> None:
        self.contenders = contenders
        self.extreme: NDArray[np.bool_] = stance > EXTREME
        self.first = sum(contender.members for contender in contenders)

    def observe(self, moment: Moment) -> dict[str, float]:
        """Return levels of shock, standing of the first organisation, recruits, stances and fear by camp."""
        e, fear, n = moment.accounts.stance_extremist, moment.accounts.fear, len(self.extreme)
        levels = [contender.shock for contender in self.contenders]
        return {
            "shock_highest": max(levels, default=math.nan),
            "shock_lowest": min(levels, default=math.nan),
            "shock_impressions": int(np.count_nonzero(moment.posts.shock[moment.seen.item] > 0.0)),
            "standing_first": self.contenders[0].standing if self.contenders else math.nan,
            "recruits": sum(contender.members for contender in self.contenders) - self.first,
            "extremist_stance_supporters": mean(e[:n][self.extreme]),
            "extremist_stance_others": mean(e[:n][~self.extreme]),
            "extreme_supporters": int(np.count_nonzero(e[:n] > EXTREME)),
            "fear_others": mean(fear[:n][~self.extreme]),
        }


class Watched(Protocol):
    """See `sim.platform.channels.Rooms`."""

    room: I64
    broken: I64

    @property
    def members(self) -> I64:
        """How many sit in each room."""
        ...


class Underground:
    """The rooms of closed channels."""

    def __init__(self, rooms: Watched, joined: NDArray[np.bool_], stance: F64) -> None:
        self.rooms, self.joined, self.before = rooms, joined, stance > EXTREME

    def observe(self, moment: Moment) -> dict[str, float]:
        """Return members, rooms broken up in this hour, who joined, and who became extreme supporters so far."""
        n = len(self.before)
        extreme = moment.accounts.stance_extremist[:n] > EXTREME
        inside = self.rooms.room >= 0
        return {
            "room_members": int(np.count_nonzero(inside)),
            "rooms_in_use": int(np.count_nonzero(self.rooms.members)),
            "rooms_broken": len(self.rooms.broken),
            "converts": int(np.count_nonzero(extreme & ~self.before)),
            "joined": int(np.count_nonzero(self.joined)),
            "room_stance": mean(moment.accounts.stance_extremist[:n][inside]),
        }
