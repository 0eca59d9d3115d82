"""A detector in the loop: accounts that it suspects are suspended, with a delay and a limited capacity.

The detector is any function of a `DefenceView`, so it sees what defences see. None is built in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.mechanisms.defences.base import Defence, DefenceView, PostView, draw_by_identity
from sim.rng import stream
from sim.rules import parameter
from sim.state.accounts import EMPTY_ROWS, F64, I64

_WATCHED = stream("defences/watched")

Detector = Callable[[DefenceView], F64]  #: returns how suspect each account is, float64 [A]


@dataclass(frozen=True, kw_only=True)
class DetectorDefence(Defence):
    """Every `every` hours, suspends the most suspect accounts above `limit`, at most `capacity`, for `hours`.

    The detector sees posts that are at least `lag` hours old. Only a share `strength` of suspect accounts is checked.
    """

    detector: Detector | None = parameter(None, unit="rule", source="of the experiment; none = nobody is suspect")
    limit: float = parameter(0.0, unit="score", source="of the experiment: calibrated in worlds without a campaign")
    every: int = parameter(12, unit="h", source="assumption", low=1, high=1000)
    lag: int = parameter(6, unit="h", source="assumption", low=0, high=40)
    capacity: int = parameter(10, unit="accounts/check", source="assumption", low=0, high=10**9)
    hours: int = parameter(168, unit="h", source="assumption: one week", low=0, high=10**6)

    def suspend(self, view: DefenceView) -> tuple[I64, int]:
        """Return the accounts to suspend in this hour; ties are broken by a keyed draw."""
        if self.detector is None or view.tick % self.every:
            return EMPTY_ROWS, self.hours
        score, u = self.detector(delay_view(view, self.lag)), draw_by_identity(view.key, _WATCHED, view)
        suspect = np.flatnonzero((score > self.limit) & (u < self.strength) & (view.suspended_until <= view.tick))
        order = np.lexsort((draw_by_identity(view.key[suspect], _WATCHED, view, 1), -score[suspect]))
        return np.sort(suspect[order][: self.capacity]), self.hours


def delay_view(view: DefenceView, lag: int) -> DefenceView:
    """Return the view with posts at least `lag` hours old; with 0 it includes posts of this hour."""
    old = view.find_rows(0, view.tick + 1 - lag)
    posts = PostView._make(column[: old.stop] for column in view.posts)
    return view._replace(posts=posts, removed=view.removed[: old.stop])
