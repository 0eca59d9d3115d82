"""The hourly measures of `sim.observers`, restated over objects."""

import math
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.plain_chance import mix
from benchmarks.plain_platform import Post
from sim.observers.reach import BITS, DAYS
from sim.rng import stream
from sim.state.accounts import DISSENTER, LOYALIST, OPINION_THRESHOLD
from sim.state.posts import CONTESTED, TOXIC_THRESHOLD
from sim.state.records import OUTCOMES
from sim.state.truth import EXTREMIST, ORGANIC, TROLL

if TYPE_CHECKING:
    from benchmarks.plain_mesa import PlainWorld


class Measures:
    """Measures a plain world; keeps {mark of an account: day on which it was last seen} for each reader."""

    def __init__(self, world: "PlainWorld") -> None:
        self.world = world
        self.marking = {person.row: mix(int(stream("observers/bit")), person.key) for person in world.people}
        self.supporters: list[dict[int, int]] = [{} for _ in world.people]
        self.extremists: list[dict[int, int]] = [{} for _ in world.people]
        self.genuine_supporters: list[dict[int, int]] = [{} for _ in world.people]
        self.genuine_extremists: list[dict[int, int]] = [{} for _ in world.people]

    def observe(self) -> dict[str, float]:
        """Return the measures of the last hour."""
        return {**self.voice(), **self.reach(), **self.numbers(), **self.opinion()}

    def voice(self) -> dict[str, float]:
        """Count dissenting intentions by outcome, and posts by author."""
        world = self.world
        outcomes = dict(zip(OUTCOMES, world.outcomes, strict=True))
        withheld = sum(count for name, count in outcomes.items() if name.startswith("withheld"))
        talk = [post for post in world.drafts if post.author.role == ORGANIC and post.topic == CONTESTED]
        return {
            "opportunities": sum(world.outcomes),
            **outcomes,
            "dissent_withheld": withheld,
            "dissent_wanted": outcomes["dissent_posts"] + withheld,
            "dissent_removed": sum(post.dissent for post in world.removals),
            "organic_posts": sum(post.author.role == ORGANIC for post in world.drafts),
            "army_posts": sum(post.author.role == TROLL for post in world.drafts),
            "extremist_posts": sum(post.author.role == EXTREMIST for post in world.drafts),
            "loyal_posts": sum(post.author.cohort == LOYALIST for post in talk),
            "uncommitted_posts": sum(post.author.cohort not in (LOYALIST, DISSENTER) for post in talk),
            "toxic_posts": sum(post.toxicity >= TOXIC_THRESHOLD for post in world.drafts),
        }

    def reach(self) -> dict[str, float]:
        """Count impressions."""
        active = self.world.active
        topic = sum(post.topic == CONTESTED for person in active for post in person.seen)
        dissent = sum(post.dissent for person in active for post in person.seen)
        others = sum(post.dissent for person in active if person.cohort != DISSENTER for post in person.seen)
        return {
            "dissent_impressions": dissent,
            "dissent_impressions_nondissenters": others,
            "topic_impressions": topic,
            "dissent_visibility": dissent / topic if topic else math.nan,
            "active_users": len(active),
            "reads": sum(len(person.seen) for person in active),
            "acts": sum(post.author.role == ORGANIC for post in self.world.drafts),
        }

    def numbers(self) -> dict[str, float]:
        """Estimate by linear counting how many supporters and extremists people saw in the last week."""
        for person in self.world.active:
            for post in person.seen:
                if post.topic == CONTESTED:
                    self.note(person.row, post)
        today = self.world.now // 24
        return {
            "perceived_supporters": estimate_seen(self.supporters, today),
            "true_supporters": estimate_seen(self.genuine_supporters, today),
            "perceived_extremists": estimate_seen(self.extremists, today),
            "true_extremists": estimate_seen(self.genuine_extremists, today),
        }

    def note(self, reader: int, post: Post) -> None:
        """Note on which side the author of a contested post was seen."""
        if post.stance_extremist > OPINION_THRESHOLD:
            seen, genuine = self.extremists, self.genuine_extremists
        elif post.stance_principal > OPINION_THRESHOLD:
            seen, genuine = self.supporters, self.genuine_supporters
        else:
            return
        mark, today = mix(self.marking[reader], post.author.key) % BITS, self.world.now // 24
        seen[reader][mark] = today
        if post.author.role == ORGANIC:
            genuine[reader][mark] = today

    def opinion(self) -> dict[str, float]:
        """Return the perceived and the true opinion climate, and the fear of active people."""
        people, active = self.world.people, self.world.active
        supporters = sum(person.stance_principal > OPINION_THRESHOLD for person in people)
        opinionated = supporters + sum(person.stance_principal < -OPINION_THRESHOLD for person in people)
        total = 0.0  # the sum of Python 3.12 and later compensates rounding; the engine does not
        for person in people:
            total += person.opinion_climate
        return {
            "perceived_support": total / len(people),
            "true_support": supporters / opinionated if opinionated else math.nan,
            "mean_fear": float(np.mean([person.fear for person in active])) if active else math.nan,
        }


def estimate_seen(seen: list[dict[int, int]], today: int) -> float:
    """Return the mean of the linear counts -m ln(share of marks unseen in the week) over people."""
    people_by_marks = [0] * (BITS + 1)
    for days in seen:
        people_by_marks[sum(day > today - DAYS for day in days.values())] += 1
    total = 0.0
    for marks, people in enumerate(people_by_marks):
        total += people * (-BITS * math.log(max(BITS - marks, 0.5) / BITS))
    return total / len(seen)
