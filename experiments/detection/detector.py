"""The interface of detectors: they read a platform view and score how organised each account looks."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from experiments.detection.view import PlatformView
from sim.errors import InputError

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

UNKNOWN, GENUINE, CAMPAIGN = -1, 0, 1  #: labels; the first is left out of training and of every measure


class Detector(ABC):
    """Derive from it and write `score`; write `fit` too if the detector learns from labels.

    A detector gets a `PlatformView` and nothing else of a world, so it cannot see the truth.

    Example:
        >>> import infowar_lab as lab
        >>> class Busy(lab.Detector):
        ...     def score(self, view):
        ...         posts = view.posts["account_id"].value_counts()
        ...         return posts.reindex(view.accounts["account_id"]).fillna(0).to_numpy(float)
        >>> Busy().name
        'busy'
    """

    #: whether `fit` must be called before `score`
    supervised: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What tables and figures call it."""
        return type(self).__name__.lower()

    def fit(self, view: PlatformView, labels: I64) -> Self:
        """Learn from accounts whose labels are known; return itself.

        Args:
            view: one world, or several joined by `cases.join_cases`.
            labels: [accounts], CAMPAIGN, GENUINE or UNKNOWN, in the order of `view.accounts`.
        """
        return self

    @abstractmethod
    def score(self, view: PlatformView) -> F64:
        """Return how organised each account looks, float64 [accounts]: any scale, higher is more."""


def order_accounts(view: PlatformView) -> tuple[PlatformView, I64]:
    """Return the view with its accounts by id, and the row that each had: for scores that hang on the order of rows."""
    order = np.argsort(view.accounts["account_id"].to_numpy(), kind="stable").astype(np.int64)
    return view._replace(accounts=view.accounts.iloc[order].reset_index(drop=True)), order


def check_kind(key: str, found: Any) -> Detector:
    """Return what a configuration describes under `key`; raise InputError if it is no detector."""
    if not isinstance(found, Detector):
        kind = f"{type(found).__module__}.{type(found).__name__}"
        raise InputError(f"{key} is a {kind}: derive from experiments.detection.detector.Detector")
    return found


def check_labels(name: str, view: PlatformView, labels: I64) -> None:
    """Raise InputError unless there is a label for each account, and both kinds are among them."""
    if len(labels) != len(view.accounts):
        raise InputError(f"{name} got {len(labels)} labels for {len(view.accounts)} accounts: give one each")
    for label, words in ((CAMPAIGN, "the campaign's"), (GENUINE, "genuine")):
        if label not in labels:
            raise InputError(f"{name} cannot learn without {words} accounts: train on a world that has some")
