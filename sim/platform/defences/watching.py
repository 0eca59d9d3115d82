"""A detector in the loop: what it suspects is suspended, with a delay and as far as there is time to look.

The detector is whatever can be called with a `DefenceView`, so it sees what defences see. None is built in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.platform.defences.base import EMPTY_ROWS, Defence, DefenceView, PostView, draw_by_identity
from sim.rng import stream
from sim.rules import parameter
from sim.state.accounts import F64, I64

_WATCHED = stream("defences/watched")

Detector = Callable[[DefenceView], F64]  #: returns how suspect each account is, float64 [A]


@dataclass(frozen=True, kw_only=True)
class DetectorDefence(Defence):
    """Every `every` hours the most suspect accounts above `limit`, `capacity` at most, are suspended for `hours`.

    The detector is shown posts that are `lag` hours old at least. Of the suspect the share `strength` is looked at.
    """

    detector: Detector | None = parameter(None, unit="rule", source="of the experiment; none suspects nobody")
    limit: float = parameter(0.0, unit="score", source="of the experiment: calibrated in worlds without a campaign")
    every: int = parameter(12, unit="h", source="assumption", low=1, high=1000)
    lag: int = parameter(6, unit="h", source="assumption", low=0, high=40)
    capacity: int = parameter(10, unit="accounts/look", source="assumption", low=0, high=10**9)
    hours: int = parameter(168, unit="h", source="assumption: one week", low=0, high=10**6)

    def suspend(self, view: DefenceView) -> tuple[I64, int]:
        """Return whom it suspends in this hour; equally suspect accounts are taken by a keyed draw."""
        if self.detector is None or view.tick % self.every:
            return EMPTY_ROWS, self.hours
        score, u = self.detector(delay_view(view, self.lag)), draw_by_identity(view.key, _WATCHED, view)
        suspect = np.flatnonzero((score > self.limit) & (u < self.strength) & (view.suspended_until <= view.tick))
        order = np.lexsort((draw_by_identity(view.key[suspect], _WATCHED, view, 1), -score[suspect]))
        return np.sort(suspect[order][: self.capacity]), self.hours


def delay_view(view: DefenceView, lag: int) -> DefenceView:
    """Return what was known `lag` hours ago of posts; with 0 those of this hour are among them."""
    old = view.find_rows(0, view.tick + 1 - lag)
    acts = PostView._make(column[: old.stop] for column in view.posts)
    return view._replace(posts=acts, removed=view.removed[: old.stop])
