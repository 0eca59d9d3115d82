"""Voice: how every latent dissenting intention ended, and who else wrote what."""

import numpy as np

from sim.observers.base import Moment
from sim.state.accounts import DISSENTER, LOYALIST
from sim.state.posts import CONTESTED, TOXIC
from sim.state.records import CELLS
from sim.state.truth import EXTREMIST, ORGANIC, TROLL


class Voice:
    """Counts posts by who wrote them and dissenting intentions by how they ended."""

    def observe(self, moment: Moment) -> dict[str, float]:
        """Return the cells of `sim.state.records.CELLS`, their sums, removals and post counts."""
        cells = {name: int(count) for name, count in zip(CELLS, moment.spoken.cells, strict=True)}
        withheld = sum(count for name, count in cells.items() if name.startswith("withheld_"))
        posts, new = moment.posts, moment.new
        role = moment.truth.role[posts.author[new]]
        organic = role == ORGANIC
        contested = organic & (posts.topic[new] == CONTESTED)
        cohort = moment.accounts.cohort[posts.author[new]]
        return {
            "opportunities": sum(cells.values()),
            **cells,
            "dissent_withheld": withheld,
            "dissent_wanted": cells["dissent_posts"] + withheld,
            "dissent_removed": int(np.count_nonzero(posts.dissent[moment.removals.posts])),
            "organic_posts": int(np.count_nonzero(organic)),
            "army_posts": int(np.count_nonzero(role == TROLL)),
            "extremist_posts": int(np.count_nonzero(role == EXTREMIST)),
            "loyal_posts": int(np.count_nonzero(contested & (cohort == LOYALIST))),
            "third_posts": int(np.count_nonzero(contested & (cohort != LOYALIST) & (cohort != DISSENTER))),
            "toxic_posts": int(np.count_nonzero(posts.toxicity[new] >= TOXIC)),
        }
