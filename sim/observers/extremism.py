"""Competing extremist organisations, their recruits, and closed rooms, in worlds that have them."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.observers.base import StepRecord, mean
from sim.state.accounts import F64, I64

EXTREME_THRESHOLD = 0.5  #: stance towards the extremists above which a person is an extreme supporter, as in fact 19


class ContenderView(Protocol):
    """See `sim.actors.contender.ContenderOrganisation`."""

    rows: I64
    shock: float
    members: int
    market_share: float


class ExtremistCompetition:
    """Measures what organisations show and its effect on people; camps are those at the start."""

    def __init__(self, contenders: Sequence[ContenderView], stance: F64) -> None:
        self.contenders = contenders
        self.extreme: NDArray[np.bool_] = stance > EXTREME_THRESHOLD
        self.members_at_start = sum(contender.members for contender in contenders)

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return levels of shock, market share of the first organisation, recruits, stances and fear by camp."""
        e, fear, n = step.accounts.stance_extremist, step.accounts.fear, len(self.extreme)
        levels = [contender.shock for contender in self.contenders]
        return {
            "shock_highest": max(levels, default=math.nan),
            "shock_lowest": min(levels, default=math.nan),
            "shock_impressions": int(np.count_nonzero(step.posts.shock[step.seen.item] > 0.0)),
            "market_share_first": self.contenders[0].market_share if self.contenders else math.nan,
            "recruits": sum(contender.members for contender in self.contenders) - self.members_at_start,
            "extremist_stance_supporters": mean(e[:n][self.extreme]),
            "extremist_stance_others": mean(e[:n][~self.extreme]),
            "extreme_supporters": int(np.count_nonzero(e[:n] > EXTREME_THRESHOLD)),
            "fear_others": mean(fear[:n][~self.extreme]),
        }


class RoomsView(Protocol):
    """See `sim.mechanisms.channels.Rooms`."""

    room: I64
    raided: I64

    @property
    def members(self) -> I64:
        """Number of members of each room."""
        ...


class ClosedRooms:
    """Measures the rooms of closed channels."""

    def __init__(self, rooms: RoomsView, recruited: NDArray[np.bool_], stance: F64) -> None:
        self.rooms, self.recruited, self.before = rooms, recruited, stance > EXTREME_THRESHOLD

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return members, rooms raided in this hour, and people so far who joined and who became extreme supporters."""
        n = len(self.before)
        extreme = step.accounts.stance_extremist[:n] > EXTREME_THRESHOLD
        inside = self.rooms.room >= 0
        return {
            "room_members": int(np.count_nonzero(inside)),
            "rooms_in_use": int(np.count_nonzero(self.rooms.members)),
            "rooms_raided": len(self.rooms.raided),
            "converts": int(np.count_nonzero(extreme & ~self.before)),
            "recruited": int(np.count_nonzero(self.recruited)),
            "room_stance": mean(step.accounts.stance_extremist[:n][inside]),
        }
