"""Voice: outcomes of all latent dissenting intentions, and posts by author."""

import numpy as np

from sim.kernels import cached_njit
from sim.observers.base import StepRecord, count_posts
from sim.state.accounts import DISSENTER, LOYALIST
from sim.state.posts import CONTESTED, TOXIC_THRESHOLD
from sim.state.records import OUTCOMES
from sim.state.truth import EXTREMIST, ORGANIC, TROLL


class SpeechCounts:
    """Counts posts by author and dissenting intentions by outcome category."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return counts of `sim.state.records.OUTCOMES`, their sums, removals and post counts."""
        outcomes = dict(zip(OUTCOMES, step.speech.count_outcomes().tolist(), strict=True))
        withheld = sum(count for name, count in outcomes.items() if name.startswith("withheld_"))
        posts, new, roles = step.posts, step.new, count_posts(step)
        loyal, uncommitted, toxic = _count(
            posts.author, posts.topic, posts.toxicity, new.start, new.stop, step.truth.role, step.accounts.cohort
        )
        return {
            "opportunities": sum(outcomes.values()),
            **outcomes,
            "dissent_withheld": withheld,
            "dissent_wanted": outcomes["dissent_posts"] + withheld,
            "dissent_removed": int(
                np.count_nonzero(posts.dissent[step.removals.posts])
                + np.count_nonzero(step.defence_effects.rejected.dissent)
            ),
            "organic_posts": int(roles[ORGANIC]),
            "army_posts": int(roles[TROLL]),
            "extremist_posts": int(roles[EXTREMIST]),
            "loyal_posts": loyal,
            "uncommitted_posts": uncommitted,
            "toxic_posts": toxic,
        }


@cached_njit
def _count(author, topic, toxicity, start, stop, role, cohort):
    """Return how many of rows start .. stop-1 are contested posts of loyalists and of the uncommitted, and toxic."""
    loyal, uncommitted, toxic = 0, 0, 0
    for j in range(start, stop):
        who = author[j]
        toxic += toxicity[j] >= TOXIC_THRESHOLD
        if role[who] == ORGANIC and topic[j] == CONTESTED:
            loyal += cohort[who] == LOYALIST
            uncommitted += cohort[who] != LOYALIST and cohort[who] != DISSENTER
    return loyal, uncommitted, toxic
