"""Measures of optional mechanisms: credibility, morale, rallies, and targets of forces."""

import numpy as np

from sim.kernels import cached_njit
from sim.observers.base import StepRecord, count_posts, mean
from sim.state.accounts import DISSENTER, I64
from sim.state.posts import CIVIC, DISTRESS, FIRST_SLOGAN, SMEAR
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


class Rallies:
    """Counts posts with the slogan of a rally."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return how many posts of the hour carry a slogan, reposts included."""
        return {"rallied_posts": int(np.count_nonzero(step.posts.template[step.new] >= FIRST_SLOGAN))}


class CredibilityMeasures:
    """Measures credibility."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return credibility of dissenters and sleepers, impressions of smears and civic posts, unmasked accounts."""
        accounts, sleepers = step.accounts, step.truth.find_sleepers()
        sleepers = sleepers[step.register.opened_at[sleepers] <= step.tick]
        themes = np.bincount(step.posts.theme[step.seen.item], minlength=CIVIC + 1)
        return {
            "credibility_dissenters": mean(accounts.credibility[accounts.cohort == DISSENTER]),
            "credibility_sleepers": mean(accounts.credibility[sleepers]),
            "unmasked": int(np.count_nonzero(accounts.unmasked)),
            "smear_impressions": int(themes[SMEAR]),
            "civic_impressions": int(themes[CIVIC]),
        }


class MoraleMeasures:
    """Measures morale of the extremists' side."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return mean morale and number of propagandists and sympathisers, and impressions of distress."""
        accounts, n, every = step.accounts, step.truth.n_organic, step.truth.propagandists
        propagandists = every[step.register.opened_at[every] <= step.tick]
        sympathise = accounts.stance_extremist[:n] >= 0.0
        return {
            "morale_propagandists": mean(accounts.morale[propagandists]),
            "morale_sympathisers": mean(accounts.morale[:n][sympathise]),
            "propagandists": int(np.count_nonzero(~accounts.has_left[propagandists])),
            "sympathisers": int(np.count_nonzero(sympathise)),
            "distress_impressions": int(np.count_nonzero(step.posts.theme[step.seen.item] == DISTRESS)),
        }


@cached_njit
def _count_impressions(original_author, targeted, items):
    count = 0
    for j in items:
        count += targeted[original_author[j]]
    return count
