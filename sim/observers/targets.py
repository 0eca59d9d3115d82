"""Measures of targets of forces, in worlds whose forces carry out operations."""

import numpy as np

from sim.kernels import cached_njit
from sim.observers.base import StepRecord, count_posts, mean
from sim.state.accounts import DISSENTER, I64
from sim.state.truth import COMMITTEE, SLEEPER


class TargetOutcomes:
    """Measures outcomes of all targets so far, and how much further forces write."""

    def __init__(self) -> None:
        self.targeted: I64 = np.zeros(0, np.int64)

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return posts by role, the mean stance of the cohort of dissenters, and outcomes of the targets."""
        for order in step.orders:
            if len(order.targets):
                self.targeted = np.union1d(self.targeted, order.targets)
        posts, new, truth = step.posts, step.new, step.truth
        targeted = np.zeros(len(truth.role), np.bool_)
        targeted[self.targeted] = True
        roles = count_posts(step)
        return {
            "committee_posts": int(roles[COMMITTEE]),
            "sleeper_posts": int(roles[SLEEPER]),
            "stance_dissenters": mean(step.accounts.stance_principal[step.accounts.cohort == DISSENTER]),
            "targeted": len(self.targeted),
            "targeted_posts": int(np.count_nonzero(targeted[posts.author[new]])),
            "targeted_impressions": _count_impressions(posts.original_author, targeted, step.seen.item),
            "targeted_credibility": mean(step.accounts.credibility[self.targeted]),
        }


@cached_njit
def _count_impressions(original_author, targeted, items):
    count = 0
    for j in items:
        count += targeted[original_author[j]]
    return count
