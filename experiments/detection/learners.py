"""Detectors that use features of accounts: one learns from labels, one finds outliers."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from experiments.detection import features
from experiments.detection.detector import F64, I64, UNKNOWN, Detector, check_labels, order_accounts
from experiments.detection.view import PlatformView
from experiments.extras import require

FEATURES: dict[str, Callable[[PlatformView], pd.DataFrame]] = {
    "all": features.compute_features,
    "profile": features.compute_profile,
    "behaviour": features.compute_behaviour,
}


class Outliers(Detector):
    """Scores an account by how easily random splits isolate it (Liu, Ting & Zhou 2008).

    Args:
        of: which features: "all", "profile" or "behaviour".
    """

    def __init__(self, of: str = "behaviour") -> None:
        require("isolation forest", "detectors", "sklearn")
        self.of = of

    @property
    def name(self) -> str:
        """Say which features."""
        return f"isolation forest ({self.of})"

    def score(self, view: PlatformView) -> F64:
        """Return the anomaly score of each account that has posts, 0 for the others."""
        from sklearn.ensemble import IsolationForest

        view, order = order_accounts(view)
        table = FEATURES[self.of](view)
        seen = np.isin(view.accounts["account_id"].to_numpy(), view.posts["account_id"].to_numpy())
        score = np.zeros(len(table))
        if seen.any():
            known = table[seen].fillna(table[seen].median()).fillna(0.0).to_numpy()
            score[order[seen]] = -IsolationForest(random_state=0).fit(known).score_samples(known)
        return score


class Boosted(Detector):
    """Learns from labels, by gradient boosting of trees (Friedman 2001), what a campaign's accounts look like.

    Args:
        of: which features: "all", "profile" or "behaviour".
    """

    supervised: ClassVar[bool] = True

    def __init__(self, of: str = "all") -> None:
        require("gradient boosting", "detectors", "sklearn")
        self.of = of
        self.model: Any = None

    @property
    def name(self) -> str:
        """Say which features."""
        return f"gradient boosting ({self.of})"

    def fit(self, view: PlatformView, labels: I64) -> Self:
        """Learn; see `Detector.fit`.

        Raises:
            InputError: labels are missing, or are all of one kind.
        """
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        check_labels(self.name, view, labels)
        known = labels != UNKNOWN
        table = FEATURES[self.of](view).to_numpy()[known]
        with threadpool_limits(1):  # worlds run side by side
            model = HistGradientBoostingClassifier(max_iter=100, class_weight="balanced", random_state=0)
            self.model = model.fit(table, labels[known])
        return self

    def score(self, view: PlatformView) -> F64:
        """Return the log-odds that each account is a campaign's.

        Raises:
            ValueError: `fit` was not called.
        """
        from threadpoolctl import threadpool_limits

        if self.model is None:
            raise ValueError(f"{self.name} must be fitted before it can score")
        if not len(view.accounts):
            return np.zeros(0)
        with threadpool_limits(1):
            odds: F64 = self.model.decision_function(FEATURES[self.of](view).to_numpy())
        return odds
