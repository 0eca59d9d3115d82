"""Numbers of a pair of worlds, seed by seed, for the answers of lessons."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from experiments.analysis.pairing import Interval, compute_interval
from experiments.teaching.replay_runs import ReplayRun
from sim.campaigns import Campaign

Pair = tuple[pd.DataFrame, pd.DataFrame]  #: hours from the campaign's first: the first world's, the second's


def _make_percent_change(measure: str) -> Callable[[Pair], float]:
    """Return what tells by how many percent the total of a measure changes from the first world to the second."""

    def compute_change(pair: Pair) -> float:
        first, second = (float(hours[measure].sum()) for hours in pair)
        return 100.0 * (second / first - 1.0) if first else float("nan")

    return compute_change


def _change_standing(pair: Pair) -> float:
    first, second = (float((hours["dissent_posts"] - hours["dissent_removed"]).sum()) for hours in pair)
    return 100.0 * (second / first - 1.0) if first else float("nan")


def _make_difference(measure: str) -> Callable[[Pair], float]:
    return lambda pair: float(pair[1][measure].sum() - pair[0][measure].sum())


#: finding -> how it is read off the hours of a pair. `voice`, `seen`: percent; `withheld`, `removed`: posts
OVER_THE_RUN: dict[str, Callable[[Pair], float]] = {
    "voice": _change_standing,  # dissenting posts that stand
    "withheld": _make_difference("dissent_withheld"),
    "removed": _make_difference("dissent_removed"),
}
IN_THE_CAMPAIGN: dict[str, Callable[[Pair], float]] = {
    "seen": _make_percent_change("dissent_impressions"),
    "shift": lambda pair: 100.0 * float(pair[1]["perceived_support"].mean() - pair[0]["perceived_support"].mean()),
    "supporters": lambda pair: float(pair[1]["perceived_supporters"].mean() - pair[0]["perceived_supporters"].mean()),
}


def compute_findings(runs: Sequence[ReplayRun], campaign: Campaign) -> dict[str, Interval]:
    """Return every finding of pairs: the mean over seeds of second world against first, with its 95% interval.

    Changes of percent (`voice`, `seen`), of percentage points (`shift`: perceived support), of accounts
    (`supporters`: distinct ones that a person believes to have seen in a week), and of posts (`withheld`,
    `unhurt`: of it by people who got no abuse; `removed`).
    """
    samples: dict[str, list[float]] = {}
    for run in runs:
        first, second = run.histories
        whole = first[campaign.start :], second[campaign.start :]
        during = first[campaign.start : campaign.end], second[campaign.start : campaign.end]
        for of, pair in ((OVER_THE_RUN, whole), (IN_THE_CAMPAIGN, during)):
            for name, measure in of.items():
                samples.setdefault(name, []).append(measure(pair))
        samples.setdefault("unhurt", []).append(float(run.bystander_withheld[1] - run.bystander_withheld[0]))
    return {name: compute_interval(np.array(values)) for name, values in samples.items()}
