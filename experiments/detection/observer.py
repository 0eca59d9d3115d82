"""The observer: from outside, is this topic's traffic planned?

The essay's writer, who saw that a campaign was planned and systematic, as an instrument. Every `step` hours it looks at
the last `window` hours of each topic (`experiments.detection.topics`), says how rare each statistic would be on a
platform without a campaign, and adds the evidence up:

    score = mean over the statistics of -log10 p,  p = (1 + calm windows with as much or more) / (1 + calm windows)

An alarm is a score above the limit. A false-alarm rate is one a run, not one a look: the share of worlds without a
campaign in which any topic raises an alarm at any time. Calm worlds are of kinds - quiet, with organic coordination, a
protest - and the limit is the largest of those that each kind needs by itself. For one kind it is, by split conformal
prediction (Vovk, Gammerman & Shafer 2005; Papadopoulos et al. 2002), the ceil((n + 1)(1 - rate))-th smallest of the
highest scores of n worlds that had no part in what is thought rare. If a new world of that kind and those n are
exchangeable, it raises an alarm with a probability of at most `rate`, whatever the distribution. On other kinds of
world nothing is promised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from experiments.detection.detector import F64, I64
from experiments.detection.topics import HOUR, STATISTICS, collect_traffic, compute_statistics
from experiments.detection.view import PlatformView
from sim.errors import InputError

COLUMNS = ("topic", "time", "posts", *STATISTICS)


@dataclass
class Observer:
    """Looks at topics through time; `calibrate` before `watch`.

    Args:
        window: hours of traffic that are looked at.
        step: hours from one look to the next.
        least: posts in a window from which it is judged.
        rate: share of calm worlds, of each kind, in which any topic raises an alarm at any time, (0, 1).
    """

    window: int = 24
    step: int = 6
    least: int = 20
    rate: float = 0.05

    def __post_init__(self) -> None:
        for name in ("window", "step", "least"):
            if getattr(self, name) < 1:
                raise InputError(f"Observer.{name}={getattr(self, name)} must be at least 1")
        if not 0.0 < self.rate < 1.0:
            raise InputError(f"Observer.rate={self.rate} must be above 0 and below 1")
        self._calm: dict[str, F64] = {}
        self.limits: dict[str, float] = {}  #: what each kind of calm world needs
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
                if len(part) >= self.least:
                    before, until = np.searchsorted(past[topic], [now - span, now])
                    behind = now - span - begin
                    former = before * span / behind if behind >= span else float("nan")
                    others = _count_by_hour(every[every < now]) - _count_by_hour(past[topic][:until])
                    looked = {"topic": topic, "time": now, "posts": len(part)}
                    found.append(looked | compute_statistics(part, former, others))
        return pd.DataFrame(found, columns=list(COLUMNS))

    def calibrate(self, usual: Sequence[pd.DataFrame], kinds: Mapping[str, Sequence[pd.DataFrame]]) -> Self:
        """Learn from what `look` returned of worlds without a campaign how rare what is, and set the limit.

        Args:
            usual: of calm worlds of any kind: what is thought rare is rare among them.
            kinds: of other calm worlds, by kind; each kind sets a limit, and the largest holds.

        Raises:
            InputError: no topic of `usual` has enough posts, or a kind has too few worlds for the rate.
        """
        pooled = pd.concat(usual, ignore_index=True)
        if pooled.empty:
            raise InputError(
                f"no calm topic has {self.least} posts in {self.window} h: say observer.least=N or more seeds"
            )
        self._calm = {name: np.sort(pooled[name].to_numpy(np.float64)) for name in STATISTICS}
        for kind, worlds in kinds.items():
            highest = np.array(
                [self.score_windows(looks)["score"].max() if len(looks) else -np.inf for looks in worlds]
            )
            self.limits[kind] = float(np.sort(highest)[compute_rank(len(worlds), self.rate) - 1])
        self.limit = max(self.limits.values())
        return self

    def score_windows(self, looks: pd.DataFrame) -> pd.DataFrame:
        """Return what `look` returned, with the columns `score` and `alarm`.

        Raises:
            ValueError: `calibrate` was not called.
        """
        if not self._calm:
            raise ValueError("the observer must be calibrated before it can judge")
        evidence = np.zeros(len(looks))
        for name, calm in self._calm.items():
            as_much = len(calm) - np.searchsorted(calm, looks[name].to_numpy(np.float64))
            evidence -= np.log10((1 + as_much) / (1 + len(calm)))
        score = evidence / len(STATISTICS)
        return looks.assign(score=score, alarm=score > self.limit)

    def monitor(self, view: PlatformView) -> pd.DataFrame:
        """Return every look at a platform with its score, and whether it raises an alarm."""
        return self.score_windows(self.compute_windows(view))


def compute_rank(worlds: int, rate: float) -> int:
    """Return which of the ascending scores of calm worlds bounds the next one's but for a share `rate`: 1 is the first.

    Raises:
        InputError: so few worlds cannot promise the rate.
    """
    beyond = int((worlds + 1) * rate + 1e-9)
    if not beyond:
        least = int(np.ceil(1.0 / rate - 1e-9)) - 1
        raise InputError(f"{worlds} calm worlds of a kind cannot promise rate={rate}: give {least} or more")
    return worlds + 1 - beyond


def _count_by_hour(time: I64) -> F64:
    return np.bincount(time // HOUR % 24, minlength=24).astype(np.float64)
