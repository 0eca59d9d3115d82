"""Voice: outcomes of all latent dissenting intentions, and posts by author."""

import numpy as np

from sim.kernels import cached_njit
from sim.observers.base import StepRecord
from sim.state.accounts import DISSENTER, LOYALIST
from sim.state.posts import CONTESTED, TOXIC_THRESHOLD
from sim.state.records import OUTCOMES
from sim.state.truth import EXTREMIST, ORGANIC


class SpeechCounts:
    """Counts posts by author and dissenting intentions by outcome category."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return counts of `sim.state.records.OUTCOMES`, their sums, removals and post counts."""
        outcomes = dict(zip(OUTCOMES, step.speech.outcomes.tolist(), strict=True))
        withheld = sum(count for name, count in outcomes.items() if name.startswith("withheld_"))
        posts, new = step.posts, step.new
        counts = _count(
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
            **dict(zip(_COUNTS, counts.tolist(), strict=True)),
        }


_COUNTS = ("organic_posts", "army_posts", "extremist_posts", "loyal_posts", "uncommitted_posts", "toxic_posts")


@cached_njit
def _count(author, topic, toxicity, start, stop, role, cohort):
    """Count rows start .. stop-1 in the order of _COUNTS (int64 [6]); roles first, by their codes."""
    counts = np.zeros(6, np.int64)
    for j in range(start, stop):
        who = author[j]
        if role[who] <= EXTREMIST:
            counts[role[who]] += 1
        counts[5] += toxicity[j] >= TOXIC_THRESHOLD
        if role[who] == ORGANIC and topic[j] == CONTESTED:
            if cohort[who] == LOYALIST:
                counts[3] += 1
            elif cohort[who] != DISSENTER:
                counts[4] += 1
    return counts
