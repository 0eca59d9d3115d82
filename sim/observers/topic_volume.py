"""How much is written on the contested topic, and how much of it the army writes."""

import numpy as np

from sim.observers.base import StepRecord
from sim.state.posts import CONTESTED
from sim.state.truth import TROLL


class TopicVolume:
    """Counts the posts of the hour on the contested topic, by anybody and by the army.

    Example:
        >>> import infowar_lab as lab
        >>> world = lab.World(lab.load("scenario=quiet", "population.size=100"), seed=1)
        >>> world.observers.append(TopicVolume())
        >>> hours = world.run(24)
        >>> bool((hours["army_contested_posts"] == 0).all())
        True
    """

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return `contested_posts` and `army_contested_posts` [posts]."""
        author = step.posts.author[step.new][step.posts.topic[step.new] == CONTESTED]
        return {
            "contested_posts": len(author),
            "army_contested_posts": int(np.count_nonzero(step.truth.role[author] == TROLL)),
        }
