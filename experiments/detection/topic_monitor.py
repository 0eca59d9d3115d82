"""The topic monitor: from outside, is this topic's traffic planned?

It plays the essay's writer, who saw that a campaign was planned. Every `step` hours it looks at the last `window` hours
of each topic (`experiments.detection.topics`), computes how rare each statistic would be on a platform without a
campaign, and combines the evidence:

    score = mean over the statistics of -log10 p,  p = (1 + null windows with as much or more) / (1 + null windows)

An alarm is a score above the limit. A false-alarm rate is one a run, not one a look: the share of worlds without a
campaign in which any topic raises an alarm at any time. Null worlds are of several kinds (quiet, with organic
coordination, a protest); the limit is the largest that any kind needs by itself. For one kind it is, by split conformal
prediction (Vovk, Gammerman & Shafer 2005; Papadopoulos et al. 2002), the ceil((n + 1)(1 - rate))-th smallest of the
highest scores of n worlds that were not used for the p-values. If a new world of that kind and those n are
exchangeable, it raises an alarm with a probability of at most `rate`, whatever the distribution. On other kinds of
world there is no guarantee.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from experiments.detection.detector import F64
from experiments.detection.topics import HOUR, STATISTICS, collect_traffic, compute_statistics, count_by_hour
from experiments.detection.view import PlatformView
from sim.errors import InputError

COLUMNS = ("topic", "time", "posts", *STATISTICS)


@dataclass
class TopicMonitor:
    """Looks at topics through time; call `calibrate` before `watch_topics`.

    Args:
        window: hours of traffic that are looked at.
        step: hours from one look to the next.
        min_posts: posts in a window from which it is judged.
        rate: share of null worlds, of each kind, in which any topic raises an alarm at any time, (0, 1).
    """

    window: int = 24
    step: int = 6
    min_posts: int = 20
    rate: float = 0.05

    def __post_init__(self) -> None:
        for name in ("window", "step", "min_posts"):
            if getattr(self, name) < 1:
                raise InputError(f"TopicMonitor.{name}={getattr(self, name)} must be at least 1")
        if not 0.0 < self.rate < 1.0:
            raise InputError(f"TopicMonitor.rate={self.rate} must be above 0 and below 1")
        self._null_values: dict[str, F64] = {}
        self.limits: dict[str, float] = {}  #: by kind of null world
        self.limit = float("inf")

    def compute_windows(self, view: PlatformView) -> pd.DataFrame:
        """Return the statistics of every topic and window with enough posts.

        Returns:
            `COLUMNS`: topic (a hashtag), time (end of the window, seconds since the epoch), posts, `STATISTICS`.
        """
        rows, every, begin = collect_traffic(view)
        span, step = self.window * HOUR, self.step * HOUR
        time, found = rows["time"].to_numpy(), []
        past = {topic: part["time"].to_numpy() for topic, part in rows.groupby("topic")}
        for now in range(begin + step, (int(every[-1]) if len(every) else begin) + step + 1, step):
            first, last = np.searchsorted(time, [now - span, now])
            for topic, part in rows.iloc[first:last].groupby("topic"):
                if len(part) >= self.min_posts:
                    before, until = np.searchsorted(past[topic], [now - span, now])
                    behind = now - span - begin
                    former = before * span / behind if behind >= span else float("nan")
                    others = count_by_hour(every[every < now]) - count_by_hour(past[topic][:until])
                    looked = {"topic": topic, "time": now, "posts": len(part)}
                    found.append(looked | compute_statistics(part, former, others))
        return pd.DataFrame(found, columns=list(COLUMNS))

    def calibrate(self, reference: Sequence[pd.DataFrame], kinds: Mapping[str, Sequence[pd.DataFrame]]) -> Self:
        """Learn from null worlds, as `compute_windows` returned them, what is rare, and set the limit.

        Args:
            reference: of null worlds of any kind, which define what is rare.
            kinds: of other null worlds, by kind; each kind sets a limit, and the largest applies.

        Raises:
            InputError: no topic of `reference` has enough posts, or a kind has too few worlds for the rate.
        """
        pooled = pd.concat(reference, ignore_index=True)
        if pooled.empty:
            raise InputError(
                f"no topic of a null world has {self.min_posts} posts in {self.window} h: say monitor.min_posts=N "
                "or more seeds"
            )
        self._null_values = {name: np.sort(pooled[name].to_numpy(np.float64)) for name in STATISTICS}
        for kind, worlds in kinds.items():
            highest = np.array(
                [self.score_windows(looks)["score"].max() if len(looks) else -np.inf for looks in worlds]
            )
            self.limits[kind] = float(np.sort(highest)[compute_rank(len(worlds), self.rate) - 1])
        self.limit = max(self.limits.values())
        return self

    def score_windows(self, looks: pd.DataFrame) -> pd.DataFrame:
        """Return `looks`, as `compute_windows` returned them, with the columns `score` and `alarm`.

        Raises:
            ValueError: `calibrate` was not called.
        """
        if not self._null_values:
            raise ValueError("the monitor must be calibrated before it can judge")
        evidence = np.zeros(len(looks))
        for name, null_values in self._null_values.items():
            as_much = len(null_values) - np.searchsorted(null_values, looks[name].to_numpy(np.float64))
            evidence -= np.log10((1 + as_much) / (1 + len(null_values)))
        score = evidence / len(STATISTICS)
        return looks.assign(score=score, alarm=score > self.limit)

    def watch_topics(self, view: PlatformView) -> pd.DataFrame:
        """Return every look at a platform with its score, and whether it raises an alarm."""
        return self.score_windows(self.compute_windows(view))


def compute_rank(worlds: int, rate: float) -> int:
    """Return the rank, from 1, of the ascending null scores that a new one exceeds with probability `rate` at most.

    Raises:
        InputError: there are too few worlds for this rate.
    """
    beyond = int((worlds + 1) * rate + 1e-9)
    if not beyond:
        least = int(np.ceil(1.0 / rate - 1e-9)) - 1
        raise InputError(f"{worlds} null worlds of a kind are too few for rate={rate}: give {least} or more")
    return worlds + 1 - beyond
