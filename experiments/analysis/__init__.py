"""Analysis of runs: pure functions from data frames to data frames."""

from experiments.analysis.analysis import Analysis, analyse
from experiments.analysis.arms import EFFORTS, duplicate_shared_arms, list_arms, name_arm
from experiments.analysis.losses import IdentityError
from experiments.analysis.summary import MEASURES, summarise_run

__all__ = [
    "EFFORTS",
    "MEASURES",
    "Analysis",
    "IdentityError",
    "analyse",
    "duplicate_shared_arms",
    "list_arms",
    "name_arm",
    "summarise_run",
]
