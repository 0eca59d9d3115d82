"""One run's hourly measures in one row."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

KEYS = ("arm", "effort", "seed")
WITHHELD = ("withheld_fear", "withheld_climate", "withheld_joint", "withheld_redundant")
NOT_WANTED = ("left", "suspended", "persuaded", "unprompted", "private")
COUNTS = (
    "dissent_wanted",
    "dissent_posts",
    "dissent_withheld",
    *WITHHELD,
    "dissent_removed",
    "dissent_impressions",
    "dissent_impressions_nondissenters",
    "opportunities",
    *NOT_WANTED,
    "topic_impressions",
    "army_posts",
    "extremist_posts",
    "organic_posts",
    "loyal_posts",
    "uncommitted_posts",
    "toxic_posts",
    "reads",
    "acts",
)
MEANS = (
    "dissent_visibility",
    "perceived_support",
    "true_support",
    "perceived_supporters",
    "true_supporters",
    "perceived_extremists",
    "true_extremists",
    "mean_fear",
    "active_users",
)
FIXED = (*KEYS, *COUNTS[:10], *MEANS[:5], "wall_time")
MEASURES = (*COUNTS, *MEANS)
FURTHER = tuple(name for name in MEASURES if name not in FIXED)


def summarise_run(history: Mapping[str, NDArray[np.generic]], start: int, stop: int) -> dict[str, float]:
    """Return one run's totals and means by name, `MEASURES` in all.

    Args:
        history: the run's hourly measures, name -> [ticks].
        start, stop: the campaign's first tick and the tick after its last.

    Returns:
        counts are totals (int) from `start` to the end of the run; shares and means are means over the campaign's
        ticks in which they are defined (nan if there is none), but dissent_visibility is the share of the
        campaign's impressions, not a mean of hourly shares.
    """
    row: dict[str, float] = {name: int(np.sum(history[name][start:])) for name in COUNTS}
    topic = float(np.sum(history["topic_impressions"][start:stop]))
    seen = float(np.sum(history["dissent_impressions"][start:stop]))
    for name in MEANS:
        during = np.asarray(history[name][start:stop], dtype=np.float64)
        during = during[~np.isnan(during)]
        row[name] = float(during.mean()) if during.size else float("nan")
    row["dissent_visibility"] = seen / topic if topic else float("nan")
    return row
