"""A world's measures of each hour, as Mesa's collector."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from mesa.datacollection import DataCollector

#: Measures that every world has, in the order of its history.
ALWAYS = [
    "tick", "opportunities", "left", "suspended", "persuaded", "unprompted", "private", "withheld_fear",
    "withheld_climate", "withheld_joint", "withheld_redundant", "dissent_posts", "dissent_withheld", "dissent_wanted",
    "dissent_removed", "organic_posts", "army_posts", "extremist_posts", "loyal_posts", "uncommitted_posts",
    "toxic_posts", "dissent_impressions", "dissent_impressions_nondissenters", "topic_impressions",
    "dissent_visibility", "active_users", "reads", "acts", "perceived_supporters", "true_supporters",
    "perceived_extremists", "true_extremists", "perceived_support", "true_support", "mean_fear",
]  # fmt: skip


class Measures(DataCollector):  # type: ignore[misc]  # Mesa has no type marks
    """Every measure of every hour, as if each were a model reporter; the world adds them itself.

    It is a world's `datacollector` until you assign another, so that `mesa.batch_run` and the charts of `SolaraViz`
    have data.
    """

    def __init__(self) -> None:
        super().__init__()
        self._expect(ALWAYS)  # so that a chart can be drawn before the first hour
        self._collection_steps: list[float] = []  # by which Mesa 3.5 finds a row; 3.3 counts rows

    def note(self, row: Mapping[str, float]) -> None:
        """Add the measures of one more hour; a missing value is nan."""
        if not self._collection_steps:
            self._expect(row)
        for name in row:
            if name not in self.model_vars:
                self.model_reporters[name] = name
                self.model_vars[name] = [math.nan] * len(self._collection_steps)
        for name, column in self.model_vars.items():
            column.append(row.get(name, math.nan))
        self._collection_steps.append(float(len(self._collection_steps) + 1))

    def _expect(self, names: Collection[str]) -> None:
        self.model_reporters = {name: name for name in names}
        self.model_vars: dict[str, list[float]] = {name: [] for name in names}

    def collect(self, model: Any) -> None:
        """Do nothing: the world has added the hour already."""
